import { type AssumptionName, assumptions } from "../assumptions";
import { identity, type Naming, type Problem, problem } from "../problem";
import { type Bottleneck, findBottleneck, type Relief, reliefsOf } from "./bottleneck";
import type { StormRun } from "./model";
import { stormRun } from "./runs";
import { likelyValues, planScenarios, type Scenario, type StormPlan } from "./scenarios";
import { type Interval, leastStorms, meanInterval, quantile } from "./statistics";

/** How many storms, and which. */
export interface StormOptions {
  /**
   * Storms per scenario; default 1,000, whose lower bound reaches 0.9964 when nothing fails. For a stricter target:
   * `replicationsFor`.
   */
  readonly replications?: number | undefined;
  /** A whole number from 0 to 2^32 - 1; default 1. */
  readonly seed?: number | undefined;
}

/** A verdict on fewer storms depends more on chance than on the plan. */
const LEAST_REPLICATIONS = 1000;
export const DEFAULT_SEED = 1;

/** What a run can hold and a person can wait for. */
const MOST_REPLICATIONS = 200_000;
/** The strictest target that so many storms can show. */
export const MOST_TARGET_PERCENT = 99.99;

/**
 * Storms for a verdict on that target: the default, or with a strict target so many that a rare failure is no refusal
 * yet.
 */
export const replicationsFor = (target: number): number => Math.max(LEAST_REPLICATIONS, 2 * leastStorms(target));

/** The fewest storms after which a plan without a failure is not judged to be below that target. */
const leastReplications = (target: number): number => Math.max(LEAST_REPLICATIONS, leastStorms(target));

/** A target (percent, below 100) so strict that showing it takes more storms than can be simulated. */
export function strictTargetProblems(percent: number, setting: string): Problem[] {
  if (percent <= MOST_TARGET_PERCENT) return [];
  return [
    problem({
      setting,
      value: percent,
      must: `be at most ${MOST_TARGET_PERCENT}`,
      because: `${MOST_TARGET_PERCENT} % takes ${replicationsFor(MOST_TARGET_PERCENT / 100)} storms a scenario to show, and each further nine ten times as many`,
      fix: MOST_TARGET_PERCENT,
    }),
  ];
}

/** What one scenario gave. Every field is plain data. */
export interface StormResult {
  readonly scenario: string;
  readonly meaning: string;
  /** Starts that coincide. */
  readonly starts: number;
  readonly replications: number;
  readonly seed: number;
  /** Share of the starts that are ready at the first try. */
  readonly success: Interval;
  /** Container start to ready of those; `null` where none was. */
  readonly readySeconds: ReadySeconds;
  /** The services that start in it. */
  readonly services: readonly ServiceStarts[];
  /** The most slots in use in any storm, those of the old revision included. */
  readonly peakConnections: number;
  /**
   * What relieves the storm most when it is unlimited. `none`: nothing shared does; the starts take the time they take.
   */
  readonly bottleneck: Bottleneck;
  /**
   * Means per storm: refused connects (53300), attempts and initialisations that timed out, dials that failed,
   * processes that waited.
   */
  readonly refusals: number;
  readonly timeouts: number;
  readonly dialFailures: number;
  readonly adminApiWaits: number;
  /** Means per storm of the first tries that failed, by what ended them. */
  readonly failedBy: StormRun["failedBy"];
  /** The most at each stage in any storm, in service included. */
  readonly queues: StormRun["queues"];
}

interface ReadySeconds {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** The starts of one service in a scenario. */
export interface ServiceStarts {
  readonly service: string;
  /** From 0 to 1: how many are ready at the first try. */
  readonly readyShare: number;
  readonly readySeconds: ReadySeconds;
  /** In which its start-up probe must have passed. */
  readonly windowSeconds: number;
}

/** Simulates every scenario of the plan. The plan can be simulated: see `stormPlanProblems`. */
export function planStorms(plan: StormPlan, options: StormOptions = {}): StormResult[] {
  return planScenarios(plan).map((scenario) => scenarioStorms(scenario, options));
}

/** Simulates one scenario. */
export function scenarioStorms(scenario: Scenario, options: StormOptions = {}): StormResult {
  const { replications, seed } = withDefaults(options);
  const run = stormRun(scenario.input, { replications, seed });
  return summary(scenario, run, seed);
}

function summary(scenario: Scenario, run: StormRun, seed: number): StormResult {
  const replications = run.shares.length;
  const perStorm = (total: number) => total / replications;
  const { attempts, initTimeout, probeWindow } = run.failedBy;
  return {
    scenario: scenario.name,
    meaning: scenario.meaning,
    starts: scenario.starts,
    replications,
    seed,
    success: meanInterval(run.shares),
    readySeconds: readySecondsOf(run.readySeconds),
    services: scenario.input.groups.map(({ service, starts, probeWindowSeconds }, g) => {
      const ready = run.readyByGroup[g] ?? new Float64Array();
      return {
        service,
        readyShare: ready.length / (starts * replications),
        readySeconds: readySecondsOf(ready),
        windowSeconds: probeWindowSeconds,
      };
    }),
    peakConnections: run.peakConnections,
    bottleneck: findBottleneck({ input: scenario.input, run, seed }),
    refusals: perStorm(run.refusals),
    timeouts: perStorm(run.timeouts),
    dialFailures: perStorm(run.dialFailures),
    adminApiWaits: perStorm(run.adminApiWaits),
    failedBy: { attempts: perStorm(attempts), initTimeout: perStorm(initTimeout), probeWindow: perStorm(probeWindow) },
    queues: run.queues,
  };
}

const readySecondsOf = (ascending: Float64Array): ReadySeconds => ({
  p50: quantile(ascending, 0.5),
  p95: quantile(ascending, 0.95),
  p99: quantile(ascending, 0.99),
});

/** One scenario for people: the result, and what each relief would bring. */
export interface StormDetail extends StormResult {
  readonly reliefs: readonly Relief[];
}

export function stormDetail(scenario: Scenario, options: StormOptions = {}): StormDetail {
  const { replications, seed } = withDefaults(options);
  const run = stormRun(scenario.input, { replications, seed });
  return { ...summary(scenario, run, seed), reliefs: reliefsOf({ input: scenario.input, run, seed }) };
}

/** What one assumption decides: the scenario at its low and at its high value, all others likely. */
export interface Sensitivity {
  readonly assumption: AssumptionName;
  readonly name: string;
  readonly unit: string;
  readonly low: Sensed;
  readonly high: Sensed;
}

interface Sensed {
  readonly value: number;
  readonly success: Interval;
  readonly readyP95Seconds: number | null;
}

/** One row for each assumption that the scenario depends on, the one that moves the success share most first. */
export function sensitivity(plan: StormPlan, scenario: string, options: StormOptions = {}): Sensitivity[] {
  const sensed = ({ input }: Scenario, value: number): Sensed => {
    const run = stormRun(input, withDefaults(options));
    return { value, success: meanInterval(run.shares), readyP95Seconds: quantile(run.readySeconds, 0.95) };
  };
  const rows = scenariosByAssumption(plan, scenario).map(({ assumption, atLow, atHigh }) => {
    const { low, high, name, unit } = assumptions[assumption];
    return { assumption, name, unit, low: sensed(atLow, low), high: sensed(atHigh, high) };
  });
  const moved = ({ low, high }: Sensitivity) => Math.abs(high.success.mean - low.success.mean);
  return rows.toSorted((a, b) => moved(b) - moved(a));
}

/** The scenario at both ends of each assumption that it depends on. */
export function scenariosByAssumption(
  plan: StormPlan,
  scenario: string,
): { readonly assumption: AssumptionName; readonly atLow: Scenario; readonly atHigh: Scenario }[] {
  const at = (name: AssumptionName, value: number) =>
    planScenarios(plan, { ...likelyValues, [name]: value }).find((s) => s.name === scenario);
  return (Object.keys(assumptions) as AssumptionName[]).flatMap((assumption) => {
    const { low, high } = assumptions[assumption];
    const [atLow, atHigh] = [at(assumption, low), at(assumption, high)];
    if (!atLow || !atHigh || JSON.stringify(atLow) === JSON.stringify(atHigh)) return [];
    return [{ assumption, atLow, atHigh }];
  });
}

/** What is simulated where nothing else is asked for. */
export const withDefaults = ({ replications = LEAST_REPLICATIONS, seed = DEFAULT_SEED }: StormOptions) => ({
  replications,
  seed,
});

/** What a command was asked for: a text is one that is no number. */
interface StormQuestion {
  readonly replications?: number | string | undefined;
  readonly seed?: number | string | undefined;
  readonly scenario?: string | undefined;
  readonly target?: number | undefined;
}

/** What a command was asked for that it cannot do. A verdict needs enough storms to reach the target at all. */
export function stormOptionProblems(
  asked: StormQuestion,
  scenarios: readonly string[],
  name: Naming<"replications" | "seed" | "scenario" | "target"> = identity,
): Problem[] {
  const { replications, seed, scenario, target = Number.NaN } = asked;
  const problems: Problem[] = [];
  const wrong = (setting: keyof StormQuestion, must: string, because: string, fix: string | number) =>
    problems.push(problem({ setting: name(setting), value: asked[setting], must, because, fix }));
  const isTarget = target > 0 && target < 1;
  if (asked.target !== undefined && !isTarget)
    wrong(
      "target",
      "be above 0 and below 1",
      "no number of storms proves certainty, and any plan reaches nothing",
      target >= 1 ? 0.99 : 0.95,
    );
  const least = isTarget ? leastReplications(target) : LEAST_REPLICATIONS;
  if (typeof replications === "number" && replications > MOST_REPLICATIONS)
    wrong(
      "replications",
      `be at most ${MOST_REPLICATIONS}`,
      "the results of all storms are kept in memory",
      MOST_REPLICATIONS,
    );
  else if (replications !== undefined && !isWholeFrom(least, replications))
    wrong(
      "replications",
      `be a whole number of at least ${least}`,
      least > LEAST_REPLICATIONS
        ? `with fewer storms the lower bound stays under ${Number(target.toPrecision(12))} even when no start fails`
        : "fewer storms give no verdict",
      isTarget ? replicationsFor(target) : LEAST_REPLICATIONS,
    );
  if (seed !== undefined && !(isWholeFrom(0, seed) && seed < 2 ** 32))
    wrong(
      "seed",
      `be a whole number from 0 to ${2 ** 32 - 1}`,
      "the same seed gives the same storms on any machine",
      DEFAULT_SEED,
    );
  const [first] = scenarios;
  if (scenario !== undefined && first === undefined)
    wrong("scenario", "be left out", "no service of the plan uses the database, so it has no storms", "nothing");
  else if (scenario !== undefined && first !== undefined && !scenarios.includes(scenario))
    wrong("scenario", `be one of ${scenarios.join(", ")}`, "the plan has no other storms", first);
  return problems;
}

const isWholeFrom = (least: number, value: number | string): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= least;
