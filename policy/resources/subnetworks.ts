import { SUBNETWORK } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { namedBy, namedIn, regionIn, regionOf } from "./cloud-name";
import { dependenciesOf } from "./dependencies";

/** The subnetwork that a resource names. */
export interface UsedSubnetwork {
  /** Absent if it is outside the stack. */
  readonly subnet: StackResource | undefined;
  /** Absent if it is unknown. */
  readonly region: string | undefined;
}

/**
 * Finds a subnetwork by name or path, or by dependency if a preview knows neither. A name without a region is looked up
 * in the resource's own regions.
 */
export function subnetworkOf(
  resource: StackResource,
  stated: string | undefined,
  own: readonly (string | undefined)[],
  resources: readonly StackResource[],
): UsedSubnetwork {
  const named = namedBy(resource, stated, "subnetworks");
  const region = regionIn(named?.location);
  const candidates = named ? namedIn(resources, named, [SUBNETWORK]) : dependenciesOf(resource, [SUBNETWORK]);
  const subnet = candidates.find((candidate) => own.includes(regionOf(candidate))) ?? candidates[0];
  return { subnet, region: region ?? (subnet && regionOf(subnet)) };
}
