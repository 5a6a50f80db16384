import type { Settings } from "../../config/schema";
import { paint, type Terminal, wrapped } from "../../report/terminal";
import { continued, printable } from "../shared/terminal";
import type { Diagnosis } from "./diagnosis";
import { evidenceName, evidenceText } from "./evidence";
import { type Finding, groupedBy } from "./findings";
import type { Question } from "./questions";
import { NOT_LOOKED_AT } from "./triage";
import { counted, heaviest, nameList, nameOf, unique, WEIGHTS, type Weight, weightOf } from "./verdict";

/** Limits of the text output; `--json` prints everything. */
const MAX_EVIDENCE = 2;
const MAX_PROPERTIES = 4;
const MAX_PROPERTY_LENGTH = 90;

interface View extends Pick<Settings, "services"> {
  readonly terminal: Terminal;
  /** Everything, not only what is urgent. */
  readonly isWhole: boolean;
  readonly withAdoption: boolean;
}

/** Findings of the same rules, under one number. */
type Group = readonly [Finding, ...Finding[]];

/** The diagnosis as text for a terminal. Its end is what remains on the screen: the verdict, and what to run. */
export function diagnosisText(diagnosis: Diagnosis, view: View): string {
  const { terminal, isWhole, withAdoption } = view;
  const groups = groupsOf(diagnosis.findings);
  const lines = [
    ...headLines(diagnosis, groups, terminal),
    ...(isWhole ? wholeLines(diagnosis, groups, terminal) : urgentLines(diagnosis, groups, view)),
    ...(withAdoption ? adoptionLines(diagnosis, terminal) : []),
    "",
    ...verdictLines(diagnosis, groups, terminal),
  ];
  return `${lines.join("\n")}\n`;
}

/** Heaviest first; of hygiene first what `up` fixes, so that it is one range of numbers. */
function groupsOf(findings: readonly Finding[]): readonly Group[] {
  const groups = [...groupedBy(findings, (one) => `${weightOf(one)} ${one.rules.join()}`).values()];
  const order = ([first, ...others]: Group) =>
    WEIGHTS.indexOf(weightOf(first)) * 2 + (weightOf(first) === "hygiene" && !isMendedByUp([first, ...others]) ? 1 : 0);
  return groups.toSorted((a, b) => order(a) - order(b));
}

function headLines({ project, region, findings, questions }: Diagnosis, groups: readonly Group[], terminal: Terminal) {
  const open = questions.filter((one) => one.open.length > 0).length;
  const kinds = groups.length === findings.length ? "" : ` of ${counted(groups.length, "kind")}`;
  return paragraph(
    `${project} in ${region}: ${counted(findings.length, "finding")}${kinds}, ${open} of ${questions.length} questions open.`,
    terminal,
  );
}

const HEADINGS: Readonly<Record<Weight, string>> = {
  down: "Down: does not work now",
  risk: "At risk: may fail at the next start, rollout or load",
  hygiene: "Hygiene: should be otherwise",
};

interface Numbered {
  readonly group: Group;
  readonly number: number;
}

function numberedBy(groups: readonly Group[], weight: Weight): readonly Numbered[] {
  return groups
    .map((group, i) => ({ group, number: i + 1 }))
    .filter(({ group: [first] }) => weightOf(first) === weight);
}

/** What fits on a screen. */
function urgentLines(diagnosis: Diagnosis, groups: readonly Group[], view: View): string[] {
  const { questions, notes } = diagnosis;
  const open = questions.filter((one) => one.open.length > 0).map(({ key }) => key);
  const left = notes.length > 0 ? ` and ${counted(notes.length, "note")} on what was left out` : "";
  return [
    ...paragraph(
      `--all shows the reasons, every command${left === "" ? " and the answers" : `, the answers${left}`}.`,
      view.terminal,
    ),
    ...(open.length > 0 ? paragraph(`Open: ${open.join(", ")}.`, view.terminal) : []),
    ...(["down", "risk"] as const).flatMap((weight) => shortLines(weight, numberedBy(groups, weight), diagnosis, view)),
    ...foldedLines(numberedBy(groups, "hygiene"), view.terminal),
  ];
}

/** Each group in few lines: the fact and one fix. A fix of all stands in the heading. */
function shortLines(weight: Weight, of: readonly Numbered[], diagnosis: Diagnosis, view: View): string[] {
  if (of.length === 0) return [];
  const fixes = unique(of.map(({ group }) => fixOf(group, diagnosis)));
  const common = fixes.length === 1 ? `. Fix: ${fixes[0]}` : "";
  return [
    ...paragraph(`${HEADINGS[weight]}${common}`, view.terminal),
    ...of.flatMap(({ group, number }) => {
      const fix = common === "" ? `. Fix: ${fixOf(group, diagnosis)}` : "";
      return numberedLines(`${shortFact(group, view)} (${group[0].rules.join(", ")})${fix}`, number, view.terminal);
    }),
  ];
}

function shortFact(group: Group, { services }: View): string {
  const facts = groupedBy(group, ({ evidence }) => evidence.slice(0, 1).map(evidenceName).join());
  const [[evidence, same] = ["", []], ...others] = [...facts];
  const names = nameList(same.map(({ resource }) => nameOf(resource, { services })));
  const more = others.length > 0 ? `, and ${counted(others.length, "more")}` : "";
  return `${names}${evidence === "" ? "" : `: ${evidence}`}${more}`;
}

/** One fix for a group. */
function fixOf(group: Group, { verdict, findings, commands }: Diagnosis): string {
  const urgent = verdict.commands.flatMap(({ mends }) => mends.flatMap((i) => findings[i] ?? []));
  if (group.every((one) => urgent.includes(one))) return "the commands below";
  if (isMendedByUp(group)) return "`npm run up`";
  const shown = verdict.commands.map(({ command }) => command);
  if (group.every(({ inspection }) => inspection !== undefined && shown.includes(inspection)))
    return "what the commands below show";
  const mend = unique(group.flatMap((one) => one.mend));
  if (mend.some((line) => commands.some(({ command }) => command === line))) return "its commands in --all";
  return `${mend[0] ?? "none is known"}${mend.length > 1 ? ", and more in --all" : ""}`;
}

const isMendedByUp = (group: Group) => group.every(({ mendedByUp }) => mendedByUp);

/** Hygiene in a line for each kind of fix. */
function foldedLines(of: readonly Numbered[], terminal: Terminal): string[] {
  if (of.length === 0) return [];
  const byUp = of.filter(({ group }) => isMendedByUp(group));
  const names = (some: readonly Numbered[]) => nameList(some.map(({ group }) => group[0].rules.join(", ")));
  const line = (some: readonly Numbered[], text: string) => {
    const [first, last] = [some[0], some.at(-1)];
    if (!first || !last) return [];
    return numberedLines(text, first === last ? first.number : `${first.number}-${last.number}`, terminal);
  };
  const byHand = of.filter((one) => !byUp.includes(one));
  return [
    HEADINGS.hygiene,
    ...line(byUp, `\`npm run up\` mends these: ${names(byUp)}`),
    ...line(byHand, `--all has the fix of each: ${names(byHand)}`),
  ];
}

function numberedLines(text: string, number: number | string, terminal: Terminal): string[] {
  return paragraph(text, terminal, `${String(number).padStart(2)}. `, 4);
}

function wholeLines(diagnosis: Diagnosis, groups: readonly Group[], terminal: Terminal): string[] {
  const { commands, questions, figures, changes, notes, findings } = diagnosis;
  const list = (texts: readonly string[]) => texts.flatMap((text) => paragraph(text, terminal, "- "));
  const numbersOf = (mends: readonly number[]) => numbersFor(mends, findings, groups);
  return [
    ...WEIGHTS.flatMap((weight) => {
      const of = numberedBy(groups, weight);
      return of.length > 0 ? [HEADINGS[weight], ...of.flatMap((one) => wholeGroup(one, commands, terminal))] : [];
    }),
    ...section(
      "All commands, in this order; none makes anything worse:",
      commands.flatMap(({ command, cost, mends }) => [
        ...commentLines(`for ${numberList(numbersOf(mends))}; costs ${costText(cost)}`, terminal),
        ...shellLines(command, terminal),
      ]),
    ),
    ...section("Open questions:", openLines(questions, terminal)),
    ...section(
      "Answers:",
      list(questions.filter(({ status, answer }) => status !== "open" && answer !== "").map(answerText)),
    ),
    ...section(
      "The last hour:",
      list(figures.map(({ title, value, plan }) => `${title}: ${value ?? "nothing recorded"} (plan: ${plan})`)),
    ),
    ...section("`npm run up` would change:", list(changesText(changes))),
    ...section("Left out:", list(notes)),
  ];
}

const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? ["", title, ...lines] : []);

/** One paragraph for the findings of the same rules. */
function wholeGroup({ group, number }: Numbered, commands: Diagnosis["commands"], terminal: Terminal): string[] {
  const [first] = group;
  const byEvidence = groupedBy(group, ({ evidence }) => evidenceText(evidence, MAX_EVIDENCE));
  const [head = "", ...others] = [...byEvidence].map(
    ([evidence, same]) => `${same.map(({ resource }) => resource || "the stack").join(", ")}: ${evidence}`,
  );
  const mend = unique(group.flatMap((finding) => finding.mend));
  const isCommand = (text: string) => commands.some(({ command }) => command === text);
  const inspections = unique(group.flatMap(({ inspection }) => inspection ?? []));
  const fixes = [
    ...(mend.some(isCommand) ? ["its commands below"] : []),
    ...mend.filter((text) => !isCommand(text) && !inspections.includes(text)),
  ];
  const isHeavy = weightOf(first) === "down";
  return [
    ...numberedLines(`${head} (${first.rules.join(", ")})`, number, terminal),
    ...[
      ...others,
      ...unique(group.flatMap(({ consequences }) => consequences)).slice(0, isHeavy ? 2 : 1),
      ...fixes.map((text) => `Fix: ${text}`),
    ].flatMap((text) => paragraph(text, terminal, "", 4)),
    ...(inspections.length > 0 ? ["    The cause is shown by:"] : []),
    ...inspections.flatMap((command) => shellLines(command, terminal)),
  ];
}

const numberList = (numbers: readonly number[]) =>
  numbers.length > 1 ? `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}` : String(numbers[0]);

function numbersFor(mends: readonly number[], findings: readonly Finding[], groups: readonly Group[]): number[] {
  const mended = mends.flatMap((i) => findings[i] ?? []);
  return groups.flatMap((group, i) => (group.some((one) => mended.includes(one)) ? [i + 1] : []));
}

function costText(cost: Diagnosis["commands"][number]["cost"]): string {
  return cost.length > 0
    ? cost.map(({ effect, consequence }) => `${effect}: ${consequence}`).join(", and ")
    : "nothing noticeable";
}

/** Last on the screen: the state, why, and the commands to paste. */
function verdictLines(diagnosis: Diagnosis, groups: readonly Group[], terminal: Terminal): string[] {
  const { state, text, commands, moreCommands } = diagnosis.verdict;
  const comments = commands.map((one) => commentOf(one, diagnosis, groups));
  const common = unique(comments).length === 1 ? comments[0] : undefined;
  // Lines that collect files.
  const where = commands.some(({ command }) => command.includes(" > ")) ? " in the folder of the files" : "";
  const order = moreCommands > 0 ? " first, then diagnose again" : commands.length > 1 ? " in this order" : "";
  const run = commands.length === 0 ? "" : ` Run${where}${order}`;
  const notLookedAt = state === "SOUND" ? ` Not looked at: ${NOT_LOOKED_AT.join(", ")}.` : "";
  const end = run === "" ? "" : common ? ` (${common}):` : ":";
  // Indented, so that no value of a file begins a line and looks like a verdict.
  const lines = paragraph(`${state}: ${text}${notLookedAt}${run}${end}`, { width: terminal.width - 2 });
  const [first = "", ...rest] = lines;
  const { bold } = paint(terminal);
  return [
    `${bold(paint(terminal)[COLOURS[state]](state))}${first.slice(state.length)}`,
    ...rest.map((line) => `  ${line}`),
    ...commands.flatMap(({ command }, i) => [
      ...(common === undefined && comments[i] ? commentLines(comments[i], terminal) : []),
      ...shellLines(command, terminal),
    ]),
  ];
}

const COLOURS = { DOWN: "red", "AT RISK": "yellow", UNKNOWN: "yellow", SOUND: "green" } as const;

/** What a command is for, where the verdict is about several groups, and its cost. */
function commentOf({ mends, cost }: Diagnosis["commands"][number], { findings }: Diagnosis, groups: readonly Group[]) {
  const effects = unique(cost.map(({ effect }) => effect));
  const heavy = groups.filter(([first]) => heaviest(findings).includes(first));
  return [
    ...(mends.length > 0 && heavy.length > 1 ? [`for ${numberList(numbersFor(mends, findings, groups))}`] : []),
    ...(effects.length > 0 ? [`costs: ${effects.join(", ")}`] : []),
  ].join("; ");
}

/** A comment of the shell, so that the block can be pasted as it stands. */
const commentLines = (text: string, terminal: Terminal) =>
  paragraph(text, { ...terminal, width: terminal.width - 2 }).map((line) => `# ${line}`);
const shellLines = (command: string, terminal: Terminal) => continued(printable(command), terminal);

function adoptionLines({ adopt, leftOutOfImports }: Diagnosis, terminal: Terminal): string[] {
  return [
    "",
    "netra:adopt:",
    ...Object.entries(adopt).map(([name, id]) => `  ${name}: ${id}`),
    ...leftOutOfImports
      .flatMap((sentence) => commentLines(sentence, { ...terminal, width: terminal.width - 2 }))
      .map((line) => `  ${line}`),
  ];
}

const paragraph = (text: string, terminal: Pick<Terminal, "width">, first = "", hanging = first.length) =>
  wrapped(printable(text), terminal, first, hanging).split("\n");

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

/** Each reason once, with its questions, subjects and what answers it. */
function openLines(questions: readonly Question[], terminal: Terminal): string[] {
  const parts = questions.flatMap(({ key, open }) => open.map((part) => ({ key, ...part })));
  return [...groupedBy(parts, ({ why }) => why).values()].flatMap((same) => {
    const keys = unique(same.map(({ key }) => key)).join(", ");
    const subjects = unique(same.flatMap(({ subject }) => (subject === "" ? [] : [subject]))).join(", ");
    const advice = unique(
      same.flatMap(({ command, answeredBy }) => (command || answeredBy === "" ? [] : [answeredBy])),
    );
    const commands = unique(same.flatMap(({ command }) => command ?? []));
    return [
      ...paragraph(`${keys}: ${subjects === "" ? "" : `${subjects}: `}${same[0].why}`, terminal, "- "),
      ...advice.flatMap((text) => paragraph(`Answered by: ${text}`, terminal, "  ")),
      ...commands.flatMap((command) => shellLines(command, terminal)),
    ];
  });
}

const answerText = ({ key, status, answer }: Question) =>
  `${key}${status === "healthy" ? "" : " (see the findings)"}: ${answer}`;
