import { describe, expect, test } from "vitest";
import { migrationProblems, readJob } from "../../delivery/migration";

interface Changes {
  readonly spec?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly container?: object;
  readonly containers?: readonly object[];
}

const POOL = { DB_POOL_SIZE: "1", DB_MAX_OVERFLOW: "0", WEB_CONCURRENCY: "1" };

/** As `gcloud run jobs describe --format=json` prints one. */
const described = ({ spec = {}, env = POOL, container = {}, containers }: Changes = {}) =>
  JSON.stringify({
    apiVersion: "run.googleapis.com/v1",
    kind: "Job",
    metadata: { name: "migrate" },
    spec: {
      template: {
        spec: {
          ...spec,
          template: {
            spec: {
              containers: containers ?? [
                {
                  image: "x",
                  env: [
                    ...Object.entries(env).map(([name, value]) => ({ name, value })),
                    { name: "POSTGRES_PASSWORD", valueFrom: { secretKeyRef: { name: "p", key: "1" } } },
                  ],
                  ...container,
                },
              ],
            },
          },
        },
      },
    },
  });

const problems = (changes: Changes = {}, slots = 10) => {
  const job = readJob(described(changes));
  if (!job) throw new Error("no job");
  return migrationProblems("migrate", job, slots).map(({ message }) => message);
};

describe("a job's connections", () => {
  test("fit into what the plan keeps for migrations", () => {
    expect(problems()).toEqual([]);
    expect(problems({ env: { ...POOL, DB_POOL_SIZE: "5", DB_MAX_OVERFLOW: "5" } })).toEqual([]);
    expect(problems({ spec: { taskCount: 40, parallelism: 5 }, env: { ...POOL, DB_MAX_OVERFLOW: "1" } })).toEqual([]);
  });

  test("are refused beyond that, tasks and workers counted", () => {
    expect(problems({ spec: { taskCount: 3 }, env: { DB_POOL_SIZE: "2", DB_MAX_OVERFLOW: "0", WEB_CONCURRENCY: "2" } })).toEqual([
      "'netra:database.migrationConnections' (10) must be at least 12 because job migrate runs 3 tasks x 4 connections while both revisions of every service are counted; set 'netra:database.migrationConnections' to 12, or give the job fewer tasks or a smaller pool",
    ]);
  });

  test("are those of the processes that the command line starts, whatever WEB_CONCURRENCY says", () => {
    const command = { command: ["gunicorn"], args: ["--workers", "4", "app:app"] };
    expect(problems({ env: { ...POOL, DB_POOL_SIZE: "3" }, container: command })).toEqual([
      expect.stringMatching(/^'netra:database\.migrationConnections' \(10\) must be at least 12 because job migrate runs 1 tasks x 12 connections /),
    ]);
    expect(problems({ container: { args: ["gunicorn", "--workers", "$(nproc)"] } })).toEqual([
      expect.stringContaining("'job migrate' (without a number in 'template.template.containers[0].args (workers)') must state"),
    ]);
  });

  test("are those of the pool in the connection string", () => {
    const url = "postgresql://10.107.0.3/netra?connection_limit=12";
    expect(problems({ env: { DATABASE_URL: url } })).toEqual([
      expect.stringContaining("must be at least 12 because job migrate runs 1 tasks x 12 connections"),
    ]);
    expect(problems({ env: { ...POOL, DATABASE_URL: url } })).toEqual([expect.stringContaining("contradict each other")]);
  });

  test("cannot be told from variables that are missing or no numbers", () => {
    expect(problems({ env: { DB_POOL_SIZE: "many", WEB_CONCURRENCY: "1" } })).toEqual([
      "'job migrate' (without DB_POOL_SIZE, DB_MAX_OVERFLOW) must state DB_POOL_SIZE, DB_MAX_OVERFLOW as whole numbers because how many connections it holds is read from them; set 'job migrate' to `gcloud run jobs update migrate --update-env-vars` with those that its pool has (one connection: DB_POOL_SIZE=1,DB_MAX_OVERFLOW=0,WEB_CONCURRENCY=1)",
    ]);
  });

  test("are not those of a pool that has no limit, or of no process", () => {
    expect(problems({ env: { ...POOL, DB_POOL_SIZE: "0", WEB_CONCURRENCY: "0" } })).toEqual([
      "'job migrate: DB_POOL_SIZE' (0) must be a whole number of at least 1 because a pool of 0 has no limit, and the budget counts what is stated; set 'job migrate: DB_POOL_SIZE' to 1",
      "'job migrate: WEB_CONCURRENCY' (0) must be a whole number of at least 1 because every instance runs at least one process, each with a pool of its own; set 'job migrate: WEB_CONCURRENCY' to 1",
    ]);
  });

  test("of a second container are counted by nobody", () => {
    expect(problems({ containers: [{}, {}] })).toEqual([
      "'job migrate' (2 containers) must have one container because the image of one is set, and its connections are counted; set 'job migrate' to a job of its own for each",
    ]);
  });
});

test("what is no job is none", () => {
  expect(readJob("no JSON")).toBeUndefined();
  expect(readJob('{"spec": {"template": {"spec": {"containers": []}}}}')).toBeUndefined();
});
