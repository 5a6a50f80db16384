import { clamp } from "../problem";
import { attemptsIn, type SimulationOptions, type StormInput, type StormRun } from "./model";
import { stormRun } from "./runs";
import { differenceInterval, type Interval, meanInterval, quantile } from "./statistics";

/*
 * The bottleneck of a storm is named by what relieving it changes: the same storms again (common random numbers) with
 * that one resource unlimited. Where no single relief helps, because several resources are short, it is the one that
 * does most harm when all others are unlimited.
 */

/**
 * The storm with one resource unlimited; `undefined` where the storm does not use it. In the order that decides a tie.
 */
const RELIEFS = {
  "network path": (input: StormInput): StormInput | undefined =>
    input.groups.some(({ path }) => path.kind !== "open")
      ? { ...input, groups: input.groups.map((group) => ({ ...group, path: { kind: "open" } as const })) }
      : undefined,
  max_connections: (input: StormInput): StormInput | undefined => ({
    ...input,
    database: { ...input.database, maxConnections: Number.POSITIVE_INFINITY },
  }),
  "database CPU": (input: StormInput): StormInput | undefined => ({
    ...input,
    database: { ...input.database, vcpus: Number.POSITIVE_INFINITY },
  }),
  connector: (input: StormInput): StormInput | undefined =>
    input.groups.some(({ throughConnector }) => throughConnector)
      ? { ...input, connector: { ...input.connector, vms: Number.POSITIVE_INFINITY } }
      : undefined,
  "Admin API": (input: StormInput): StormInput | undefined =>
    input.groups.some(({ callsAdminApi }) => callsAdminApi)
      ? { ...input, adminApi: { ...input.adminApi, callsPerMinute: Number.POSITIVE_INFINITY } }
      : undefined,
  "built-in socket": withoutLimit("connectionsPerInstance"),
  "connection limit": withoutLimit("userLimit"),
  postmaster: (input: StormInput): StormInput | undefined => ({ ...input, costs: { ...input.costs, postmasterMs: 0 } }),
} as const;

function withoutLimit(limit: "connectionsPerInstance" | "userLimit") {
  return (input: StormInput): StormInput | undefined =>
    input.groups.some((group) => group[limit] !== Number.POSITIVE_INFINITY)
      ? { ...input, groups: input.groups.map((group) => ({ ...group, [limit]: Number.POSITIVE_INFINITY })) }
      : undefined;
}

type Resource = keyof typeof RELIEFS;
/** `none`: nothing shared holds the starts up; they take the time they take. */
export type Bottleneck = Resource | "none";

const RESOURCES = Object.keys(RELIEFS) as Resource[];

/** What a storm would be with one resource unlimited. */
export interface Relief {
  readonly resource: Resource;
  /** Gain in the success share, with its bounds. */
  readonly gain: Interval;
  /** Share of the failures that would be gone, and of the 95th percentile of the time to ready. */
  readonly failuresGone: number;
  readonly timeGone: number;
}

/**
 * Storms for each relief: paired with the first ones of the real run, so that few are enough; fewer where only time is
 * compared, or where so many starts fail that some storms hold them all.
 */
const REPLICATIONS = { withFailures: 300, least: 60, timeOnly: { min: 10, max: 100 } };
/** Starts in all storms whose p95 is steady. */
const TIMED_STARTS = 1000;
/** Failed starts that show which relief spares most of them. */
const FAILED_STARTS = 600;
/** Attempts to connect in the storms of one relief, and the fewest storms however many attempts each has. */
const MOST_ATTEMPTS = 200_000;
const LEAST_AFFORDABLE = 5;
/** A relief that changes less is not worth a name. */
const WORTH_NAMING = { failures: 0.1, time: 0.02 };
/** One failed start in all storms of a relief is far more. */
const ROUNDING = 1e-9;

/** A run with its input: `run` is what the input gave with that seed. */
interface Storms {
  readonly input: StormInput;
  readonly run: StormRun;
  readonly seed: number;
}

/** What is to be relieved: the first storms of the run. */
interface Base extends Storms {
  readonly options: SimulationOptions;
  readonly failing: number;
}

export function findBottleneck(storms: Storms): Bottleneck {
  const base = baseOf(storms);
  const reliefs: Relief[] = [];
  for (const resource of RESOURCES) {
    const relief = relieve(resource, base);
    if (!relief) continue;
    reliefs.push(relief);
    // Nothing fails any more, so no other relief does more, and the first one decides a tie.
    if (relief.failuresGone > 1 - ROUNDING) break;
  }
  const byFailures = largest(reliefs, (relief) => relief.failuresGone, WORTH_NAMING.failures);
  if (byFailures) return byFailures;
  if (base.failing > 0) return mostHarmful(base) ?? "none";
  return largest(reliefs, (relief) => relief.timeGone, WORTH_NAMING.time) ?? "none";
}

/** What each relief would bring. */
export function reliefsOf(storms: Storms): Relief[] {
  const base = baseOf(storms);
  return RESOURCES.flatMap((resource) => relieve(resource, base) ?? []);
}

function baseOf({ input, run, seed }: Storms): Base {
  const affordable = Math.max(LEAST_AFFORDABLE, Math.floor(MOST_ATTEMPTS / attemptsIn(input)));
  const options = { replications: Math.min(run.shares.length, replicationsFor(run), affordable), seed };
  const first = options.replications === run.shares.length ? run : stormRun(input, options);
  return { input, run: first, seed, options, failing: 1 - meanInterval(first.shares).mean };
}

function relieve(resource: Resource, { input, run, options, failing }: Base): Relief | undefined {
  const relieved = RELIEFS[resource](input);
  if (!relieved) return undefined;
  const better = heldUpNone(resource, input, run) ? run : stormRun(relieved, options);
  const gain = differenceInterval(better.shares, run.shares);
  const [p95, betterP95] = [quantile(run.readySeconds, 0.95), quantile(better.readySeconds, 0.95)];
  const timeGone = p95 !== null && betterP95 !== null ? 1 - betterP95 / p95 : 0;
  return { resource, gain, failuresGone: failing > 0 ? gain.mean / failing : 0, timeGone };
}

/** Whether no start was refused by the resource or waited for it: the same storms without its limit are the same. */
function heldUpNone(resource: Resource, { connector }: StormInput, run: StormRun): boolean {
  switch (resource) {
    case "max_connections":
    case "connection limit":
    case "built-in socket":
      return run.refusals === 0;
    case "Admin API":
      return run.adminApiWaits === 0;
    case "connector":
      return run.queues.connector <= connector.vms;
    default:
      return false;
  }
}

function replicationsFor({ shares, starts }: StormRun): number {
  const failing = 1 - meanInterval(shares).mean;
  if (failing === 0) return clamp(TIMED_STARTS / starts, REPLICATIONS.timeOnly);
  return clamp(FAILED_STARTS / (failing * starts), { min: REPLICATIONS.least, max: REPLICATIONS.withFailures });
}

/**
 * The resource that fails most starts when every other one is unlimited, beyond those that fail with all of them
 * unlimited.
 */
function mostHarmful({ input, options }: Base): Resource | undefined {
  const relievedBut = (kept: Resource | undefined) =>
    RESOURCES.reduce((all, other) => (other === kept ? all : (RELIEFS[other](all) ?? all)), input);
  const failing = (storm: StormInput) => 1 - meanInterval(stormRun(storm, options).shares).mean;
  const anyway = failing(relievedBut(undefined));
  const harm = RESOURCES.filter((resource) => RELIEFS[resource](input)).map((resource) => ({
    resource,
    failing: failing(relievedBut(resource)) - anyway,
  }));
  return largest(harm, (item) => item.failing, WORTH_NAMING.failures);
}

function largest<T extends { readonly resource: Resource }>(
  found: readonly T[],
  of: (item: T) => number,
  least: number,
): Resource | undefined {
  const best = found.toSorted((a, b) => of(b) - of(a))[0];
  return best && of(best) >= least ? best.resource : undefined;
}
