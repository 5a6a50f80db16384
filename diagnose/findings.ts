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
  const groups = grouped(judged.filter((one) => !isOpen(one)));
  return {
    findings: [...groups.values()].map((group) => findingOf(group, byUrn.get(group[0].urn), collection, settings)),
    unjudged: judged.filter(isOpen).map(({ policy, urn, message }) => ({
      rule: policy,
      question: placeOf(policy).question,
      resource: byUrn.get(urn)?.name ?? "",
      why: message.slice(CANNOT_EVALUATE.length),
    })),
  };
}

type Group = readonly [Diagnostic, ...Diagnostic[]];

/** What one rule says of one resource is one finding. */
function grouped(diagnostics: readonly Diagnostic[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const diagnostic of diagnostics) {
    const key = `${ruleOf(diagnostic)} ${diagnostic.urn}`;
    groups.set(key, [...(groups.get(key) ?? []), diagnostic] as unknown as Group); // never empty
  }
  return groups;
}

/** A start-up probe that only asks for an open port fails no start: it lets traffic through to an application that is not there. */
const ruleOf = ({ policy, message }: Diagnostic) => (policy === "service-startup-probe" && / must be an HTTP probe /.test(message) ? "tcp-probe" : policy);

/** The form that every message of the pack has. */
const MESSAGE = /^'([^']+)'(?: \((.*?)\))? (must (?:.*?)) because (.*); ([^;]*)$/s;

/** What a storm's refusal says of the storm: its name, and how many starts succeed. */
const STORM = / in (\S+) \(([^)]*lower bound[^)]*)\)/;

function findingOf(group: Group, resource: Deployed | undefined, collection: Collection, settings: Settings): Finding {
  const rule = ruleOf(group[0]);
  const read = group.map(({ message }) => {
    const [, setting, value, must, because, fix] = MESSAGE.exec(message) ?? [];
    return { setting, value, text: must === undefined ? message : `${must} because ${because}`, fix };
  });
  const found = read.flatMap(({ setting, value = "not shown", text }) => {
    const storm = STORM.exec(text);
    if (storm) return [{ field: `simulated storm ${storm[1]}`, value: storm[2] ?? "" }];
    return setting && resource ? [evidenceOf(resource, setting, value)] : [];
  });
  const evidence = found.filter((one, i) => found.findIndex((other) => isDeepStrictEqual(other, one)) === i);
  const commands = resource ? remedyFor(rule, { resource, evidence, collection, settings }) : [];
  return finding(rule, {
    resource: resource?.name ?? "",
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
