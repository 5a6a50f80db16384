import type { Assumption } from "../capacity/assumptions";
import type { ConnectionBudget } from "../capacity/budget";
import type { Check } from "../capacity/checks";
import type { Cost } from "../capacity/cost";
import type { InputProblem, Problem } from "../capacity/problem";
import type { StormResult } from "../capacity/storm/results";

/** A resource as `check --json` lists it: an unknown is Pulumi's sentinel, a secret is `[secret]`. */
export interface ReportedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly parent: string;
  readonly dependencies: readonly string[];
  readonly options: { readonly protect: boolean; readonly import: string; readonly ignoreChanges: readonly string[] };
  readonly inputs: unknown;
}

/** A rule's finding. `cannot-evaluate` counts as much as `refused`. */
export interface Violation {
  readonly policy: string;
  readonly level: string;
  /** Name of the resource to blame; `stack` where it is the whole. */
  readonly resource: string;
  readonly message: string;
  readonly outcome: "refused" | "cannot-evaluate";
  /** The message of the plan's problem that this finding repeats; absent where the plan has no such problem. */
  readonly repeats?: string;
  /** The message in its parts; absent where a property cannot be read. */
  readonly problem?: Problem;
}

export interface Waived {
  readonly policy: string;
  readonly resource: string;
  readonly reason: string;
}

/** Everything `check` found out: what `--json` prints, and what every report is made from. */
export interface Verdict {
  readonly stack: string;
  readonly ok: boolean;
  readonly resources: readonly ReportedResource[];
  readonly violations: readonly Violation[];
  readonly waived: readonly Waived[];
  readonly budget: ConnectionBudget;
  /** The plan's own checks, each with its figures. */
  readonly checks: readonly Check[];
  /** Empty where the plan cannot be simulated. */
  readonly storms: readonly StormResult[];
  readonly cost: Cost;
  readonly assumptions: readonly Assumption[];
}

/** A storm as its table shows it. */
export type ShownStorm = Pick<
  StormResult,
  "scenario" | "starts" | "replications" | "success" | "readySeconds" | "peakConnections" | "refusals" | "timeouts"
> & {
  readonly bottleneck: string;
};

/** The parts of a verdict that its Markdown shows, as they are also read back from a file. */
export type ShownVerdict = Omit<Verdict, "resources" | "checks" | "storms" | "assumptions"> & {
  readonly checks: readonly (Omit<Check, "problems"> & { readonly problems: readonly InputProblem[] })[];
  readonly storms: readonly ShownStorm[];
};

/** A mistake in a plan, and the rules that find it in what the program registers. */
export interface PlanFinding<P extends InputProblem = InputProblem> {
  readonly problem: P;
  readonly policies: readonly string[];
}

/** What is wrong, each mistake once: first in the settings of the plan, then what only a rule sees. */
export function findingsOf<P extends InputProblem, V extends Pick<Violation, "policy" | "repeats">>({
  checks,
  violations,
}: {
  readonly checks: readonly { readonly problems: readonly P[] }[];
  readonly violations: readonly V[];
}): { readonly inPlan: readonly PlanFinding<P>[]; readonly byRulesAlone: readonly V[] } {
  return {
    inPlan: checks
      .flatMap(({ problems }) => problems)
      .map((problem) => ({
        problem,
        policies: [
          ...new Set(violations.filter(({ repeats }) => repeats === problem.message).map(({ policy }) => policy)),
        ],
      })),
    byRulesAlone: violations.filter(({ repeats }) => repeats === undefined),
  };
}

/** How many mistakes refuse the plan; a rule that only advises refuses nothing. */
export function refusalCount(verdict: ShownVerdict): number {
  const { inPlan, byRulesAlone } = findingsOf(verdict);
  return inPlan.length + byRulesAlone.filter(({ level }) => level === "mandatory").length;
}
