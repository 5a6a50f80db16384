import { dependenciesOf } from "./dependencies";
import { isDialled, literalHosts } from "./endpoints";
import type { StackResource } from "./rule";
import { CACHES } from "./types";
import { secretSourceOf, type Variable, type Workload } from "./workload";

/** Names under which an application is told where its cache is. */
const CACHE = /(^|_)(REDIS|MEMORYSTORE|VALKEY|MEMCACHED?|CACHE)(_|$)/i;

/**
 * The caches of the stack that a workload uses: those whose outputs it is handed; else, where a variable tells it a cache's
 * place and a preview does not know which, those it depends on, or those there are.
 */
export function cachesOf(resource: StackResource, workload: Workload, resources: readonly StackResource[]): readonly StackResource[] {
  const handed = resource.handed.filter(({ type }) => CACHES.includes(type));
  if (handed.length > 0) return [...new Set(handed)];
  const told = workload.containers.flatMap(({ variables }) => variables).filter(({ name }) => CACHE.test(name) && isDialled(name));
  const isHidden = (variable: Variable) => secretSourceOf(variable) !== undefined || variable.inputs.isUnknown("value");
  if (told.some((variable) => literalHosts(variable).length > 0) || !told.some(isHidden)) return [];
  const needed = dependenciesOf(resource, CACHES);
  if (needed.length > 0) return needed;
  // A secret may hold anything, and another provider's output another provider's cache.
  const mayBeElsewhere = told.every((variable) => secretSourceOf(variable)) || resource.handed.some(({ type }) => !type.startsWith("gcp:"));
  return mayBeElsewhere ? [] : resources.filter(({ type }) => CACHES.includes(type));
}
