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
  /** The revision that serves instead; empty if none does. */
  readonly ready: string;
  /** Google's message; may be empty. */
  readonly reason: string;
}

/** Conditions of a Cloud Run service or job; the first one summarizes the others. */
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

/** The failed revisions that a state shows; `diagnose` asks Google for the others. */
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

/** The commands that create another revision of an unchanged template. */
export const redeployLine = (keys: readonly string[]): string => `npm run redeploy -- ${keys.join(" ")} && npm run up`;

/** What failed and why, one line each, then one command for all of them. */
export function failedRevisionLines(failed: readonly FailedRevision[]): string[] {
  if (failed.length === 0) return [];
  return [
    ...failed.map(
      ({ service, created, ready, reason }) =>
        `'${service}' must run its newest revision because ${ready === "" ? "no other revision serves" : `${ready} still serves the previous template`}: ${created} did not become ready${reason === "" ? "" : ` (${reason.split("\n")[0]})`}`,
    ),
    `Another \`up\` creates no new revision of an unchanged template. Fix the cause, then: ${redeployLine(failed.map(({ key }) => key))}`,
  ];
}
