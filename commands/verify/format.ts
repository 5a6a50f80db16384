import type { Verification } from "./smoke-test";
import type { Step } from "./step";

/** The verdict for a terminal. */
export function verificationText({ ok, steps }: Verification): string {
  return `${[headline(ok, steps), "", ...steps.flatMap(stepText)].join("\n")}\n`;
}

function headline(ok: boolean, steps: readonly Step[]): string {
  const parts = (["failed", "open", "not-tried"] as const).flatMap((outcome) => {
    const count = steps.filter((step) => step.outcome === outcome).length;
    return count > 0 ? [`${count} ${LABELS[outcome]}`] : [];
  });
  if (parts.length === 0) return "PASSED: the smoke test passed.";
  return ok
    ? `Everything that could be checked is proven; ${parts.join(", ")}.`
    : `FAILED: the smoke test did not pass: ${parts.join(", ")}.`;
}

const LABELS: Readonly<Record<Step["outcome"], string>> = {
  proven: "proven",
  failed: "failed",
  open: "open",
  "not-tried": "not tried",
};

function stepText({ name, outcome, found, means, lookAt, attempts, seconds }: Step): string[] {
  const effort = attempts > 1 ? ` (${attempts} attempts, ${seconds.toFixed(1)} s)` : "";
  return [
    `${LABELS[outcome].padEnd(9)}  ${name}: ${found}${effort}`,
    ...(means === undefined ? [] : [`             means: ${means}`]),
    ...(lookAt === undefined ? [] : [`             look at: ${lookAt}`]),
  ];
}
