import type { Cloud, Properties } from "./cloud";
import { LET_IN } from "./jobs";
import { versionsOf } from "./kinds";

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueSource?: { readonly secretKeyRef?: { readonly secret: string; readonly version?: string } };
}

/**
 * Each running revision that could not start another instance now, with the reason: a mounted secret version that is
 * gone or disabled, a database user that is not there or that no job has let in, a password that is no longer that user's.
 */
export function brokenRevisions(cloud: Cloud): string[] {
  return cloud
    .ofType("gcp:cloudrunv2/service:Service")
    .flatMap(({ properties }) => faultsOf(cloud, properties).map((fault) => `${String(properties.name)}: ${fault}`));
}

function faultsOf(cloud: Cloud, service: Properties): string[] {
  const variables = environment(service);
  const values = new Map(variables.map((variable) => [variable.name, variable.value ?? ""]));
  const faults: string[] = [];
  for (const { name, valueSource } of variables) {
    const reference = valueSource?.secretKeyRef;
    if (!reference) continue;
    const version = versionOf(cloud, reference.secret, reference.version ?? "latest");
    if (version?.enabled === true) values.set(name, String(version.secretData));
    else faults.push(`${reference.secret} has no enabled version ${reference.version ?? "latest"}`);
  }
  const user = values.get("POSTGRES_USER");
  const password = values.get("POSTGRES_PASSWORD");
  if (user && password !== undefined) {
    const refused = loginFault(cloud, user, password);
    if (refused) faults.push(refused);
    // What `postgres` has made is its own until it is given away, and it stays a member of the new owner.
    else if (user !== "postgres" && !cloud.find(LET_IN, user)) faults.push(`permission denied for the tables that database user ${user} has not made`);
  }
  return faults;
}

/** Why the database does not let that user in, if it does not. */
export function loginFault(cloud: Cloud, user = "", password = ""): string | undefined {
  const known = cloud.ofType("gcp:sql/user:User").find(({ properties }) => properties.name === user);
  if (!known) return `the database has no user ${user}`;
  return known.properties.password === password ? undefined : `the password is not that of database user ${user}`;
}

/** The variables of a service's first container. */
export function environment(service: Properties): readonly Variable[] {
  // As Cloud Run stores them: the one shape that the provider writes.
  const { containers = [] } = (service.template ?? {}) as { containers?: readonly { readonly envs?: readonly Variable[] }[] };
  return containers[0]?.envs ?? [];
}

/** A version's properties; `latest` is the newest that is enabled. */
export function versionOf(cloud: Cloud, secretId: string, version: string): Properties | undefined {
  const versions = versionsOf(cloud, secretId);
  const found =
    version === "latest"
      ? versions.filter(({ properties }) => properties.enabled === true).at(-1)
      : versions.find(({ id }) => id.endsWith(`/versions/${version}`));
  return found?.properties;
}
