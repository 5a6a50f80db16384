import { groupedBy } from "../diagnose/findings";
import type { Answer } from "./answer";
import type { CheckKey, Preflight } from "./preflight";

const WIDTH = 80;

/**
 * The answers as a person at a terminal reads them: what is wrong first. Commands are not broken, so that they can be
 * copied.
 */
export function preflightText({ ok, project, region, checks, mayStayOpen, notes }: Preflight): string {
  const count = (status: Answer["status"]) => checks.filter((check) => check.status === status).length;
  const state = ok ? "Ready" : count("wrong") > 0 ? "Not ready" : "Not known to be ready";
  const answersWith = (status: Answer["status"]) =>
    checks.flatMap(({ key, answers }) =>
      answers.filter((answer) => answer.status === status).map((answer) => ({ key, ...answer })),
    );
  const mark = (keys: readonly CheckKey[]) => (keys.every((key) => mayStayOpen.includes(key)) ? "? (allowed)" : "?");
  return [
    ...wrapped(
      `${state}: ${project} in ${region}; of ${checks.length} checks ${count("wrong")} wrong, ${count("open")} open, ${count("fine")} fine.`,
      "",
      "",
    ),
    ...section(
      "Wrong:",
      answersWith("wrong").flatMap((one) => answerLines(`!! ${one.key}: `, one)),
    ),
    ...section(
      "Open:",
      grouped(answersWith("open")).flatMap(({ keys, ...one }) =>
        answerLines(`${mark(keys)} ${keys.join(", ")}: `, one),
      ),
    ),
    ...section(
      "Fine:",
      answersWith("fine").flatMap((one) => answerLines(`ok ${one.key}: `, one)),
    ),
    ...section(
      "Left out:",
      notes.flatMap((note) => wrapped(note, "  ", "    ")),
    ),
  ]
    .map((line) => line.replace(/\p{Cc}+/gu, " "))
    .join("\n")
    .concat("\n");
}

const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? ["", title, ...lines] : []);

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

const answerLines = (head: string, { about, text, mend }: Answer) => [
  ...wrapped(`${head}${about === "" ? "" : `${about}: `}${text}`, "  ", "     "),
  ...mend.map((line) => `     -> ${line}`),
];

function wrapped(text: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    const isStart = line === first || line === rest;
    if (!isStart && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
    }
    line += `${line === first || line === rest ? "" : " "}${word}`;
  }
  return [...lines, line];
}
