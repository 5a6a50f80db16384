import { describe, expect, test } from "vitest";
import { databaseClientsCounted } from "../../../../policy/rules/database/database-clients-counted";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundDatabase, soundJob, soundService } from "../../services";

const judge = (resources: readonly Declared[], config?: object) =>
  judgeStack(databaseClientsCounted, resources, config);
const fn = (properties: Record<string, unknown>, dependsOn: string[] = []): Declared => ({
  type: "gcp:cloudfunctionsv2/function:Function",
  name: "exporter",
  properties,
  dependsOn,
});

test("accepts Cloud Run's workloads, and functions that use no database", async () => {
  const other = fn({ serviceConfig: { environmentVariables: { LOG_LEVEL: "info" } } }, ["backend"]);
  expect(await judge([soundDatabase(), soundService({ dependsOn: ["database"] }), soundJob(), other])).toEqual([]);
  expect(await judge([fn({ serviceConfig: null, environmentVariables: UNKNOWN })])).toEqual([]);
});

describe("cannot evaluate", () => {
  const uncounted = (name: string, type: string) => ({
    message: `cannot evaluate: '${name}' must hold only counted connections because it uses a database, and the rules do not read the connections of a ${type}; count them in 'reservedConnections' of connection-budget and waive this rule for it`,
    resource: name,
    waived: false,
  });

  test.each([
    ["a function with the address", fn({ serviceConfig: { environmentVariables: { POSTGRES_HOST: UNKNOWN } } })],
    [
      "one that takes the URL from a secret",
      fn({ serviceConfig: { secretEnvironmentVariables: [{ key: "DATABASE_URL", secret: "url" }] } }),
    ],
    ["one that depends on the instance", fn({}, ["database"])],
    [
      "one of the first generation",
      { ...fn({ environmentVariables: { DB_POOL_SIZE: "5" } }), type: "gcp:cloudfunctions/function:Function" },
    ],
    [
      "an App Engine version",
      {
        ...fn({ envVariables: { INSTANCE_CONNECTION_NAME: "x" } }),
        type: "gcp:appengine/flexibleAppVersion:FlexibleAppVersion",
      },
    ],
  ])("%s", async (_, resource) => {
    expect(await judge([soundDatabase(), resource])).toEqual([uncounted("exporter", resource.type)]);
  });

  describe("any other resource that uses an output of the database", () => {
    const resource = (
      type: string,
      name: string,
      propertyDependencies: readonly string[] = [],
      properties: Record<string, unknown> = {},
    ): Declared => ({
      type,
      name,
      properties,
      propertyDependencies,
    });
    const database = {
      ...soundDatabase(
        {},
        { privateIpAddress: "10.107.0.3", connectionName: "netra-staging:us-central1:staging-shared-postgres" },
      ),
    };

    test.each([
      "gcp:compute/instance:Instance",
      "gcp:compute/instanceTemplate:InstanceTemplate",
      "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
      "gcp:container/cluster:Cluster",
      "kubernetes:apps/v1:Deployment",
      "gcp:bigquery/connection:Connection",
      "gcp:datastream/connectionProfile:ConnectionProfile",
      "gcp:dataflow/flexTemplateJob:FlexTemplateJob",
      "gcp:composer/environment:Environment",
      "shop:index:Backend",
      "github:index/actionsSecret:ActionsSecret",
    ])("a %s", async (type) => {
      expect(await judge([database, resource(type, "client", ["database"])])).toEqual([uncounted("client", type)]);
    });

    test("through a secret's version, a DNS record, a config map, a component, a user", async () => {
      const vm = "gcp:compute/instance:Instance";
      const chain = (...between: Declared[]) =>
        judge([database, ...between, resource(vm, "client", [between.at(-1)?.name ?? "database"])]);
      const secret = resource("gcp:secretmanager/secret:Secret", "secret", [], { secretId: "url" });
      const version = resource("gcp:secretmanager/secretVersion:SecretVersion", "version", ["secret", "database"]);
      for (const between of [
        [secret, version],
        [version, secret], // the machine uses the secret, whose version uses the database
        [resource("gcp:dns/recordSet:RecordSet", "record", ["database"])],
        [resource("kubernetes:core/v1:ConfigMap", "config", ["database"])],
        [resource("gcp:sql/user:User", "user", ["database"])],
      ])
        expect(await chain(...between)).toEqual([uncounted("client", vm)]);
      const literal = resource("kubernetes:core/v1:ConfigMap", "config", [], { data: { host: "10.107.0.3" } });
      expect(await chain(literal)).toEqual([uncounted("client", vm)]);
    });

    test("or that states it literally, or that runs code and depends on it", async () => {
      const vm = "gcp:compute/instance:Instance";
      for (const script of [
        "psql -h 10.107.0.3",
        "cloud-sql-proxy netra-staging:us-central1:staging-shared-postgres",
        "PGURL=postgresql://10.9.9.9/x worker",
      ])
        expect(await judge([database, resource(vm, "client", [], { metadataStartupScript: script })])).toEqual([
          uncounted("client", vm),
        ]);
      expect(await judge([database, { ...resource(vm, "client"), dependsOn: ["database"] }])).toEqual([
        uncounted("client", vm),
      ]);
      const env = {
        spec: { template: { spec: { containers: [{ env: [{ name: "POSTGRES_HOST", value: UNKNOWN }] }] } } },
      };
      expect(await judge([database, resource("kubernetes:apps/v1:StatefulSet", "client", [], env)])).toHaveLength(1);
    });

    test("but not what watches, names, routes or permits it, nor who uses a client of it", async () => {
      const types = [
        "gcp:monitoring/alertPolicy:AlertPolicy",
        "gcp:monitoring/dashboard:Dashboard",
        "gcp:secretmanager/secretVersion:SecretVersion",
        "gcp:dns/recordSet:RecordSet",
        "gcp:sql/user:User",
        "gcp:sql/sslCert:SslCert",
        "gcp:compute/forwardingRule:ForwardingRule",
        "gcp:projects/iAMMember:IAMMember",
        "pulumi:pulumi:Stack",
        "pulumi:providers:postgresql",
        "random:index/randomId:RandomId",
      ];
      expect(await judge([database, ...types.map((type, i) => resource(type, `r${i}`, ["database"]))])).toEqual([]);
      const component = resource("shop:index:Data", "data", ["database"]);
      expect(await judge([{ ...database, parent: "data" }, component])).toEqual([]);
      const frontend = resource("gcp:compute/instance:Instance", "frontend", ["backend"]);
      expect(await judge([database, { ...soundService(), propertyDependencies: ["database"] }, frontend])).toEqual([]);
    });
  });

  test("a Cloud Run workload that uses an output of the database under another name", async () => {
    const variables = { POSTGRES_HOST: undefined, DB_POOL_SIZE: undefined, WHERE: UNKNOWN };
    const job: Declared = { ...soundJob({ variables }), propertyDependencies: ["database"] };
    expect(await judge([soundDatabase(), job])).toEqual([
      {
        message:
          "cannot evaluate: 'netra-migrations-staging' must show whether it connects because it uses an output of database, and no known variable shows whether it connects; name the address POSTGRES_HOST beside the pool, or waive this rule for it if it holds no connection",
        resource: "migrations",
        waived: false,
      },
    ]);
    expect(
      await judge([
        soundDatabase(),
        soundJob({ variables, dependsOn: ["database"] }),
        { ...soundService(), propertyDependencies: ["database"] },
      ]),
    ).toEqual([]);
  });

  test("a container beside one that counts, whose value may be the database's and nothing else's", async () => {
    const beside = (name: string, ...others: string[]): Declared => ({
      ...soundService({ sidecars: [{ name: "exporter", image: "exporter:1", envs: [{ name, value: UNKNOWN }] }] }),
      propertyDependencies: ["database", ...others],
    });
    const found = async (...resources: Declared[]) =>
      (await judge([soundDatabase(), ...resources])).map(({ message }) => message.split("'")[1]);
    expect(await found(beside("WHERE"))).toEqual(["netra-backend-staging/exporter"]);
    expect(await found(beside("REDIS_HOST"))).toEqual([]);
    const collector: Declared = { ...soundService({ name: "collector", properties: { name: "collector" } }) };
    expect(await found(beside("WHERE", "collector"), collector)).toEqual([]);
    expect(
      await found({
        ...soundService({ sidecars: [{ name: "nginx", image: "nginx:1" }] }),
        propertyDependencies: ["database"],
      }),
    ).toEqual([]);
  });

  test("unless it is counted elsewhere, and waived with that reason", async () => {
    const waivers = [{ resource: "exporter", reason: "two connections, counted in reservedConnections" }];
    expect((await judge([soundDatabase(), fn({}, ["database"])], { waivers })).map((f) => f.waived)).toEqual([true]);
  });
});
