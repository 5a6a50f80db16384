import type { Diagnosis } from "./diagnosis";
import type { Finding } from "./findings";
import type { Question } from "./questions";

/** As much of one finding as one reads at a glance; `--json` has all. */
const SHOWN_EVIDENCE = 2;
const SHOWN_MENDS = 3;
const SHOWN_PROPERTIES = 6;

/** The diagnosis as a person at a terminal reads it. */
export function diagnosisText(diagnosis: Diagnosis, withAdoption: boolean): string {
  const { findings, questions, figures, changes, adopt, notes, project, region, ok } = diagnosis;
  const open = questions.filter((question) => question.open.length > 0);
  const state = ok ? "Healthy" : findings.length > 0 ? "Unhealthy" : "Not known to be healthy";
  return [
    `${state}: ${project} in ${region}; ${counted(findings.length, "finding")}, ${counted(open.length, "open question")} of ${questions.length}.`,
    ...section("Findings, what breaks first at the top:", findings.flatMap(findingText)),
    ...section("Open:", openText(open)),
    ...section("Answered:", questions.filter((question) => question.open.length === 0).map(answerText)),
    ...section(
      "The last hour:",
      figures.map(({ title, value, plan }) => `${title}: ${value ?? "nothing recorded"} (plan: ${plan})`),
    ),
    ...section("`npm run up` would change:", changesText(changes)),
    ...section("Left out:", notes),
    ...(withAdoption ? ["", "netra:adopt:", ...Object.entries(adopt).map(([name, id]) => `  ${name}: ${id}`)] : []),
  ]
    .join("\n")
    .concat("\n");
}

const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? ["", title, ...lines.map((line) => `  ${line}`)] : []);
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function findingText({ stage, rules, resource, evidence, consequences, mend }: Finding, index: number): string[] {
  const [first, ...others] = evidence;
  const shown = [first, ...others.slice(0, SHOWN_EVIDENCE - 1)].flatMap((one) => (one ? [`${one.field} = ${one.value}`] : []));
  const more = evidence.length - shown.length;
  return [
    `${index + 1}. [${stage}] ${resource || "the stack"}: ${shown.join(", ")}${more > 0 ? `, and ${more} more` : ""} (${rules.join(", ")})`,
    ...consequences.slice(0, SHOWN_EVIDENCE).map((text) => `     ${text}`),
    ...mend.slice(0, SHOWN_MENDS).map((text) => `     -> ${text}`),
  ];
}

function changesText(changes: Diagnosis["changes"]): string[] {
  const made = changes.filter(({ change }) => change === "create").map(({ resource }) => resource);
  const updated = changes.filter(({ change }) => change === "update");
  return [
    ...(made.length > 0 ? [`make ${made.join(", ")}`] : []),
    ...updated.map(({ resource, properties }) => {
      const more = properties.length - SHOWN_PROPERTIES;
      return `${resource}: ${[...properties.slice(0, SHOWN_PROPERTIES), ...(more > 0 ? [`${more} more`] : [])].join(", ")}`;
    }),
  ];
}

/** The same source may leave several questions open: it is told once, with what it would answer. */
function openText(questions: readonly Question[]): string[] {
  const parts = questions.flatMap(({ key, open }) => open.map((part) => ({ key, ...part })));
  const texts = [...new Set(parts.map(({ missing }) => missing))];
  return texts.flatMap((text) => {
    const same = parts.filter(({ missing }) => missing === text);
    const answeredBy = same[0]?.answeredBy ?? "";
    return [`? ${same.map(({ key }) => key).join(", ")}: ${text}`, ...(answeredBy ? [`    -> ${answeredBy}`] : [])];
  });
}

const answerText = ({ key, status, answer }: Question) => `${status === "healthy" ? "ok" : "! "} ${key}: ${answer}`;
