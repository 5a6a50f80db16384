import { REGIONAL_SECRET_VERSION, SECRET_VERSION, SECRETS, SQL_INSTANCE, SQL_USER } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { cloudName } from "./cloud-name";
import { holdsNone } from "./connection-types";

/*
 * Whose outputs a resource is handed, through however many others: a secret's version, a DNS record, a configuration.
 */

/**
 * The resources whose outputs a resource is handed, directly or through others. The walk ends at what can hold
 * connections
 * itself: who is handed a service's address uses the service. A secret carries what its versions hold. Credentials
 * alone
 * are no address: a `user` says nothing about where its database is, unless `withUsers` asks for it.
 */
export function handedBy(
  resource: StackResource,
  resources: readonly StackResource[],
  { withUsers = false } = {},
): StackResource[] {
  const found = new Set<StackResource>();
  const queue = [...resource.handed];
  // The list grows while it is walked.
  for (const next of queue) {
    if (next === resource || found.has(next) || !holdsNone(next) || (next.type === SQL_USER && !withUsers)) continue;
    found.add(next);
    if (!SECRETS.includes(next.type)) queue.push(...next.handed);
    // A version is handed its own secret: that says nothing about the secret's other versions.
    else if (!isVersion(resource)) queue.push(...versionsOf(next, resources));
  }
  return [...found];
}

/** The database instances whose outputs a resource is handed, directly or through others. */
export const databasesBehind = (resource: StackResource, resources: readonly StackResource[]): StackResource[] =>
  handedBy(resource, resources).filter(({ type }) => type === SQL_INSTANCE);

const isVersion = ({ type }: StackResource) => type === SECRET_VERSION || type === REGIONAL_SECRET_VERSION;

/** The versions of a secret of the stack. */
const versionsOf = (secret: StackResource, resources: readonly StackResource[]) =>
  resources.filter(
    (version) =>
      isVersion(version) &&
      (version.handed.includes(secret) || nameIn(version, "secret") === nameIn(secret, "secretId")),
  );

/** The versions that stand in the stack of the secret of that name: its id, or `projects/p/secrets/id`. */
export function versionsNamed(secret: string, resources: readonly StackResource[]): StackResource[] {
  const id = secretIn(secret);
  return resources.filter(
    (version) =>
      isVersion(version) &&
      (nameIn(version, "secret") === id ||
        version.handed.some((other) => SECRETS.includes(other.type) && nameIn(other, "secretId") === id)),
  );
}

/** The value that a version holds, as far as it is known. Never shown. */
export const dataOf = ({ properties }: StackResource): string | undefined => properties.knownSecret("secretData");

/** `undefined` never equals a known name: two unknown ones are not the same. */
const nameIn = ({ properties, name }: StackResource, key: string) =>
  secretIn(properties.knownOnly().text(key) || `?${name}`);

const secretIn = (text: string) => cloudName(text, "secrets")?.name;
