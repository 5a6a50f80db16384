import type * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { jobOf, MIGRATIONS_JOB } from "../capacity/constraints/jobs";
import type { Settings } from "../config/schema";
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
 * The application's migrations: their own command in their own image, once for each image, after the database's roles
 * and before any service rolls. They log in as their own user and act as the owner of all tables, as the services do.
 * Meanwhile the old revisions serve.
 */
export class Migrations extends pulumi.ComponentResource {
  /** Absent if the plan has none. */
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
          // An interrupted migration needs a person's attention and must not be restarted.
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
