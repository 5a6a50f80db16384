import type * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { jobOf, MIGRATIONS_JOB } from "../capacity/constraints/jobs";
import type { Settings } from "../config/read";
import type { Cache } from "./cache";
import type { DatabaseRoles } from "./database-roles";
import { type RunJobArgs, runJob } from "./run-job";
import type { Secrets } from "./secrets";
import { plainVariables } from "./service";

export interface MigrationsArgs extends Pick<RunJobArgs, "region" | "labels" | "connector" | "apis" | "waitsFor"> {
  readonly plan: Settings;
  readonly roles: DatabaseRoles;
  readonly cache: Cache;
  readonly secrets: Secrets;
}

/**
 * The application's migrations: its own command in its own image, after the database's roles and before any service
 * rolls, once for each image. They log in as a user of their own and act as the owner of all tables, as the services
 * do. While they run, the old revisions serve.
 */
export class Migrations extends pulumi.ComponentResource {
  /** Absent where the plan has none. */
  readonly job: gcp.cloudrunv2.Job | undefined;

  constructor(name: string, args: MigrationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Migrations", name, {}, opts);
    const { plan, roles, cache, secrets } = args;
    const [job, settings] = [jobOf(plan, MIGRATIONS_JOB), plan.migrations];
    const service = settings && plan.services[settings.service];
    if (job && service)
      this.job = runJob(
        {
          ...args,
          ...settings,
          ...job,
          // A migration that was interrupted is for people to look at, not to be begun again.
          maxRetries: 0,
          variables: plainVariables({
            environment: service.environment,
            database: { ...job.database, path: "private-ip" },
            databaseLocation: roles.locationFor(MIGRATIONS_JOB),
            ...(service.cache ? { cacheLocation: cache } : {}),
          }),
          secrets: secrets.mountedBy(service),
          runsFor: [settings.run],
          waitsFor: [...args.waitsFor, ...(roles.job ? [roles.job] : [])],
        },
        this,
      );
    this.registerOutputs({});
  }
}
