import { paint, type Terminal, wrapped } from "../../report/terminal";
import { groupedBy } from "../diagnose/findings";
import { printable } from "../shared/terminal";
import type { Answer } from "./answer";
import type { CheckKey, Preflight } from "./preflight";

/**
 * The answers as a person at a terminal reads them: what is wrong, and then the verdict, at the end. Commands are not
 * broken, so that they can be copied.
 */
export function preflightText(
  { ok, project, region, checks, mayStayOpen, notes }: Preflight,
  terminal: Terminal,
): string {
  const { bold, green, red, yellow } = paint(terminal);
  const count = (status: Answer["status"]) => checks.filter((check) => check.status === status).length;
  const state = ok ? green("READY") : count("wrong") > 0 ? red("NOT READY") : yellow("NOT KNOWN");
  const answersWith = (status: Answer["status"]) =>
    checks.flatMap(({ key, answers }) =>
      answers.filter((answer) => answer.status === status).map((answer) => ({ key, ...answer })),
    );
  const allowed = (keys: readonly CheckKey[]) => (keys.every((key) => mayStayOpen.includes(key)) ? " (allowed)" : "");
  const section = (title: string, texts: readonly string[]) =>
    texts.length > 0 ? [[bold(title), ...texts].join("\n")] : [];
  const answerText = (head: string, { about, text, mend }: Answer) =>
    [
      wrapped(printable(`${head}: ${about === "" ? "" : `${about}: `}${text}`), terminal, "- "),
      ...mend.map((line) => remedyText(printable(line), terminal)),
    ].join("\n");
  return [
    ...section(
      "Left out:",
      notes.map((note) => wrapped(printable(note), terminal, "- ")),
    ),
    ...section(
      "Fine:",
      answersWith("fine").map((one) => answerText(one.key, one)),
    ),
    ...section(
      "Open:",
      grouped(answersWith("open")).map(({ keys, ...one }) => answerText(`${keys.join(", ")}${allowed(keys)}`, one)),
    ),
    ...section(
      "Wrong:",
      answersWith("wrong").map((one) => answerText(one.key, one)),
    ),
    wrapped(
      `${state}: ${project} in ${region}; of ${checks.length} checks ${count("wrong")} wrong, ${count("open")} open, ${count("fine")} fine.`,
      terminal,
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

/** A command stays on one line, so that it can be copied. */
const remedyText = (line: string, terminal: Terminal) =>
  /^(docker|gcloud|npm|pulumi) /.test(line) ? `  ${line}` : wrapped(line, terminal, "  -> ");

/** Merges answers that are open for the same reason. */
function grouped(answers: readonly (Answer & { readonly key: CheckKey })[]) {
  const unique = <T>(all: readonly T[]) => [...new Set(all)];
  return [...groupedBy(answers, ({ text }) => text).values()].map((same) => ({
    ...same[0],
    keys: unique(same.map(({ key }) => key)),
    about: unique(same.map(({ about }) => about)).join(", "),
    mend: unique(same.flatMap(({ mend }) => mend)),
  }));
}
