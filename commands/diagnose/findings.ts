import { isDeepStrictEqual } from "node:util";
import type { Problem } from "../../capacity/problem";
import { NO_PATH } from "../../capacity/storm/remedies";
import type { Settings } from "../../config/schema";
import type { Finding as RuleFinding } from "../../policy/framework/outcome";
import type { Collection } from "../shared/cloud/classify";
import { type Deployed, urnOf } from "../shared/cloud/deployed";
import { type Evidence, evidenceOf } from "./evidence";
import type { Faults, Remediable } from "./remediation";
import { byUp, repairsFor } from "./remedy";
import { NOT_JUDGED, type QuestionKey, STAGES, type Stage, triageOf } from "./triage";

/** A fault of the deployed environment. */
export interface Finding {
  readonly stage: Stage;
  /** The rules of the pack, or this command's own names, that found it. */
  readonly rules: readonly string[];
  readonly questions: readonly QuestionKey[];
  /** The resource's name in the cloud; empty: the stack as a whole. */
  readonly resource: string;
  readonly evidence: readonly Evidence[];
  /** What must hold, and what follows because it does not. */
  readonly consequences: readonly string[];
  /** How to fix it: gcloud commands, or the setting to change. */
  readonly mend: readonly string[];
  /** Whether it is gone after `npm run up`. */
  readonly mendedByUp: boolean;
  /** A command that only reads and shows the cause, where the finding does not. */
  readonly inspection?: string;
}

/** A finding before its commands are chosen; `mend` is the remedy without commands. */
export interface RemediableFinding extends Finding, Remediable {}

/** A rule that cannot evaluate a resource. */
export interface Unjudged {
  readonly rule: string;
  readonly question: QuestionKey;
  readonly resource: string;
  readonly why: string;
}

/** Why findings that assume no Cloud NAT are open. */
export const NAT_UNKNOWN = "all traffic goes into the VPC, and whether it has Cloud NAT is unknown";

type OwnFinding = Omit<Finding, "stage" | "rules" | "questions" | "mendedByUp"> & Partial<Pick<Finding, "mendedByUp">>;

/** A finding of this command, not of a rule. */
export function finding(rule: string, found: OwnFinding): Finding {
  const { stage, question } = triageOf(rule);
  return { stage, rules: [rule], questions: [question], mendedByUp: false, ...found };
}

/** A finding that commands can fix. */
export const remediableFinding = (
  rule: string,
  { repairs, ...found }: OwnFinding & Pick<RemediableFinding, "repairs">,
): RemediableFinding => ({
  ...finding(rule, found),
  faults: [],
  repairs,
});

/** Everything that the rules refuse or cannot evaluate, by rule and resource, with its stage. */
export const faultsIn = (judged: readonly RuleFinding[]): Faults =>
  new Map(judged.flatMap((one) => (Object.hasOwn(NOT_JUDGED, one.rule) ? [] : [[faultOf(one), stageOf(one)]])));

/** Advice is never urgent. */
const stageOf = ({ rule, level }: Pick<RuleFinding, "rule" | "level">): Stage =>
  level === "advisory" ? "hygiene" : triageOf(rule).stage;

const faultOf = ({ rule, outcome, resource, problem }: RuleFinding) =>
  outcome === "refused" && problem
    ? `${ruleOf({ rule, problem })} ${resource?.urn}`
    : `${rule} cannot tell ${resource?.urn}`;

/** The rules' findings in gcloud's terms, and what the rules cannot evaluate. */
export function findingsOf(
  found: readonly RuleFinding[],
  deployed: readonly Deployed[],
  collection: Collection,
  settings: Settings,
  afterUp: AfterUp,
): { readonly findings: readonly RemediableFinding[]; readonly unjudged: readonly Unjudged[] } {
  const byUrn = new Map(deployed.map((resource) => [urnOf(resource), resource]));
  const resourceOf = ({ resource }: RuleFinding) => byUrn.get(resource?.urn ?? "");
  const judged = found.filter(({ rule }) => !Object.hasOwn(NOT_JUDGED, rule));
  // All problems of a rule at a resource are one finding.
  const refused = judged.flatMap(({ outcome, problem, ...one }) =>
    outcome === "refused" && problem ? [{ ...one, outcome, problem }] : [],
  );
  const groups = groupedBy(refused, (one) => `${ruleOf(one)} ${one.resource?.urn}`);
  return {
    findings: [...groups.values()].map((group) =>
      findingOf(group, resourceOf(group[0]), { deployed, collection, settings, afterUp }),
    ),
    unjudged: judged.flatMap((one) =>
      one.outcome === "cannot-evaluate"
        ? [
            {
              rule: one.rule,
              question: triageOf(one.rule).question,
              resource: resourceOf(one)?.label ?? "",
              why: one.text,
            },
          ]
        : [],
    ),
  };
}

type Refused = RuleFinding & { readonly problem: Problem };

type Group<T> = readonly [T, ...T[]];

/** Groups items by key, in the order of their first items. */
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

/**
 * A start-up probe that only asks for an open port fails no start: it lets traffic through to an application that is
 * not there.
 */
const ruleOf = ({ rule, problem }: Pick<Refused, "rule" | "problem">) =>
  problem.cause === "tcp-probe" ? "tcp-probe" : rule;

/** The rule proposes a setting of the plan, but another finding breaks the path. */
const MEND_THE_PATH = "fix the path first, as described above: no size helps while no packet arrives";

/** The rules' findings once `up` has applied the plan. */
export interface AfterUp {
  /** What the program registers, by type and name. */
  readonly plans: ReadonlySet<string>;
  /** Rules and resources, by type and name, that are still refused or cannot be evaluated. */
  readonly remains: ReadonlySet<string>;
}

interface Context extends Pick<Parameters<typeof repairsFor>[1], "deployed" | "collection" | "settings"> {
  readonly afterUp: AfterUp;
}

/** Identifies a resource in the plan and in the cloud. */
export const resourceKey = (type: string, name: string): string => `${type} ${name}`;

function findingOf(
  group: Group<Refused>,
  resource: Deployed | undefined,
  { afterUp, ...context }: Context,
): RemediableFinding {
  const rule = ruleOf(group[0]);
  const problems = group.map(({ problem }) => problem);
  const shown = problems.flatMap(
    ({ setting, value = "not shown", evidence }) =>
      evidence ?? (resource ? [evidenceOf(resource, setting, value)] : []),
  );
  const evidence = shown.filter((one, i) => shown.findIndex((other) => isDeepStrictEqual(other, one)) === i);
  const broken = resource && { resource, problems, evidence, ...context };
  const up = broken && byUp(rule, broken);
  const found = finding(rule, {
    resource: resource?.label ?? "",
    evidence,
    consequences: [...new Set(problems.map(({ must, because }) => `must ${must} because ${because}`))],
    mend:
      up === undefined
        ? [...new Set(problems.map(({ fix, cause }) => (cause === NO_PATH ? MEND_THE_PATH : fix)))]
        : [up],
  });
  const key = resource && resourceKey(resource.type, resource.label);
  const mendedByUp = key !== undefined && afterUp.plans.has(key) && !afterUp.remains.has(`${group[0].rule} ${key}`);
  const isAdvice = group.every(({ level }) => level === "advisory");
  return {
    ...found,
    mendedByUp,
    stage: isAdvice ? "hygiene" : found.stage,
    faults: [...new Set(group.map(faultOf))],
    repairs: broken ? repairsFor(rule, broken) : [],
  };
}

/** Merges findings with the same evidence and sorts all by urgency. */
export function inOrder(findings: readonly RemediableFinding[]): RemediableFinding[] {
  const merged: RemediableFinding[] = [];
  for (const one of findings.toSorted(byUrgency)) {
    const at = merged.findIndex(
      (other) => other.stage === one.stage && other.resource === one.resource && isSameFact(other, one),
    );
    const other = merged[at];
    if (!other) merged.push(one);
    else
      merged[at] = {
        ...other,
        rules: [...other.rules, ...one.rules],
        questions: [...new Set([...other.questions, ...one.questions])],
        consequences: [...new Set([...other.consequences, ...one.consequences])],
        mend: [...new Set([...other.mend, ...one.mend])],
        mendedByUp: other.mendedByUp && one.mendedByUp,
        faults: [...other.faults, ...one.faults],
        repairs: [...other.repairs, ...one.repairs],
      };
  }
  return merged;
}

const byUrgency = (a: Finding, b: Finding) =>
  STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || rankOf(a) - rankOf(b);
const rankOf = ({ rules }: Finding) => Math.min(...rules.map((rule) => triageOf(rule).rank));
const isSameFact = (a: Finding, b: Finding) =>
  a.evidence.length === 1 && b.evidence.length === 1 && a.evidence[0]?.field === b.evidence[0]?.field;
