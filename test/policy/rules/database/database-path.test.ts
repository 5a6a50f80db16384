import { describe, expect, test } from "vitest";
import { REDIS } from "../../../../config/resource-types";
import { databasePath } from "../../../../policy/rules/database/database-path";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { type Overrides, soundDatabase, soundService, soundServiceV1 } from "../../services";

const judge = (resources: readonly Declared[]) => judgeStack(databasePath, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const volumes = [{ name: "sql", cloudSqlInstance: { instances: [UNKNOWN] } }];
const overSocket = (overrides: Overrides = {}) => soundService({ ...overrides, pod: { volumes, ...overrides.pod } });
const publicDatabase = soundDatabase({ ipConfiguration: { ipv4Enabled: true } });
const bothAddresses = soundDatabase({ ipConfiguration: { ipv4Enabled: true, privateNetwork: UNKNOWN } });
const byUrl = {
  POSTGRES_HOST: undefined,
  DATABASE_URL: { value: "", valueSource: { secretKeyRef: { secret: "database-url", version: "1" } } },
};
const withoutVpc = { vpcAccess: null };
const withoutDatabase = { POSTGRES_HOST: undefined, DB_POOL_SIZE: undefined };
const CONNECTION_NAME = "netra-staging:us-central1:staging-shared-postgres";

const noVpc = (target = "database", setting = "template.vpcAccess.connector") =>
  `'${setting}' (not set) must lead to ${target} because a private address is reachable only through the VPC, and the workload has no VPC access; set '${setting}' to the connector's id, or add network interfaces`;

describe("accepts", () => {
  test("a private address through a connector, in every form", async () => {
    expect(await judge([soundDatabase(), soundService()])).toEqual([]);
    expect(await judge([soundDatabase(), soundService({ variables: byUrl })])).toEqual([]);
    expect(await judge([soundDatabase(), soundServiceV1({ variables: byUrl })])).toEqual([]);
    const noSocket = { "run.googleapis.com/cloudsql-instances": "" };
    expect(await judge([soundDatabase(), soundServiceV1({ variables: byUrl, annotations: noSocket })])).toEqual([]);
    expect(
      await judge([
        soundDatabase(),
        soundService({ variables: byUrl, pod: { vpcAccess: { networkInterfaces: [{ network: UNKNOWN }] } } }),
      ]),
    ).toEqual([]);
  });

  test("the socket to a private database through a connector or network interfaces", async () => {
    expect(await judge([soundDatabase(), overSocket()])).toEqual([]);
    expect(
      await judge([
        soundDatabase(),
        overSocket({ pod: { vpcAccess: { networkInterfaces: [{ subnetwork: "staging-subnet" }] } } }),
      ]),
    ).toEqual([]);
    expect(
      await judge([soundDatabase(), soundService({ variables: { POSTGRES_HOST: `/cloudsql/${CONNECTION_NAME}` } })]),
    ).toEqual([]);
    const annotations = { "run.googleapis.com/cloudsql-instances": CONNECTION_NAME };
    expect(await judge([soundDatabase(), soundServiceV1({ annotations })])).toEqual([]);
  });

  test("the socket to a database with a public address, stated or left out, without the VPC", async () => {
    for (const database of [publicDatabase, bothAddresses, soundDatabase({ ipConfiguration: UNKNOWN })])
      expect(await judge([database, overSocket({ pod: withoutVpc })])).toEqual([]);
  });

  test("a public database without access to the VPC", async () => {
    expect(await judge([publicDatabase, soundService({ variables: byUrl, pod: withoutVpc })])).toEqual([]);
    expect(await judge([publicDatabase, soundService({ pod: withoutVpc })])).toEqual([]);
  });

  test("a database outside the stack, and a workload without one", async () => {
    expect(await judge([overSocket()])).toEqual([]);
    expect(await judge([soundDatabase(), soundService({ variables: withoutDatabase, pod: withoutVpc })])).toEqual([]);
  });

  test("a name that only DNS resolves, or an address that is not the database's, without access to the VPC", async () => {
    for (const POSTGRES_HOST of ["db.example.com", "203.0.113.7"])
      expect(await judge([soundDatabase(), soundService({ variables: { POSTGRES_HOST }, pod: withoutVpc })])).toEqual(
        [],
      );
  });

  test("a literal private address without access to the VPC, which another rule refuses on the resource", async () => {
    expect(
      await judge([soundDatabase(), soundService({ variables: { POSTGRES_HOST: "10.107.0.3" }, pod: withoutVpc })]),
    ).toEqual([]);
  });
});

describe("refuses a private database without access to the VPC", () => {
  test("over the socket, by an address, by a URL, and with a library that knows the connection name only", async () => {
    expect(await judge([soundDatabase(), overSocket({ pod: withoutVpc })])).toEqual([
      { message: noVpc(), resource: "backend", waived: false },
    ]);
    for (const variables of [{}, byUrl, { POSTGRES_HOST: undefined, INSTANCE_CONNECTION_NAME: CONNECTION_NAME }])
      expect(await messages([soundDatabase(), soundService({ variables, pod: withoutVpc })])).toEqual([noVpc()]);
  });

  test("over the socket of a v1 service's annotation", async () => {
    const vpc = Object.fromEntries(
      ["connector", "egress"].map((key) => [`run.googleapis.com/vpc-access-${key}`, undefined]),
    );
    const annotations = { ...vpc, "run.googleapis.com/cloudsql-instances": CONNECTION_NAME };
    expect(await messages([soundDatabase(), soundServiceV1({ annotations })])).toEqual([
      noVpc("database", "template.metadata.annotations.run.googleapis.com/vpc-access-connector"),
    ]);
  });
});

describe("an Auth Proxy beside the application", () => {
  const beside = (image: string, args: readonly string[], pod: object = {}, envs: readonly object[] = []) =>
    soundService({ variables: { POSTGRES_HOST: "127.0.0.1" }, sidecars: [{ image, args, envs }], pod: { ...pod } });
  const V2 = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1";

  test("of version 2 dials the public address by default", async () => {
    const database = soundDatabase();
    expect(await messages([database, beside(V2, [CONNECTION_NAME])])).toEqual([
      "'template.containers[1].args' (without --private-ip) must dial an address that database has because the client dials the database's public address, and this database has only a private one; set 'template.containers[1].args' to the same with --private-ip",
    ]);
    expect(await judge([publicDatabase, beside(V2, [CONNECTION_NAME], withoutVpc)])).toEqual([]);
    for (const args of [
      ["--private-ip", CONNECTION_NAME],
      ["--auto-ip", CONNECTION_NAME],
      ["--psc", CONNECTION_NAME],
      [`${CONNECTION_NAME}?private-ip=true`],
      [UNKNOWN],
    ])
      expect(await judge([database, beside(V2, args)])).toEqual([]);
    expect(
      await judge([database, beside(V2, [CONNECTION_NAME], {}, [{ name: "CSQL_PROXY_PRIVATE_IP", value: "true" }])]),
    ).toEqual([]);
    expect((await messages([publicDatabase, beside(V2, ["--private-ip", CONNECTION_NAME])]))[0]).toMatch(
      /has only a public one; set .* to the same without --private-ip$/,
    );
  });

  test("of version 1 chooses, and needs the VPC for a private database as any other", async () => {
    const args = ["/cloud_sql_proxy", `-instances=${CONNECTION_NAME}=tcp:5432`];
    expect(await judge([soundDatabase(), beside("gcr.io/cloudsql-docker/gce-proxy:1.33.2", args)])).toEqual([]);
    expect(
      await messages([soundDatabase(), beside("gcr.io/cloudsql-docker/gce-proxy:1.33.2", args, withoutVpc)]),
    ).toEqual([noVpc()]);
    expect(await messages([soundDatabase(), beside(V2, ["--private-ip", CONNECTION_NAME], withoutVpc)])).toEqual([
      noVpc(),
    ]);
  });
});

describe("a cache", () => {
  const redis: Declared = {
    type: REDIS,
    name: "cache",
    properties: { name: "staging-redis", connectMode: "DIRECT_PEERING" },
  };
  const frontend = (variables: Overrides["variables"], more: Partial<Declared> = {}): Declared => ({
    ...soundService({ name: "frontend", variables: { ...withoutDatabase, ...variables }, pod: withoutVpc }),
    ...more,
  });
  const secret = { valueSource: { secretKeyRef: { secret: "redis-url", version: "1" } } };

  test("whose output a service without VPC access uses, in both connect modes", async () => {
    for (const connectMode of ["DIRECT_PEERING", "PRIVATE_SERVICE_ACCESS"]) {
      const cache = { ...redis, properties: { ...redis.properties, connectMode } };
      expect(await messages([cache, frontend({ CACHE_PLACE: UNKNOWN }, { propertyDependencies: ["cache"] })])).toEqual([
        noVpc("cache"),
      ]);
    }
    expect(
      await messages([
        { ...redis, type: "gcp:memorystore/instance:Instance" },
        frontend({}, { propertyDependencies: ["cache"] }),
      ]),
    ).toEqual([noVpc("cache")]);
  });

  test("that is the only one a variable can mean, or that the secret it is in depends on", async () => {
    expect(await messages([redis, frontend({ REDIS_HOST: UNKNOWN })])).toEqual([noVpc("cache")]);
    expect(await messages([redis, frontend({ REDIS_URL: secret }, { dependsOn: ["cache"] })])).toEqual([
      noVpc("cache"),
    ]);
  });

  test("is left alone where the service uses another one, or nothing says that it uses any", async () => {
    for (const variables of [
      { REDIS_HOST: "127.0.0.1" },
      { REDIS_URL: "redis://cache.example.com:6379" },
      { REDIS_URL: secret },
      {},
      { REDIS_DB: UNKNOWN },
    ])
      expect(await judge([redis, frontend(variables)])).toEqual([]);
    const upstash: Declared = { type: "upstash:index/redisDatabase:RedisDatabase", name: "upstash", properties: {} };
    expect(
      await judge([redis, upstash, frontend({ REDIS_HOST: UNKNOWN }, { propertyDependencies: ["upstash"] })]),
    ).toEqual([]);
    expect(await judge([redis, soundService({ variables: { ...withoutDatabase, REDIS_HOST: UNKNOWN } })])).toEqual([]);
  });

  test("and a database that one service misses are one finding", async () => {
    const service = {
      ...soundService({ variables: { REDIS_HOST: UNKNOWN }, pod: withoutVpc }),
      propertyDependencies: ["cache", "database"],
    };
    expect(await messages([soundDatabase(), redis, service])).toEqual([noVpc("database and cache")]);
  });
});

describe("a database of another engine", () => {
  const mysql = soundDatabase({ tier: "db-n1-standard-1" }, { databaseVersion: "MYSQL_8_0" });
  const client = (variables: Overrides["variables"], pod: Record<string, unknown> = withoutVpc): Declared => ({
    ...soundService({ variables: { ...withoutDatabase, ...variables }, pod }),
    propertyDependencies: ["database"],
  });

  test("is reached through the VPC, too", async () => {
    expect(await messages([mysql, client({ MYSQL_HOST: UNKNOWN })])).toEqual([noVpc()]);
    expect(await judge([mysql, client({ MYSQL_HOST: UNKNOWN }, {})])).toEqual([]);
  });

  test("or at its public address, or not at all by a client of its name only", async () => {
    const open = soundDatabase({ ipConfiguration: { ipv4Enabled: true } }, { databaseVersion: "MYSQL_8_0" });
    expect(await judge([open, client({ MYSQL_HOST: UNKNOWN })])).toEqual([]);
    expect(await judge([mysql, client({ SQL_INSTANCE_NAME: UNKNOWN })])).toEqual([]);
  });
});

describe("cannot evaluate", () => {
  test("which of two databases it is, when the way leads to one of them only", async () => {
    expect(
      await messages([soundDatabase(), { ...publicDatabase, name: "other" }, overSocket({ pod: withoutVpc })]),
    ).toEqual([
      "cannot evaluate: which of the stack's database instances netra-backend-staging uses is not known, and not all of them can be reached on its path; add the instance to 'dependsOn'",
    ]);
    expect(await judge([soundDatabase(), { ...publicDatabase, name: "other" }, overSocket()])).toEqual([]);
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
