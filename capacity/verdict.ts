import { type Check, planChecks } from "./checks";
import type { CapacityPlan } from "./plan";
import { planAfter } from "./plan-changes";
import { type Problem, withWays } from "./problem";
import { kindOf, workingWays } from "./remediation";
import { allPass, gateStorms, illustratingStorms, isIllustrated } from "./storm/gate";
import { targetProblems } from "./storm/remedies";
import { type StormResult, strictTargetProblems } from "./storm/results";
import { mostAttempts, planScenarios, type Scenario, stormPlanProblems } from "./storm/scenarios";
import { CONFIDENCE_TEXT, percentText } from "./storm/statistics";

/** The verdict on a plan: its checks, its storms and all problems. */
export interface PlanVerdict {
  /** The checks of the plan; the last one compares the storms with the target. */
  readonly checks: readonly Check[];
  /** Empty where the plan cannot be simulated, or where it is refused already and simulating it would take long. */
  readonly storms: readonly StormResult[];
  /** Empty: the plan is sound. */
  readonly problems: readonly Problem[];
}

/** The scenarios that {@link judgePlan} simulates against the plan's target. */
export function scenariosToJudge(plan: CapacityPlan): readonly Scenario[] {
  if (unanswerableOf(plan).length > 0) return [];
  const isRefused = planChecks(plan).some(({ problems }) => problems.length > 0);
  return isRefused && !isIllustrated(plan) ? [] : planScenarios(plan);
}

/** Judges a plan: arithmetic first, then the storms against the plan's target. */
export function judgePlan(plan: CapacityPlan): PlanVerdict {
  const checks = provenChecks(plan);
  const refusals = checks.flatMap(({ problems }) => problems);
  const unanswerable = unanswerableOf(plan);
  const storms = unanswerable.length > 0 ? [] : stormsOf(plan, refusals.length > 0);
  const all = [...checks, stormCheck(plan, storms, unanswerable, refusals)];
  return { checks: all, storms, problems: all.flatMap(({ problems }) => problems) };
}

/** Why the plan cannot be simulated, or not against its target. */
const unanswerableOf = (plan: CapacityPlan): Problem[] => [
  ...stormPlanProblems(plan),
  ...strictTargetProblems(plan.targets.startupSuccessPercent, "netra:targets.startupSuccessPercent"),
];

/** The checks of a plan, each problem with those of its ways that pass when they are followed to the letter. */
export function provenChecks(plan: CapacityPlan): Check[] {
  const checks = planChecks(plan);
  const problems = checks.flatMap((check) => check.problems);
  if (problems.length === 0) return checks;
  const judge = (changed: CapacityPlan) => planChecks(changed).flatMap((check) => check.problems);
  const working = workingWays(plan, problems, { judge, apply: planAfter });
  return checks.map((check) => ({
    ...check,
    problems: check.problems.map((found) =>
      found.ways === undefined ? found : withWays(found, working.get(found) ?? []),
    ),
  }));
}

function stormsOf(plan: CapacityPlan, refused: boolean): StormResult[] {
  const target = plan.targets.startupSuccessPercent / 100;
  return refused ? illustratingStorms(plan, target) : gateStorms(plan, target);
}

function stormCheck(
  plan: CapacityPlan,
  storms: readonly StormResult[],
  unanswerable: readonly Problem[],
  refusals: readonly Problem[],
): Check {
  const blamed = new Set(refusals.map(({ setting }) => setting));
  const target = plan.targets.startupSuccessPercent / 100;
  const known = new Set(refusals.map(kindOf));
  const accepts = (changed: CapacityPlan) =>
    planChecks(changed).every(({ problems }) => problems.every((other) => known.has(kindOf(other))));
  return {
    title: `start-up storms against the target of ${plan.targets.startupSuccessPercent} % at the first try`,
    arithmetic:
      storms.length > 0
        ? storms.map(
            ({ scenario, starts, success, bottleneck }) =>
              `${scenario}: ${starts} starts, ${percentText(success.mean)} ready, at least ${percentText(success.lower)} with ${CONFIDENCE_TEXT}; bottleneck ${bottleneck}`,
          )
        : [unanswerable.length > 0 ? "cannot be simulated" : withoutStorms(plan)],
    figures: Object.fromEntries(storms.map(({ scenario, success }) => [scenario, success.lower])),
    // What cannot be simulated is mostly illegal as well: a setting of which a check has blamed something already is
    // not blamed twice.
    problems: [
      ...unanswerable.filter(
        ({ setting }) => ![...blamed].some((other) => other === setting || other.startsWith(`${setting}.`)),
      ),
      ...targetProblems(plan, storms, target, {
        accepts,
        instead:
          storms.some(({ success }) => success.lower < target) && isMendedBy(refusals, plan, target)
            ? "mend the other problems first: with their first fixes every storm reaches the target"
            : undefined,
      }),
    ],
  };
}

/** Whether every storm passes once each refusal has been mended in the first way that it proposes. */
function isMendedBy(refusals: readonly Problem[], plan: CapacityPlan, target: number): boolean {
  const ways = refusals.map(({ ways }) => ways?.[0]);
  if (ways.length === 0 || ways.includes(undefined)) return false;
  const after = planAfter(
    plan,
    ways.flatMap((way) => way ?? []),
  );
  return after !== undefined && isIllustrated(after) && stormPlanProblems(after).length === 0 && allPass(after, target);
}

function withoutStorms(plan: CapacityPlan): string {
  const attempts = mostAttempts(plan);
  return attempts === 0
    ? "no service uses the database"
    : `not simulated: the plan is refused already, and a storm of ${attempts} attempts to connect takes long`;
}
