import { type ConnectorSize, connectorFloorProblems, isMachineType } from "../../../capacity/constraints/connector";
import { connectorLimits, type Range } from "../../../capacity/limits";
import { CONNECTOR } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { neutralConnector } from "../../resources/defaults";

/** A floor that no connector can have would refuse them all. */
const within = ({ min, max }: Range) => ({ type: "integer", minimum: min, maximum: max });

export const connectorFloor = resourceRule<ConnectorSize>({
  name: "connector-floor",
  info: "A VPC connector is at least as large as the plan's floor, in throughput and in both instance counts.",
  why: "No preview rejects a connector that is too small: services then have time-outs while they start.",
  severity: "critical",
  remediation:
    "Set machineType, minInstances and maxInstances to the floor or above; change the floor only together with the plan.",
  types: [CONNECTOR],
  config: {
    machineType: {
      type: "string",
      enum: Object.keys(connectorLimits.machineTypes.value),
      description: "The smallest machine type.",
      default: neutralConnector.machineType,
      fromPlan: ({ connector }) => connector.machineType,
    },
    minInstances: {
      ...within(connectorLimits.minInstances.value),
      description: "The fewest VMs the connector may start with.",
      default: neutralConnector.minInstances,
      fromPlan: ({ connector }) => connector.minInstances,
    },
    maxInstances: {
      ...within(connectorLimits.maxInstances.value),
      description: "The fewest VMs it may grow to.",
      default: neutralConnector.maxInstances,
      fromPlan: ({ connector }) => connector.maxInstances,
    },
  },
  judge({ properties }, { config, refuse, cannotEvaluate }) {
    const machineType = properties.text("machineType") || connectorLimits.defaultMachineType.value;
    const [minInstances, maxInstances] = [properties.number("minInstances"), properties.number("maxInstances")];
    if (minInstances === undefined || maxInstances === undefined)
      return cannotEvaluate(
        `'minInstances' and 'maxInstances' must both be stated to be compared with the floor of ${config.minInstances}..${config.maxInstances}`,
      );
    const known = isMachineType(machineType);
    if (!known)
      cannotEvaluate(`'machineType' must be a connector's to be compared with the floor of ${config.machineType}`);
    refuse(
      ...connectorFloorProblems(
        { machineType: known ? machineType : config.machineType, minInstances, maxInstances },
        config,
      ),
    );
  },
});
