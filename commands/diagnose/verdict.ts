import type { Settings } from "../../config/schema";
import type { Deployed } from "../shared/cloud/deployed";
import { egressCauses } from "./clients";
import { evidenceName } from "./evidence";
import { type Finding, groupedBy } from "./findings";
import type { Question } from "./questions";
import type { Cost } from "./remedy-commands";
import { type QuestionKey, triageOf } from "./triage";

/** The words of a verdict, worst first. Only SOUND exits with 0. */
export const STATES = {
  DOWN: "a service cannot start, or cannot reach what it needs",
  "AT RISK": "it can start, but something else is wrong",
  UNKNOWN: "it cannot be judged, because a question is open that decides",
  SOUND: "every question is answered, and nothing is wrong",
} as const;
type State = keyof typeof STATES;

/** A command that fixes findings. */
export interface PrintedCommand {
  /** Ready to copy. */
  readonly command: string;
  /** Its effects on users of the environment; empty: none. */
  readonly cost: readonly Cost[];
  /** Positions of the findings that it fixes, from 0. */
  readonly mends: readonly number[];
}

/** The diagnosis in a sentence, and what to do first. */
export interface EnvironmentVerdict {
  readonly state: State;
  readonly text: string;
  /** At most three, in the order in which to run them. */
  readonly commands: readonly PrintedCommand[];
  /** How many more there are for the same. */
  readonly moreCommands: number;
}

/** How urgent a finding is: something cannot work, it may fail later, or it should be otherwise. */
export const WEIGHTS = ["down", "risk", "hygiene"] as const;
export type Weight = (typeof WEIGHTS)[number];

/** What the resource of a finding cannot do, by rule. Findings of other rules stop nothing now. */
const CANNOT: Readonly<Record<string, string>> = {
  "egress-path": "reach the database",
  "database-path": "reach the database",
  "service-vpc-path": "reach private addresses",
  "private-network-path": "reach the database",
  "connector-region": "use a connector of another region",
  "direct-egress-subnet": "send packets through its subnetwork",
  "nat-addresses": "lead to the internet",
  "connector-range": "have its range",
  "ranges-do-not-overlap": "share a range",
  "not-running": "accept connections",
  "database-client-accepted": "accept its clients",
  "database-replica-flags": "start",
  "database-engine": "serve clients of PostgreSQL",
  "connector-not-ready": "carry packets",
  absent: "be found",
  "not-ready": "serve",
  "secret-version": "start",
  "jwt-one-secret": "verify the tokens of other services",
  "jwt-taken": "sign or verify tokens",
  "service-startup-probe": "finish a start within its probe's window",
  "service-probes": "pass its probes",
};

/** Questions whose answer can be DOWN. */
const DECISIVE: ReadonlySet<QuestionKey> = new Set(Object.keys(CANNOT).map((rule) => triageOf(rule).question));

const ruleOfDown = ({ stage, rules }: Finding) =>
  stage === "hygiene" ? undefined : rules.find((rule) => Object.hasOwn(CANNOT, rule));

export function weightOf(finding: Finding): Weight {
  if (finding.stage === "hygiene") return "hygiene";
  return ruleOfDown(finding) === undefined ? "risk" : "down";
}

/** The findings that a verdict is about: the heaviest. */
export function heaviest<Heavy extends Finding>(findings: readonly Heavy[]): readonly Heavy[] {
  const weight = WEIGHTS.find((one) => findings.some((finding) => weightOf(finding) === one));
  return findings.filter((finding) => weightOf(finding) === weight);
}

interface VerdictInput {
  readonly settings: Settings;
  readonly deployed: readonly Deployed[];
  readonly findings: readonly Finding[];
  readonly questions: readonly Question[];
  /** The commands for the heaviest findings. */
  readonly commands: readonly PrintedCommand[];
}

/** More than three commands are a plan, which nobody reads at night. */
const MOST_COMMANDS = 3;

export function verdictOn(input: VerdictInput): EnvironmentVerdict {
  const state = stateOf(input);
  const all = commandsFor(state, input);
  return {
    state,
    text: TEXTS[state](input),
    commands: all.slice(0, MOST_COMMANDS),
    moreCommands: Math.max(0, all.length - MOST_COMMANDS),
  };
}

function stateOf({ findings, questions }: VerdictInput): State {
  if (findings.some((one) => weightOf(one) === "down")) return "DOWN";
  const open = questions.filter((one) => one.open.length > 0);
  if (open.some(({ key }) => DECISIVE.has(key))) return "UNKNOWN";
  if (findings.length > 0) return "AT RISK";
  return open.length > 0 ? "UNKNOWN" : "SOUND";
}

function commandsFor(state: State, { findings, questions, commands }: VerdictInput): readonly PrintedCommand[] {
  if (state === "SOUND") return [];
  if (state === "UNKNOWN") return openCommands(questions);
  // Google asks to wait.
  if (state === "AT RISK" && findings.some(({ rules }) => rules.includes("regional-incident"))) return [];
  if (commands.length > 0) return commands;
  const heavy = heaviest(findings);
  const positions = (which: (one: Finding) => boolean) =>
    findings.flatMap((one, i) => (heavy.includes(one) && which(one) ? [i] : []));
  const byUp = positions(({ mendedByUp }) => mendedByUp);
  if (byUp.length > 0) return [{ command: "npm run up", cost: [], mends: byUp }];
  const inspections = new Set(heavy.flatMap(({ inspection }) => inspection ?? []));
  return [...inspections].map((command) => ({
    command,
    cost: [],
    mends: [],
  }));
}

/** What answers open questions, those first that decide. */
function openCommands(questions: readonly Question[]): PrintedCommand[] {
  const isDecisive = ({ key }: Question) => DECISIVE.has(key);
  const sorted = [...questions.filter(isDecisive), ...questions.filter((one) => !isDecisive(one))];
  const lines = new Set(sorted.flatMap(({ open }) => open.flatMap(({ command }) => command ?? [])));
  return [...lines].map((command) => ({ command, cost: [], mends: [] }));
}

const TEXTS: Readonly<Record<State, (input: VerdictInput) => string>> = {
  DOWN: downText,
  "AT RISK": ({ findings, questions, settings }) => {
    const [first, ...others] = [...groupedBy(heaviest(findings), ({ rules }) => rules.join()).values()];
    if (!first) return "";
    const [{ resource, evidence, rules }] = first;
    const fact = evidence[0] ? `: ${evidenceName(evidence[0])}` : "";
    const more = others.length > 0 ? `, and ${counted(others.length, "more kind")} of finding` : "";
    const open = questions.filter((one) => one.open.length > 0).map(({ key }) => key);
    const unanswered = open.length > 0 ? `; not answered: ${open.join(", ")}` : "";
    return `it can start, but ${nameOf(resource, settings)}${fact} (${rules.join(", ")})${more}${unanswered}.`;
  },
  UNKNOWN: ({ questions }) => {
    const open = questions.filter((one) => one.open.length > 0);
    const isDecided = !open.some(({ key }) => DECISIVE.has(key));
    const [first] = open.flatMap((one) => one.open);
    const why = first ? ` (${first.subject === "" ? "" : `${first.subject}: `}${first.why})` : "";
    const are = `${open.length} of ${questions.length} questions ${open.length === 1 ? "is" : "are"} open`;
    return isDecided
      ? `nothing is wrong in what was read, but ${are}: ${nameList(open.map(({ key }) => key))}${why}.`
      : `whether it works cannot be judged: ${are}${why}.`;
  },
  SOUND: ({ questions }) => `it can start. All ${questions.length} questions are answered, and nothing is wrong.`,
};

/** `auth and backend cannot reach the database (all-traffic egress, no Cloud NAT, public socket).` */
function downText({ findings, deployed, settings }: VerdictInput): string {
  const down = findings.flatMap((finding) => {
    const rule = ruleOfDown(finding);
    return rule === undefined ? [] : [{ finding, cannot: CANNOT[rule] ?? "", causes: causesOf(rule, finding) }];
  });
  const groups = [...groupedBy(down, ({ cannot }) => cannot).values()];
  const clauses = groups.map((group) => {
    const names = unique(group.map(({ finding }) => nameOf(finding.resource, settings)));
    const causes = unique(group.flatMap((one) => one.causes));
    const more = causes.length > MOST_CAUSES ? [`${causes.length - MOST_CAUSES + 1} more`] : [];
    const shown = more.length > 0 ? [...causes.slice(0, MOST_CAUSES - 1), ...more] : causes;
    return `${nameList(names)} cannot ${group[0].cannot}${shown.length > 0 ? ` (${shown.join(", ")})` : ""}`;
  });
  const rest = clauses.length - MOST_CLAUSES;
  return `${clauses.slice(0, MOST_CLAUSES).join("; ")}${rest > 0 ? `; ${rest} more above` : ""}.`;

  function causesOf(rule: string, { resource, evidence }: Finding): readonly string[] {
    if (rule === "egress-path") return egressCauses(resource, deployed, settings);
    return rule === "absent" ? [] : evidence.slice(0, 1).map(evidenceName);
  }
}

const MOST_CLAUSES = 2;
const MOST_CAUSES = 3;
const MOST_NAMES = 4;

/** The stack file's short name of a service, the cloud's of everything else. */
export function nameOf(resource: string, { services }: Pick<Settings, "services">): string {
  return Object.entries(services).find(([, { name }]) => name === resource)?.[0] ?? (resource || "the stack");
}

export const unique = (texts: readonly string[]) => [...new Set(texts)];
export const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** At most four names. */
export function nameList(names: readonly string[]): string {
  if (names.length > MOST_NAMES + 1)
    return `${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more`;
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : (names[0] ?? "");
}
