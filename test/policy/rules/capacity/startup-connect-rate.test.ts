import { describe, expect, test } from "vitest";
import { startupConnectRate } from "../../../../policy/rules/capacity/startup-connect-rate";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { type Overrides, soundConnector, soundDatabase, soundService } from "../../services";

const judge = (resources: readonly Declared[]) => judgeStack(startupConnectRate, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const service = (maxInstanceCount: number, overrides: Overrides = {}, name = "backend") =>
  soundService({ ...overrides, name, properties: { name, scaling: { maxInstanceCount }, ...overrides.properties } });
const overSocket: Overrides = {
  variables: { POSTGRES_HOST: undefined },
  pod: { volumes: [{ name: "sql", cloudSqlInstance: { instances: [UNKNOWN] } }] },
};

describe("accepts", () => {
  test("staging's own sizes", async () => {
    expect(await judge([soundDatabase(), soundConnector(), service(5), service(3, {}, "auth")])).toEqual([]);
  });

  test("a stack without database clients", async () => {
    expect(await judge([soundConnector({ minInstances: UNKNOWN })])).toEqual([]);
  });

  test("network interfaces instead of a connector, however many connects", async () => {
    const pod = { vpcAccess: { networkInterfaces: [{ subnetwork: "staging-subnet" }] } };
    const fast = soundDatabase({ tier: "db-custom-16-61440" });
    expect(
      await judge([fast, soundConnector(), service(600, { pod, variables: { DB_STARTUP_CONNECTIONS: "20" } })]),
    ).toEqual([]);
  });

  test("500 processes on the socket, which make just 1000 Admin API calls", async () => {
    expect(
      await judge([soundDatabase({ tier: "db-custom-2-7680" }), soundConnector(), service(500, overSocket)]),
    ).toEqual([]);
  });
});

describe("refuses", () => {
  test("more processes than the tier can authenticate within the time-out", async () => {
    const slow = [
      soundDatabase({ tier: "db-g1-small" }),
      soundConnector(),
      service(20, { variables: { DB_CONNECT_TIMEOUT_SECONDS: "1", WEB_CONCURRENCY: "2" } }),
    ];
    expect(await judge(slow)).toEqual([
      {
        message:
          "'settings.tier' (db-g1-small) must authenticate 40 connects within 1 s (it needs 1.12 s on 0.25 vCPU) because TLS and SCRAM cost the instance's CPU and every starting process connects at once; set 'settings.tier' to db-custom-1-3840, or lower the maximum instances of backend so that at most 35 processes connect at once",
        resource: "database",
        waived: false,
      },
    ]);
  });

  test("the shortest time-out of all that share the database", async () => {
    const patient = service(200, {}, "backend");
    const hasty = service(1, { variables: { DB_CONNECT_TIMEOUT_SECONDS: "1" } }, "auth");
    expect(await judge([soundDatabase(), soundConnector({ minInstances: 9 }), patient])).toEqual([]);
    const [message] = await messages([soundDatabase(), soundConnector({ minInstances: 9 }), patient, hasty]);
    expect(message).toContain("must authenticate 201 connects within 1 s (it needs 1.41 s on 1 vCPU)");
  });

  test("the connects of a socket, too, which reach a private database through the connector", async () => {
    const client = service(50, {
      ...overSocket,
      variables: { ...overSocket.variables, DB_STARTUP_CONNECTIONS: "20", DB_CONNECT_TIMEOUT_SECONDS: "2" },
    });
    const over = (database: Declared) => messages([database, soundConnector({ minInstances: 2 }), client]);
    expect(await over(soundDatabase({ tier: "db-custom-16-61440" }))).toEqual([
      expect.stringMatching(/^'minInstances' \(2\) must carry 1000 connects within 2 s/),
    ]);
    expect(await over(soundDatabase({ tier: "db-custom-16-61440", ipConfiguration: { ipv4Enabled: true } }))).toEqual(
      [],
    );
  });

  test("more connects than the connector's minimum carries", async () => {
    const storm = service(50, { variables: { DB_CONNECT_TIMEOUT_SECONDS: "2", DB_STARTUP_CONNECTIONS: "20" } });
    expect(await judge([soundDatabase(), soundConnector({ minInstances: 2 }), storm])).toEqual([
      {
        message:
          "'minInstances' (2) must carry 1000 connects within 2 s (it needs 2.5 s at 200 Mbps and an assumed 400 connects a second) because the connector scales out later than a storm lasts; set 'minInstances' to 3, or lower the maximum instances of backend so that at most 800 connects come at once",
        resource: "connector",
        waived: false,
      },
    ]);
  });

  test("a storm that no connector carries", async () => {
    const storm = service(100, { variables: { DB_CONNECT_TIMEOUT_SECONDS: "1", DB_STARTUP_CONNECTIONS: "40" } });
    const [message] = await messages([soundDatabase({ tier: "db-custom-16-61440" }), soundConnector(), storm]);
    expect(message).toContain("; lower the maximum instances of backend");
  });

  test("more processes than the Admin API answers in a minute, and blames the largest", async () => {
    const stack = [
      soundDatabase({ tier: "db-custom-2-7680" }),
      soundConnector(),
      service(500, overSocket),
      service(1, overSocket, "auth"),
    ];
    expect(await judge(stack)).toEqual([
      {
        message:
          "'scaling.maxInstanceCount' (500) must leave a cold start within 1000 Admin API calls a minute (it makes 1002) because each process fetches settings and a certificate before it can connect, and further calls are answered with 429; set 'scaling.maxInstanceCount' to fewer instances, so that at most 500 processes start at once, or use the database's private address, which needs no call",
        resource: "backend",
        waived: false,
      },
    ]);
  });

  test("the same for a library that has only the connection name", async () => {
    const variables = { POSTGRES_HOST: undefined, INSTANCE_CONNECTION_NAME: UNKNOWN };
    const [message] = await messages([
      soundDatabase({ tier: "db-custom-2-7680" }),
      soundConnector(),
      service(501, { variables }),
    ]);
    expect(message).toContain("1000 Admin API calls a minute (it makes 1002)");
  });
});

describe("cannot evaluate", () => {
  test("a tier that is none or unknown, and goes on with the connector", async () => {
    const storm = service(50, { variables: { DB_CONNECT_TIMEOUT_SECONDS: "2", DB_STARTUP_CONNECTIONS: "20" } });
    const found = await judge([soundDatabase({ tier: "db-huge" }), soundConnector({ minInstances: 2 }), storm]);
    expect(found.map((f) => [f.resource, f.message.slice(0, 30)])).toEqual([
      ["database", "cannot evaluate: 'settings.tie"],
      ["connector", "'minInstances' (2) must carry "],
    ]);
    expect(await messages([soundDatabase({ tier: UNKNOWN }), soundConnector(), service(5)])).toEqual([
      "cannot evaluate: 'settings.tier' is not known at preview; give it a plain value instead of another resource's output",
    ]);
  });

  test("a connector without counts, with a machine type that is none, or outside the stack", async () => {
    expect(await messages([soundDatabase(), soundConnector({ minInstances: undefined }), service(5)])).toEqual([
      "cannot evaluate: 'minInstances' and 'maxInstances' must be stated because the connector's size is counted from them",
    ]);
    expect(await messages([soundDatabase(), soundConnector({ machineType: "e2-standard-8" }), service(5)])).toEqual([
      "cannot evaluate: 'machineType' must be a connector's because the connector's size is counted from it",
    ]);
    const elsewhere = [
      "cannot evaluate: 'template.vpcAccess.connector' must be a connector of this stack because its size decides how long a start takes; set 'template.vpcAccess.connector' to the connector's id",
    ];
    expect(await messages([soundDatabase(), service(5)])).toEqual(elsewhere);
    const through = (project: string) =>
      service(5, {
        pod: { vpcAccess: { connector: `projects/${project}/locations/us-central1/connectors/staging-connector` } },
      });
    const connector = { ...soundConnector(), provider: { project: "netra-staging" } };
    expect(await messages([soundDatabase(), connector, through("netra-shared")])).toEqual(elsewhere);
    expect(await messages([soundDatabase(), connector, through("netra-staging")])).toEqual([]);
  });
});

test("leaves a database outside the stack to connection-budget", async () => {
  expect(await messages([soundConnector(), service(5)])).toEqual([]);
});

test("leaves a workload whose connections cannot be counted to connection-budget, and needs no time-outs", async () => {
  const slow = soundDatabase({ tier: "db-g1-small" });
  const hasty = service(20, { variables: { DB_CONNECT_TIMEOUT_SECONDS: "1", WEB_CONCURRENCY: "2" } });
  const uncounted = service(5, { variables: { DB_POOL_SIZE: undefined } }, "auth");
  expect(await judge([slow, soundConnector(), hasty, uncounted])).toEqual([]);
  expect(
    await judge([
      slow,
      soundConnector(),
      service(5, { variables: { DB_CONNECT_TIMEOUT_SECONDS: undefined, DB_STARTUP_CONNECTIONS: undefined } }),
    ]),
  ).toEqual([]);
});
