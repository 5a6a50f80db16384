import { judgeAgents } from "./agents";
import type { Answer } from "./answer";
import { judgeApis } from "./apis";
import { judgeExisting } from "./existing";
import type { Facts } from "./facts";
import { judgeImages } from "./images";
import { judgePolicies } from "./policies";
import { judgeQuotas } from "./quotas";
import { judgeRanges } from "./ranges";
import { judgeSecrets } from "./secrets";

/** The checks, in the order in which an update depends on them. */
const CHECKS = {
  apis: { question: "Are the APIs on that the program cannot turn on itself?", judge: judgeApis },
  policies: { question: "Do the organisation's policies allow what the plan needs?", judge: judgePolicies },
  quotas: { question: "Do the current quotas hold the plan?", judge: judgeQuotas },
  agents: { question: "Do Google's service agents have their roles?", judge: judgeAgents },
  ranges: { question: "Are the plan's address ranges free?", judge: judgeRanges },
  existing: {
    question: "Are existing resources in the stack's state or adopted, and do they work?",
    judge: judgeExisting,
  },
  secrets: { question: "Can every pinned version of a secret be mounted?", judge: judgeSecrets },
  images: { question: "Does every image exist?", judge: judgeImages },
} as const satisfies Record<string, { readonly question: string; readonly judge: (facts: Facts) => Answer[] }>;

export type CheckKey = keyof typeof CHECKS;
// The keys are those of CHECKS.
export const CHECK_KEYS = Object.keys(CHECKS) as readonly CheckKey[];

interface CheckAnswer {
  readonly key: CheckKey;
  readonly question: string;
  readonly status: Answer["status"];
  readonly answers: readonly Answer[];
}

export interface Preflight {
  /** Nothing is wrong, and only checks that may stay open are open. */
  readonly ok: boolean;
  readonly project: string;
  readonly region: string;
  readonly checks: readonly CheckAnswer[];
  /** Checks that may stay open. */
  readonly mayStayOpen: readonly CheckKey[];
  /** What was read and left out, with the reason. */
  readonly notes: readonly string[];
}

/** Runs every check. `mayStayOpen`: checks that pass although they are open. */
export function preflight(facts: Facts, mayStayOpen: readonly CheckKey[], notes: readonly string[]): Preflight {
  const { project, region } = facts.settings;
  const checks = CHECK_KEYS.map((key): CheckAnswer => {
    const { question, judge } = CHECKS[key];
    const answers = judge(facts);
    const has = (status: Answer["status"]) => answers.some((answer) => answer.status === status);
    return { key, question, status: has("wrong") ? "wrong" : has("open") ? "open" : "fine", answers };
  });
  const isPassed = ({ key, answers }: CheckAnswer) =>
    answers.every(({ status }) => status === "fine" || (status === "open" && mayStayOpen.includes(key)));
  return { ok: checks.every(isPassed), project, region, checks, mayStayOpen, notes };
}
