import { cloudRunLimits } from "../limits";
import type { CapacityPlan, DatabaseClientVariables } from "../plan";

/*
 * The Cloud Run jobs of the stack. Each runs in an update before any service rolls, once for each change, and never
 * beside a start: a job takes connections and quota, and part in no storm.
 */

/** Length of the token that identifies an execution of a job. */
export const TOKEN_LENGTH = 16;
export const LONGEST_JOB_NAME = cloudRunLimits.longestExecutionName.value - TOKEN_LENGTH;

/** What the budget and the names of users call the jobs. */
export const ROLES_JOB = "database-roles";
export const MIGRATIONS_JOB = "migrations";

export interface JobPlan {
  readonly key: typeof ROLES_JOB | typeof MIGRATIONS_JOB;
  /** Where the stack file has it. */
  readonly setting: string;
  readonly image: string;
  /** vCPU. */
  readonly cpu: number;
  readonly memoryMib: number;
  /** Its `DB_*` variables. */
  readonly database: DatabaseClientVariables;
}

/** `psql` and a few hundred statements: one connection at a time, in the smallest job that has a whole vCPU. */
const ROLES_SIZE = { cpu: 1, memoryMib: 512 };
const PSQL: DatabaseClientVariables = {
  poolSize: 1,
  maxOverflow: 0,
  workers: 1,
  startupConnections: 1,
  poolTimeoutSeconds: 30,
  connectTimeoutSeconds: 10,
  initTimeoutSeconds: 75,
};

/** The job of that name, where the plan has one. */
export const jobOf = (
  plan: Pick<CapacityPlan, "database" | "services" | "migrations">,
  key: JobPlan["key"],
): JobPlan | undefined => jobsOf(plan).find((job) => job.key === key);

/** The jobs of a plan, in the order in which they run. None without a service that uses the database. */
export function jobsOf({
  database,
  services,
  migrations,
}: Pick<CapacityPlan, "database" | "services" | "migrations">): JobPlan[] {
  if (!Object.values(services).some((service) => service.database)) return [];
  const roles: JobPlan = {
    key: ROLES_JOB,
    setting: "database.roles",
    image: database.roles.image,
    ...ROLES_SIZE,
    database: PSQL,
  };
  const migrated = migrations && services[migrations.service];
  if (!migrated) return [roles];
  const { image = migrated.image, connections } = migrations;
  const { cpu, memoryMib } = migrated;
  const pool = { poolSize: connections, maxOverflow: 0, workers: 1, startupConnections: connections };
  return [roles, { key: MIGRATIONS_JOB, setting: "migrations", image, cpu, memoryMib, database: { ...PSQL, ...pool } }];
}
