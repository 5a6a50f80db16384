import { describe, expect, test } from "vitest";
import { Inputs } from "../../../policy/framework/inputs";
import { clientPlanOf } from "../../../policy/resources/client-plan";
import { workloadOf } from "../../../policy/resources/workload";
import { type Overrides, soundService } from "../services";

const own = [
  "POOL_SIZE",
  "MAX_OVERFLOW",
  "POOL_TIMEOUT_SECONDS",
  "CONNECT_TIMEOUT_SECONDS",
  "INIT_TIMEOUT_SECONDS",
  "STARTUP_CONNECTIONS",
];
const foreign: Overrides["variables"] = {
  ...Object.fromEntries(own.map((name) => [`DB_${name}`, undefined])),
  WEB_CONCURRENCY: undefined,
};

/** The plan of the sound service's container, with these variables and that command line. */
function planOf(variables: Overrides["variables"] = {}, container: Overrides["container"] = undefined) {
  const { type, properties } = soundService({ variables, ...(container ? { container } : {}) });
  const workload = workloadOf({
    type,
    name: "backend",
    urn: "",
    properties: new Inputs(properties),
    provider: new Inputs({}),
  });
  const [first] = workload?.containers ?? [];
  if (!first) throw new Error("the sound service has a container");
  return clientPlanOf(first);
}
const poolOf = (...args: Parameters<typeof planOf>) => {
  const { client, missing } = planOf(...args);
  return client ? [client.poolSize, client.maxOverflow, client.workers] : missing;
};

describe("counts a pool in the framework's own names, where it is the only statement", () => {
  const url = "postgresql://app:pw@10.107.0.3:5432/netra";
  test.each<[string, Record<string, string>, number[]]>([
    ["Prisma's connection_limit", { DATABASE_URL: `${url}?connection_limit=7&pool_timeout=20` }, [7, 0, 1]],
    ["Hikari in relaxed forms", { SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE: "8" }, [8, 0, 1]],
    ["Hikari as a property", { "spring.datasource.hikari.maximum-pool-size": "8" }, [8, 0, 1]],
    [
      "Hikari in a JDBC URL",
      { SPRING_DATASOURCE_URL: "jdbc:postgresql://10.107.0.3/netra?maximumPoolSize=9" },
      [9, 0, 1],
    ],
    [
      "Npgsql's connection string",
      { ConnectionStrings__Main: "Host=10.107.0.3;Port=5432;Database=netra;Maximum Pool Size=11" },
      [11, 0, 1],
    ],
    ["pgx's keywords", { PG_DSN: "host=10.107.0.3 port=5432 dbname=netra pool_max_conns=12" }, [12, 0, 1]],
    ["node-postgres' max", { DATABASE_URL: `${url}?max=6` }, [6, 0, 1]],
    ["Sequelize", { SEQUELIZE_POOL_MAX: "4" }, [4, 0, 1]],
    ["Knex", { KNEX_POOL_MAX: "4" }, [4, 0, 1]],
    ["SQLAlchemy with its default overflow", { SQLALCHEMY_POOL_SIZE: "4", WEB_CONCURRENCY: "2" }, [4, 10, 2]],
    ["SQLAlchemy in a URL", { DATABASE_URL: `${url}?pool_size=4&max_overflow=1`, WEB_CONCURRENCY: "2" }, [4, 1, 2]],
    ["Rails by its threads", { RAILS_MAX_THREADS: "5", WEB_CONCURRENCY: "2" }, [5, 0, 2]],
    [
      "Rails by its pool, not by its threads",
      { DB_POOL: "3", RAILS_MAX_THREADS: "5", WEB_CONCURRENCY: "2" },
      [3, 0, 2],
    ],
    ["Ecto", { POOL_SIZE: "10" }, [10, 0, 1]],
    ["R2DBC", { SPRING_R2DBC_POOL_MAX_SIZE: "10" }, [10, 0, 1]],
    ["Hasura", { HASURA_GRAPHQL_PG_CONNECTIONS: "10", WEB_CONCURRENCY: "1" }, [10, 0, 1]],
    [
      "a pool beside what it opens at first and keeps idle",
      { DB_POOL: "4", DB_MIN_POOL_SIZE: "1", DB_MAX_IDLE_CONNS: "2", WEB_CONCURRENCY: "1" },
      [4, 0, 1],
    ],
    ["a name of the application's own", { NETRA_DB_POOL_MAX_SIZE: "10", WEB_CONCURRENCY: "1" }, [10, 0, 1]],
  ])("%s", (_, variables, expected) => {
    expect(poolOf({ ...foreign, ...variables })).toEqual(expected);
  });

  test("and needs no time-outs for it", () => {
    expect(planOf({ ...foreign, PRISMA_POOL_MAX: "5" })).toMatchObject({
      missing: [],
      missingStart: [],
      client: { startupConnections: 5 },
    });
  });

  test("but not where its processes are unknown, and no other store's or other purpose's pool", () => {
    expect(poolOf({ ...foreign, DB_POOL: "3" })).toEqual(["WEB_CONCURRENCY"]);
    for (const name of [
      "REDIS_DB_POOL_SIZE",
      "MONGO_DB_POOL_SIZE",
      "DB_POOL_TIMEOUT",
      "DB_POOL_MIN",
      "DB_POOL_RECYCLE",
      "CONN_MAX_AGE",
      "THREAD_POOL_SIZE",
    ])
      expect(poolOf({ ...foreign, [name]: "50" })).toEqual(["DB_POOL_SIZE", "DB_MAX_OVERFLOW", "WEB_CONCURRENCY"]);
  });
});

describe("reports statements that contradict each other", () => {
  const contradictions = (variables: Record<string, string>) =>
    planOf(variables).contradictions.map(({ message }) => message);
  const contradiction = (statement: string, value: number, name: string, expected: number) =>
    `'template.containers[0].envs[${statement}' (${value}) must equal 'template.containers[0].envs[${name}]' (${expected}) because they contradict each other, and it is not known which one the application uses; set 'template.containers[0].envs[${statement}' to ${expected}`;

  test("a pool in the URL, of Hikari, under a second name, beside DB_POOL_SIZE", () => {
    expect(contradictions({ DATABASE_URL: "postgresql://app@10.107.0.3/netra?connection_limit=50" })).toEqual([
      contradiction("DATABASE_URL] (connection_limit)", 50, "DB_POOL_SIZE", 3),
    ]);
    expect(contradictions({ SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: "50" })).toEqual([
      contradiction("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE]", 50, "DB_POOL_SIZE", 3),
    ]);
    expect(
      contradictions({ DB_POOL_MAX_SIZE: "40", DB_SQLALCHEMY_POOL_SIZE: "20", DB_SQLALCHEMY_MAX_OVERFLOW: "20" }),
    ).toEqual([
      contradiction("DB_POOL_MAX_SIZE]", 40, "DB_POOL_SIZE", 3),
      contradiction("DB_SQLALCHEMY_POOL_SIZE]", 20, "DB_POOL_SIZE", 3),
      contradiction("DB_SQLALCHEMY_MAX_OVERFLOW]", 20, "DB_MAX_OVERFLOW", 2),
    ]);
    expect(planOf({ RAILS_MAX_THREADS: "16" }).client).toBeUndefined();
  });

  test("two pools of which none is DB_POOL_SIZE", () => {
    const { contradictions } = planOf({ ...foreign, KNEX_POOL_MAX: "5", DB_POOL_MAX_SIZE: "10" });
    expect(contradictions.map(({ setting }) => setting)).toEqual(["template.containers[0].envs[DB_POOL_MAX_SIZE]"]);
  });

  test("workers under two names, where no command line says which server runs", () => {
    expect(contradictions({ GUNICORN_WORKERS: "4" })).toEqual([
      contradiction("GUNICORN_WORKERS]", 4, "WEB_CONCURRENCY", 1),
    ]);
  });

  test("and not the same number twice, nor what a pool with overflow holds together", () => {
    for (const limit of ["3", "5"])
      expect(contradictions({ DATABASE_URL: `postgresql://app@10.107.0.3/netra?connection_limit=${limit}` })).toEqual(
        [],
      );
    expect(
      contradictions({ DB_SQLALCHEMY_POOL_SIZE: "3", DB_SQLALCHEMY_MAX_OVERFLOW: "2", UVICORN_WORKERS: "1" }),
    ).toEqual([]);
  });

  test("never with the rest of a URL", () => {
    expect(
      JSON.stringify(
        planOf({ DATABASE_URL: "postgresql://app:hunter2@10.107.0.3/netra?connection_limit=50" }).contradictions,
      ),
    ).not.toContain("hunter2");
  });
});

describe("the command line wins over variables", () => {
  const sh = (script: string) => ({ commands: ["/bin/sh"], args: ["-c", script] });
  test.each<[string, Overrides["container"], Record<string, string | undefined>, number]>([
    ["gunicorn -w", { commands: ["gunicorn", "-w", "4", "app:app"] }, {}, 4],
    ["gunicorn --workers= in args", { args: ["gunicorn", "--workers=4", "app:app"] }, {}, 4],
    ["the arguments of an image's own command", { args: ["--workers", "4"] }, {}, 4],
    ["GUNICORN_CMD_ARGS over WEB_CONCURRENCY", {}, { GUNICORN_CMD_ARGS: "--timeout 30 --workers=3" }, 3],
    [
      "the command line over GUNICORN_CMD_ARGS",
      { commands: ["gunicorn", "-w2", "app:app"] },
      { GUNICORN_CMD_ARGS: "--workers=3" },
      2,
    ],
    ["WEB_CONCURRENCY, gunicorn's default", { commands: ["gunicorn", "app:app"] }, { WEB_CONCURRENCY: "5" }, 5],
    ["uvicorn in a shell's script", sh("alembic upgrade head && exec uvicorn app:app --workers 4"), {}, 4],
    ["UVICORN_WORKERS over WEB_CONCURRENCY", { commands: ["uvicorn", "app:app"] }, { UVICORN_WORKERS: "6" }, 6],
    ["a module", { commands: ["python", "-m", "hypercorn", "-w", "3", "app:app"] }, {}, 3],
    ["hypercorn, which takes no WEB_CONCURRENCY", { commands: ["hypercorn", "app:app"] }, { WEB_CONCURRENCY: "4" }, 1],
    ["Puma, with its threads beside", { commands: ["bundle", "exec", "puma", "-t", "5:5", "-w", "3"] }, {}, 3],
    ["a variable of the container", sh('gunicorn --workers "$WEB_CONCURRENCY" app:app'), { WEB_CONCURRENCY: "2" }, 2],
    ["a default of the shell's", sh(`gunicorn -w \${WORKERS:-4} app:app`), {}, 4],
    ["Cloud Run's reference", { commands: ["gunicorn"], args: ["-w", "$(WORKERS)", "app:app"] }, { WORKERS: "3" }, 3],
    ["a variable of the script's", sh("export WEB_CONCURRENCY=4; gunicorn app:app"), {}, 4],
    ["a variable before the program", sh("WEB_CONCURRENCY=4 gunicorn app:app"), {}, 4],
    ["two programs together", sh("celery -A app worker --concurrency 2 & gunicorn -w 3 app:app"), {}, 5],
    ["a program that starts no processes of its own", { commands: ["node", "server.js"] }, { WEB_CONCURRENCY: "2" }, 2],
    ["a runtime with one process", { commands: ["node", "server.js"] }, { WEB_CONCURRENCY: undefined }, 1],
    ["a runtime in a shell's script", sh("exec java -jar app.jar"), { WEB_CONCURRENCY: undefined }, 1],
    [
      "a runtime whose program forks",
      { commands: ["node", "node_modules/.bin/pm2-runtime", "-i", "4", "app.js"] },
      { WEB_CONCURRENCY: undefined },
      4,
    ],
    [
      "a file that may state them, where WEB_CONCURRENCY does",
      { commands: ["gunicorn", "-c", "gunicorn.conf.py"] },
      { WEB_CONCURRENCY: "2" },
      2,
    ],
  ])("%s", (_, container, variables, workers) => {
    expect(planOf(variables, container).client?.workers).toBe(workers);
  });

  test("and cannot be counted where it is no number", () => {
    const container = sh("gunicorn -w $(nproc) app:app");
    expect(poolOf({}, container)).toEqual(["a number in 'template.containers[0].commands (workers)'"]);
    expect(poolOf(foreign, { commands: ["gunicorn", "-c", "gunicorn.conf.py"] })).toContain("WEB_CONCURRENCY");
  });
});
