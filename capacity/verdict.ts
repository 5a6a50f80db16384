import { type Check, planChecks } from "./checks";
import type { CapacityPlan } from "./plan";
import type { Problem } from "./problem";
import { planScenarios, stormPlanProblems } from "./scenarios";
import { planStorms, replicationsFor, type StormResult, targetProblems } from "./storms";

/** What is said of a plan as a whole: its checks, its storms, and everything that is wrong. */
export interface PlanVerdict {
  /** The checks of the plan; the last one compares the storms with the target. */
  readonly checks: readonly Check[];
  /** Empty where the plan cannot be simulated, or where it is refused already and simulating it would take long. */
  readonly storms: readonly StormResult[];
  /** Empty: the plan is sound. */
  readonly problems: readonly Problem[];
}

/** Storms of a plan that is refused anyway only illustrate: the fewest that still say something, and none of a huge one. */
const ILLUSTRATION = { replications: 1000, starts: 200 };

/** Judges a plan: arithmetic first, then the storms against the plan's target. */
export function judgePlan(plan: CapacityPlan): PlanVerdict {
  const checks = planChecks(plan);
  const refused = checks.some(({ problems }) => problems.length > 0);
  const storms = stormsOf(plan, refused);
  const all = [...checks, stormCheck(plan, storms, refused)];
  return { checks: all, storms, problems: all.flatMap(({ problems }) => problems) };
}

function stormsOf(plan: CapacityPlan, refused: boolean): StormResult[] {
  if (stormPlanProblems(plan).length > 0) return [];
  if (!refused) return planStorms(plan, { replications: replicationsFor(plan.targets.startupSuccessPercent / 100) });
  const starts = Math.max(0, ...planScenarios(plan).map((scenario) => scenario.starts));
  return starts > ILLUSTRATION.starts ? [] : planStorms(plan, { replications: ILLUSTRATION.replications });
}

function stormCheck(plan: CapacityPlan, storms: readonly StormResult[], refused: boolean): Check {
  const target = plan.targets.startupSuccessPercent / 100;
  return {
    title: `start-up storms against the target of ${plan.targets.startupSuccessPercent} % at the first try`,
    arithmetic: storms.map(
      ({ scenario, starts, success, bottleneck }) =>
        `${scenario}: ${starts} starts, ${percent(success.mean)} ready, lower bound ${percent(success.lower)}; bottleneck ${bottleneck}`,
    ),
    figures: Object.fromEntries(storms.map(({ scenario, success }) => [scenario, success.lower])),
    // What cannot be simulated is also illegal; where a check has said so already, once is enough.
    problems: refused && storms.length === 0 ? [] : [...stormPlanProblems(plan), ...targetProblems(plan, storms, target)],
  };
}

/** Rounded down, so that no report claims more than was found. */
const percent = (share: number) => `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;
