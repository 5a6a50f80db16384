import { describe, expect, test } from "vitest";
import { connectionBudget } from "../../../../policy/rules/capacity/connection-budget";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { type Overrides, soundDatabase, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const judge = (resources: readonly Declared[], config?: object) => judgeStack(connectionBudget, resources, config);
const messages = async (resources: readonly Declared[], config?: object) =>
  (await judge(resources, config)).map((found) => found.message);

const service = (
  name: string,
  maxInstances: number,
  pool: [size: string, overflow: string],
  overrides: Overrides = {},
) =>
  soundService({
    ...overrides,
    name,
    properties: { name, scaling: { minInstanceCount: 1, maxInstanceCount: maxInstances }, ...overrides.properties },
    variables: { DB_POOL_SIZE: pool[0], DB_MAX_OVERFLOW: pool[1], ...overrides.variables },
  });
const backend = service("backend", 5, ["3", "2"]);
const auth = service("auth", 3, ["2", "1"]);
const withoutDatabase = {
  ...Object.fromEntries(
    ["POOL_SIZE", "MAX_OVERFLOW", "POOL_TIMEOUT_SECONDS", "CONNECT_TIMEOUT_SECONDS", "INIT_TIMEOUT_SECONDS"].map(
      (n) => [`DB_${n}`, undefined],
    ),
  ),
  ...{ DB_STARTUP_CONNECTIONS: undefined, WEB_CONCURRENCY: undefined, POSTGRES_HOST: undefined },
};
const frontend = service("frontend", 3, ["0", "0"], { variables: withoutDatabase });
const flag = (value: unknown) => ({ databaseFlags: [{ name: "max_connections", value }] });
const named = (name: string, connections: string, properties: object = {}): Declared => ({
  ...soundDatabase(flag(connections), { name, ...properties }),
  name,
});

describe("accepts", () => {
  test("the plan that staging.md works by hand: 91 of 120", async () => {
    expect(await judge([soundDatabase(), backend, auth, frontend])).toEqual([]);
  });

  test("a sum that is exactly the limit, and not one connection more", async () => {
    const tight = { reservedConnections: 13, migrationConnections: 10, usableShare: 91 / 150 };
    expect(await judge([soundDatabase(), backend, auth], tight)).toEqual([]);
    expect(await judge([soundDatabase(), backend, auth], { ...tight, reservedConnections: 14 })).toHaveLength(1);
  });

  test("Google's default where the flag is not set: 100 on db-custom-1-3840 cover 80", async () => {
    expect(await judge([soundDatabase({ databaseFlags: [] }), backend], {})).toEqual([]);
  });

  test("a database that no workload uses, however small", async () => {
    expect(await judge([soundDatabase(flag("20")), frontend])).toEqual([]);
  });

  test("two databases with a budget each, where dependencies say who uses which", async () => {
    const users: Declared = { type: "gcp:sql/user:User", name: "users", properties: {}, dependsOn: ["orders"] };
    const stack = [
      named("accounts", "100"),
      named("orders", "100"),
      users,
      service("backend", 5, ["3", "2"], { dependsOn: ["users"] }),
      service("auth", 3, ["2", "1"], { dependsOn: ["accounts", "backend"] }),
    ];
    expect(await judge(stack)).toEqual([]);
  });

  test("outputs in which a preview does not know the level that the program left out", async () => {
    const computed = soundService({
      properties: { scaling: UNKNOWN },
      pod: {
        scaling: { maxInstanceCount: 5, minInstanceCount: null },
        vpcAccess: { connector: UNKNOWN, egress: UNKNOWN },
      },
    });
    expect(await judge([soundDatabase(), computed])).toEqual([]);
  });
});

describe("refuses", () => {
  test("the incident: 2023 connections against 40 slots, with every sum and what would pass", async () => {
    const incident = [soundDatabase({ tier: "db-g1-small", ...flag("50") }), service("backend", 20, ["20", "30"])];
    const [found, ...others] = await judge(incident);
    expect(others).toEqual([]);
    expect(found).toEqual({
      message:
        "'settings.databaseFlags[max_connections]' (50) must cover 2023 connections with 0.8 of its slots (it covers 40) because backend (20 + 20) x 50 = 2000; reserved 13 + migrations 10 = 23; 2023 of 40 (max_connections 50 x 0.8), and the database refuses connections at the first rollout; set 'settings.databaseFlags[max_connections]' to 2529 and 'settings.tier' to db-custom-8-53248, or lower pools and maximum instances until all lines together hold at most 17",
      resource: "database",
      waived: false,
    });
  });

  test("one instance too many, and names each single change that would do", async () => {
    expect(await messages([soundDatabase(), service("backend", 9, ["3", "2"]), auth])).toEqual([
      "'settings.databaseFlags[max_connections]' (150) must cover 131 connections with 0.8 of its slots (it covers 120) because auth (3 + 3) x 3 = 18; backend (9 + 9) x 5 = 90; reserved 13 + migrations 10 = 23; 131 of 120 (max_connections 150 x 0.8), and the database refuses connections at the first rollout; set 'settings.databaseFlags[max_connections]' to 164, or set 'template.containers[0].envs[DB_POOL_SIZE] of backend' to 2, or set 'scaling.maxInstanceCount of backend' to 7",
    ]);
  });

  test("Google's default for the tier where the flag is missing", async () => {
    const [message] = await messages([soundDatabase({ databaseFlags: null }), service("backend", 20, ["3", "2"])]);
    expect(message).toContain(
      "'settings.databaseFlags[max_connections]' (not set: 100 on db-custom-1-3840) must cover 223 connections",
    );
  });

  test.each([
    [
      "a job: its parallelism",
      soundJob({ properties: { name: "job" }, variables: { DB_POOL_SIZE: "120" } }),
      "job (1 + 0) x 122 = 122",
    ],
    [
      "a worker pool: its instances",
      soundWorkerPool({ properties: { name: "pool" }, variables: { DB_POOL_SIZE: "60" } }),
      "pool (2 + 0) x 62 = 124",
    ],
    [
      "a v1 service: twice",
      soundServiceV1({ properties: { name: "v1" }, variables: { DB_POOL_SIZE: "10" } }),
      "v1 (5 + 5) x 12 = 120",
    ],
  ])("what %s holds", async (_, workload, line) => {
    const [message] = await messages([soundDatabase(), workload]);
    expect(message).toContain(line);
  });

  test("a job's tasks where nothing limits their parallelism", async () => {
    const job = soundJob();
    const template = { ...(job.properties.template as object), taskCount: 40, parallelism: null };
    const [message] = await messages([soundDatabase(), { ...job, properties: { ...job.properties, template } }]);
    expect(message).toContain("netra-migrations-staging (40 + 0) x 5 = 200");
  });

  test("a sidecar with a pool of its own", async () => {
    const sidecar = { name: "reporter", envs: backendVariables({ DB_POOL_SIZE: "10", DB_MAX_OVERFLOW: "0" }) };
    const [message] = await messages([soundDatabase(), service("backend", 5, ["3", "2"], { sidecars: [sidecar] })]);
    expect(message).toContain("backend/0 (5 + 5) x 5 = 50; backend/reporter (5 + 5) x 10 = 100");
  });

  test("every worker's pool, and every region's instances", async () => {
    const [workers] = await messages([
      soundDatabase(),
      service("backend", 5, ["3", "2"], { variables: { WEB_CONCURRENCY: "4" } }),
    ]);
    expect(workers).toContain("backend (5 + 5) x 20 = 200");
    const global = {
      location: "global",
      multiRegionSettings: { regions: ["us-central1", "europe-west1", "us-east1"] },
    };
    const [regions] = await messages([soundDatabase(), service("backend", 5, ["3", "2"], { properties: global })]);
    expect(regions).toContain("backend (15 + 15) x 5 = 150");
  });

  test("no total, where a region is unknown: it would have instances of its own", async () => {
    for (const regions of [UNKNOWN, ["us-central1", UNKNOWN]]) {
      const global = { location: "global", multiRegionSettings: { regions } };
      const [message, ...others] = await messages([
        soundDatabase(),
        service("backend", 5, ["3", "2"], { properties: global }),
      ]);
      expect(message).toMatch(/^cannot evaluate: .*'multiRegionSettings\.regions(\[1\])?'.* not known at preview/);
      expect(others).toEqual([]);
    }
  });

  test("each revision that has traffic, where the maximum is a revision's own", async () => {
    const traffics = [
      { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 60 },
      { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "backend-1", percent: 40 },
      { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "backend-0", percent: 0, tag: "old" },
    ];
    const [message] = await messages([
      soundDatabase(),
      service("backend", 0, ["3", "2"], { properties: { traffics } }),
    ]);
    expect(message).toContain("backend (10 + 10) x 5 = 100");
    expect(await judge([soundDatabase(), service("backend", 5, ["3", "2"], { properties: { traffics } })])).toEqual([]);
  });

  test("a database by the socket's connection name, whatever the dependencies say", async () => {
    const mounted = service("backend", 20, ["3", "2"], {
      dependsOn: ["accounts"],
      variables: { POSTGRES_HOST: undefined },
      pod: { volumes: [{ name: "sql", cloudSqlInstance: { instances: ["netra-staging:us-central1:orders"] } }] },
    });
    const found = await judge([named("accounts", "1000"), named("orders", "100"), mounted]);
    expect(found.map((f) => f.resource)).toEqual(["orders"]);
  });

  test("a database by its address in an exported state, or by a socket path in a URL", async () => {
    const databases = [
      named("accounts", "1000", { privateIpAddress: "10.107.0.3" }),
      named("orders", "100", { privateIpAddress: "10.107.0.5" }),
    ];
    for (const variables of [
      { POSTGRES_HOST: "10.107.0.5" },
      { POSTGRES_HOST: undefined, DATABASE_URL: "postgresql://netra:pw@10.107.0.5:5432/netra" },
      {
        POSTGRES_HOST: undefined,
        DATABASE_URL: "postgresql://netra:pw@/netra?host=%2Fcloudsql%2Fnetra-staging%3Aus-central1%3Aorders",
      },
    ]) {
      const found = await judge([...databases, service("backend", 20, ["3", "2"], { variables })]);
      expect(found.map((f) => f.resource)).toEqual(["orders"]);
    }
  });

  test("both of two databases that one workload uses", async () => {
    const both = service("backend", 20, ["3", "2"], { dependsOn: ["accounts", "orders"] });
    expect((await judge([named("accounts", "100"), named("orders", "100"), both])).map((f) => f.resource)).toEqual([
      "accounts",
      "orders",
    ]);
  });

  test("what a component that a service waits for holds, and what its own component waits for", async () => {
    const component = (name: string, dependsOn: string[] = []): Declared => ({
      type: "netra:staging:Group",
      name,
      properties: {},
      dependsOn,
    });
    const stack = [
      named("accounts", "1000"),
      component("storage"),
      { ...named("orders", "100"), parent: "storage" },
      component("group", ["storage"]),
      { ...service("backend", 20, ["3", "2"]), parent: "group" },
    ];
    expect((await judge(stack)).map((f) => f.resource)).toEqual(["orders"]);
  });

  test("the primary, not its replica, where nothing tells which one a workload uses", async () => {
    const replica = named("replica", "1000", { masterInstanceName: "primary" });
    expect(
      (await judge([named("primary", "100"), replica, service("writer", 20, ["3", "2"])])).map((f) => f.resource),
    ).toEqual(["primary"]);
    const unnamed = { ...named("replica", "1000", { masterInstanceName: UNKNOWN }), propertyDependencies: ["primary"] };
    expect(
      (
        await judge([
          named("primary", "100", { masterInstanceName: UNKNOWN }),
          unnamed,
          service("writer", 20, ["3", "2"]),
        ])
      ).map((f) => f.resource),
    ).toEqual(["primary"]);
  });

  test("a read replica by its own slots", async () => {
    const replica = { ...named("replica", "100", { masterInstanceName: "primary" }), dependsOn: ["primary"] };
    const reader = service("reader", 20, ["3", "2"], { dependsOn: ["replica"] });
    expect((await judge([named("primary", "1000"), replica, reader])).map((f) => f.resource)).toEqual(["replica"]);
  });

  test("a known part that exceeds the slots, although another workload cannot be counted, and proposes no number", async () => {
    const uncounted = service("auth", 3, ["2", "1"], { variables: { DB_POOL_SIZE: undefined } });
    expect(await judge([soundDatabase(), service("backend", 20, ["3", "2"]), uncounted])).toEqual([
      {
        message:
          "'settings.databaseFlags[max_connections]' (150) must cover 223 connections, and those of auth, with 0.8 of its slots (it covers 120) because backend (20 + 20) x 5 = 200; reserved 13 + migrations 10 = 23; 223 of 120 (max_connections 150 x 0.8), and the database refuses connections at the first rollout; set 'settings.databaseFlags[max_connections]' to a number that covers them all, once auth can be counted",
        resource: "database",
        waived: false,
      },
    ]);
  });

  test("pools in their frameworks' own names, and names those", async () => {
    const spring = service("spring", 20, ["3", "2"], {
      variables: {
        DB_POOL_SIZE: undefined,
        DB_MAX_OVERFLOW: undefined,
        SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: "5",
      },
    });
    const [message] = await messages([soundDatabase(), spring]);
    expect(message).toContain("spring (20 + 20) x 5 = 200");
    expect(message).toContain(
      "set 'template.containers[0].envs[SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE] of spring' to 2",
    );
  });

  test("the processes that the command line starts, whatever WEB_CONCURRENCY says", async () => {
    const [message] = await messages([
      soundDatabase(),
      service("backend", 5, ["3", "2"], { container: { commands: ["gunicorn", "-w", "4", "app:app"] } }),
    ]);
    expect(message).toContain("backend (5 + 5) x 20 = 200");
  });

  test("what the settings allow an external database", async () => {
    const [message] = await messages([service("backend", 20, ["3", "2"])], { externalMaxConnections: 100 });
    expect(message).toContain(
      "'externalMaxConnections' (100) must cover 223 connections with 0.8 of its slots (it covers 80)",
    );
    expect(await judge([backend], { externalMaxConnections: 150 })).toEqual([]);
  });
});

describe("cannot evaluate", () => {
  const incomplete = (why: string) =>
    `cannot evaluate: 'settings.databaseFlags[max_connections]' (150) must also cover the connections of ${why}; set 'settings.databaseFlags[max_connections]' to a number that covers them all, once they can be counted`;
  const uncountable = (label: string, why: string) =>
    incomplete(`${label} because they cannot be counted, and no sum is complete without them: ${label} ${why}`);

  test("a sum that lacks workloads: once for the database, with what is missing", async () => {
    const silent = (name: string) =>
      service(name, 5, ["3", "2"], { variables: { DB_POOL_SIZE: undefined, WEB_CONCURRENCY: "" } });
    expect(await judge([soundDatabase(), auth, silent("one"), silent("two"), service("three", 5, ["0", "2"])])).toEqual(
      [
        {
          message: incomplete(
            "one, three, two because they cannot be counted, and no sum is complete without them: one, two does not state DB_POOL_SIZE, WEB_CONCURRENCY; three states no pool in 'template.containers[0].envs[DB_POOL_SIZE]'",
          ),
          resource: "database",
          waived: false,
        },
      ],
    );
  });

  test("a pool that is unknown at preview, comes from a secret, or is contradicted", async () => {
    const of = (DB_POOL_SIZE: string | Record<string, unknown>, variables = {}) =>
      messages([soundDatabase(), service("backend", 5, ["3", "2"], { variables: { DB_POOL_SIZE, ...variables } })]);
    expect(await of(UNKNOWN)).toEqual([
      uncountable("backend", "has 'template.containers[0].envs[DB_POOL_SIZE]', which is not known at preview"),
    ]);
    expect(await of({ value: "", valueSource: { secretKeyRef: { secret: "pool", version: "1" } } })).toEqual([
      uncountable("backend", "does not state DB_POOL_SIZE"),
    ]);
    expect(await of("3", { KNEX_POOL_MAX: "40" })).toEqual([
      uncountable("backend", "states 'template.containers[0].envs[KNEX_POOL_MAX]' against another number"),
    ]);
  });

  test("but not for a missing time-out: the sum needs none", async () => {
    expect(
      await judge([
        soundDatabase(),
        service("backend", 5, ["3", "2"], { variables: { DB_CONNECT_TIMEOUT_SECONDS: undefined } }),
      ]),
    ).toEqual([]);
  });

  test.each([
    ["no maximum at all", {}],
    ["a maximum of 0", { maxInstanceCount: 0 }],
    ["a negative maximum, which would give connections back", { maxInstanceCount: -5 }],
    ["a maximum that is unknown at preview", { maxInstanceCount: UNKNOWN }],
  ])("%s", async (_, scaling) => {
    const unlimited = soundService({ properties: { scaling: null }, pod: { scaling } });
    expect(await messages([soundDatabase(), unlimited])).toEqual([
      uncountable("netra-backend-staging", "has no stated maximum of instances"),
    ]);
  });

  test("containers or variables that are unknown as a whole", async () => {
    expect(await judge([soundDatabase(), soundService({ pod: { containers: UNKNOWN } })])).toHaveLength(1);
    expect(await judge([soundDatabase(), soundService({ container: { envs: UNKNOWN } })])).toHaveLength(1);
  });

  test("which of two databases a workload uses", async () => {
    expect(await messages([named("accounts", "100"), named("orders", "100"), backend])).toEqual([
      "cannot evaluate: 'template.containers[0].envs' (no address that is known here) must show which of the stack's database instances backend uses because each has a budget of its own; set 'template.containers[0].envs' to an address that is taken from the instance's output, or add the instance to 'dependsOn'",
    ]);
  });

  test("a database that is not in the stack: none at all, another name, another address", async () => {
    const outside =
      "cannot evaluate: backend uses a database that is not in the stack; set 'externalMaxConnections' in this rule's configuration to what it allows";
    expect(await messages([backend])).toEqual([outside]);
    const pod = {
      volumes: [{ name: "sql", cloudSqlInstance: { instances: ["elsewhere:us-central1:staging-shared-postgres"] } }],
    };
    const elsewhere = service("backend", 5, ["3", "2"], { pod });
    expect(await messages([{ ...soundDatabase(), provider: { project: "netra-staging" } }, elsewhere])).toEqual([
      outside,
    ]);
    const addressed = service("backend", 5, ["3", "2"], { variables: { POSTGRES_HOST: "192.0.2.7" } });
    expect(await messages([soundDatabase({}, { privateIpAddress: "10.107.0.3" }), addressed])).toEqual([outside]);
  });

  test("an instance whose flag or tier cannot be read", async () => {
    expect(await messages([soundDatabase(flag(UNKNOWN)), backend])).toEqual([
      "cannot evaluate: 'settings.databaseFlags[0].value' is not known at preview; give it a plain value instead of another resource's output",
    ]);
    expect(await messages([soundDatabase(flag("many")), backend])).toEqual([
      "cannot evaluate: settings.databaseFlags[0].value must be a number",
    ]);
    expect(await messages([soundDatabase({ databaseFlags: null, tier: "db-huge" }), backend])).toEqual([
      "cannot evaluate: 'settings.databaseFlags[max_connections]' must be stated because the default of this tier and version is not known",
    ]);
    expect(
      await messages([soundDatabase({ databaseFlags: null }, { databaseVersion: "MYSQL_8_0" }), backend]),
    ).toHaveLength(1);
  });
});

describe("the database that a container is configured with", () => {
  const range: Declared = {
    type: "gcp:compute/globalAddress:GlobalAddress",
    name: "services",
    properties: { purpose: "VPC_PEERING", address: "10.107.0.0", prefixLength: 16 },
  };
  const outside =
    "cannot evaluate: backend uses a database that is not in the stack; set 'externalMaxConnections' in this rule's configuration to what it allows";
  const configured = (variables: NonNullable<Overrides["variables"]>, more: Overrides = {}) =>
    service("backend", 20, ["3", "2"], { ...more, variables });
  const verdict = async (variables: NonNullable<Overrides["variables"]>, ...others: Declared[]) => {
    const [message = "fits"] = await messages([soundDatabase(), range, configured(variables), ...others]);
    return message === outside ? "outside" : /20 \+ 20/.test(message) ? "counted" : message;
  };

  test("is the stack's, by an address in the range that the stack reserves, under whatever name", async () => {
    expect(await verdict({ POSTGRES_HOST: "10.107.0.3" })).toBe("counted");
    expect(await verdict({ POSTGRES_HOST: undefined, DATABASE_URL: "postgresql://app@10.107.0.3:5432/netra" })).toBe(
      "counted",
    );
    const envs = [{ name: "STORE", value: '{"host":"10.107.0.3"}' }];
    const hidden = service("hidden", 20, ["3", "2"], { container: { envs } });
    expect((await messages([soundDatabase(), range, hidden]))[0]).toContain("also cover the connections of hidden");
    const files = {
      volumes: [{ name: "settings", secret: { secret: "settings", items: [{ path: "settings.json", version: "1" }] } }],
    };
    const mounts = { envs: [], volumeMounts: [{ name: "settings", mountPath: "/settings" }] };
    const reader = service("hidden", 20, ["3", "2"], { container: mounts, pod: files });
    const secret = (secretData: unknown, rest: Partial<Declared> = {}): Declared => ({
      type: "gcp:secretmanager/secretVersion:SecretVersion",
      name: "settings",
      properties: { secret: "settings", secretData },
      ...rest,
    });
    expect((await messages([soundDatabase(), range, reader, secret('{"host":"10.107.0.3"}')]))[0]).toContain(
      "also cover the connections of hidden",
    );
    expect(
      (await messages([soundDatabase(), reader, secret(UNKNOWN, { propertyDependencies: ["database"] })]))[0],
    ).toContain("also cover the connections of hidden");
    expect(await messages([soundDatabase(), range, reader, secret('{"theme":"dark"}')])).toEqual([]);
    const given = service("hidden", 20, ["3", "2"], { container: { envs: [], args: ["--store", "10.107.0.3:5432"] } });
    expect((await messages([soundDatabase(), range, given]))[0]).toContain("also cover the connections of hidden");
  });

  test("is another one, by an address or a name that the stack's instance cannot have", async () => {
    for (const host of ["10.200.0.5", "192.0.2.7", "ep-cool-1.eu-central-1.aws.neon.tech"])
      expect(await verdict({ POSTGRES_HOST: host })).toBe("outside");
    expect(await verdict({ POSTGRES_HOST: "db.example.com" }, { ...soundJob(), dependsOn: ["database"] })).toBe(
      "outside",
    );
    const elsewhere: Declared = { ...configured({ POSTGRES_HOST: "db.example.com" }), dependsOn: ["database"] };
    expect(await messages([soundDatabase(), range, elsewhere])).toEqual([outside]);
  });

  test("is the stack's, by a DNS record that points to it", async () => {
    const record: Declared = {
      type: "gcp:dns/recordSet:RecordSet",
      name: "record",
      properties: { name: "db.example.com.", rrdatas: [UNKNOWN] },
      propertyDependencies: ["database"],
    };
    expect(await verdict({ POSTGRES_HOST: "db.example.com" }, record)).toBe("counted");
  });

  test("is not known from a private name, unless a dependency says so", async () => {
    expect(await verdict({ POSTGRES_HOST: "db.internal" })).toMatch(
      /^cannot evaluate: .* must show which of the stack's database instances/,
    );
    const needed: Declared = { ...configured({ POSTGRES_HOST: "db.internal" }), dependsOn: ["database"] };
    expect((await messages([soundDatabase(), range, needed]))[0]).toContain("backend (20 + 20) x 5 = 200");
  });

  test("is what the Auth Proxy beside it leads to", async () => {
    const proxy = { name: "proxy", image: "cloud-sql-proxy:2", args: ["elsewhere:us-central1:other?port=5432"] };
    const beside = configured({ POSTGRES_HOST: "127.0.0.1" }, { sidecars: [proxy] });
    expect(await messages([{ ...soundDatabase(), provider: { project: "netra-staging" } }, range, beside])).toEqual([
      outside,
    ]);
  });

  test("is what its secret holds, where the stack has the version", async () => {
    const version = (secretData: string, propertyDependencies: readonly string[] = []): Declared => ({
      type: "gcp:secretmanager/secretVersion:SecretVersion",
      name: "url-1",
      properties: { secret: "projects/p/secrets/url", secretData },
      propertyDependencies,
    });
    const secret = { valueSource: { secretKeyRef: { secret: "url", version: "1" } } };
    const variables = { POSTGRES_HOST: undefined, DATABASE_URL: secret };
    expect(await verdict(variables, version("postgresql://app:hunter2@db.example.com/netra"))).toBe("outside");
    expect(await verdict(variables, version("postgresql://app:hunter2@10.107.0.3/netra"))).toBe("counted");
    expect(await verdict(variables, version(UNKNOWN, ["database"]))).toBe("counted");
    const [contradicted = ""] = await messages([
      soundDatabase(),
      range,
      configured(variables),
      version("postgresql://app:hunter2@10.107.0.3/netra?pool_size=50"),
    ]);
    expect(contradicted).toContain(
      "backend states 'template.containers[0].envs[DATABASE_URL] (pool_size)' against another number",
    );
    expect(contradicted).not.toContain("hunter2");
    const nameless = service("hidden", 5, ["3", "2"], { container: { envs: [{ name: "CONFIG", ...secret }] } });
    expect((await messages([soundDatabase(), range, nameless, version(UNKNOWN, ["database"])]))[0]).toContain(
      "also cover the connections of hidden",
    );
  });

  test("is counted once, as a pooler's, where the client connects to one beside it", async () => {
    const bouncer = {
      name: "bouncer",
      image: "edoburu/pgbouncer:v1.23.1",
      envs: [
        { name: "DB_HOST", value: UNKNOWN },
        { name: "DEFAULT_POOL_SIZE", value: "5" },
      ],
    };
    const pooled = service("backend", 5, ["50", "0"], {
      variables: { POSTGRES_HOST: "127.0.0.1" },
      sidecars: [bouncer],
    });
    expect(await judge([soundDatabase(), range, pooled])).toEqual([]);
  });
});

test("reports MySQL and SQL Server as not judged, once for each, whoever uses them", async () => {
  const notJudged = (version: string) =>
    `cannot evaluate: 'databaseVersion' (${version}) must be a version of PostgreSQL because no rule knows the tiers, flags and limits of MySQL and SQL Server; count its clients manually and waive this rule for it`;
  const other = (version: string) => soundDatabase({ tier: "db-n1-standard-1" }, { databaseVersion: version });
  expect(await messages([other("MYSQL_8_0"), backend, auth])).toEqual([notJudged("MYSQL_8_0")]);
  expect(await messages([other("SQLSERVER_2022_STANDARD")])).toEqual([notJudged("SQLSERVER_2022_STANDARD")]);
  expect(await messages([{ ...other("MYSQL_8_0"), name: "legacy" }, soundDatabase(), backend])).toEqual([
    notJudged("MYSQL_8_0"),
  ]);
});

describe("managed pooling", () => {
  const pooled = (flags: readonly object[] = []) =>
    soundDatabase({
      tier: "db-perf-optimized-N-8",
      edition: "ENTERPRISE_PLUS",
      connectionPoolConfigs: [{ connectionPoolingEnabled: true, flags }],
    });
  const through = (port: string) => service("backend", 20, ["20", "0"], { variables: { POSTGRES_PORT: port } });

  test("holds the pools of its poolers, however many clients there are", async () => {
    expect(await judge([pooled([{ name: "max_pool_size", value: "40" }]), through("6432")])).toEqual([]);
    const [message] = await messages([pooled(), through("6432")], { reservedConnections: 100 });
    expect(message).toContain("backend through managed pooling (1 + 0) x 100 = 100");
    expect(message).toContain(
      "'settings.connectionPoolConfigs[0].flags[max_pool_size] of backend through managed pooling' to 5",
    );
  });

  test("holds nothing of a client that goes past it, or that is smaller than its pools", async () => {
    expect((await messages([pooled(), through("5432")]))[0]).toContain("backend (20 + 20) x 20 = 800");
    expect((await messages([soundDatabase(), through("6432")]))[0]).toContain("backend (20 + 20) x 20 = 800");
    const small = service("backend", 2, ["3", "2"], { variables: { POSTGRES_PORT: "6432" } });
    expect((await messages([pooled(), small], { reservedConnections: 120 }))[0]).toContain("backend (2 + 2) x 5 = 20");
  });
});

test("never shows a database URL", async () => {
  const url = "postgresql://netra:hunter2@192.0.2.7:5432/netra";
  const leaky = service("backend", 5, ["3", "2"], {
    variables: { POSTGRES_HOST: undefined, DATABASE_URL: url, DB_POOL_SIZE: url },
  });
  expect(JSON.stringify(await judge([soundDatabase(), leaky]))).not.toContain("hunter2");
});

/** The plan's variables as a list, for a second container. */
function backendVariables(changes: Record<string, string>): unknown {
  const { template } = soundService({ variables: changes }).properties as {
    template: { containers: { envs: unknown }[] };
  }; // the fixture's own shape
  return template.containers[0]?.envs;
}
