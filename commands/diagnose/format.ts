import type { Diagnosis } from "./diagnosis";
import { type Finding, groupedBy } from "./findings";
import type { Question } from "./questions";
import { STAGES } from "./triage";

/** Limits of the text output; `--json` prints everything. */
const MAX_EVIDENCE = 2;
const MAX_PROPERTIES = 4;
const MAX_NAMES = 4;
const MAX_PROPERTY_LENGTH = 90;
const MAX_FIELD_LENGTH = 120;

/** The diagnosis as text for a terminal. */
export function diagnosisText(diagnosis: Diagnosis, withAdoption: boolean): string {
  const { findings, commands, questions, figures, changes, adopt, leftOutOfImports, notes, project, region, ok } =
    diagnosis;
  const open = questions.filter((question) => question.open.length > 0);
  const groups = [...groupedBy(findings, ({ stage, rules }) => `${stage} ${rules.join()}`).values()];
  const state = ok ? "Healthy" : findings.length > 0 ? "Unhealthy" : "Not known to be healthy";
  return [
    `${state}: ${project} in ${region}; ${counted(findings.length, "finding")}${byStage(findings)}, ${counted(open.length, "open question")} of ${questions.length}.`,
    ...section(
      "Findings, most urgent first:",
      groups.flatMap((group, i) => groupText(group, i, commands)),
    ),
    ...section(
      "Commands, in this order; none makes anything worse:",
      commands.flatMap((command, i) =>
        commandLines(command, i, (finding) => groups.findIndex((group) => group.includes(finding)) + 1, findings),
      ),
    ),
    ...section("Open:", openText(open)),
    ...section(
      "Answered:",
      questions.filter(({ status, answer }) => status !== "open" && answer !== "").map(answerText),
    ),
    ...section(
      "The last hour:",
      figures.map(({ title, value, plan }) => `${title}: ${value ?? "nothing recorded"} (plan: ${plan})`),
    ),
    ...section("`npm run up` would change:", changesText(changes)),
    ...section("Left out:", notes),
    ...(withAdoption
      ? [
          "",
          "netra:adopt:",
          ...Object.entries(adopt).map(([name, id]) => `  ${name}: ${id}`),
          ...leftOutOfImports.map((sentence) => `  # ${sentence}`),
        ]
      : []),
  ]
    .join("\n")
    .concat("\n");
}

const section = (title: string, lines: readonly string[]) =>
  lines.length > 0 ? ["", title, ...lines.map((line) => `  ${printable(line)}`)] : [];
/** Saved files may contain anything, so control characters must not reach the terminal. */
const printable = (line: string) => line.replace(/\p{Cc}+/gu, " ");
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const nameList = (names: readonly string[]) =>
  names.length > MAX_NAMES + 1
    ? `${names.slice(0, MAX_NAMES).join(", ")} and ${names.length - MAX_NAMES} more`
    : names.join(", ");

function byStage(findings: readonly Finding[]): string {
  const counts = STAGES.map((stage) => `${findings.filter((one) => one.stage === stage).length} ${stage}`).filter(
    (text) => !text.startsWith("0 "),
  );
  return counts.length > 0 ? ` (${counts.join(", ")})` : "";
}

/** One paragraph for the findings of the same rules. */
function groupText(group: readonly [Finding, ...Finding[]], index: number, commands: Diagnosis["commands"]): string[] {
  const [first] = group;
  const byEvidence = groupedBy(group, evidenceText);
  const [head = "", ...others] = [...byEvidence].map(
    ([evidence, same]) => `${same.map(({ resource }) => resource || "the stack").join(", ")}: ${evidence}`,
  );
  const isUrgent = first.stage === "path" || first.stage === "start";
  const mend = unique(group.flatMap((finding) => finding.mend));
  const positions = commands.flatMap(({ command }, i) => (mend.includes(command) ? [i + 1] : []));
  const rest = mend.filter((text) => !commands.some(({ command }) => command === text));
  return [
    `${index + 1}. [${first.stage}] ${head} (${first.rules.join(", ")})`,
    ...others.map((line) => `     ${line}`),
    ...unique(group.flatMap(({ consequences }) => consequences))
      .slice(0, isUrgent ? 2 : 1)
      .map((text) => `     ${text}`),
    ...(positions.length > 0
      ? [`     -> ${positions.length > 1 ? "commands" : "command"} ${numberList(positions)} below`]
      : []),
    ...rest.map((text) => `     -> ${text}`),
  ];
}

const numberList = (numbers: readonly number[]) =>
  numbers.length > 1 ? `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}` : String(numbers[0]);

/** A command on a line of its own, so that it can be copied. */
function commandLines(
  { command, cost, mends }: Diagnosis["commands"][number],
  index: number,
  numberOf: (finding: Finding) => number,
  findings: readonly Finding[],
): string[] {
  const numbers = [...new Set(mends.flatMap((i) => findings[i] ?? []).map(numberOf))].toSorted((a, b) => a - b);
  const effects =
    cost.length > 0 ? cost.map(({ effect, consequence }) => `${effect}: ${consequence}`) : ["nothing noticeable"];
  return [
    `${index + 1}. for ${numberList(numbers)}; costs ${effects[0]}`,
    ...effects.slice(1).map((effect) => `     and ${effect}`),
    `     -> ${command}`,
  ];
}

function evidenceText({ evidence }: Finding): string {
  const shown = evidence.slice(0, MAX_EVIDENCE).map(({ field, value }) => `${shortField(field)} = ${value}`);
  return [...shown, ...(evidence.length > shown.length ? [`${evidence.length - shown.length} more`] : [])].join(", ");
}

/** Leaves out the prefix that all fields of a service share. */
function shortField(field: string): string {
  const short = field.replace(
    /^(?:spec\.template\.)?(?:metadata\.annotations\[([^\]]+)\]|spec\.(?=containers|volumes|serviceAccountName))/,
    "$1",
  );
  // A rollout of fifty services has fifty names.
  return short.length > MAX_FIELD_LENGTH ? `${short.slice(0, MAX_FIELD_LENGTH)}...` : short;
}

function changesText(changes: Diagnosis["changes"]): string[] {
  const made = changes.filter(({ change }) => change === "create").map(({ resource }) => resource);
  const updated = changes.filter(({ change }) => change === "update");
  const isLabel = (property: string) => /\b(?:labels|userLabels)$/.test(property);
  const labelled = updated.filter(({ properties }) => properties.every(isLabel)).map(({ resource }) => resource);
  return [
    ...(made.length > 0 ? [`create ${nameList(made)}`] : []),
    ...updated
      .filter(({ resource }) => !labelled.includes(resource))
      .map(({ resource, properties }) => {
        // Changed values are the most informative, labels the least.
        const order = properties
          .toSorted((a, b) => weight(a) - weight(b))
          .map((text) => (text.length > MAX_PROPERTY_LENGTH ? (text.split(": ")[0] ?? "") : text));
        const more = order.length - MAX_PROPERTIES;
        return `${resource}: ${[...order.slice(0, MAX_PROPERTIES), ...(more > 0 ? [`${more} more`] : [])].join(", ")}`;
      }),
    ...(labelled.length > 0 ? [`labels of ${nameList(labelled)}`] : []),
  ];

  function weight(property: string): number {
    if (isLabel(property)) return 2;
    return property.includes(": not set ->") ? 1 : 0;
  }
}

/** Prints each reason once, with its questions, subjects and remedies. */
function openText(questions: readonly Question[]): string[] {
  const parts = questions.flatMap(({ key, open }) => open.map((part) => ({ key, ...part })));
  return [...groupedBy(parts, ({ why }) => why).values()].flatMap((same) => {
    const [keys, subjects, lines] = [
      same.map(({ key }) => key),
      same.map(({ subject }) => subject),
      same.map(({ answeredBy }) => answeredBy),
    ].map(unique);
    const about = subjects?.every((one) => one === "") ? "" : `${subjects?.join(", ")}: `;
    return [
      `? ${keys?.join(", ")}: ${about}${same[0].why}`,
      ...(lines ?? []).flatMap((line) => (line ? [`    -> ${line}`] : [])),
    ];
  });
}

const unique = (texts: readonly string[]) => [...new Set(texts)];

const answerText = ({ key, status, answer }: Question) => `${status === "healthy" ? "ok" : "! "} ${key}: ${answer}`;
