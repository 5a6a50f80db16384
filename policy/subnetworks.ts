import { dependenciesOf } from "./dependencies";
import { regionOf } from "./place";
import type { StackResource } from "./rule";
import { SUBNETWORK } from "./types";

/** The subnetwork that a resource names. */
export interface UsedSubnetwork {
  /** Absent where it does not stand in the stack. */
  readonly subnet: StackResource | undefined;
  /** Absent where nothing says. */
  readonly region: string | undefined;
}

/**
 * Finds a subnetwork by its name or its path, or, where a preview knows neither, by dependency. A name without a region is
 * looked for in the resource's own ones.
 */
export function subnetworkOf(
  resource: StackResource,
  stated: string | undefined,
  own: readonly (string | undefined)[],
  resources: readonly StackResource[],
): UsedSubnetwork {
  const region = /regions\/([^/]+)\/subnetworks\//.exec(stated ?? "")?.[1];
  const candidates = stated === undefined ? dependenciesOf(resource, [SUBNETWORK]) : namedIn(resources, stated, region);
  const subnet = candidates.find((candidate) => own.includes(regionOf(candidate))) ?? candidates[0];
  return { subnet, region: region ?? (subnet && regionOf(subnet)) };
}

/** The stack's subnetworks that a name or a path may mean. */
function namedIn(resources: readonly StackResource[], stated: string, region: string | undefined): StackResource[] {
  const isMeant = (subnet: StackResource) => subnet.properties.knownOnly().text("name") === stated.split("/").at(-1);
  return resources.filter((subnet) => subnet.type === SUBNETWORK && isMeant(subnet) && (!region || (regionOf(subnet) ?? region) === region));
}
