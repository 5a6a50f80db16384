import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { databaseVariables } from "../../../../capacity/plan";
import { configSchema } from "../../../../policy/framework/settings";
import { neutralStart as slowest } from "../../../../policy/resources/start-behaviour";
import { startupStorm } from "../../../../policy/rules/capacity/startup-storm";
import { type Declared, judgeStack, stackFindings, UNKNOWN } from "../../harness";
import { type Overrides, soundConnector, soundDatabase, soundService } from "../../services";

const flags = (maxConnections: number) => ({
  databaseFlags: [{ name: "max_connections", value: String(maxConnections) }],
});
/** 100 storms decide this target. */
const targetPercent = 95;
const storm = async (resources: readonly Declared[], config: object = {}) =>
  (await judgeStack(startupStorm, resources, { targetPercent, ...config })).map(({ message }) => message);
const connector = soundConnector();

test("accepts the sound service on the sound database", async () => {
  expect(await storm([connector, soundDatabase(), soundService()])).toEqual([]);
});

test("refuses a database whose slots a rollout cannot have, and names the bottleneck", async () => {
  const messages = await storm([connector, soundDatabase(flags(50)), soundService()]);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatch(
    /^'settings\.databaseFlags\[max_connections\]' \(50\) must let at least 95 % of starts be ready at the first try, with 95 % confidence, in rollout-netra-backend-staging .* because the bottleneck of 100 simulated storms is max_connections; set /,
  );
});

test("refuses and accepts the same in brief", () => {
  const inBrief = (...resources: readonly Declared[]) =>
    stackFindings(startupStorm, resources, { settings: { targetPercent }, isBrief: true }).map(
      ({ rule, outcome, level, resource }) => [rule, outcome, level, resource?.name],
    );
  expect(inBrief(connector, soundDatabase(), soundService())).toEqual([]);
  const small = soundDatabase(flags(50));
  expect(inBrief(connector, small, soundService())).toEqual([["startup-storm", "refused", "mandatory", small.name]]);
});

test("takes the rollout order from the dependencies: services that wait for one another do not coincide", async () => {
  const auth = soundService({ name: "auth", properties: { name: "netra-auth-service" } });
  const names = async (backend: Declared) =>
    (await storm([connector, soundDatabase(flags(60)), auth, backend])).join("\n");
  expect(await names(soundService({ name: "backend", dependsOn: ["auth"] }))).not.toContain(
    "rollout-netra-auth-service+netra-backend-staging",
  );
  expect(await names(soundService({ name: "backend" }))).toContain("rollout-netra-auth-service+netra-backend-staging");
});

test("takes boot time, query CPU and retries from its configuration", async () => {
  const otherServices = {
    bootSeconds: 15,
    startupQueryCpuMs: 8000,
    retry: { attempts: 1, baseSeconds: 1, factor: 1, capSeconds: 1, jitter: 0 },
  };
  const service = soundService({ properties: { scaling: { maxInstanceCount: 3 } } });
  const messages = await storm([connector, soundDatabase(), service], { services: {}, otherServices });
  expect(messages[0]).toContain("is database CPU");
});

describe("the path", () => {
  const over = (vpcAccess: unknown, more: Overrides = {}) => soundService({ ...more, pod: { vpcAccess, ...more.pod } });
  const allTraffic = { connector: UNKNOWN, egress: "ALL_TRAFFIC" };
  const volumes = [{ name: "sql", cloudSqlInstance: { instances: [UNKNOWN] } }];
  const publicDatabase = soundDatabase({ ipConfiguration: { ipv4Enabled: true } });
  const direct = { networkInterfaces: [{ subnetwork: "staging-subnet" }] };

  test("gives 0 % where it cannot work: the incident, in every storm at once", async () => {
    const messages = await storm([connector, publicDatabase, over(allTraffic, { pod: { volumes } })]);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(
      /^'template\.vpcAccess\.egress of netra-backend-staging' \(all-traffic\) must .* in cold-start \(0\.00 % of 5, lower bound 0\.00 %\), rollout-netra-backend-staging \(0\.00 % .* because the bottleneck of 100 simulated storms is network path: .* public address is on the internet: .*; set 'template\.vpcAccess\.egress of netra-backend-staging' to PRIVATE_RANGES_ONLY$/,
    );
  });

  test("is open for a private database with all traffic, and over the socket through a connector", async () => {
    expect(await storm([connector, soundDatabase(), over(allTraffic)])).toEqual([]);
    expect(await storm([connector, soundDatabase(), over({ connector: UNKNOWN }, { pod: { volumes } })])).toEqual([]);
  });

  test("names missing VPC access", async () => {
    expect(await storm([connector, soundDatabase(), over(null)])).toEqual([
      expect.stringMatching(
        /^'template\.vpcAccess\.connector of netra-backend-staging' \(not set\) must .* has no VPC access; set .* to the connector's id$/,
      ),
    ]);
  });

  test("opens late over Direct VPC egress: what is proposed is enough when it is applied", async () => {
    const impatient = { DB_INIT_TIMEOUT_SECONDS: "5", DB_CONNECT_TIMEOUT_SECONDS: "5" };
    expect(await storm([soundDatabase(), over(direct, { variables: impatient })])).toEqual([
      expect.stringMatching(
        /^'template\.containers\[0\]\.envs\[DB_INIT_TIMEOUT_SECONDS\] of netra-backend-staging' \(5\) must .* only 20 to 80 s after an instance starts, and the application gives up after 5 s; set '.*' to 120 and 'template\.containers\[0\]\.startupProbe\.failureThreshold of netra-backend-staging' to 14, and let the application retry for so long, or take a connector/,
      ),
    ]);
    const probe = {
      httpGet: { path: "/health", port: 8000 },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 14,
    };
    const patient = { ...impatient, DB_INIT_TIMEOUT_SECONDS: "120" };
    expect(
      await storm([soundDatabase(), over(direct, { variables: patient, container: { startupProbe: probe } })]),
    ).toEqual([]);
    // The default probe waits for the port for 240 s.
    expect(
      await storm([soundDatabase(), over(direct, { variables: patient, container: { startupProbe: undefined } })]),
    ).toEqual([]);
  });
});

test("leaves a service that cannot be counted to connection-budget", async () => {
  expect(
    await storm([
      connector,
      soundDatabase(),
      soundService({ variables: { [databaseVariables.poolSize]: undefined, POSTGRES_HOST: UNKNOWN } }),
    ]),
  ).toEqual([]);
  const unknown = soundService({
    properties: { scaling: { maxInstanceCount: UNKNOWN } },
    pod: { scaling: { maxInstanceCount: UNKNOWN } },
  });
  expect(await storm([connector, soundDatabase(), unknown])).toEqual([]);
});

test("assumes a patient start of every connection where a service does not state it", async () => {
  const variables = {
    DB_POOL_TIMEOUT_SECONDS: undefined,
    DB_CONNECT_TIMEOUT_SECONDS: undefined,
    DB_INIT_TIMEOUT_SECONDS: undefined,
    DB_STARTUP_CONNECTIONS: undefined,
  };
  expect(await storm([connector, soundDatabase(), soundService({ variables })])).toEqual([]);
});

test("cannot evaluate a storm through a connector that is not in the stack", async () => {
  expect(await storm([soundDatabase(), soundService()])).toEqual([
    "cannot evaluate: a connector that is not in the stack carries the storm, and its size is not known; add it to the stack",
  ]);
});

test("refuses more starts than can be simulated, and proposes what can be", async () => {
  const huge = soundService({ properties: { scaling: { maxInstanceCount: 1_000_000_000 } }, pod: { scaling: {} } });
  const found = await storm([
    connector,
    soundDatabase(),
    soundService({ name: "auth", properties: { name: "auth" } }),
    huge,
  ]);
  expect(found).toEqual([
    "'scaling.maxInstanceCount of netra-backend-staging' (1000000000) must leave a storm with at most 50000 attempts to connect (cold-start has 20000000100) because a storm of more takes too long to simulate; set 'scaling.maxInstanceCount of netra-backend-staging' to 2495",
  ]);
});

test("names settings as the resources have them", async () => {
  const settings = async (...services: Declared[]) =>
    (await storm([connector, soundDatabase(), ...services])).map((message) => message.split("'")[1]);
  expect(await settings(soundService({ pod: { vpcAccess: null } }))).toEqual([
    "template.vpcAccess.connector of netra-backend-staging",
  ]);
  expect(await settings(soundService({ variables: { WEB_CONCURRENCY: "1000000" } }))).toEqual([
    "template.containers[0].envs[WEB_CONCURRENCY] of netra-backend-staging",
  ]);
});

test("takes a service by its own name only, also one called constructor", async () => {
  expect(await storm([connector, soundDatabase(), soundService({ properties: { name: "constructor" } })])).toEqual([]);
});

test("leaves MySQL to connection-budget, which reports it", async () => {
  const mysql = soundDatabase({ tier: "db-n1-standard-1" }, { databaseVersion: "MYSQL_8_0" });
  expect(await storm([connector, mysql, soundService()])).toEqual([]);
});

test("cannot evaluate a database whose machine it does not know", async () => {
  const unknown = soundDatabase({ tier: "db-n1-standard-1" });
  expect(await storm([connector, unknown, soundService()])).toEqual([
    "cannot evaluate: 'settings.tier' must be a tier such as db-custom-1-3840 because the instance's vCPUs are counted from it",
  ]);
});

test("its configuration states all of how a service starts", () => {
  const ajv = new Ajv();
  const validate = ajv.compile({ type: "object", properties: configSchema(startupStorm) });
  expect(validate({ services: { auth: slowest }, otherServices: slowest })).toBe(true);
  for (const wrong of [
    {},
    { ...slowest, bootSeconds: -1 },
    { ...slowest, retry: undefined },
    { ...slowest, retry: { ...slowest.retry, attempts: 0 } },
    { ...slowest, boot: 1 },
  ]) {
    expect(validate({ services: { auth: wrong } })).toBe(false);
    expect(validate({ otherServices: wrong })).toBe(false);
  }
});
