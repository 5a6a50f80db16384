import { clamp } from "../problem";
import { connectsOf } from "./model";
import { DEFAULT_SEED, replicationsFor, type StormResult, scenarioStorms } from "./results";
import { stormRun } from "./runs";
import { planScenarios, type Scenario, type StormPlan } from "./scenarios";
import { meanInterval } from "./statistics";

/**
 * A scenario that is clearly under the target after so many storms needs no more; of long storms fewer are enough to
 * see most starts fail.
 */
const FIRST_LOOK = { most: 100, least: 20, connects: 80_000 };

/**
 * The scenarios whose lower bound is under `target` (above 0, below 1), and nothing about the others: what a gate
 * needs, in
 * half the time of a report. Scenarios that differ in names only are simulated once.
 */
export function failingStorms(plan: StormPlan, target: number): StormResult[] {
  const verdicts = new Map<string, number | undefined>();
  return planScenarios(plan).flatMap((scenario) => {
    const key = withoutNames(scenario);
    if (!verdicts.has(key)) verdicts.set(key, stormsThatFail(scenario, target));
    const replications = verdicts.get(key);
    return replications === undefined ? [] : [scenarioStorms(scenario, { replications })];
  });
}

/** How many storms showed that the scenario fails; `undefined`: it does not. */
function stormsThatFail({ input }: Scenario, target: number): number | undefined {
  const replications = replicationsFor(target);
  const boundsAfter = (storms: number) =>
    meanInterval(stormRun(input, { replications: storms, seed: DEFAULT_SEED }).shares);
  const look = clamp(FIRST_LOOK.connects / connectsOf(input.groups), { min: FIRST_LOOK.least, max: FIRST_LOOK.most });
  if (boundsAfter(look).upper < target) return look;
  return boundsAfter(replications).lower < target ? replications : undefined;
}

const withoutNames = ({ input }: Scenario) =>
  JSON.stringify({ ...input, groups: input.groups.map(({ service: _, ...group }) => group) });
