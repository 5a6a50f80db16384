import { z } from "zod";
import { RUN_JOB } from "../../config/resource-types";
import type { StackExport } from "../../engine/stack-export";
import { readUrn } from "../../policy/resources/urn";
import { terminalConditions } from "./failed-revisions";

/** A job that an update runs, and that has not completed. */
export interface FailedJob {
  /** Its name in Cloud Run. */
  readonly job: string;
  /** What makes another execution of it. */
  readonly setting: string;
  /** What Google said; empty where it said nothing. */
  readonly reason: string;
}

const jobState = z.looseObject({
  urn: z.string(),
  parent: z.string().default(""),
  outputs: z.looseObject({ terminalConditions }),
});

/** The jobs of a state whose last execution failed. What the state does not show is no finding. */
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

/** The failed jobs as lines: why no service has rolled, and what makes another execution. */
export const failedJobLines = (failed: readonly FailedJob[]): string[] =>
  failed.map(
    ({ job, setting, reason }) =>
      `'${job}' must complete before services roll${reason === "" ? "" : `: ${reason}`}. Mend the cause; where that changes nothing of the job, raise '${setting}' by one, because the same job is not run again. Then: npm run up`,
  );
