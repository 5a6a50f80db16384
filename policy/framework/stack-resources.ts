import { indexed } from "../../capacity/memoized";
import { Inputs } from "./inputs";
import type { StackResource } from "./rule";

/** A resource that names its relations by URN. */
export interface UnlinkedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly properties: object;
  readonly provider?: object | undefined;
  /** URN of its parent component; empty or absent: none. */
  readonly parent?: string | undefined;
  /** URNs of the resources that it depends on. */
  readonly dependencies: readonly string[];
  /** By property, URNs of the resources whose outputs it uses. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** A node whose relations are still being added. */
interface Node extends StackResource {
  readonly dependencies: StackResource[];
  readonly propertyDependencies: StackResource[];
  readonly children: StackResource[];
  parent: Node | undefined;
}

/**
 * Links the resources with each other. They are sorted by URN: the engine passes them in another order at every run,
 * and neither the resource that a rule blames nor the random numbers of a storm may depend on it.
 */
export function linkResources(resources: readonly UnlinkedResource[]): StackResource[] {
  const nodes = resources.map(unlinkedNode);
  const byUrn = new Map(nodes.map((node) => [node.urn, node]));
  const find = (urns: readonly string[]) => urns.flatMap((urn) => byUrn.get(urn) ?? []);
  const sorted = nodes.toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
  for (const node of sorted) {
    const relations = resources[node.position];
    if (!relations) continue;
    node.dependencies.push(...find(relations.dependencies));
    node.propertyDependencies.push(...Object.values(relations.propertyDependencies).flatMap(find));
    node.parent = relations.parent ? byUrn.get(relations.parent) : undefined;
    node.parent?.children.push(node);
  }
  return sorted;
}

const byType = indexed(({ type }: StackResource) => [type]);

/** The stack's resources of some types. */
export const ofTypes = (resources: readonly StackResource[], ...types: readonly string[]): readonly StackResource[] =>
  byType(resources, ...types);

const unlinkedNode = ({ type, name, urn, properties, provider }: UnlinkedResource, position: number): Node => ({
  type,
  name,
  urn,
  properties: Inputs.ofOutputs(properties),
  provider: new Inputs(provider),
  dependencies: [],
  propertyDependencies: [],
  position,
  parent: undefined,
  children: [],
});
