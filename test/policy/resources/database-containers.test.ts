import { describe, expect, test } from "vitest";
import { Inputs } from "../../../policy/framework/inputs";
import { clientPlanOf } from "../../../policy/resources/client-plan";
import { databaseContainers } from "../../../policy/resources/database-containers";
import { workloadOf } from "../../../policy/resources/workload";
import { UNKNOWN } from "../harness";
import { soundService } from "../services";

type Properties = Record<string, unknown>;
const envs = (variables: Record<string, string>) => Object.entries(variables).map(([name, value]) => ({ name, value }));

/** The names of the containers that count, of a service with these containers. */
function counted(...containers: Properties[]) {
  const { type, properties } = soundService({ pod: { containers } });
  const workload = workloadOf({
    type,
    name: "backend",
    urn: "",
    properties: new Inputs(properties),
    provider: new Inputs({}),
  });
  return workload ? databaseContainers(workload) : [];
}
const names = (...containers: Properties[]) => counted(...containers).map(({ inputs }) => inputs.text("name"));

describe("a container with a database's location under a name of the application's own", () => {
  test.each([
    ["NETRA_DB_URL", UNKNOWN],
    ["PG_DSN", UNKNOWN],
    ["POSTGRES_PRISMA_URL", UNKNOWN],
    ["POSTGRES_URL_NON_POOLING", UNKNOWN],
    ["HASURA_GRAPHQL_DATABASE_URL", UNKNOWN],
    ["ConnectionStrings__Main", UNKNOWN],
    ["DB_PRIMARY_HOST", UNKNOWN],
    ["NETRA_DATABASE_HOST", UNKNOWN],
    ["SQL_HOST", UNKNOWN],
    ["TYPEORM_URL", UNKNOWN],
    ["GORM_DSN", UNKNOWN],
    ["SPRING_R2DBC_URL", UNKNOWN],
    ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", UNKNOWN],
    ["APP_CONFIG", '{"store":{"url":"postgresql://app@10.107.0.3/netra"}}'],
    ["STORE", "host=10.107.0.3 port=5432 dbname=netra"],
  ])("%s", (name, value) => {
    expect(names({ name: "app", envs: envs({ [name]: value }) })).toEqual(["app"]);
  });

  test("in its arguments or its command", () => {
    expect(names({ name: "app", args: ["--dsn=postgresql://app@10.107.0.3/netra"] })).toEqual(["app"]);
    expect(
      names({ name: "app", commands: ["sh", "-c", "worker --db netra-staging:us-central1:staging-shared-postgres"] }),
    ).toEqual(["app"]);
  });

  test("but not one of another kind of store, by its name or by its value", () => {
    const others = [
      "MONGO_DB_URL",
      "REDIS_DB_HOST",
      "CLICKHOUSE_DATABASE_URL",
      "DATABASE_SERVICE_URL",
      "SENTRY_DSN",
      "DB_NAME",
      "DB_CONNECTION",
    ];
    for (const name of others) expect(names({ name: "app", envs: envs({ [name]: UNKNOWN }) })).toEqual([]);
    for (const url of [
      "mongodb://10.0.0.9/db",
      "file:./dev.db",
      "sqlite:///data/app.db",
      "mysql://10.0.0.9/db",
      "https://db.example.com",
    ])
      expect(names({ name: "app", envs: envs({ DATABASE_URL: url }) })).toEqual([]);
  });
});

describe("a proxy or a pooler beside the client", () => {
  const app = (host: string, more = {}) => ({
    name: "app",
    envs: envs({ POSTGRES_HOST: host, DB_POOL_SIZE: "50", ...more }),
  });
  const proxy = {
    name: "proxy",
    image: "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0",
    args: ["netra-staging:us-central1:staging-shared-postgres"],
  };
  const bouncer = {
    name: "bouncer",
    image: "edoburu/pgbouncer:v1.23.1",
    envs: envs({ DB_HOST: UNKNOWN, DEFAULT_POOL_SIZE: "5", LISTEN_PORT: "6432" }),
  };

  test("the Auth Proxy holds nothing: its client counts", () => {
    expect(names(app("127.0.0.1"), proxy)).toEqual(["app"]);
    expect(names({ name: "app" }, proxy)).toEqual(["app"]);
    expect(names(proxy, { name: "app" })).toEqual(["app"]);
  });

  test("a pooler counts, and the clients behind it do not", () => {
    expect(names(app("127.0.0.1"), bouncer)).toEqual(["bouncer"]);
    expect(
      names(
        { name: "app", envs: envs({ DATABASE_URL: "postgresql://app@localhost:6432/netra", DB_POOL_SIZE: "50" }) },
        bouncer,
      ),
    ).toEqual(["bouncer"]);
    expect(names(app("127.0.0.1", { DB_PORT: "6432" }), bouncer, proxy)).toEqual(["bouncer"]);
  });

  test("a client that goes past the pooler counts, too", () => {
    expect(names(app(UNKNOWN), bouncer)).toEqual(["app", "bouncer"]);
    expect(names(app("10.107.0.3"), bouncer)).toEqual(["app", "bouncer"]);
    expect(names(app("127.0.0.1", { DB_PORT: "5432" }), bouncer, proxy)).toEqual(["app", "bouncer"]);
    expect(
      names(app("127.0.0.1"), { name: "exporter", image: "prometheuscommunity/pgbouncer-exporter:v0.10.2" }),
    ).toEqual(["app"]);
  });

  test("a pooler's server connections, within its limit", () => {
    const pool = (variables: Record<string, string>) => {
      const [pooler] = counted({ name: "bouncer", image: "bitnami/pgbouncer:1.23.1", envs: envs(variables) });
      const plan = pooler && clientPlanOf(pooler);
      return plan?.client ? [plan.client.poolSize, plan.client.maxOverflow, plan.client.workers] : plan?.missing;
    };
    expect(pool({ PGBOUNCER_DEFAULT_POOL_SIZE: "20" })).toEqual([20, 0, 1]);
    expect(pool({ DEFAULT_POOL_SIZE: "20", RESERVE_POOL_SIZE: "5" })).toEqual([20, 5, 1]);
    expect(pool({ DEFAULT_POOL_SIZE: "20", RESERVE_POOL_SIZE: "5", MAX_DB_CONNECTIONS: "22" })).toEqual([20, 2, 1]);
    expect(pool({ MAX_DB_CONNECTIONS: "8" })).toEqual([8, 0, 1]);
    expect(pool({ DEFAULT_POOL_SIZE: "5", MAX_DB_CONNECTIONS: "0" })).toEqual([5, 0, 1]);
    expect(pool({ MAX_CLIENT_CONN: "1000" })).toEqual(["DEFAULT_POOL_SIZE"]);
  });
});
