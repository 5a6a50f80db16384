import { clamp } from "../problem";
import { attemptsIn } from "./model";
import { DEFAULT_SEED, replicationsFor, type StormResult, scenarioStorms } from "./results";
import { stormRun } from "./runs";
import { mostAttempts, planScenarios, type Scenario, type StormPlan } from "./scenarios";
import { leastStorms, meanInterval } from "./statistics";

/*
 * How many storms decide whether a scenario reaches its target: a group-sequential test. It looks at more and more
 * storms until one of the two bounds is clear of the target. The bounds hold whenever one stops to look (statistics.ts),
 * so that a sound scenario is refused, and a failing one passed, in at most 5 % of the cases each.
 */

/** A clear failure shows in the first storms. Where storms are long, fewer show it. */
const FIRST_LOOK = { most: 100, least: 5, attempts: 80_000 };

/** Attempts to connect in all storms of a scenario above which it ends as soon as it is decided, and not with a narrow bound. */
const MOST_FOR_NARROW_BOUND = 500_000;

/** Looks beyond the default number of storms, each at twice as many, at a scenario that is still undecided. */
const FURTHER_LOOKS = 2;

/** Attempts to connect in a storm above which a plan that is refused anyway is not simulated. */
const MOST_ILLUSTRATED = 10_000;

/** Simulates the scenarios of a plan against `target` (above 0, below 1), each until it is decided. */
export function gateStorms(plan: StormPlan, target: number): StormResult[] {
  return planScenarios(plan).map((scenario) => decidedStorms(scenario, target));
}

/** Simulates one scenario against `target` until it is decided. */
export const decidedStorms = (scenario: Scenario, target: number): StormResult =>
  scenarioStorms(scenario, { replications: decisiveStorms(scenario, target) });

/** Whether no scenario's lower bound is under `target`. Ends at the first that is, and describes none. */
export const allPass = (plan: StormPlan, target: number): boolean =>
  planScenarios(plan).every((scenario) => lowerBound(scenario, decisiveStorms(scenario, target)) >= target);

/** The scenarios whose lower bound is under `target`. Costs less than {@link gateStorms}: no others are described. */
export function failingStorms(plan: StormPlan, target: number): StormResult[] {
  const failing: StormResult[] = [];
  for (const scenario of planScenarios(plan)) {
    // One that fails refuses the plan, and a huge one would only illustrate that.
    if (failing.length > 0 && attemptsIn(scenario.input) > MOST_ILLUSTRATED) continue;
    const replications = decisiveStorms(scenario, target);
    if (lowerBound(scenario, replications) < target) failing.push(scenarioStorms(scenario, { replications }));
  }
  return failing;
}

/** The storms for a plan that is refused elsewhere: none for a huge one. */
export const illustratingStorms = (plan: StormPlan, target: number): StormResult[] =>
  isIllustrated(plan) ? gateStorms(plan, target) : [];

/** Whether a plan that is refused elsewhere is simulated nevertheless. */
export const isIllustrated = (plan: StormPlan): boolean => mostAttempts(plan) <= MOST_ILLUSTRATED;

/** How many storms decide whether a scenario reaches the target. */
export function decisiveStorms(scenario: Scenario, target: number): number {
  const looks = looksAt(scenario, target);
  const decisive = looks.find((replications) => {
    const { lower, upper } = boundsAfter(scenario, replications);
    return upper < target || lower >= target;
  });
  return decisive ?? looks.at(-1) ?? FIRST_LOOK.most;
}

/** The numbers of storms after which a verdict is possible, ascending. */
function looksAt({ input }: Scenario, target: number): number[] {
  const attempts = attemptsIn(input);
  const first = clamp(FIRST_LOOK.attempts / attempts, { min: FIRST_LOOK.least, max: FIRST_LOOK.most });
  const enough = replicationsFor(target);
  const fewest = enough * attempts > MOST_FOR_NARROW_BOUND ? [leastStorms(target)] : [];
  return [first, ...fewest, enough, ...Array.from({ length: FURTHER_LOOKS }, (_, i) => enough * 2 ** (i + 1))];
}

const lowerBound = (scenario: Scenario, replications: number) => boundsAfter(scenario, replications).lower;

const boundsAfter = ({ input }: Scenario, replications: number) =>
  meanInterval(stormRun(input, { replications, seed: DEFAULT_SEED }).shares);
