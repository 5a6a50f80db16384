import { CACHES, SQL_INSTANCE } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { addressesOf, isPostgresInstance } from "./database";
import { dependenciesOf } from "./dependencies";
import { isDialled, literalHosts } from "./endpoints";
import { databasesBehind } from "./property-dependencies";
import { secretSourceOf, type Variable, type Workload } from "./workload";

/* Stores beside the PostgreSQL database that a workload reaches only at a private address. */

/** Names of variables that hold a cache's address. */
const CACHE = /(^|_)(REDIS|MEMORYSTORE|VALKEY|MEMCACHED?|CACHE)(_|$)/i;

/**
 * The caches of the stack that a workload uses: those whose outputs it uses; if a variable with an unknown value names
 * a cache, those it depends on, or else all.
 */
export function cachesOf(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): readonly StackResource[] {
  const referenced = resource.propertyDependencies.filter(({ type }) => CACHES.includes(type));
  if (referenced.length > 0) return [...new Set(referenced)];
  const named = workload.containers
    .flatMap(({ variables }) => variables)
    .filter(({ name }) => CACHE.test(name) && isDialled(name));
  if (named.some((variable) => literalHosts(variable).length > 0) || !named.some(isHidden)) return [];
  const needed = dependenciesOf(resource, CACHES);
  if (needed.length > 0) return needed;
  // A secret may contain any address, and another provider's output may be another provider's cache.
  const mayBeElsewhere =
    named.every((variable) => secretSourceOf(variable)) ||
    resource.propertyDependencies.some(({ type }) => !type.startsWith("gcp:"));
  return mayBeElsewhere ? [] : ofTypes(resources, ...CACHES);
}

const isHidden = (variable: Variable) => secretSourceOf(variable) !== undefined || variable.inputs.isUnknown("value");

/** Names of variables that hold the address of a database of another engine. */
const OTHER_ENGINE = /(^|_)(MY_?SQL|MARIADB|MS_?SQL|SQL_?SERVER)(_|$)/i;

/**
 * The Cloud SQL instances of other engines, with only private addresses, whose address a workload uses, or else that it
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
