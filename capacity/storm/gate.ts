import { clamp } from "../problem";
import { connectsOf } from "./model";
import { DEFAULT_SEED, leastReplications, replicationsFor, type StormResult, scenarioStorms } from "./results";
import { stormRun } from "./runs";
import { mostConnects, planScenarios, type Scenario, type StormPlan } from "./scenarios";
import { meanInterval } from "./statistics";

/** A clear failure shows in the first storms. Where storms are long, fewer show it. */
const FIRST_LOOK = { most: 100, least: 20, connects: 80_000 };

/** Connects in a storm above which a plan that is refused anyway is not simulated. */
const MOST_ILLUSTRATED = 2000;

/**
 * Simulates the scenarios of a plan against `target` (above 0, below 1). A scenario that clearly fails takes few
 * storms; every other one takes `replications` (default: what a verdict on the target needs).
 */
export function gateStorms(plan: StormPlan, target: number, replications = replicationsFor(target)): StormResult[] {
  return planScenarios(plan).map((scenario) =>
    scenarioStorms(scenario, { replications: decisiveStorms(scenario, target, replications) }),
  );
}

/** The scenarios whose lower bound is under `target`. Costs less than {@link gateStorms}: no others are described. */
export function failingStorms(plan: StormPlan, target: number): StormResult[] {
  return planScenarios(plan).flatMap((scenario) => {
    const replications = decisiveStorms(scenario, target);
    return boundsAfter(scenario, replications).lower < target ? [scenarioStorms(scenario, { replications })] : [];
  });
}

/** The storms for a plan that is mainly judged elsewhere: the fewest that are conclusive, and none for a huge plan. */
export function illustratingStorms(plan: StormPlan, target: number): StormResult[] {
  return mostConnects(plan) > MOST_ILLUSTRATED ? [] : gateStorms(plan, target, leastReplications(target));
}

/**
 * How many storms decide whether a scenario reaches the target: `replications` (default: what a verdict on the target
 * needs), or fewer where it clearly does not.
 */
export function decisiveStorms(
  scenario: Scenario,
  target: number,
  replications: number = replicationsFor(target),
): number {
  const look = clamp(FIRST_LOOK.connects / connectsOf(scenario.input.groups), {
    min: FIRST_LOOK.least,
    max: FIRST_LOOK.most,
  });
  return boundsAfter(scenario, look).upper < target ? look : replications;
}

const boundsAfter = ({ input }: Scenario, replications: number) =>
  meanInterval(stormRun(input, { replications, seed: DEFAULT_SEED }).shares);
