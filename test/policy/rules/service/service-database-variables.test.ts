import { expect, test } from "vitest";
import { databaseVariables } from "../../../../capacity/plan";
import { serviceDatabaseVariables } from "../../../../policy/rules/service/service-database-variables";
import { findings, messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

type Variables = Record<string, string | Record<string, unknown> | undefined>;
const having = (variables: Variables) => messages(serviceDatabaseVariables, soundService({ variables }));
const withoutDatabase: Variables = { POSTGRES_HOST: undefined, DB_POOL_SIZE: undefined };
const setting = (name: string) => `template.containers[0].envs[${name}]`;
const uncounted = (names: string) =>
  `cannot evaluate: 'template.containers[0].envs' (without ${names}) must state ${names} as literal numbers from 0 because its container uses the database, and connections and starts are counted from them; set 'template.containers[0].envs' to the plan's values, or the pool in the framework's own variable`;

test("accepts the plan's variables, and a container that uses no database", async () => {
  expect(await having({ DB_MAX_OVERFLOW: "0", DB_STARTUP_CONNECTIONS: "0", DB_CONNECT_TIMEOUT_SECONDS: "75" })).toEqual(
    [],
  );
  expect(await having(withoutDatabase)).toEqual([]);
});

test("cannot count a client that does not state its pool as numbers", async () => {
  expect(await having({ DB_POOL_SIZE: undefined, WEB_CONCURRENCY: undefined })).toEqual([
    uncounted("DB_POOL_SIZE, WEB_CONCURRENCY"),
  ]);
  for (const odd of ["", "many", "-1", "0x10", "Infinity", "1e3", "3 connections", "5.0", " 5", "5\n"])
    expect(await having({ DB_MAX_OVERFLOW: odd })).toEqual([uncounted("DB_MAX_OVERFLOW")]);
  const secret = { valueSource: { secretKeyRef: { secret: "pool", version: "1" } } };
  expect(await having({ DB_POOL_SIZE: secret })).toEqual([uncounted("DB_POOL_SIZE")]);
});

test("advises where the command line overrules WEB_CONCURRENCY, and counts what it says", () => {
  const started = (workers: string) =>
    soundService({
      container: { commands: ["gunicorn", "-w", "4", "app:app"] },
      variables: { WEB_CONCURRENCY: workers },
    });
  const found = findings(serviceDatabaseVariables, started("1"));
  expect(found.map(({ level, text }) => [level, text])).toEqual([
    [
      "advisory",
      "'template.containers[0].envs[WEB_CONCURRENCY]' (1) must equal 'template.containers[0].commands (workers)' (4) because the command line wins, and a count that is based on the variable is wrong; set 'template.containers[0].envs[WEB_CONCURRENCY]' to 4",
    ],
  ]);
  expect(findings(serviceDatabaseVariables, started("4"))).toEqual([]);
});

test("advises other programs of time-outs that they do not state, and cannot pass a pool that they do not", () => {
  const levels = (variables: Variables) =>
    findings(serviceDatabaseVariables, soundService({ variables })).map(({ level }) => level);
  expect(levels({ DB_INIT_TIMEOUT_SECONDS: undefined })).toEqual(["advisory"]);
  expect(levels({ DB_POOL_SIZE: undefined })).toEqual(["mandatory"]);
  expect(levels({ PRISMA_POOL_MAX: "50" })).toEqual(["mandatory"]);
});

test.each([
  ["POSTGRES_HOST", "10.107.0.3"],
  ["DATABASE_URL", "postgresql://10.107.0.3/netra_staging"],
  ["INSTANCE_CONNECTION_NAME", "netra-staging:us-central1:staging-shared-postgres"],
  ["POSTGRES_URL", "postgresql://10.107.0.3/netra_staging"],
  ["POSTGRES_SERVER", UNKNOWN],
  ["PGHOSTADDR", "10.107.0.3"],
  ["db_host", UNKNOWN],
  ["DATABASE_URL_STAGING", UNKNOWN],
  ["SPRING_DATASOURCE_URL", "jdbc:postgresql://10.107.0.3/netra_staging"],
  // By the value, under whatever name.
  ["STORE", "postgresql+asyncpg://10.107.0.3/netra_staging"],
  ["SOCKET", "/cloudsql/netra-staging:us-central1:staging-shared-postgres"],
  ["INSTANCE", "netra-staging:us-central1:staging-shared-postgres"],
])("counts a client that only has %s", async (name, value) => {
  const envs = [{ name, value }];
  const found = await messages(serviceDatabaseVariables, soundService({ container: { envs } }));
  expect(found).toEqual([
    uncounted(
      "DB_POOL_SIZE, DB_MAX_OVERFLOW, WEB_CONCURRENCY, DB_POOL_TIMEOUT_SECONDS, DB_CONNECT_TIMEOUT_SECONDS, DB_INIT_TIMEOUT_SECONDS, DB_STARTUP_CONNECTIONS",
    ),
  ]);
});

test("counts no client where names and values are another store's", async () => {
  const others = {
    MONGO_DB_URL: "mongodb://10.0.0.9/db",
    REDIS_URL: UNKNOWN,
    CLICKHOUSE_DB_HOST: UNKNOWN,
    DB_NAME: "netra",
    API_URL: "https://x:443/postgres",
  };
  expect(
    await messages(serviceDatabaseVariables, soundService({ variables: { ...withoutDatabase, ...others } })),
  ).toEqual([]);
});

test("counts the first container beside a proxy whose arguments name an instance, where nothing says who connects", async () => {
  const proxy = {
    name: "proxy",
    args: ["--private-ip", "netra-staging:us-central1:staging-shared-postgres?port=5432"],
  };
  const [found, ...others] = await messages(
    serviceDatabaseVariables,
    soundService({ container: { envs: [] }, sidecars: [proxy] }),
  );
  expect([found, others]).toEqual([expect.stringContaining("'template.containers[0].envs' (without DB_POOL_SIZE"), []]);
  expect(await messages(serviceDatabaseVariables, soundService({ sidecars: [proxy] }))).toEqual([]);
});

test("counts a client that has nothing but the socket", async () => {
  const pod = { volumes: [{ name: "cloudsql", cloudSqlInstance: { instances: [UNKNOWN] } }] };
  const mounted = { envs: [], volumeMounts: [{ name: "cloudsql", mountPath: "/cloudsql" }] };
  expect(await messages(serviceDatabaseVariables, soundService({ pod, container: mounted }))).toHaveLength(1);
  expect(await messages(serviceDatabaseVariables, soundService({ pod, container: { envs: [] } }))).toHaveLength(1);
  const annotations = { "run.googleapis.com/cloudsql-instances": "netra-staging:us-central1:staging-shared-postgres" };
  expect(
    await messages(serviceDatabaseVariables, soundServiceV1({ annotations, container: { envs: [] } })),
  ).toHaveLength(1);
});

test("refuses a pool or workers of 0, and a time-out of 0", async () => {
  const refused = (name: string, value: string, must: string, because: string, fix: number) =>
    `'${setting(name)}' (${value}) must ${must} because ${because}; set '${setting(name)}' to ${fix}`;
  expect(await having({ DB_POOL_SIZE: "0", WEB_CONCURRENCY: "0", DB_POOL_TIMEOUT_SECONDS: "0" })).toEqual([
    refused(
      "DB_POOL_SIZE",
      "0",
      "be a whole number of at least 1",
      "a pool of 0 has no limit, and the budget counts what is stated",
      1,
    ),
    refused(
      "WEB_CONCURRENCY",
      "0",
      "be a whole number of at least 1",
      "every instance runs at least one process, each with a pool of its own",
      1,
    ),
    refused(
      "DB_POOL_TIMEOUT_SECONDS",
      "0",
      "be a number of at least 1",
      "a request would otherwise fail at once, or wait for ever",
      1,
    ),
  ]);
  expect((await having({ DB_POOL_SIZE: "2.5" }))[0]).toContain("must be a whole number of at least 1");
});

test("refuses an initialisation shorter than one of its attempts", async () => {
  expect(await having({ DB_CONNECT_TIMEOUT_SECONDS: "30", DB_INIT_TIMEOUT_SECONDS: "20" })).toEqual([
    `'${setting("DB_CONNECT_TIMEOUT_SECONDS")}' (30) must not exceed '${setting("DB_INIT_TIMEOUT_SECONDS")}' (20) because one attempt cannot outlast the initialisation it belongs to; set '${setting("DB_CONNECT_TIMEOUT_SECONDS")}' to 20`,
  ]);
});

test("asks for no time-outs where the pool stands in a framework's own name", async () => {
  const variables = {
    ...Object.fromEntries(Object.values(databaseVariables).map((name) => [name, undefined])),
    SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: "5",
  };
  expect(await having(variables)).toEqual([]);
  expect(await having({ DB_CONNECT_TIMEOUT_SECONDS: undefined })).toEqual([
    `cannot evaluate: 'template.containers[0].envs' (without DB_CONNECT_TIMEOUT_SECONDS) must state DB_CONNECT_TIMEOUT_SECONDS as literal numbers from 0 because its container uses the database, and connections and starts are counted from them; set 'template.containers[0].envs' to the plan's values`,
  ]);
});

test("refuses a second pool that contradicts the first", async () => {
  expect(await having({ DATABASE_URL: "postgresql://app@10.107.0.3/netra?connection_limit=50" })).toEqual([
    `'${setting("DATABASE_URL")} (connection_limit)' (50) must equal '${setting("DB_POOL_SIZE")}' (3) because they contradict each other, and it is not known which one the application uses; set '${setting("DATABASE_URL")} (connection_limit)' to 3`,
  ]);
});

test("reads every kind of workload and every container", async () => {
  for (const declare of [soundJob, soundWorkerPool, soundServiceV1])
    expect(await messages(serviceDatabaseVariables, declare({ variables: { DB_POOL_SIZE: "0" } }))).toHaveLength(1);
  const sidecar = { image: "worker:1.0.0", envs: [{ name: "POSTGRES_HOST", value: UNKNOWN }] };
  expect((await messages(serviceDatabaseVariables, soundService({ sidecars: [sidecar] })))[0]).toContain(
    "'template.containers[1].envs' (without DB_POOL_SIZE",
  );
});

test("reports what it cannot evaluate", async () => {
  expect(await having({ DB_POOL_SIZE: UNKNOWN })).toEqual([
    "cannot evaluate: 'template.containers[0].envs[DB_POOL_SIZE]' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await having({ DB_POOL_SIZE: { value: 3 } })).toEqual([
    "cannot evaluate: template.containers[0].envs[0].value must be a text",
  ]);
});
