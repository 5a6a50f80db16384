import { describe, expect, test } from "vitest";
import { SQL_USER } from "../../../../config/resource-types";
import { databaseClientAccepted } from "../../../../policy/rules/database/database-client-accepted";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundDatabase, soundJob, soundService } from "../../services";

const judge = (resources: readonly Declared[]) => judgeStack(databaseClientAccepted, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map(({ message }) => message);

const CONNECTION_NAME = "netra-staging:us-central1:staging-shared-postgres";
const volumes = [{ name: "sql", cloudSqlInstance: { instances: [CONNECTION_NAME] } }];
const secret = { value: "", valueSource: { secretKeyRef: { secret: "database-url", version: "1" } } };
const overSocket = soundService({ variables: { POSTGRES_HOST: `/cloudsql/${CONNECTION_NAME}` }, pod: { volumes } });
const withProxy = soundService({
  variables: { POSTGRES_HOST: "127.0.0.1" },
  sidecars: [{ image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1", args: ["--private-ip", CONNECTION_NAME] }],
});
const withLibrary = soundService({
  variables: { POSTGRES_HOST: undefined, INSTANCE_CONNECTION_NAME: CONNECTION_NAME },
});

test("accepts clients and users of an instance that demands nothing", async () => {
  const user: Declared = {
    type: SQL_USER,
    name: "netra",
    properties: { name: "netra_a", instance: "staging-shared-postgres", password: UNKNOWN },
  };
  expect(await judge([soundDatabase(), soundService(), user])).toEqual([]);
  expect(
    await judge([soundDatabase({ connectorEnforcement: "NOT_REQUIRED", activationPolicy: "ALWAYS" }), soundService()]),
  ).toEqual([]);
  expect(
    await judge([
      soundDatabase({ connectorEnforcement: UNKNOWN, activationPolicy: UNKNOWN, ipConfiguration: UNKNOWN }),
      soundService(),
    ]),
  ).toEqual([]);
});

describe("an instance that takes the Auth Proxy and connectors only", () => {
  const enforcing = soundDatabase({ connectorEnforcement: "REQUIRED" });

  test("accepts the socket, a proxy beside the application, a library, and nobody", async () => {
    for (const client of [overSocket, withProxy, withLibrary]) expect(await judge([enforcing, client])).toEqual([]);
    expect(await judge([enforcing])).toEqual([]);
    for (const url of [
      `jdbc:postgresql:///netra?cloudSqlInstance=${CONNECTION_NAME}&socketFactory=com.google.cloud.sql.postgres.SocketFactory&ipTypes=PRIVATE`,
      `jdbc:postgresql://google/netra?cloudSqlInstance=${CONNECTION_NAME}&socketFactory=com.google.cloud.sql.postgres.SocketFactory`,
      `r2dbc:gcp:postgresql://${CONNECTION_NAME}/netra`,
      `host=${CONNECTION_NAME} user=netra dbname=netra`,
    ])
      expect(
        await judge([enforcing, soundService({ variables: { POSTGRES_HOST: undefined, SPRING_DATASOURCE_URL: url } })]),
      ).toEqual([]);
    const either = soundService({ variables: { INSTANCE_CONNECTION_NAME: CONNECTION_NAME } });
    expect(await judge([enforcing, either])).toEqual([]);
  });

  test("rejects those that dial its address, by host or by URL, in one finding", async () => {
    const job = soundJob({ variables: { POSTGRES_HOST: undefined, DATABASE_URL: secret } });
    expect(await judge([enforcing, soundService(), job])).toEqual([
      {
        message:
          "'settings.connectorEnforcement' (REQUIRED) must be NOT_REQUIRED because netra-migrations-staging and netra-backend-staging dial the instance's address, and it rejects every connection that comes from neither the Auth Proxy nor a connector; set 'settings.connectorEnforcement' to NOT_REQUIRED, or connect through the Auth Proxy or a connector library",
        resource: "database",
        waived: false,
      },
    ]);
  });
});

describe("an instance that asks for client certificates", () => {
  const strict = soundDatabase({
    ipConfiguration: { ipv4Enabled: false, privateNetwork: UNKNOWN, sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" },
  });

  test("accepts the proxy's own, and clients that may have one", async () => {
    for (const client of [overSocket, withProxy, withLibrary]) expect(await judge([strict, client])).toEqual([]);
    expect(await judge([strict, soundService({ variables: { PGSSLCERT: "/certs/client.pem" } })])).toEqual([]);
    expect(await judge([strict, soundService({ variables: { DB_CLIENT_KEY: secret } })])).toEqual([]);
    const mounted = { volumeMounts: [{ name: "certificates", mountPath: "/certs" }] };
    expect(await judge([strict, soundService({ container: mounted })])).toEqual([]);
  });

  test("rejects those that dial its address without one", async () => {
    expect(await messages([strict, soundService()])).toEqual([
      "'settings.ipConfiguration.sslMode' (TRUSTED_CLIENT_CERTIFICATE_REQUIRED) must be ENCRYPTED_ONLY because netra-backend-staging dials the instance's address, and it rejects every connection without a client certificate; set 'settings.ipConfiguration.sslMode' to ENCRYPTED_ONLY, or connect through the Auth Proxy or a connector library",
    ]);
  });
});

describe("an instance that takes encrypted connections only", () => {
  const plain = (value: unknown, name = "PGSSLMODE") => soundService({ variables: { [name]: { value } } });

  test("rejects clients that turn encryption off, in a variable of its own or among other options", async () => {
    const refused = (variable: string) => [
      `'template.containers[0].envs[${variable}]' (sslmode disable) must let the connection be encrypted because the instance refuses every connection that is not, and netra-backend-staging dials its address; set 'template.containers[0].envs[${variable}]' to sslmode require`,
    ];
    expect(await messages([soundDatabase(), plain("disable")])).toEqual(refused("PGSSLMODE"));
    expect(await messages([soundDatabase(), plain("application_name=x sslmode=disable", "DB_OPTIONS")])).toEqual(
      refused("DB_OPTIONS"),
    );
  });

  test("accepts those that leave it open or ask for it, and an instance that takes both", async () => {
    for (const mode of ["prefer", "require", "verify-full", UNKNOWN])
      expect(await judge([soundDatabase(), plain(mode)])).toEqual([]);
    const both = soundDatabase({
      ipConfiguration: { ipv4Enabled: false, privateNetwork: UNKNOWN, sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED" },
    });
    expect(await judge([both, plain("disable")])).toEqual([]);
  });
});

describe("a user that logs in with IAM", () => {
  const user = (properties: object = {}): Declared => ({
    type: SQL_USER,
    name: "identity",
    properties: {
      name: "netra-backend@netra-staging.iam",
      instance: "staging-shared-postgres",
      type: "CLOUD_IAM_SERVICE_ACCOUNT",
      ...properties,
    },
  });
  const flagged = (name: string, value: string, version = "POSTGRES_14") =>
    soundDatabase({ databaseFlags: [{ name, value }] }, { databaseVersion: version });
  const missing = (flag: string, shown = "not set") =>
    `'settings.databaseFlags[${flag}]' (${shown}) must be on because netra-backend@netra-staging.iam logs in with IAM, which the instance refuses without it; set 'settings.databaseFlags[${flag}]' to on`;

  test("needs the engine's flag", async () => {
    expect(await judge([flagged("cloudsql.iam_authentication", "on"), user()])).toEqual([]);
    expect(await judge([flagged("cloudsql_iam_authentication", "on", "MYSQL_8_0"), user()])).toEqual([]);
    expect(await messages([soundDatabase(), user()])).toEqual([missing("cloudsql.iam_authentication")]);
    expect(await messages([soundDatabase(), user({ type: "CLOUD_IAM_USER" })])).toHaveLength(1);
    expect(await messages([flagged("cloudsql.iam_authentication", "off"), user()])).toEqual([
      missing("cloudsql.iam_authentication", "off"),
    ]);
    expect(await messages([flagged("cloudsql.iam_authentication", "on", "MYSQL_8_0"), user()])).toEqual([
      missing("cloudsql_iam_authentication"),
    ]);
  });

  test("is found where a preview does not know its instance's name, and left alone where that is none of the stack", async () => {
    expect(await messages([soundDatabase(), { ...user({ instance: UNKNOWN }), dependsOn: ["database"] }])).toHaveLength(
      1,
    );
    expect(await judge([soundDatabase(), user({ instance: "other" })])).toEqual([]);
  });

  test("has a service account's address without its suffix on PostgreSQL, and the whole one on MySQL", async () => {
    const name = "netra-backend@netra-staging.iam.gserviceaccount.com";
    expect(await judge([flagged("cloudsql.iam_authentication", "on"), user({ name })])).toEqual([
      {
        message: `'name' (${name}) must not end in .gserviceaccount.com because PostgreSQL knows a service account by its address without it, and the user could never log in; set 'name' to netra-backend@netra-staging.iam`,
        resource: "identity",
        waived: false,
      },
    ]);
    expect(await judge([flagged("cloudsql_iam_authentication", "on", "MYSQL_8_0"), user({ name })])).toEqual([]);
    expect(await judge([flagged("cloudsql.iam_authentication", "on"), user({ name: UNKNOWN })])).toEqual([]);
    expect(
      await judge([
        flagged("cloudsql.iam_authentication", "on"),
        user({ name: "me@example.com", type: "CLOUD_IAM_USER" }),
      ]),
    ).toEqual([]);
  });
});

describe("an instance that never runs", () => {
  const stopped = soundDatabase({ activationPolicy: "NEVER" });

  test("is refused where a workload uses it", async () => {
    expect(await judge([stopped, soundService()])).toEqual([
      {
        message:
          "'settings.activationPolicy' (NEVER) must be ALWAYS because the instance does not run, and netra-backend-staging uses it; set 'settings.activationPolicy' to ALWAYS",
        resource: "database",
        waived: false,
      },
    ]);
  });

  test("is advised against where none does", async () => {
    expect(await judge([stopped])).toMatchObject([
      { advice: true, message: expect.stringContaining("the instance does not run, and is paid for") },
    ]);
  });
});

test("cannot evaluate flags that are unknown at preview, or a version", async () => {
  const user: Declared = {
    type: SQL_USER,
    name: "identity",
    properties: { name: "a@b.iam", instance: "staging-shared-postgres", type: "CLOUD_IAM_USER" },
  };
  expect(await messages([soundDatabase({ databaseFlags: UNKNOWN }), user])).toEqual([
    expect.stringMatching(/^cannot evaluate: 'settings\.databaseFlags' is not known/),
  ]);
  expect(await messages([soundDatabase({}, { databaseVersion: UNKNOWN }), user])).toEqual([
    expect.stringMatching(/^cannot evaluate: 'databaseVersion' is not known/),
  ]);
});
