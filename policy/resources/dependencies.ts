import type { StackResource } from "../framework/rule";
import { WORKLOAD_TYPES } from "./workload";

/**
 * The resources of some types that a resource depends on, directly or through others. It inherits the dependencies of
 * its component, and to depend on a component is to depend on the resources in it. The walk ends at resources of these
 * types and at workloads: a service that only waits for another one does not use what that one uses.
 */
export function dependenciesOf(from: StackResource, types: readonly string[]): StackResource[] {
  const seen = new Set<StackResource>([from]);
  const found: StackResource[] = [];
  const queue = ownDependencies(from);
  // The loop also visits what it appends: nearest first.
  for (const next of queue) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (types.includes(next.type)) found.push(next);
    else if (!runsContainers(next)) queue.push(...next.dependencies, ...next.children);
  }
  return found;
}

function ownDependencies(resource: StackResource): StackResource[] {
  return [...resource.dependencies, ...(resource.parent ? ownDependencies(resource.parent) : [])];
}

const isWorkload = ({ type }: StackResource) => WORKLOAD_TYPES.includes(type);
const runsContainers = (resource: StackResource) => isWorkload(resource) || resource.children.some(isWorkload);

/** All workloads that must exist before this one, directly or through others. */
export function workloadsBefore(from: StackResource, found = new Set<StackResource>()): ReadonlySet<StackResource> {
  for (const before of dependenciesOf(from, WORKLOAD_TYPES)) {
    if (found.has(before)) continue;
    found.add(before);
    workloadsBefore(before, found);
  }
  return found;
}
