import { isDeepStrictEqual } from "node:util";
import type { Cloud, Properties } from "./cloud";
import { LET_IN } from "./jobs";
import { versionsOf } from "./kinds";

const SERVICE = "gcp:cloudrunv2/service:Service";
/** A revision as Cloud Run keeps it. No resource of the provider's. */
const REVISION = "run:revisions/revision:Revision";

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueSource?: { readonly secretKeyRef?: { readonly secret: string; readonly version?: string } };
}

/** What a resource has after Google has acted on it, and why that is not what was asked for, where it is not. */
export interface Settled {
  readonly outputs: Properties;
  readonly failure?: string;
}

/**
 * A template unlike the newest revision's makes a revision, which starts or stays as failed. The same template makes
 * none, also where the newest revision failed and its cause is mended (hashicorp/terraform-provider-google#22565).
 * `before`: the service as it was.
 */
export function rolledOut(cloud: Cloud, id: string, service: Properties, before: Properties): Settled {
  const revisions = cloud.ofType(REVISION).filter((revision) => revision.id.startsWith(`${id}/`));
  const newest = cloud.find(REVISION, String(before.latestCreatedRevision))?.properties.template ?? before.template;
  if (isDeepStrictEqual(newest, service.template))
    return { outputs: Object.fromEntries(ROLLOUT.map((output) => [output, before[output]])) };
  const name = `${String(service.name)}-${String(revisions.length + 1).padStart(5, "0")}-abc`;
  const revision = `${id}/revisions/${name}`;
  cloud.put({ type: REVISION, id: revision, properties: { template: service.template } });
  const reason = [...faultsOf(cloud, service), ...unreadableSecrets(cloud, service)].join("; ");
  if (reason === "")
    return { outputs: { latestCreatedRevision: revision, latestReadyRevision: revision, ...condition("") } };
  const failure = `Revision '${name}' is not ready and cannot serve traffic. ${reason}`;
  return {
    outputs: {
      latestCreatedRevision: revision,
      latestReadyRevision: before.latestReadyRevision ?? "",
      ...condition(failure),
    },
    failure: `Error waiting for Service: Error code 9, message: ${failure}`,
  };
}

/** Revisions go with their service. */
export function removeRevisions(cloud: Cloud, service: string): void {
  for (const { type, id } of cloud.ofType(REVISION)) if (id.includes(`/services/${service}/`)) cloud.remove(type, id);
}

/** What Cloud Run says of a service or a job; an empty message: it is ready. */
export const condition = (message: string) => ({
  terminalConditions: [
    {
      ...{
        executionReason: "",
        lastTransitionTime: "2025-09-01T00:00:00Z",
        reason: "",
        revisionReason: "",
        severity: "",
      },
      ...{ type: "Ready", state: message === "" ? "CONDITION_SUCCEEDED" : "CONDITION_FAILED", message },
    },
  ],
});

/** The outputs that a rollout decides. */
export const ROLLOUT = ["latestCreatedRevision", "latestReadyRevision", "terminalConditions"] as const;

/**
 * Each running revision that could not start another instance now, with the reason: a mounted secret version that is
 * gone or disabled, a database user that is not there or that no job has let in, a password that is no longer that
 * user's.
 */
export function brokenRevisions(cloud: Cloud): string[] {
  return cloud.ofType(SERVICE).flatMap(({ properties: { name, template, latestReadyRevision } }) => {
    if (latestReadyRevision === "") return []; // none has ever run
    const running = cloud.find(REVISION, String(latestReadyRevision))?.properties.template ?? template;
    return faultsOf(cloud, { template: running }).map((fault) => `${String(name)}: ${fault}`);
  });
}

/** Who deploys may mount what the runtime account cannot read: the revision then fails. */
function unreadableSecrets(cloud: Cloud, service: Properties): string[] {
  const { serviceAccount } = service.template as Properties;
  const readers = cloud
    .ofType("gcp:secretmanager/secretIamMember:SecretIamMember")
    .filter(({ properties: { member } }) => member === `serviceAccount:${serviceAccount}`)
    .map(({ properties: { secretId } }) => String(secretId).split("/").at(-1));
  const mounted = new Set(environment(service).flatMap(({ valueSource }) => valueSource?.secretKeyRef?.secret ?? []));
  return [...mounted].flatMap((secret) =>
    readers.includes(secret)
      ? []
      : [`Permission denied on secret: ${secret} for Revision service account ${serviceAccount}`],
  );
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
    else
      faults.push(
        `Secret projects/-/secrets/${reference.secret}/versions/${reference.version ?? "latest"} was not found`,
      );
  }
  const user = values.get("POSTGRES_USER");
  const password = values.get("POSTGRES_PASSWORD");
  if (user && password !== undefined) {
    const refused = loginFault(cloud, user, password);
    if (refused) faults.push(refused);
    // What `postgres` has made is its own until it is given away, and it stays a member of the new owner.
    else if (user !== "postgres" && !cloud.find(LET_IN, user))
      faults.push(`permission denied for the tables that database user ${user} has not made`);
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
  const { containers = [] } = (service.template ?? {}) as {
    containers?: readonly { readonly envs?: readonly Variable[] }[];
  };
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
