import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { connectionLimits } from "../capacity/checks";
import { type JobPlan, jobOf, ROLES_JOB } from "../capacity/constraints/jobs";
import { adminUser, loginUser, ownerRole } from "../config/role-names";
import type { Settings } from "../config/schema";
import type { Database } from "./database";
import { ROLES_COMMAND, rolesVariables } from "./database-roles/job";
import { type RunJobArgs, runJob } from "./run-job";
import type { DatabaseCredential, Secrets } from "./secrets";
import { type DatabaseLocation, databaseClientVariables, POSTGRES_PORT } from "./service";

export interface DatabaseRolesArgs extends Pick<RunJobArgs, "region" | "labels" | "connector" | "apis" | "waitsFor"> {
  readonly plan: Settings;
  readonly database: Database;
  readonly secrets: Secrets;
}

/** The statements can be repeated, so a lost first connect or a busy lock is not a failure. */
const RETRIES = 3;
const TIMEOUT_SECONDS = 600;

/**
 * The database's users, and the job that sets them up: two alternating users for each service, and one administrator.
 * Resources that use the database depend on {@link job}. The services share one password: connection limits keep one
 * service from starving the others, but do not isolate services that distrust each other.
 */
export class DatabaseRoles extends pulumi.ComponentResource {
  /** Absent if no service uses the database. */
  readonly job: gcp.cloudrunv2.Job | undefined;

  constructor(
    name: string,
    private readonly args: DatabaseRolesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("netra:staging:DatabaseRoles", name, {}, opts);
    const { plan, secrets } = args;
    const job = jobOf(plan, ROLES_JOB);
    const { databaseLogin: login, databaseAdmin: admin } = secrets;
    this.job = job && login && admin ? this.setUp(job, login, admin) : undefined;
    this.registerOutputs({});
  }

  /** The database's location for a service or the migrations: each logs in as its own user. */
  locationFor(key: string): DatabaseLocation {
    const { plan, database, secrets } = this.args;
    const rotation = secrets.databaseLogin?.passwords.at(-1)?.rotation ?? 1;
    return {
      host: database.privateAddress,
      connectionName: database.connectionName,
      database: plan.database.database,
      user: loginUser(plan.database.user, key, rotation),
    };
  }

  private setUp(job: JobPlan, login: DatabaseCredential, admin: DatabaseCredential): gcp.cloudrunv2.Job {
    const { plan, database } = this.args;
    const { user, roles } = plan.database;
    const limits = Object.entries(connectionLimits(plan));
    const logins = login.passwords.flatMap(({ rotation, value }) =>
      limits.map(([key, connectionLimit]) => ({
        name: loginUser(user, key, rotation),
        rotation,
        value,
        connectionLimit,
      })),
    );
    const admins = admin.passwords.slice(-1).map(({ value }) => ({ name: adminUser(user), value }));
    const users = [...admins, ...logins].map(
      ({ name, value }) =>
        new gcp.sql.User(
          name,
          { name, instance: database.instance.name, password: value, deletionPolicy: "ABANDON" },
          { parent: this },
        ),
    );
    const current = login.passwords.at(-1)?.rotation;
    const statements = rolesVariables(
      { ...roles, database: plan.database.database, owner: ownerRole(user), users: logins },
      logins.filter(({ rotation }) => rotation === current).map((checked) => checked.name),
    );
    return runJob(
      {
        ...this.args,
        ...roles,
        ...job,
        command: ROLES_COMMAND,
        timeoutSeconds: TIMEOUT_SECONDS,
        maxRetries: RETRIES,
        variables: {
          PGHOST: database.privateAddress,
          PGPORT: POSTGRES_PORT,
          PGDATABASE: plan.database.database,
          PGUSER: adminUser(user),
          PGSSLMODE: "require",
          PGCONNECT_TIMEOUT: String(job.database.connectTimeoutSeconds),
          ...databaseClientVariables(job.database),
          ...statements,
        },
        secrets: { PGPASSWORD: admin.reference, POSTGRES_PASSWORD: login.reference },
        runsFor: [plan.database.name, statements, roles.run],
        waitsFor: [...this.args.waitsFor, ...users],
      },
      this,
    );
  }
}
