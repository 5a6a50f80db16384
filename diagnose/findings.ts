import { isDeepStrictEqual } from "node:util";
import type { Problem } from "../capacity/problem";
import { NO_PATH } from "../capacity/storm-remedies";
import type { Settings } from "../config";
import type { Finding as RuleFinding } from "../policy/finding";
import { type Deployed, urnOf } from "./deployed";
import { type Evidence, evidenceOf } from "./evidence";
import { NOT_JUDGED, placeOf, type QuestionKey, type Stage } from "./places";
import type { Collection } from "./recognise";
import { remedyFor } from "./remedy";

/** Something that is wrong with what is deployed. */
export interface Finding {
  readonly stage: Stage;
  /** The rules of the pack, or this command's own names, that found it. */
  readonly rules: readonly string[];
  readonly questions: readonly QuestionKey[];
  /** The resource's name in the cloud; empty where it is none. */
  readonly resource: string;
  readonly evidence: readonly Evidence[];
  /** What must be, and what follows because it is not. */
  readonly consequences: readonly string[];
  /** What mends it: a gcloud command, or what to set where. */
  readonly mend: readonly string[];
}

/** A rule that cannot tell. */
export interface Unjudged {
  readonly rule: string;
  readonly question: QuestionKey;
  readonly resource: string;
  readonly why: string;
}

/** Why nothing is said that rests on there being no Cloud NAT. */
export const NAT_UNKNOWN = "all traffic goes into the VPC, and whether there is Cloud NAT is not known";

/** A finding of this command's own. */
export function finding(rule: string, found: Omit<Finding, "stage" | "rules" | "questions">): Finding {
  const { stage, question } = placeOf(rule);
  return { stage, rules: [rule], questions: [question], ...found };
}

/** What the rules say, as findings in gcloud's terms, and what they cannot tell. */
export function findingsOf(
  found: readonly RuleFinding[],
  deployed: readonly Deployed[],
  collection: Collection,
  settings: Settings,
): { readonly findings: readonly Finding[]; readonly unjudged: readonly Unjudged[] } {
  const byUrn = new Map(deployed.map((resource) => [urnOf(resource), resource]));
  const resourceOf = ({ resource }: RuleFinding) => byUrn.get(resource?.urn ?? "");
  const judged = found.filter(({ rule }) => !Object.hasOwn(NOT_JUDGED, rule));
  // What one rule says of one resource is one finding.
  const refused = judged.flatMap(({ outcome, problem, ...one }) => (outcome === "refused" && problem ? [{ ...one, outcome, problem }] : []));
  const groups = groupedBy(refused, (one) => `${ruleOf(one)} ${one.resource?.urn}`);
  return {
    findings: [...groups.values()].map((group) => findingOf(group, resourceOf(group[0]), { deployed, collection, settings })),
    unjudged: judged.flatMap((one) =>
      one.outcome === "cannot-evaluate"
        ? [{ rule: one.rule, question: placeOf(one.rule).question, resource: resourceOf(one)?.label ?? "", why: one.text }]
        : [],
    ),
  };
}

type Refused = RuleFinding & { readonly problem: Problem };

type Group<T> = readonly [T, ...T[]];

/** Items with the same key together, in the order of the first ones. */
export function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, Group<T>> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** A start-up probe that only asks for an open port fails no start: it lets traffic through to an application that is not there. */
const ruleOf = ({ rule, problem }: Refused) => (problem.cause === "tcp-probe" ? "tcp-probe" : rule);

/** What the rule proposes is a setting of the plan; what breaks the path is a finding of its own, further up. */
const MEND_THE_PATH = "mend the path first, as said above: no size helps while no packet arrives";

type Context = Pick<Parameters<typeof remedyFor>[1], "deployed" | "collection" | "settings">;

function findingOf(group: Group<Refused>, resource: Deployed | undefined, context: Context): Finding {
  const rule = ruleOf(group[0]);
  const problems = group.map(({ problem }) => problem);
  const found = problems.flatMap(({ setting, value = "not shown", evidence }) => evidence ?? (resource ? [evidenceOf(resource, setting, value)] : []));
  const evidence = found.filter((one, i) => found.findIndex((other) => isDeepStrictEqual(other, one)) === i);
  const commands = resource ? remedyFor(rule, { resource, evidence, ...context }) : [];
  return finding(rule, {
    resource: resource?.label ?? "",
    evidence,
    consequences: [...new Set(problems.map(({ must, because }) => `must ${must} because ${because}`))],
    mend: commands.length > 0 ? commands : [...new Set(problems.map(({ fix, cause }) => (cause === NO_PATH ? MEND_THE_PATH : fix)))],
  });
}

/** One finding for what is the same fact, and all in the order in which they break. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const merged: Finding[] = [];
  for (const one of findings.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    const at = merged.findIndex((other) => other.stage === one.stage && other.resource === one.resource && isSameFact(other, one));
    const other = merged[at];
    if (!other) merged.push(one);
    else
      merged[at] = {
        ...other,
        rules: [...other.rules, ...one.rules],
        questions: [...new Set([...other.questions, ...one.questions])],
        consequences: [...new Set([...other.consequences, ...one.consequences])],
        mend: [...new Set([...other.mend, ...one.mend])],
      };
  }
  return merged;
}

const rankOf = ({ rules }: Finding) => Math.min(...rules.map((rule) => placeOf(rule).rank));
const isSameFact = (a: Finding, b: Finding) => a.evidence.length === 1 && b.evidence.length === 1 && a.evidence[0]?.field === b.evidence[0]?.field;
