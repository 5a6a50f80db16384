import { Inputs } from "./inputs";
import type { StackResource } from "./rule";

/** A resource with the URNs of what it is related to. */
export interface UnlinkedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly properties: object;
  readonly provider?: object | undefined;
  /** URN of the component it stands in; empty or absent: none. */
  readonly parent?: string | undefined;
  /** URNs of what it waits for. */
  readonly dependencies: readonly string[];
  /** URNs of those whose outputs stand in each property. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/**
 * The resources with their relations. In the order of their URNs: the engine hands them over in another order at every
 * run,
 * and neither whom a rule blames nor what a storm draws may depend on it.
 */
export function linked(resources: readonly UnlinkedResource[]): StackResource[] {
  const sorted = resources.toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
  const positions = new Map(resources.map(({ urn }, i) => [urn, i]));
  const nodes = sorted.map(({ type, name, urn, properties, provider }) => ({
    type,
    name,
    urn,
    properties: Inputs.ofOutputs(properties),
    provider: new Inputs(provider),
    dependencies: [] as StackResource[],
    handed: [] as StackResource[],
    position: positions.get(urn) ?? 0,
    parent: undefined as StackResource | undefined,
    children: [] as StackResource[],
  }));
  const byUrn = new Map(nodes.map((node) => [node.urn, node]));
  const known = (urns: readonly string[]) => urns.flatMap((urn) => byUrn.get(urn) ?? []);
  sorted.forEach(({ parent, dependencies, propertyDependencies }, i) => {
    const node = nodes[i];
    if (!node) return;
    node.dependencies.push(...known(dependencies));
    node.handed.push(...Object.values(propertyDependencies).flatMap(known));
    const above = parent ? byUrn.get(parent) : undefined;
    node.parent = above;
    above?.children.push(node);
  });
  return nodes;
}
