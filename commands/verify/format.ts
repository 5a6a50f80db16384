import { paint, type Terminal, wrapped } from "../../report/terminal";
import type { Verification } from "./smoke-test";
import type { Step } from "./step";

/** The steps, and the verdict last. */
export function verificationText({ ok, steps }: Verification, terminal: Terminal): string {
  return `${[...steps.map((step) => stepText(step, terminal)), "", wrapped(verdict(ok, steps, terminal), terminal)].join("\n")}\n`;
}

function verdict(ok: boolean, steps: readonly Step[], terminal: Terminal): string {
  const { green, red } = paint(terminal);
  const parts = (["failed", "open", "not-tried"] as const).flatMap((outcome) => {
    const count = steps.filter((step) => step.outcome === outcome).length;
    return count > 0 ? [`${count} ${LABELS[outcome]}`] : [];
  });
  if (parts.length === 0) return `${green("PASSED")}: every step of the smoke test.`;
  return ok
    ? `${green("PASSED")}: everything that could be checked; ${parts.join(", ")}.`
    : `${red("FAILED")}: the smoke test, with ${parts.join(", ")}.`;
}

const LABELS: Readonly<Record<Step["outcome"], string>> = {
  proven: "proven",
  failed: "failed",
  open: "open",
  "not-tried": "not tried",
};

/** Where the text of a step begins. */
const TEXT_COLUMN = 11;

function stepText({ name, outcome, found, means, lookAt, attempts, seconds }: Step, terminal: Terminal): string {
  const effort = attempts > 1 ? ` (${attempts} attempts, ${seconds.toFixed(1)} s)` : "";
  const more = (text: string) => wrapped(text, terminal, " ".repeat(TEXT_COLUMN), TEXT_COLUMN);
  return [
    wrapped(`${name}: ${found}${effort}`, terminal, LABELS[outcome], TEXT_COLUMN),
    ...(means === undefined ? [] : [more(`means: ${means}`)]),
    ...(lookAt === undefined ? [] : [more(`look at: ${lookAt}`)]),
  ].join("\n");
}
