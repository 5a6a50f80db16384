import { type DatabaseSize, maxConnectionsProblems, parseTier, smallestTierFor } from "./constraints/cloudsql";
import type { ConnectionPool } from "./plan";
import { connectionsPerInstance } from "./plan";
import { type Problem, problem, type Way } from "./problem";

/*
 * The connection budget: pools x instances x revisions against max_connections. Each function takes the figures, whoever read them (the stack file or a
 * resource), and returns every figure it compared, so that a reader can redo the sum.
 */

/** Something that holds database connections: a service, a job, a worker pool. */
export interface ConnectionHolder extends ConnectionPool {
  readonly label: string;
  /** The most instances one revision may have. */
  readonly instances: number;
  /** Instances of the revision before it that still hold their pools during a rollout: a second full set, or 0. */
  readonly overlap: number;
}

/** A service as the budget counts it: in a rollout, the old revision keeps a second full set of pools. */
export const serviceHolder = (label: string, maxInstances: number, pool: ConnectionPool): ConnectionHolder => ({
  ...pool,
  label,
  instances: maxInstances,
  overlap: maxInstances,
});

/** What a holder has at most: its line of the budget. */
export const mostConnectionsOf = (holder: ConnectionHolder): number =>
  (holder.instances + holder.overlap) * connectionsPerInstance(holder);

/** The slots of the database. `usableShare` is above 0 and at most 1. */
export interface DatabaseSlots {
  readonly maxConnections: number;
  readonly usableShare: number;
  readonly reservedConnections: number;
  readonly migrationConnections: number;
}

interface BudgetLine {
  readonly label: string;
  readonly instances: number;
  readonly overlap: number;
  readonly perInstance: number;
  readonly connections: number;
}

export interface ConnectionBudget {
  readonly lines: readonly BudgetLine[];
  /** Reserved slots and migrations. */
  readonly reserved: number;
  readonly demand: number;
  readonly limit: number;
  /** limit - demand; below zero the plan is refused. */
  readonly headroom: number;
}

/**
 * Sum of (instances + overlap) x workers x (pool + overflow), plus reserved slots and migrations, against
 * max_connections x share.
 */
export function connectionBudget(holders: readonly ConnectionHolder[], slots: DatabaseSlots): ConnectionBudget {
  const lines = holders.map((holder) => {
    const perInstance = connectionsPerInstance(holder);
    const { label, instances, overlap } = holder;
    return { label, instances, overlap, perInstance, connections: mostConnectionsOf(holder) };
  });
  const reserved = slots.reservedConnections + slots.migrationConnections;
  const demand = lines.reduce((sum, line) => sum + line.connections, reserved);
  const limit = usableSlots(slots);
  return { lines, reserved, demand, limit, headroom: limit - demand };
}

/**
 * What can be held for minutes beside the budget, in connections. `thirdSets`: an old revision serves until its last
 * request or WebSocket ends, so that another rollout within the request time-out has a third set of every service.
 * `extraInstances`: Cloud Run exceeds a maximum "for a brief period"; one more instance of each. Source:
 * docs.cloud.google.com/run/docs/configuring/max-instances.
 */
export function beyondBudget({ lines }: Pick<ConnectionBudget, "lines">): {
  readonly thirdSets: number;
  readonly extraInstances: number;
} {
  const rolling = lines.filter(({ overlap }) => overlap > 0);
  return {
    thirdSets: rolling.reduce((sum, { instances, perInstance }) => sum + instances * perInstance, 0),
    extraInstances: rolling.reduce((sum, { perInstance }) => sum + perInstance, 0),
  };
}

/** With a tolerance: 100 x 0.29 is 28.999999999999996 in floating point, and 29 is meant. */
const usableSlots = (slots: Pick<DatabaseSlots, "maxConnections" | "usableShare">) =>
  Math.floor(slots.maxConnections * slots.usableShare + 1e-9);

/** The smallest max_connections whose usable share covers the demand; with the same tolerance. */
export const neededSlots = (
  { demand }: Pick<ConnectionBudget, "demand">,
  { usableShare }: Pick<DatabaseSlots, "usableShare">,
): number => Math.ceil(demand / usableShare - 1e-9);

/** The budget as one line of arithmetic: `backend (5 + 5) x 5 = 50; ...; 91 of 120`. */
export function budgetArithmetic(budget: ConnectionBudget, slots: DatabaseSlots): string {
  const lines = budget.lines.map(
    (l) => `${l.label} (${l.instances} + ${l.overlap}) x ${l.perInstance} = ${l.connections}`,
  );
  return [
    ...lines,
    `reserved ${slots.reservedConnections} + migrations ${slots.migrationConnections} = ${budget.reserved}`,
    `${budget.demand} of ${budget.limit} (max_connections ${slots.maxConnections} x ${slots.usableShare})`,
  ].join("; ");
}

/** The slots and, where it is known, the machine they are on. */
export type BudgetDatabase = DatabaseSlots &
  Pick<DatabaseSize, "sharedBuffersMib" | "workMemMib"> & { readonly tier?: string | undefined };

/** What would make an overdrawn budget pass, each alone with everything else unchanged. */
export interface BudgetRemedy {
  /** The smallest max_connections whose usable share covers the demand. */
  readonly maxConnections: number;
  /**
   * The tier that holds so many backends: the present one if it does, else the smallest of the catalogue; `undefined`:
   * none does.
   */
  readonly tier: string | undefined;
  /** The line with the most connections. */
  readonly largest: BudgetLine | undefined;
  /** The most connections per instance that line could have. */
  readonly largestPerInstance: number;
  /** The most instances that line could have, a second full set counted where it has one. */
  readonly largestInstances: number;
}

export function budgetRemedy(budget: ConnectionBudget, database: BudgetDatabase): BudgetRemedy {
  const maxConnections = neededSlots(budget, database);
  const { tier } = database;
  const isHeld =
    tier !== undefined &&
    parseTier(tier) !== undefined &&
    maxConnectionsProblems({ ...database, tier, maxConnections }).length === 0;
  const largest = budget.lines.toSorted((a, b) => b.connections - a.connections)[0];
  const left = Math.max(0, budget.limit - (budget.demand - (largest?.connections ?? 0)));
  const { instances = 0, overlap = 0, perInstance = 0 } = largest ?? {};
  return {
    maxConnections,
    tier: isHeld ? tier : smallestTierFor(maxConnections, database)?.name,
    largest,
    largestPerInstance: instances + overlap > 0 ? Math.floor(left / (instances + overlap)) : 0,
    largestInstances: perInstance > 0 ? Math.floor(left / (perInstance * (overlap > 0 ? 2 : 1))) : 0,
  };
}

/**
 * Where the reader changes what a budget is made of: `netra:services.backend.maxInstances`, `DB_POOL_SIZE of backend`.
 */
export interface BudgetNames {
  readonly maxConnections: string;
  readonly tier: string;
  /** Slots that are kept for others; left out: no file that the reader changes sets them. */
  readonly reserved?: string | undefined;
  readonly migrations?: string | undefined;
  /** What stands there, where it is not the number itself. */
  readonly shown?: string | undefined;
  /** A number of a line's pool. */
  pool(label: string, field: keyof ConnectionPool): string;
  /** A line's maximum of instances. */
  instances(label: string): string;
  /** Holders that are on no line because their connections cannot be counted. Default: none. */
  readonly uncounted?: readonly string[];
}

/** A demand beyond the usable share of the slots, with the whole sum and every single change that would do. */
export function budgetProblems(
  budget: ConnectionBudget,
  database: BudgetDatabase,
  holders: readonly ConnectionHolder[],
  names: BudgetNames,
): Problem[] {
  if (budget.headroom >= 0) return [];
  const { uncounted = [] } = names;
  if (uncounted.length > 0) return [incompleteBudgetProblem(budget, database, names, uncounted)];
  const { maxConnections, tier, largest, largestPerInstance, largestInstances } = budgetRemedy(budget, database);
  const ways: Way[] = [];
  if (tier !== undefined)
    ways.push([
      [names.maxConnections, maxConnections],
      ...(tier === database.tier ? [] : [[names.tier, tier] as const]),
    ]);
  const holder = holders.find(({ label }) => label === largest?.label);
  if (holder)
    ways.push(
      ...smallerPool(holder, largestPerInstance).map(
        ([field, value]): Way => [[names.pool(holder.label, field), value]],
      ),
    );
  if (largest && largestInstances >= 1) ways.push([[names.instances(largest.label), largestInstances]]);
  const over = -budget.headroom;
  if (budget.limit <= budget.reserved) {
    if (names.reserved && database.reservedConnections >= over)
      ways.push([[names.reserved, database.reservedConnections - over]]);
    if (names.migrations && database.migrationConnections >= over)
      ways.push([[names.migrations, database.migrationConnections - over]]);
  }
  const room = budget.limit - budget.reserved;
  return [
    problem({
      setting: names.maxConnections,
      value: names.shown ?? database.maxConnections,
      must: `cover ${budget.demand} connections with ${database.usableShare} of its slots (it covers ${budget.limit})`,
      because: `${budgetArithmetic(budget, database)}, and the database refuses connections at the first rollout`,
      ways,
      otherwise:
        ways.length > (tier === undefined ? 0 : 1) || room <= 0
          ? undefined
          : `lower pools and maximum instances until all lines together hold at most ${room}`,
    }),
  ];
}

/**
 * The one number of a pool that brings an instance down to so many connections: its size, else its overflow, else the
 * processes.
 */
function smallerPool(
  { poolSize, maxOverflow, workers }: ConnectionPool,
  perInstance: number,
): (readonly [field: keyof ConnectionPool, value: number])[] {
  const perProcess = Math.floor(perInstance / workers);
  const changes = [
    ["poolSize", perProcess - maxOverflow, 1],
    ["maxOverflow", perProcess - poolSize, 0],
    ["workers", Math.floor(perInstance / (poolSize + maxOverflow)), 1],
  ] as const;
  return changes
    .filter(([, value, least]) => value >= least)
    .slice(0, 1)
    .map(([field, value]) => [field, value] as const);
}

/** The same where a holder is on no line: the sufficient number is unknown. */
const incompleteBudgetProblem = (
  budget: ConnectionBudget,
  database: BudgetDatabase,
  names: BudgetNames,
  uncounted: readonly string[],
): Problem =>
  problem({
    setting: names.maxConnections,
    value: names.shown ?? database.maxConnections,
    must: `cover ${budget.demand} connections, and those of ${uncounted.join(", ")}, with ${database.usableShare} of its slots (it covers ${budget.limit})`,
    because: `${budgetArithmetic(budget, database)}, and the database refuses connections at the first rollout`,
    fix: `a number that covers them all, once ${uncounted.join(", ")} can be counted`,
  });
