import { z } from "zod";
import { RUN_SERVICE } from "../../config/resource-types";
import type { StackExport } from "../../engine/stack-export";
import { cloudName } from "../../policy/resources/cloud-name";
import { readUrn } from "../../policy/resources/urn";

/** A service whose newest revision is not the one that serves. */
export interface FailedRevision {
  /** Its name in Cloud Run. */
  readonly service: string;
  /** Its key in `netra:services`. */
  readonly key: string;
  readonly created: string;
  /** What serves instead; empty where nothing does. */
  readonly ready: string;
  /** What Google said; empty where it said nothing. */
  readonly reason: string;
}

/** What Cloud Run says of a service or a job: the first one sums the others up. */
export const terminalConditions = z
  .array(z.looseObject({ state: z.string().default(""), message: z.string().default("") }))
  .default([]);

const serviceState = z.looseObject({
  urn: z.string(),
  parent: z.string().default(""),
  outputs: z.looseObject({
    latestCreatedRevision: z.string().default(""),
    latestReadyRevision: z.string().default(""),
    terminalConditions,
  }),
});

/** The failed revisions of a state. What the state does not show is no finding: `diagnose` asks Google. */
export function failedRevisions({ deployment }: StackExport): FailedRevision[] {
  return deployment.resources.flatMap((resource): FailedRevision[] => {
    const { data } = serviceState.safeParse(resource);
    if (resource.type !== RUN_SERVICE || !data) return [];
    const { latestCreatedRevision, latestReadyRevision, terminalConditions: conditions } = data.outputs;
    if (latestCreatedRevision === "" || latestCreatedRevision === latestReadyRevision) return [];
    return [
      {
        service: readUrn(data.urn).name,
        key: readUrn(data.parent).name,
        created: revisionName(latestCreatedRevision),
        ready: revisionName(latestReadyRevision),
        reason: conditions[0]?.message ?? "",
      },
    ];
  });
}

const revisionName = (path: string) => cloudName(path)?.name ?? "";

/** What to do once the cause is mended: nothing else makes another revision of the same template. */
export const redeployLine = (keys: readonly string[]): string => `npm run redeploy -- ${keys.join(" ")} && npm run up`;

/** The failed revisions as lines: what failed and why, then the one command for all of them. */
export function failedRevisionLines(failed: readonly FailedRevision[]): string[] {
  if (failed.length === 0) return [];
  return [
    ...failed.map(
      ({ service, created, ready, reason }) =>
        `'${service}' must run its newest revision because ${ready === "" ? "no other one serves" : `${ready} still serves the template before`}: ${created} did not become ready${reason === "" ? "" : ` (${reason.split("\n")[0]})`}`,
    ),
    `Another \`up\` makes no new revision of an unchanged template. Mend the cause, then: ${redeployLine(failed.map(({ key }) => key))}`,
  ];
}
