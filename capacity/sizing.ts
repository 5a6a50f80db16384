import { neededSlots } from "./budget";
import { planBudget, planChecks } from "./checks";
import {
  defaultMaxConnections,
  maxConnectionsProblems,
  parseTier,
  type Tier,
  tierCatalogue,
} from "./constraints/cloudsql";
import { type ConnectorSize, connectorFloorProblems } from "./constraints/connector";
import { connectorCost, databaseCost } from "./cost";
import { cloudSqlLimits, connectorLimits } from "./limits";
import type { CapacityPlan } from "./plan";
import { decisiveStorms } from "./storm/gate";
import { attemptsIn, type StormInput } from "./storm/model";
import { DEFAULT_SEED, replicationsFor, type StormOptions } from "./storm/results";
import { stormRun } from "./storm/runs";
import { planScenarios, type Scenario, stormPlanProblems } from "./storm/scenarios";
import { simulate } from "./storm/simulation";
import { type Interval, meanInterval } from "./storm/statistics";

/*
 * Sizing: the cheapest connector and database that a plan's services start on. The services are given; connector type
 * and minimum, tier and max_connections are chosen from everything there is. Connectors cost by their minimum, which is
 * also what carries a storm, so the maximum stays as it is. Checks come first, because they cost microseconds; storms
 * only for what passes them, cheapest first, with a handful of storms first.
 */

/** One choice. Cost is the connector's and the database's, USD per month at list price. */
export interface Size {
  readonly connector: ConnectorSize;
  readonly tier: string;
  readonly maxConnections: number;
  readonly usdPerMonth: number;
}

export interface SizedPlan extends Size {
  /** The scenario with the lowest lower bound; absent where the checks refuse the plan. */
  readonly worst?: { readonly scenario: string; readonly success: Interval } | undefined;
  /** Empty: the plan passes. */
  readonly fails: readonly string[];
}

/** Plans that fail on the same things. */
interface Rejected {
  readonly fails: readonly string[];
  readonly plans: number;
  readonly cheapest: Size;
  readonly dearest: Size;
}

export interface Sizing {
  /** Plans in the catalogue. */
  readonly plans: number;
  /** The cheapest that passes; `undefined`: none does. */
  readonly cheapest: SizedPlan | undefined;
  /** The plan as it stands, judged alike. */
  readonly today: SizedPlan;
  /** Simulated plans, dearer and better than all before, from the cheapest that the checks accept. */
  readonly frontier: readonly SizedPlan[];
  /** Every plan cheaper than the cheapest that passes (all, if none does), by what it fails on, cheapest first. */
  readonly rejected: readonly Rejected[];
}

export interface SizingOptions extends StormOptions {
  /** Called before each price, with the plans judged so far and all there are. */
  readonly progress?: ((judged: number, plans: number) => void) | undefined;
  /** A connector below which no plan may go, because the live one cannot shrink in place. */
  readonly connectorFloor?: ConnectorSize | undefined;
}

/** Sizes the plan's services against the plan's own target. */
export function sizePlan(plan: CapacityPlan, options: SizingOptions = {}): Sizing {
  const judge = judgeOf(plan.targets.startupSuccessPercent / 100, options);
  const today = judge(plan, sizeOf(plan));
  const catalogue = sizes(plan);
  const judged: SizedPlan[] = [];
  const frontier: SizedPlan[] = [];
  let cheapest: SizedPlan | undefined;
  let asked = 0;
  for (const level of byCost(catalogue, plan.database.maxConnections)) {
    options.progress?.(asked, catalogue.length);
    asked += level.length;
    const found = level.map((size) => judge(withSize(plan, size), size));
    if (!cheapest) judged.push(...found);
    cheapest ??= found.find(({ fails }) => fails.length === 0);
    const top = found.toSorted((a, b) => lowerOf(b) - lowerOf(a))[0];
    if (top?.worst && lowerOf(top) > lowerOf(frontier.at(-1))) frontier.push(top);
    // Nothing dearer can be better than a plan without a failure in its sample.
    if (cheapest?.worst?.success.mean === 1) break;
  }
  return {
    plans: catalogue.length,
    cheapest,
    today,
    frontier,
    rejected: grouped(judged.filter(({ fails }) => fails.length > 0)),
  };
}

/**
 * One database size behind today's connector: what it costs and what it reaches, whether or not the checks accept it.
 */
export interface CostPoint {
  readonly tier: string;
  readonly maxConnections: number;
  readonly usdPerMonth: number;
  /** Lower bound of the worst storm. */
  readonly success: number;
  /** The checks that refuse it, whatever its storms do. */
  readonly refusedBy: readonly string[];
}

export interface CostCurve {
  readonly points: readonly CostPoint[];
  /** The scenarios of the plan, and those of them that were simulated for each point. */
  readonly scenarios: number;
  readonly simulated: number;
}

/** Scenarios simulated for each point: those with the most attempts to connect. Many services have hundreds alike. */
const MOST_SCENARIOS = 5;

/** Attempts to connect in all storms of a scenario above which it ends as soon as it is decided. */
const MOST_FOR_NARROW_BOUND = 200_000;

/**
 * From the smallest tier up to two beyond today's: for people, who want to see where success begins. Without points
 * where no service uses a database.
 */
export function costCurve(plan: CapacityPlan, options: StormOptions = {}): CostCurve {
  const target = plan.targets.startupSuccessPercent / 100;
  const { replications = replicationsFor(target), seed = DEFAULT_SEED } = options;
  const scenarios = planScenarios(plan).length;
  const simulated = Math.min(scenarios, MOST_SCENARIOS);
  if (scenarios === 0) return { points: [], scenarios, simulated };
  const lowerBound = (scenario: Scenario) => {
    const isNarrow = replications * attemptsIn(scenario.input) <= MOST_FOR_NARROW_BOUND;
    const storms = isNarrow ? replications : decisiveStorms(scenario, target);
    return meanInterval(stormRun(scenario.input, { replications: storms, seed }).shares).lower;
  };
  const own = parseTier(plan.database.tier);
  const listed = [...sharedTiers(), ...tierCatalogue];
  // Today's plan is on the curve also where its tier is not one of the usual ones.
  const tiers = (own && listed.every(({ name }) => name !== own.name) ? [...listed, own] : listed).toSorted(
    (a, b) => priceOf(plan, a) - priceOf(plan, b),
  );
  const today = tiers.findIndex(({ name }) => name === plan.database.tier);
  const points = tiers.slice(0, Math.max(today, 0) + 3).map((tier) => {
    const sizes = maxConnectionsFor(plan, tier).filter(
      (maxConnections) => maxConnections <= Math.max(plan.database.maxConnections, defaultMaxConnections(tier)),
    );
    // Today's tier stands for today's plan: with another max_connections the point would show a result that the plan
    // does not reach.
    const maxConnections = tier.name === plan.database.tier ? plan.database.maxConnections : Math.max(...sizes);
    const sized = withSize(plan, { connector: plan.connector, tier: tier.name, maxConnections });
    const hardest = planScenarios(sized).toSorted((a, b) => attemptsIn(b.input) - attemptsIn(a.input));
    return {
      tier: tier.name,
      maxConnections,
      usdPerMonth: sizeOf(sized).usdPerMonth,
      success: Math.min(...hardest.slice(0, MOST_SCENARIOS).map(lowerBound)),
      refusedBy: refusingChecks(sized),
    };
  });
  return { points, scenarios, simulated };
}

const refusingChecks = (plan: CapacityPlan): string[] =>
  planChecks(plan).flatMap(({ title, problems }) => (problems.length > 0 ? [title] : []));

const priceOf = (plan: CapacityPlan, { name }: Tier) =>
  sizeOf({ ...plan, database: { ...plan.database, tier: name } }).usdPerMonth;

const lowerOf = (plan: SizedPlan | undefined) => plan?.worst?.success.lower ?? -1;

/** Storms after which a plan that is clearly under the target is given up. */
const FIRST_LOOK = 100;

/** Storm results by input and number of storms: many sizes lead to the same storms. */
class StormResults {
  private readonly results = new Map<string, Interval>();

  constructor(
    private readonly target: number,
    private readonly replications: number,
    private readonly seed: number,
  ) {}

  /** The first storms only, which decide the clear cases. */
  firstLook(input: StormInput): Interval {
    return this.simulateOnce(input, Math.min(FIRST_LOOK, this.replications));
  }

  success(input: StormInput): Interval {
    const look = this.firstLook(input);
    return look.upper < this.target ? look : this.simulateOnce(input, this.replications);
  }

  private simulateOnce(input: StormInput, replications: number): Interval {
    const key = `${replications} ${JSON.stringify(input)}`;
    const known = this.results.get(key);
    if (known) return known;
    const success = meanInterval(simulate(input, { replications, seed: this.seed }).shares);
    this.results.set(key, success);
    return success;
  }
}

function judgeOf(
  target: number,
  { replications = replicationsFor(target), seed = DEFAULT_SEED, connectorFloor }: SizingOptions,
) {
  const results = new StormResults(target, replications, seed);
  /** Scenarios that fail even when relieved. A relieved one without a failure at first look passes. */
  const failing = (scenarios: readonly Scenario[], relieve: (input: StormInput) => StormInput) =>
    scenarios
      .filter(
        ({ input }) => results.firstLook(relieve(input)).mean < 1 && results.success(relieve(input)).lower < target,
      )
      .map(({ name }) => `storm ${name}`);
  /** Failures that no size cures; determined once. */
  let incurable: readonly string[] | undefined;
  const measured = new Set<string>();
  return (plan: CapacityPlan, size: Size): SizedPlan => {
    const refused = refusingChecks(plan);
    if (connectorFloor && connectorFloorProblems(plan.connector, connectorFloor).length > 0)
      refused.push("the live connector, which cannot shrink in place");
    if (refused.length > 0 || stormPlanProblems(plan).length > 0) return { ...size, fails: refused };
    const scenarios = planScenarios(plan);
    incurable ??= failing(scenarios, withEverything).map((storm) => `${storm}, at any size`);
    // A database that fails behind an unlimited connector fails behind every connector: measure only the cheapest one.
    const hopeless = incurable.length > 0 ? incurable : failing(scenarios, withAnyConnector);
    const database = JSON.stringify(plan.database);
    if (hopeless.length > 0 && measured.has(database)) return { ...size, fails: hopeless };
    measured.add(database);
    const storms = scenarios.map(({ name, input }) => ({ scenario: name, success: results.success(input) }));
    const worst = storms.toSorted((a, b) => a.success.lower - b.success.lower)[0];
    const fails = storms.filter(({ success }) => success.lower < target).map(({ scenario }) => `storm ${scenario}`);
    return { ...size, worst, fails: incurable.length > 0 ? incurable : fails };
  };
}

const ENDLESS = Number.POSITIVE_INFINITY;
const withAnyConnector = (input: StormInput): StormInput => ({
  ...input,
  connector: { ...input.connector, vms: ENDLESS },
});
const withEverything = (input: StormInput): StormInput => ({
  ...withAnyConnector(input),
  database: { ...input.database, vcpus: ENDLESS, maxConnections: ENDLESS },
});

/** Every connector, tier and max_connections worth asking: all at the same price that differ in what they hold. */
function sizes(plan: CapacityPlan): Size[] {
  const { min, max } = connectorLimits.minInstances.value;
  const connectors = Object.keys(connectorLimits.machineTypes.value).flatMap((machineType) =>
    Array.from({ length: max - min + 1 }, (_, i) => ({
      machineType,
      minInstances: min + i,
      maxInstances: Math.max(plan.connector.maxInstances, min + i + 1),
    })),
  );
  return connectors.flatMap((connector) =>
    [...sharedTiers(), ...tierCatalogue].flatMap((tier) =>
      maxConnectionsFor(plan, tier).map((maxConnections) =>
        sizeOf(withSize(plan, { connector, tier: tier.name, maxConnections })),
      ),
    ),
  );
}

const sharedTiers = (): Tier[] => Object.keys(cloudSqlLimits.sharedCore.value).flatMap((name) => parseTier(name) ?? []);

/** For a tier: today's, Google's default, what the budget needs, and the most its memory holds; only those it holds. */
function maxConnectionsFor(plan: CapacityPlan, tier: Tier): number[] {
  const asked = [
    plan.database.maxConnections,
    defaultMaxConnections(tier),
    neededSlots(planBudget(plan), plan.database),
  ];
  const holds = (maxConnections: number) =>
    maxConnectionsProblems(withSize(plan, { connector: plan.connector, tier: tier.name, maxConnections }).database)
      .length === 0;
  const held = asked.filter(holds);
  // A tier that holds none of them is judged with its default, to show what it fails on.
  return [...new Set(held.length > 0 ? held : [defaultMaxConnections(tier)])].sort((a, b) => a - b);
}

/** The plan in another size; shared_buffers keeps its share of the tier's memory. */
function withSize(plan: CapacityPlan, { connector, tier, maxConnections }: Omit<Size, "usdPerMonth">): CapacityPlan {
  const [before, after] = [parseTier(plan.database.tier), parseTier(tier)];
  const sharedBuffersMib =
    before && after
      ? Math.round((plan.database.sharedBuffersMib * after.memoryMib) / before.memoryMib)
      : plan.database.sharedBuffersMib;
  return {
    ...plan,
    connector: { ...plan.connector, ...connector },
    database: { ...plan.database, tier, maxConnections, sharedBuffersMib },
  };
}

function sizeOf(plan: CapacityPlan): Size {
  const { machineType, minInstances, maxInstances } = plan.connector;
  const items = [connectorCost(plan), ...databaseCost(plan)];
  return {
    connector: { machineType, minInstances, maxInstances },
    tier: plan.database.tier,
    maxConnections: plan.database.maxConnections,
    usdPerMonth: items.reduce((sum, { usdPerMonth = 0 }) => sum + usdPerMonth, 0),
  };
}

/** Plans of the same price together, cheapest first; within a price today's max_connections, then the fewest. */
function byCost(all: readonly Size[], today: number): Size[][] {
  const order = ({ maxConnections }: Size) => (maxConnections === today ? 0 : maxConnections);
  const levels = new Map<string, Size[]>();
  for (const size of all.toSorted((a, b) => a.usdPerMonth - b.usdPerMonth || order(a) - order(b))) {
    const price = size.usdPerMonth.toFixed(2);
    levels.set(price, [...(levels.get(price) ?? []), size]);
  }
  return [...levels.values()];
}

function grouped(failed: readonly SizedPlan[]): Rejected[] {
  const groups = new Map<string, Rejected>();
  for (const { worst: _, fails, ...size } of failed) {
    const key = fails.join("; ");
    const group = groups.get(key);
    groups.set(key, { fails, plans: (group?.plans ?? 0) + 1, cheapest: group?.cheapest ?? size, dearest: size });
  }
  return [...groups.values()];
}
