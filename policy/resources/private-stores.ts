import { CACHES, SQL_INSTANCE } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { addressesOf, isPostgresInstance } from "./database";
import { dependenciesOf } from "./dependencies";
import { isDialled, literalHosts } from "./endpoints";
import { databasesBehind } from "./property-dependencies";
import { secretSourceOf, type Variable, type Workload } from "./workload";

/* What a workload uses beside its PostgreSQL database and reaches at a private address only. */

/** Names under which an application is told where its cache is. */
const CACHE = /(^|_)(REDIS|MEMORYSTORE|VALKEY|MEMCACHED?|CACHE)(_|$)/i;

/**
 * The caches of the stack that a workload uses: those whose outputs it is handed; else, where a variable tells it a
 * cache's place and a preview does not know which, those it depends on, or those there are.
 */
export function cachesOf(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): readonly StackResource[] {
  const referenced = resource.propertyDependencies.filter(({ type }) => CACHES.includes(type));
  if (referenced.length > 0) return [...new Set(referenced)];
  const told = workload.containers
    .flatMap(({ variables }) => variables)
    .filter(({ name }) => CACHE.test(name) && isDialled(name));
  if (told.some((variable) => literalHosts(variable).length > 0) || !told.some(isHidden)) return [];
  const needed = dependenciesOf(resource, CACHES);
  if (needed.length > 0) return needed;
  // A secret may hold anything, and another provider's output another provider's cache.
  const mayBeElsewhere =
    told.every((variable) => secretSourceOf(variable)) ||
    resource.propertyDependencies.some(({ type }) => !type.startsWith("gcp:"));
  return mayBeElsewhere ? [] : resources.filter(({ type }) => CACHES.includes(type));
}

const isHidden = (variable: Variable) => secretSourceOf(variable) !== undefined || variable.inputs.isUnknown("value");

/** Names under which an application is told where a database of another engine is. */
const OTHER_ENGINE = /(^|_)(MY_?SQL|MARIADB|MS_?SQL|SQL_?SERVER)(_|$)/i;

/**
 * The Cloud SQL instances of other engines with private addresses only that a workload is handed as an address, or else
 * depends on.
 */
export function otherDatabasesOf(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): readonly StackResource[] {
  const variables = workload.containers.flatMap((container) => container.variables);
  if (!variables.some((variable) => OTHER_ENGINE.test(variable.name) && isDialled(variable.name) && isHidden(variable)))
    return [];
  const behind = databasesBehind(resource, resources);
  const used = behind.length > 0 ? behind : dependenciesOf(resource, [SQL_INSTANCE]);
  return used.filter((instance) => !isPostgresInstance(instance) && !addressesOf(instance).isPublic);
}
