import { isDeepStrictEqual } from "node:util";
import type { Diagnostic } from "../commands/pack-client";
import type { Settings } from "../config";
import { CANNOT_EVALUATE } from "../policy/outcome";
import { asRegistered, type Deployed } from "./deployed";
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

/** What the pack says, as findings in gcloud's terms, and what it cannot tell. */
export function findingsOf(
  diagnostics: readonly Diagnostic[],
  deployed: readonly Deployed[],
  collection: Collection,
  settings: Settings,
): { readonly findings: readonly Finding[]; readonly unjudged: readonly Unjudged[] } {
  const byUrn = new Map(deployed.map((resource) => [asRegistered(resource).urn, resource]));
  const judged = diagnostics.filter(({ policy }) => !Object.hasOwn(NOT_JUDGED, policy));
  const isOpen = ({ message }: Diagnostic) => message.startsWith(CANNOT_EVALUATE);
  // What one rule says of one resource is one finding.
  const groups = groupedBy(
    judged.filter((one) => !isOpen(one)),
    (one) => `${ruleOf(one)} ${one.urn}`,
  );
  return {
    findings: [...groups.values()].map((group) => findingOf(group, byUrn.get(group[0].urn), { deployed, collection, settings })),
    unjudged: judged.filter(isOpen).map(({ policy, urn, message }) => ({
      rule: policy,
      question: placeOf(policy).question,
      resource: byUrn.get(urn)?.label ?? "",
      why: message.slice(CANNOT_EVALUATE.length),
    })),
  };
}

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
const ruleOf = ({ policy, message }: Diagnostic) => (policy === "service-startup-probe" && / must be an HTTP probe /.test(message) ? "tcp-probe" : policy);

/** The form that every message of the pack has. */
const MESSAGE = /^'([^']+)'(?: \((.*?)\))? (must (?:.*?)) because (.*); ([^;]*)$/s;

/** What a storm's refusal says of the storm: its name, and how many starts succeed. */
const STORM = / in (\S+) \(([^)]*lower bound[^)]*)\)/;

/** What the pack proposes is a setting of the plan; what breaks the path is a finding of its own, further up. */
const MEND_THE_PATH = "mend the path first, as said above: no size helps while no packet arrives";

type Context = Pick<Parameters<typeof remedyFor>[1], "deployed" | "collection" | "settings">;

function findingOf(group: Group<Diagnostic>, resource: Deployed | undefined, context: Context): Finding {
  const rule = ruleOf(group[0]);
  const read = group.map(({ message }) => {
    const [, setting, value, must, because, fix] = MESSAGE.exec(message) ?? [];
    const text = must === undefined ? message : `${must} because ${because}`;
    return { setting, value, text, fix: STORM.test(text) && text.endsWith(" is network path") ? MEND_THE_PATH : fix };
  });
  const found = read.flatMap(({ setting, value = "not shown", text }) => {
    const storm = STORM.exec(text);
    if (storm) return [{ field: `simulated storm ${storm[1]}`, value: storm[2] ?? "" }];
    // A rule that misses something beside the resource names the resource itself.
    if (rule === "capacity-alerts") return [{ field: "alert policies that tell somebody of it", value: "none" }];
    return setting && resource ? [evidenceOf(resource, setting, value)] : [];
  });
  const evidence = found.filter((one, i) => found.findIndex((other) => isDeepStrictEqual(other, one)) === i);
  const commands = resource ? remedyFor(rule, { resource, evidence, ...context }) : [];
  return finding(rule, {
    resource: resource?.label ?? "",
    evidence,
    consequences: [...new Set(read.map(({ text }) => text))],
    mend: commands.length > 0 ? commands : [...new Set(read.flatMap(({ fix }) => fix ?? []))],
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
