import { z } from "zod";
import { RUN_JOB } from "../../config/resource-types";
import type { StackExport } from "../../engine/stack-export";
import { readUrn } from "../../policy/resources/urn";
import { terminalConditions } from "./failed-revisions";

/** A job whose execution in an update failed. */
export interface FailedJob {
  /** Its name in Cloud Run. */
  readonly job: string;
  /** The setting that causes another execution. */
  readonly setting: string;
  /** Google's message; may be empty. */
  readonly reason: string;
}

const jobState = z.looseObject({
  urn: z.string(),
  parent: z.string().default(""),
  outputs: z.looseObject({ terminalConditions }),
});

/** The jobs of a state whose last execution failed. A job without a condition in the state is skipped. */
export function failedJobs({ deployment }: StackExport): FailedJob[] {
  return deployment.resources.flatMap((resource): FailedJob[] => {
    const { data } = jobState.safeParse(resource);
    const [condition] = data?.outputs.terminalConditions ?? [];
    if (resource.type !== RUN_JOB || !data || condition?.state !== "CONDITION_FAILED") return [];
    const setting =
      readUrn(data.parent).type === "netra:staging:Migrations" ? "netra:migrations.run" : "netra:database.roles.run";
    return [{ job: readUrn(data.urn).name, setting, reason: condition.message.split("\n")[0] ?? "" }];
  });
}

/** One line for each failed job: why no service has rolled out, and how to run the job again. */
export const failedJobLines = (failed: readonly FailedJob[]): string[] =>
  failed.map(
    ({ job, setting, reason }) =>
      `'${job}' must complete before services roll out${reason === "" ? "" : `: ${reason}`}. Fix the cause; if the fix does not change the job, raise '${setting}' by one, because an unchanged job is not run again. Then: npm run up`,
  );
