import { RunError } from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { adoptables, leftOutOfImports, NOT_READ_BACK } from "../../config/adoption";
import { evaluate, type RegisteredResource } from "../../engine/evaluate";
import type { Verdict } from "../../report/verdict";
import { staging } from "../../stack";
import { stackCommand } from "../commands/child";
import { stackFiles } from "../commands/stack-files";
import { refusal } from "../fixtures/programs";
import { type Changes, configurationProblems, stagingConfiguration, stagingSettings } from "../stack-settings";

const withNat: Changes = { "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 64 } } };
const adopting = (adopt: Readonly<Record<string, string>>, changes: Changes = {}) =>
  stagingConfiguration({ ...changes, "netra:adopt": adopt });
const nameOf = ({ type, name }: { readonly type: string; readonly name: string }) => `${type} ${name}`;
const imports = (registered: readonly RegisteredResource[]) =>
  Object.fromEntries(
    registered
      .filter(({ options }) => options.import !== "")
      .map((resource) => [nameOf(resource), resource.options.import]),
  );

const CONNECTOR_ID = "projects/netra-staging/locations/us-central1/connectors/staging-connector";
const everything = adoptables(stagingSettings(withNat));

let registered: readonly RegisteredResource[] = [];
beforeAll(async () => {
  registered = await evaluate(
    "staging",
    adopting(Object.fromEntries(everything.map(({ name, id }) => [name, id])), withNat),
    staging,
  );
});

test("every adoptable resource is one that the program registers, and is imported under its id", () => {
  expect(imports(registered)).toEqual(
    Object.fromEntries(everything.map((adoptable) => [nameOf(adoptable), adoptable.id])),
  );
});

test("everything of Google's is adoptable but versions of secrets, database users, IAM members, and monitoring, which the plan makes anew", () => {
  const others = registered
    .filter(({ custom, type, options }) => custom && type.startsWith("gcp:") && options.import === "")
    .map(({ type }) => type);
  expect([...new Set(others)].toSorted()).toEqual([
    "gcp:logging/metric:Metric",
    "gcp:monitoring/alertPolicy:AlertPolicy",
    "gcp:monitoring/customService:CustomService",
    "gcp:monitoring/dashboard:Dashboard",
    "gcp:monitoring/notificationChannel:NotificationChannel",
    "gcp:monitoring/slo:Slo",
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig",
    "gcp:secretmanager/secretIamMember:SecretIamMember",
    "gcp:secretmanager/secretVersion:SecretVersion",
    "gcp:sql/user:User",
  ]);
});

test("the ids are those that the provider returns", () => {
  const ids = Object.fromEntries(everything.map(({ name, id }) => [name, id]));
  expect(ids).toMatchObject({
    "api-run": "netra-staging/run.googleapis.com",
    "staging-vpc": "projects/netra-staging/global/networks/staging-vpc",
    "staging-subnet": "projects/netra-staging/regions/us-central1/subnetworks/staging-subnet",
    "staging-private-ip-address": "projects/netra-staging/global/addresses/staging-private-ip-address",
    "staging-vpc-services":
      "projects%2Fnetra-staging%2Fglobal%2Fnetworks%2Fstaging-vpc:servicenetworking.googleapis.com",
    "staging-nat-router": "projects/netra-staging/regions/us-central1/routers/staging-nat-router",
    "staging-nat": "netra-staging/us-central1/staging-nat-router/staging-nat",
    "staging-connector": CONNECTOR_ID,
    "staging-shared-postgres": "projects/netra-staging/instances/staging-shared-postgres",
    netra_staging: "projects/netra-staging/instances/staging-shared-postgres/databases/netra_staging",
    "staging-redis": "projects/netra-staging/locations/us-central1/instances/staging-redis",
    "jwt-secret-staging": "projects/netra-staging/secrets/jwt-secret-staging",
    "netra-auth": "projects/netra-staging/serviceAccounts/netra-auth@netra-staging.iam.gserviceaccount.com",
    "netra-auth-service": "projects/netra-staging/locations/us-central1/services/netra-auth-service",
  });
});

test("imports what is listed, and nothing else", async () => {
  expect(imports(await evaluate("staging", adopting({ "staging-connector": CONNECTOR_ID }), staging))).toEqual({
    "gcp:vpcaccess/connector:Connector staging-connector": CONNECTOR_ID,
  });
  expect(imports(await evaluate("staging", stagingConfiguration(), staging))).toEqual({});
});

test("what the provider never reads back is stated at creation and ignored from then on, so that no import replaces what exists", () => {
  for (const { type, property } of NOT_READ_BACK) {
    const stating = registered.filter((resource) => resource.type === type && property in resource.inputs);
    expect(stating, property).toHaveLength(1);
    for (const { options } of stating) expect(options.ignoreChanges).toContain(property);
  }
});

test("reports what an import leaves out where the settings state it", () => {
  const adopt = {
    "staging-redis": "projects/netra-staging/locations/us-central1/instances/staging-redis",
    "staging-connector": CONNECTOR_ID,
  };
  expect(leftOutOfImports(stagingSettings({ "netra:adopt": adopt }))).toEqual([
    "'staging-redis' is imported without reservedIpRange because the provider reads back only the effective range, and adding this one later would replace the instance; 'netra:cache.reservedIpRange' must be what the cloud has",
  ]);
  expect(leftOutOfImports(stagingSettings())).toEqual([]);
  expect(leftOutOfImports(stagingSettings({ "netra:adopt": { "staging-connector": CONNECTOR_ID } }))).toEqual([]);
  expect(
    leftOutOfImports(stagingSettings({ "netra:adopt": adopt, "netra:cache": { reservedIpRange: undefined } })),
  ).toEqual([]);
});

test("where a service and its account share a name, the id says which of them exists", async () => {
  const sharing: Changes = { "netra:services": { auth: { account: "netra-auth-service" } } };
  const service = "projects/netra-staging/locations/us-central1/services/netra-auth-service";
  const account = "projects/netra-staging/serviceAccounts/netra-auth-service@netra-staging.iam.gserviceaccount.com";
  expect(imports(await evaluate("staging", adopting({ "netra-auth-service": service }, sharing), staging))).toEqual({
    "gcp:cloudrunv2/service:Service netra-auth-service": service,
  });
  expect(configurationProblems(adopting({ "netra-auth-service": "netra-auth-service" }, sharing))).toEqual([
    `'netra:adopt.netra-auth-service' (netra-auth-service) must be the canonical id of what the settings describe because to the engine every other form is another resource; set 'netra:adopt.netra-auth-service' to ${account} or ${service}`,
  ]);
});

test("refuses names and ids that do not fit, all of them, before anything is registered", async () => {
  const wrong = adopting({
    "staging-conector": "projects/netra-staging/locations/us-central1/connectors/staging",
    database: "projects/netra-staging/instances/staging-shared-postgres",
    "jwt-secret-staging-r1": "projects/123456789012/secrets/jwt-secret-staging/versions/1",
    "staging-vpc": "staging-vpc",
    "staging-connector": CONNECTOR_ID.replace("us-central1", "us-east1"),
    "staging-redis": "",
  });
  const known =
    "must be the name of a resource that the program can import because the list is looked up by name (versions of secrets, database users and IAM members are always made anew); rename it to";
  const canonical =
    "must be the canonical id of what the settings describe because to the engine every other form is another resource; set";
  const { error, registered: early } = await refusal(wrong, staging);
  expect(RunError.isInstance(error)).toBe(true);
  // The engine hands sections over with their keys sorted.
  expect((error as Error).message.split("\n").slice(1)).toEqual([
    `'netra:adopt.database' (projects/netra-staging/instances/staging-shared-postgres) ${known} 'netra:adopt.staging-shared-postgres', or remove it`,
    `'netra:adopt.jwt-secret-staging-r1' (projects/123456789012/secrets/jwt-secret-staging/versions/1) ${known} 'netra:adopt.jwt-secret-staging', or remove it`,
    `'netra:adopt.staging-conector' (projects/netra-staging/locations/us-central1/connectors/staging) ${known} 'netra:adopt.staging-connector', or remove it`,
    `'netra:adopt.staging-connector' (${CONNECTOR_ID.replace("us-central1", "us-east1")}) ${canonical} 'netra:adopt.staging-connector' to ${CONNECTOR_ID}`,
    `'netra:adopt.staging-redis' (empty) ${canonical} 'netra:adopt.staging-redis' to projects/netra-staging/locations/us-central1/instances/staging-redis`,
    `'netra:adopt.staging-vpc' (staging-vpc) ${canonical} 'netra:adopt.staging-vpc' to projects/netra-staging/global/networks/staging-vpc`,
  ]);
  expect(early).toEqual([]);
});

test("reports nothing of ids while the project or region that they contain cannot be read", () => {
  expect(configurationProblems(adopting({ "staging-vpc": "staging-vpc" }, { "gcp:project": undefined }))).toEqual([
    expect.stringMatching(/^'gcp:project' /),
  ]);
});

const stackFile = stackFiles();

test("`check` shows what would be imported, and finds staging as sound as before", async () => {
  const { code, stdout, stderr } = await stackCommand("check")(
    "--json",
    "--config-file",
    stackFile("adopting", { "netra:adopt": { "staging-connector": CONNECTOR_ID } }),
  );
  expect(code, stderr).toBe(0);
  // the contract, tested in test/commands/check/command.test.ts
  const { ok, resources } = JSON.parse(stdout) as Verdict;
  expect(ok).toBe(true);
  expect(resources.find(({ type }) => type === "gcp:vpcaccess/connector:Connector")?.options).toMatchObject({
    import: CONNECTOR_ID,
    protect: true,
  });
});
