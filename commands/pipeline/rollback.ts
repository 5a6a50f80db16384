import { z } from "zod";

/** The steps of `up.yml` that can fail, by their id, in their order. */
export const UP_STEPS = ["check", "preview", "guard", "preflight", "up", "diagnose", "verify"] as const;
export type UpStep = (typeof UP_STEPS)[number];

/** `toJSON(steps)` of a job: what became of each step that has an id. */
const stepsSchema = z.record(z.string(), z.object({ outcome: z.enum(["success", "failure", "cancelled", "skipped"]) }));

/**
 * The first of the steps that did not succeed; `undefined` where it was none of them. @throws ZodError where it is no
 * such text.
 */
export function failedStep(steps: string): UpStep | undefined {
  const outcomes = stepsSchema.parse(JSON.parse(steps));
  return UP_STEPS.find((step) => outcomes[step]?.outcome === "failure" || outcomes[step]?.outcome === "cancelled");
}

/** What to do now, as the summary of a run. */
export function rollbackInstructions(
  step: UpStep | undefined,
  { stack, commit, wasCancelled }: { readonly stack: string; readonly commit: string; readonly wasCancelled: boolean },
): string {
  const [state, ...todo] = instructions(step, { stack, commit, wasCancelled });
  return [
    `# ${stack}: the update ${wasCancelled ? "was cancelled" : "failed"} at ${step ?? "a step before any of its own"}`,
    "",
    state,
    "",
    ...todo.map((line, i) => `${i + 1}. ${line}`),
    "",
  ].join("\n");
}

const revert = (commit: string) =>
  `To go back, revert and merge: \`git revert --mainline 1 ${commit}\` (without \`--mainline 1\` where it is no merge). The same checks judge the rollback, and \`guard\` may refuse it: a connector that has grown does not shrink.`;
const INTERRUPTED = (stack: string) =>
  `Before anything else, on your machine: \`npm run --silent recover -- --stack ${stack}\` prints what the update left behind and the commands that bring the stack back, in order (docs/recovery.md).`;
const again =
  "To go on, mend it and merge, or run this workflow again (*Re-run failed jobs*) where the cause was the cloud's.";

function instructions(
  step: UpStep | undefined,
  { stack, commit, wasCancelled }: { readonly stack: string; readonly commit: string; readonly wasCancelled: boolean },
): [string, ...string[]] {
  switch (step) {
    case undefined:
    case "check":
    case "preview":
    case "guard":
    case "preflight":
      return [
        "Nothing was changed: staging runs as before.",
        "Read the step's log; it names what is wrong and what passes.",
        again,
        revert(commit),
      ];
    case "up":
      return [
        wasCancelled
          ? "The update was interrupted: some resources may exist that the state does not know."
          : "The update stopped half-way. What it had done stays done; services that had not rolled run as before.",
        wasCancelled
          ? INTERRUPTED(stack)
          : `Where the log ends with an API's error, nothing needs repair. Where it says that the engine or a provider died, or nothing at all, it was interrupted. ${INTERRUPTED(stack)}`,
        "Where a job failed (the database's roles, or the migrations), no service has rolled: its log says why, and docs/runbook.md what to do.",
        again,
        revert(commit),
      ];
    case "diagnose":
    case "verify":
      return [
        "The update is applied, and what runs is not sound.",
        `Read the step's log: its first finding breaks first. A service that does not answer: docs/verify.md says what each failure means, docs/runbook.md what each alert does.`,
        revert(commit),
        "A revision that ran before can take the traffic at once, until the revert is applied: `gcloud run services update-traffic SERVICE --to-revisions REVISION=100`. The next `up` takes it back.",
      ];
  }
}
