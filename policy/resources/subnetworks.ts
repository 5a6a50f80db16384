import { SUBNETWORK } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { mayName, namedBy, regionIn, regionOf } from "./cloud-name";
import { dependenciesOf } from "./dependencies";

/** The subnetwork that a resource names. */
export interface UsedSubnetwork {
  /** Absent where it is not in the stack. */
  readonly subnet: StackResource | undefined;
  /** Absent where nothing says. */
  readonly region: string | undefined;
}

/**
 * Finds a subnetwork by its name or its path, or, where a preview knows neither, by dependency. A name without a region
 * is looked for in the resource's own ones.
 */
export function subnetworkOf(
  resource: StackResource,
  stated: string | undefined,
  own: readonly (string | undefined)[],
  resources: readonly StackResource[],
): UsedSubnetwork {
  const named = namedBy(resource, stated, "subnetworks");
  const region = regionIn(named?.location);
  const candidates = named
    ? resources.filter((subnet) => subnet.type === SUBNETWORK && mayName(named, subnet))
    : dependenciesOf(resource, [SUBNETWORK]);
  const subnet = candidates.find((candidate) => own.includes(regionOf(candidate))) ?? candidates[0];
  return { subnet, region: region ?? (subnet && regionOf(subnet)) };
}
