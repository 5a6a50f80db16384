import { z } from "zod";

/** The ids of the steps of `up.yml` that can fail, in order. */
export const UP_STEPS = ["check", "preview", "guard", "preflight", "up", "diagnose", "verify"] as const;
export type UpStep = (typeof UP_STEPS)[number];

/** `toJSON(steps)` of a job: the outcome of each step with an id. */
const stepsSchema = z.record(z.string(), z.object({ outcome: z.enum(["success", "failure", "cancelled", "skipped"]) }));

/** The first step that did not succeed; `undefined` if it has no id. @throws ZodError if the text has another form. */
export function failedStep(steps: string): UpStep | undefined {
  const outcomes = stepsSchema.parse(JSON.parse(steps));
  return UP_STEPS.find((step) => outcomes[step]?.outcome === "failure" || outcomes[step]?.outcome === "cancelled");
}

/** What to do after a failed update, as the summary of a run. */
export function rollbackInstructions(
  step: UpStep | undefined,
  { stack, commit, wasCancelled }: { readonly stack: string; readonly commit: string; readonly wasCancelled: boolean },
): string {
  const [state, ...todo] = instructions(step, { stack, commit, wasCancelled });
  return [
    `# ${stack}: the update ${wasCancelled ? "was cancelled" : "failed"} at ${step ?? "a set-up step"}`,
    "",
    state,
    "",
    ...todo.map((line, i) => `${i + 1}. ${line}`),
    "",
  ].join("\n");
}

const revert = (commit: string) =>
  `To go back, revert and merge: \`git revert --mainline 1 ${commit}\` (without \`--mainline 1\` if it is not a merge). The same checks judge the rollback, and \`guard\` may refuse it: a connector that has grown cannot shrink.`;
const INTERRUPTED = (stack: string) =>
  `First, on your machine, run \`npm run --silent recover -- --stack ${stack}\`: it prints what the update left behind and the commands that repair the stack, in order (docs/recovery.md).`;
const again =
  "To continue, fix it and merge, or run this workflow again (*Re-run failed jobs*) if the cloud caused the failure and main has no newer commit.";

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
        "Read the step's log: it names the problem and the fix.",
        again,
        revert(commit),
      ];
    case "up":
      return [
        wasCancelled
          ? "The update was interrupted: resources may exist that are not in the state."
          : "The update stopped half-way. Completed changes remain; services that had not rolled out run as before.",
        wasCancelled
          ? INTERRUPTED(stack)
          : `If the log ends with an API's error, nothing needs repair. If it ends without an error, or reports that the engine or a provider died, the update was interrupted. ${INTERRUPTED(stack)}`,
        "If a job failed (the database's roles, or the migrations), no service has rolled out: its log shows the cause, and docs/runbook.md the fix.",
        again,
        revert(commit),
      ];
    case "diagnose":
    case "verify":
      return [
        "The update is applied, but the environment is not sound.",
        `Read the step's log, starting with its first finding. docs/verify.md explains each failure of \`verify\`, docs/runbook.md each alert.`,
        revert(commit),
        "A revision that ran before can take the traffic at once, until the revert is applied: `gcloud run services update-traffic SERVICE --to-revisions REVISION=100`. The next `up` takes it back.",
      ];
  }
}
