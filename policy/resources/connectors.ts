import { type ConnectorSize, isMachineType } from "../../capacity/constraints/connector";
import { connectorLimits } from "../../capacity/limits";
import { CONNECTOR } from "../../config/resource-types";
import { MalformedValueError } from "../framework/inputs";
import type { Resource, StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { mayName, namedBy } from "./cloud-name";
import { dependenciesOf } from "./dependencies";
import { vpcAccessOf } from "./vpc-access";
import type { Workload } from "./workload";

/** The connector that a workload uses. */
export interface UsedConnector {
  /** The setting that names it. */
  readonly setting: string;
  /** Its name, with its region if the name contains it; absent if it is unknown at preview. */
  readonly name?: string;
  readonly region?: string;
  /**
   * The candidates of the stack: by name, in another region only if none is in that one; else by dependency, else all.
   */
  readonly candidates: readonly StackResource[];
}

/** `undefined`: the workload uses no connector. Throws if its name is invalid. */
export function connectorOf(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): UsedConnector | undefined {
  const { inputs, keys } = vpcAccessOf(workload);
  const setting = inputs.at(keys.connector);
  const connectors = ofTypes(resources, CONNECTOR);
  if (inputs.isUnknown(keys.connector)) {
    const needed = dependenciesOf(resource, [CONNECTOR]);
    return { setting, candidates: needed.length > 0 ? needed : connectors };
  }
  const text = inputs.text(keys.connector)?.trim();
  if (!text) return undefined;
  const named = namedBy(resource, text, "connectors");
  if (named?.collection !== "connectors" || (text.includes("/") && named.location === undefined))
    throw new MalformedValueError(
      `${setting} must be a connector's name or projects/<project>/locations/<region>/connectors/<name>`,
    );
  const { name, location: region } = named;
  const exact = connectors.filter((connector) => mayName(named, connector));
  const candidates =
    exact.length > 0 ? exact : connectors.filter((connector) => mayName({ ...named, location: undefined }, connector));
  return { setting, name, ...(region === undefined ? {} : { region }), candidates };
}

/** Throws if a count is missing or the machine type is invalid, which two other rules refuse. */
export function sizeOf({ properties }: Resource): ConnectorSize {
  const machineType = properties.text("machineType") || connectorLimits.defaultMachineType.value;
  const [minInstances, maxInstances] = [properties.number("minInstances"), properties.number("maxInstances")];
  if (minInstances === undefined || maxInstances === undefined || minInstances < 1)
    throw new MalformedValueError(
      "'minInstances' and 'maxInstances' must be stated because the connector's size is counted from them",
    );
  if (!isMachineType(machineType))
    throw new MalformedValueError(
      "'machineType' must be a connector's because the connector's size is counted from it",
    );
  return { machineType, minInstances, maxInstances };
}
