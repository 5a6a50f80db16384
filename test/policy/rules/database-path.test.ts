import { describe, expect, test } from "vitest";
import { databasePath } from "../../../policy/rules/database-path";
import { type Declared, judgeStack, UNKNOWN } from "../harness";
import { type Overrides, soundDatabase, soundService, soundServiceV1 } from "../services";

const judge = (resources: readonly Declared[]) => judgeStack(databasePath, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const volumes = [{ name: "sql", cloudSqlInstance: { instances: [UNKNOWN] } }];
const overSocket = (overrides: Overrides = {}) => soundService({ ...overrides, pod: { volumes, ...overrides.pod } });
const publicDatabase = soundDatabase({ ipConfiguration: { ipv4Enabled: true } });
const byUrl = { POSTGRES_HOST: undefined, DATABASE_URL: { value: "", valueSource: { secretKeyRef: { secret: "database-url", version: "1" } } } };

describe("accepts", () => {
  test("a private address through a connector, in every form", async () => {
    expect(await judge([soundDatabase(), soundService()])).toEqual([]);
    expect(await judge([soundDatabase(), soundService({ variables: byUrl })])).toEqual([]);
    expect(await judge([soundDatabase(), soundServiceV1({ variables: byUrl })])).toEqual([]);
    const noSocket = { "run.googleapis.com/cloudsql-instances": "" };
    expect(await judge([soundDatabase(), soundServiceV1({ variables: byUrl, annotations: noSocket })])).toEqual([]);
    expect(await judge([soundDatabase(), soundService({ variables: byUrl, pod: { vpcAccess: { networkInterfaces: [{ network: UNKNOWN }] } } })])).toEqual([]);
  });

  test("the socket to a database with a public address, stated or left out", async () => {
    expect(await judge([publicDatabase, overSocket()])).toEqual([]);
    expect(await judge([soundDatabase({ ipConfiguration: UNKNOWN }), overSocket()])).toEqual([]);
  });

  test("a public database without access to the VPC", async () => {
    expect(await judge([publicDatabase, soundService({ variables: byUrl, pod: { vpcAccess: null } })])).toEqual([]);
  });

  test("a database outside the stack, and a workload without one", async () => {
    expect(await judge([overSocket()])).toEqual([]);
    expect(await judge([soundDatabase(), soundService({ variables: { POSTGRES_HOST: undefined, DB_POOL_SIZE: undefined } })])).toEqual([]);
  });

  test("an address without access to the VPC, which another rule refuses on the resource", async () => {
    expect(await judge([soundDatabase(), soundService({ pod: { vpcAccess: null } })])).toEqual([]);
  });
});

describe("refuses", () => {
  const socket =
    "'template.containers[0].envs[POSTGRES_HOST]' (the built-in socket) must lead to an address of database because the built-in socket dials the database's public address, and this database has none; set 'template.containers[0].envs[POSTGRES_HOST]' to the instance's private address, and remove the Cloud SQL volume";

  test("the socket to a database without a public address", async () => {
    expect(await judge([soundDatabase(), overSocket()])).toEqual([{ message: socket, resource: "backend", waived: false }]);
    const byPath = soundService({ variables: { POSTGRES_HOST: "/cloudsql/netra-staging:us-central1:staging-shared-postgres" } });
    expect(await messages([soundDatabase(), byPath])).toEqual([socket]);
  });

  test("the socket of a v1 service's annotation", async () => {
    const annotations = { "run.googleapis.com/cloudsql-instances": "netra-staging:us-central1:staging-shared-postgres" };
    expect(await judge([soundDatabase(), soundServiceV1({ annotations })])).toHaveLength(1);
  });

  test("a database URL without access to the VPC", async () => {
    expect(await messages([soundDatabase(), soundService({ variables: byUrl, pod: { vpcAccess: null } })])).toEqual([
      "'template.vpcAccess.connector' (not set) must lead to an address of database because a private address is only reached through the VPC, and the service has no connector; set 'template.vpcAccess.connector' to the connector's id",
    ]);
  });
});

describe("cannot evaluate", () => {
  test("which of two databases it is, when the way leads to one of them only", async () => {
    expect(await messages([soundDatabase(), { ...publicDatabase, name: "other" }, overSocket()])).toEqual([
      "cannot evaluate: which of the stack's database instances netra-backend-staging uses cannot be told, and not all can be reached its way; add the instance to 'dependsOn'",
    ]);
  });

  test("a kind of address that is unknown at preview or malformed, and variables that are unknown", async () => {
    expect(await messages([soundDatabase({ ipConfiguration: { ipv4Enabled: UNKNOWN } }), overSocket()])).toEqual([
      "cannot evaluate: 'settings.ipConfiguration.ipv4Enabled' is not known at preview; give it a plain value instead of another resource's output",
    ]);
    expect(await messages([soundDatabase({ ipConfiguration: { ipv4Enabled: "maybe" } }), overSocket()])).toEqual([
      "cannot evaluate: settings.ipConfiguration.ipv4Enabled must be true or false",
    ]);
    expect(await judge([soundDatabase(), soundService({ container: { envs: UNKNOWN } })])).toHaveLength(1);
  });
});
