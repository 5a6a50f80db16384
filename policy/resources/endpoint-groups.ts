import { RUN_SERVICE, RUN_SERVICE_V1 } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { namedBy, namedIn } from "./cloud-name";
import { dependenciesOf } from "./dependencies";

/** The Cloud Run services that a serverless network endpoint group may point at. */
export interface ReferredByGroup {
  readonly setting: string;
  /** The service's name; absent if it is unknown at preview or a URL mask selects the service. */
  readonly value?: string;
  /** The services of that name; by dependency if the name is unknown. */
  readonly services: readonly StackResource[];
  readonly tag?: string;
}

const SERVICES = [RUN_SERVICE, RUN_SERVICE_V1];

/**
 * `undefined`: a group for another kind of backend. With a URL mask the request selects the service, so it is not known
 * whether it exists.
 */
export function referredByGroup(group: StackResource, stack: readonly StackResource[]): ReferredByGroup | undefined {
  const { properties } = group;
  if (!properties.mayHave("cloudRun")) return undefined;
  const inputs = properties.object("cloudRun");
  const tag = inputs.text("tag") || undefined;
  const common = { setting: inputs.at("service"), ...(tag === undefined ? {} : { tag }) };
  if (inputs.isUnknown("service")) return { ...common, services: dependenciesOf(group, SERVICES) };
  const named = namedBy(group, inputs.text("service"));
  if (named === undefined) return { ...common, services: [] };
  return {
    ...common,
    value: named.name,
    services: namedIn(stack, named, SERVICES),
  };
}
