import { describe, expect, test } from "vitest";
import {
  CUSTOM_ROLES,
  PROJECT_IAM_MEMBER,
  SECRET,
  SECRET_IAM_BINDING,
  SECRET_IAM_MEMBER,
  SECRET_VERSION,
  SERVICE_ACCOUNT,
} from "../../../../config/resource-types";
import { serviceSecretsReadable } from "../../../../policy/rules/service/service-secrets-readable";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { SERVICE_ACCOUNT as ACCOUNT, soundJob, soundService, soundServiceV1 } from "../../services";

const ACCESSOR = "roles/secretmanager.secretAccessor";
const MEMBER = `serviceAccount:${ACCOUNT}`;
const secret = (secretId = "jwt-secret-staging"): Declared => ({
  type: SECRET,
  name: secretId,
  properties: { secretId },
});
const grant = (properties: object, rest: Partial<Declared> = {}): Declared => ({
  type: SECRET_IAM_MEMBER,
  name: `grant of ${JSON.stringify(properties)}`,
  properties: { secretId: "jwt-secret-staging", role: ACCESSOR, member: MEMBER, ...properties },
  ...rest,
});
const said = async (...resources: Declared[]) =>
  (await judgeStack(serviceSecretsReadable, resources)).map(({ message }) => message);

describe("the account", () => {
  const judge = (...grants: Declared[]) => said(secret(), soundService(), ...grants);
  const reference = "template.containers[0].envs[JWT_SECRET_KEY].valueSource.secretKeyRef";
  const refused = (setting = reference) =>
    `'${setting}' (jwt-secret-staging) must be a secret that ${ACCOUNT} may read because the program grants this account no role on it with secretmanager.versions.access, and Cloud Run refuses the deploy; grant the account ${ACCESSOR} on jwt-secret-staging with gcp.secretmanager.SecretIamMember`;

  test("is accepted with any role that reads, on the secret or beyond", async () => {
    expect(await judge(grant({}))).toEqual([]);
    expect(
      await judge(
        grant({ secretId: "projects/netra-staging/secrets/jwt-secret-staging", role: "roles/secretmanager.admin" }),
      ),
    ).toEqual([]);
    expect(
      await judge(grant({ member: undefined, members: ["group:a@netra.ai"] }, { type: SECRET_IAM_BINDING })),
    ).toEqual([]);
    const wide = { type: PROJECT_IAM_MEMBER, name: "wide", properties: { role: "roles/owner", member: MEMBER } };
    expect(await judge(grant({ member: "serviceAccount:other@p.iam.gserviceaccount.com" }), wide)).toEqual([]);
    const custom = {
      type: CUSTOM_ROLES[0] ?? "",
      name: "reader",
      properties: { roleId: "reader", permissions: ["secretmanager.versions.access"] },
    };
    expect(await judge(custom, grant({ role: "projects/netra-staging/roles/reader" }))).toEqual([]);
    expect(await judge(custom, grant({ role: UNKNOWN }, { dependsOn: ["reader"] }))).toEqual([]);
    // What a role of others permits, nobody here knows.
    expect(await judge(grant({ role: "organizations/123/roles/reader" }))).toEqual([]);
  });

  test("is refused with another role, on another secret, and where another account has the grant", async () => {
    expect(await judge(grant({ role: "roles/secretmanager.viewer" }))).toEqual([refused()]);
    expect(await judge(secret("redis-password-staging"), grant({ secretId: "redis-password-staging" }))).toEqual([
      refused(),
    ]);
    expect(await judge(grant({ member: "serviceAccount:other@netra-staging.iam.gserviceaccount.com" }))).toEqual([
      refused(),
    ]);
    const custom = {
      type: CUSTOM_ROLES[0] ?? "",
      name: "lister",
      properties: { roleId: "lister", permissions: ["secretmanager.versions.list"] },
    };
    for (const role of [{ role: "projects/netra-staging/roles/lister" }, { role: UNKNOWN }])
      expect(await judge(custom, grant(role, { dependsOn: ["lister"] }))).toEqual([refused()]);
  });

  test("is refused once a secret, as a variable or as a file, in every kind of workload", async () => {
    const viewer = grant({ role: "roles/secretmanager.viewer" });
    const again = { valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "1" } } };
    expect(await said(secret(), soundService({ variables: { OTHER_KEY: again } }), viewer)).toEqual([refused()]);
    const file = { name: "keys", secret: { secret: "jwt-secret-staging", items: [{ path: "key", version: "1" }] } };
    expect(
      await said(
        secret(),
        soundService({ variables: { JWT_SECRET_KEY: undefined }, pod: { volumes: [file] } }),
        viewer,
      ),
    ).toEqual([refused("template.volumes[0].secret")]);
    expect(await said(secret(), soundJob(), viewer)).toHaveLength(1);
    expect(await said(secret(), soundServiceV1(), viewer)).toEqual([
      refused("template.spec.containers[0].envs[JWT_SECRET_KEY].valueFrom.secretKeyRef"),
    ]);
  });

  test("is not judged where others grant, or where a preview does not know what is granted", async () => {
    expect(await judge()).toEqual([]);
    expect(
      await judge({
        type: PROJECT_IAM_MEMBER,
        name: "wide",
        properties: { role: "roles/cloudsql.client", member: MEMBER },
      }),
    ).toEqual([]);
    // The secret stands elsewhere.
    expect(await said(soundService(), grant({ role: "roles/secretmanager.viewer" }))).toEqual([]);
    for (const unknown of [{ role: UNKNOWN }, { member: UNKNOWN }, { secretId: UNKNOWN }])
      expect(await judge(grant(unknown))).toEqual([]);
    expect(
      await said(
        secret(),
        soundService({ pod: { serviceAccount: UNKNOWN } }),
        grant({ role: "roles/secretmanager.viewer" }),
      ),
    ).toEqual([]);
    const policy = {
      type: "gcp:secretmanager/secretIamPolicy:SecretIamPolicy",
      name: "policy",
      properties: { policyData: UNKNOWN },
    };
    expect(await judge(policy, grant({ role: "roles/secretmanager.viewer" }))).toEqual([]);
  });
});

describe("the version", () => {
  const version = (name: string, enabled: unknown, properties: object = {}): Declared => ({
    type: SECRET_VERSION,
    name,
    properties: { secret: UNKNOWN, enabled, version: UNKNOWN, ...properties },
    dependsOn: ["jwt-secret-staging"],
  });
  const setting = "template.containers[0].envs[JWT_SECRET_KEY].valueSource.secretKeyRef.version";
  const refused = (name: string, value = "1") =>
    `'${setting}' (${value}) must be the number of an enabled version because the program disables ${name}, and no instance that uses it starts; set '${setting}' to an enabled version's number, or 'enabled' of ${name} to true`;
  const judge = (...versions: Declared[]) => said(secret(), soundService(), ...versions);

  test("is accepted where it is enabled, or where another one is disabled", async () => {
    for (const enabled of [true, undefined, UNKNOWN]) expect(await judge(version("r1", enabled))).toEqual([]);
    expect(await judge(version("r1", true, { version: "1" }), version("r2", false, { version: "2" }))).toEqual([]);
    // A new version of a secret that has one already, which nothing here takes.
    expect(await judge(version("r1", true, { version: "1" }), version("r2", false))).toEqual([]);
    expect(await judge(version("r2", false), version("r1", true))).toEqual([]);
    const other = { ...version("other", false, { version: "1" }), dependsOn: ["redis-password-staging"] };
    expect(await judge(secret("redis-password-staging"), other)).toEqual([]);
  });

  test("is refused where the program disables it, by its number or before it has one", async () => {
    expect(await judge(version("r1", false, { version: "1" }), version("r2", true, { version: "2" }))).toEqual([
      refused("r1"),
    ]);
    // One that is named is meant before one whose secret a preview does not know.
    const unclear = { ...version("r2", true), dependsOn: [] };
    const named = { ...version("r1", false, { secret: "jwt-secret-staging" }), dependsOn: [] };
    expect(await said(secret(), soundService({ dependsOn: ["r2"] }), named, unclear)).toEqual([refused("r1")]);
    expect(
      await judge(version("r1", false, { version: "1", secret: "projects/netra-staging/secrets/jwt-secret-staging" })),
    ).toEqual([refused("r1")]);
    expect(await judge(version("r1", false))).toEqual([refused("r1")]);
    // Whose secret it is, nothing says but that the service needs it.
    const unattached = { ...version("r1", false), dependsOn: [] };
    expect(await said(secret(), soundService({ dependsOn: ["r1"] }), unattached)).toEqual([refused("r1")]);
    expect(await judge(unattached)).toEqual([]);
    // The service needs the new one.
    const next = soundService({
      variables: { JWT_SECRET_KEY: { valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "2" } } } },
      dependsOn: ["r2"],
    });
    expect(await said(secret(), next, version("r1", true, { version: "1" }), version("r2", false))).toEqual([
      refused("r2", "2"),
    ]);
  });
});

test("reports what it cannot evaluate", async () => {
  expect(await said(secret(), soundService({ pod: { volumes: "none" } }))).toEqual([
    "cannot evaluate: template.volumes must be a list",
  ]);
  expect(
    await said(
      { type: SERVICE_ACCOUNT, name: "account", properties: {} },
      soundService({ pod: { containers: UNKNOWN } }),
    ),
  ).toHaveLength(1);
});
