import { expect, test } from "vitest";
import { failedJobLines, failedJobs } from "../../../commands/up/failed-jobs";
import { readExport } from "../../../engine/stack-export";

const JOB = "gcp:cloudrunv2/job:Job";

/** A state with one job for each entry, as the provider writes it. */
const stateWith = (...jobs: readonly (readonly [component: string, name: string, outputs: object])[]) =>
  readExport(
    JSON.stringify({
      version: 3,
      deployment: {
        resources: jobs.map(([component, name, outputs]) => ({
          urn: `urn:pulumi:staging::netra::netra:staging:${component}$${JOB}::${name}`,
          parent: `urn:pulumi:staging::netra::netra:staging:${component}::${component}`,
          type: JOB,
          custom: true,
          id: `projects/p/locations/l/jobs/${name}`,
          outputs,
        })),
      },
    }),
    "state",
    "staging",
  );
const failed = { terminalConditions: [{ state: "CONDITION_FAILED", message: "execution x has failed: no\nmore" }] };

test("names jobs whose last execution failed, why, and the setting that makes another one", () => {
  expect(
    failedJobLines(
      failedJobs(
        stateWith(["DatabaseRoles", "netra-database-roles", failed], ["Migrations", "netra-migrations", failed]),
      ),
    ),
  ).toEqual([
    "'netra-database-roles' must complete before services roll out: execution x has failed: no. Fix the cause; if the fix does not change the job, raise 'netra:database.roles.run' by one, because an unchanged job is not run again. Then: npm run up",
    "'netra-migrations' must complete before services roll out: execution x has failed: no. Fix the cause; if the fix does not change the job, raise 'netra:migrations.run' by one, because an unchanged job is not run again. Then: npm run up",
  ]);
});

test("reports nothing of jobs that have completed, or of which the state shows nothing", () => {
  const completed = { terminalConditions: [{ state: "CONDITION_SUCCEEDED", message: "" }] };
  expect(failedJobs(stateWith(["DatabaseRoles", "a", completed], ["Migrations", "b", {}]))).toEqual([]);
});
