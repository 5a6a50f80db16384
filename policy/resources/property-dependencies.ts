import { SECRETS, SQL_INSTANCE, SQL_USER } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { holdsNone } from "./connection-types";
import { isSecretVersion, versionsOfSecret } from "./secret-versions";

/**
 * The resources whose outputs a resource uses, directly or through others: a secret's version, a DNS record, a
 * configuration. The walk ends at resources that can hold connections themselves: a client of a service's address uses
 * the service. A secret leads to what its versions hold. Database users count only `withUsers`, because credentials do
 * not show which database they are for.
 */
export function propertyDependenciesOf(
  resource: StackResource,
  resources: readonly StackResource[],
  { withUsers = false } = {},
): StackResource[] {
  const found = new Set<StackResource>();
  const queue = [...resource.propertyDependencies];
  // The loop also visits what it appends.
  for (const next of queue) {
    if (next === resource || found.has(next) || !holdsNone(next) || (next.type === SQL_USER && !withUsers)) continue;
    found.add(next);
    if (!SECRETS.includes(next.type)) queue.push(...next.propertyDependencies);
    // A version refers to its own secret, but does not use the values of the secret's other versions.
    else if (!isSecretVersion(resource)) queue.push(...versionsOfSecret(next, resources));
  }
  return [...found];
}

/** The database instances whose outputs a resource uses, directly or through others. */
export const databasesBehind = (resource: StackResource, resources: readonly StackResource[]): StackResource[] =>
  propertyDependenciesOf(resource, resources).filter(({ type }) => type === SQL_INSTANCE);
