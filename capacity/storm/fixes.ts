import { probeWindowSeconds } from "../constraints/cloudrun";
import { databaseMemory, parseTier, tierCatalogue } from "../constraints/cloudsql";
import { cloudRunLimits, connectorLimits } from "../limits";
import { planAfter } from "../plan-changes";
import { clamp } from "../problem";
import type { Bottleneck } from "./bottleneck";
import { allPass } from "./gate";
import { attemptsIn } from "./model";
import { DEFAULT_SEED, type StormResult } from "./results";
import { stormRun } from "./runs";
import { planScenarios, type StormPlan, stormPlanProblems } from "./scenarios";
import { meanOf } from "./statistics";

/*
 * Numbers that mend a failing storm. Each is found by simulating the changed plan, so that it passes when it is typed.
 */

/** Fields of a plan, with the values that mend it together: `services.backend.maxInstances`. */
export type Fix = readonly (readonly [field: string, value: string | number])[];

/** What one kind of change can do: fixes by how far they go, the smallest first. */
interface Lever {
  readonly steps: number;
  fix(step: number): Fix;
}

/** How a changed plan is judged beside its storms. */
export interface FixLimits<Plan extends StormPlan> {
  /** Whether a reader can change the field. Default: every one. */
  readonly canSet?: ((field: string) => boolean) | undefined;
  /** Whether the changed plan has no new problem. Default: none has. */
  readonly accepts?: ((changed: Plan) => boolean) | undefined;
}

/** More are not read. */
const MOST_FIXES = 3;
/** Attempts to connect in a storm above which a search takes too long. */
const MOST_ATTEMPTS = 2000;
/** Storms that show whether a fix is worth a full verdict: fewer where they are long. */
const FIRST_LOOK = { attempts: 10_000, min: 20, max: 100 };
/** Steps beyond the first hopeful one that get a full verdict. */
const FURTHER_STEPS = 3;

/**
 * The smallest changes that each let every storm of the plan reach the target, at most three. None for a path that
 * cannot work or opens late: it needs another route, and no number.
 */
export function passingFixes<Plan extends StormPlan>(
  plan: Plan,
  failing: readonly StormResult[],
  target: number,
  { canSet = () => true, accepts = () => true }: FixLimits<Plan> = {},
): Fix[] {
  if (failing.some(({ bottleneck }) => bottleneck === "network path")) return [];
  if (planScenarios(plan).some(({ input }) => attemptsIn(input) > MOST_ATTEMPTS)) return [];
  const changed = (fix: Fix) => {
    const after = planAfter(
      plan,
      fix.map(([field, value]) => [`netra:${field}`, value]),
    );
    return after !== undefined && stormPlanProblems(after).length === 0 ? after : undefined;
  };
  const isHopeful = (after: Plan | undefined) =>
    after !== undefined &&
    planScenarios(after).every(({ input }) => {
      const replications = clamp(FIRST_LOOK.attempts / attemptsIn(input), FIRST_LOOK);
      return meanOf(stormRun(input, { replications, seed: DEFAULT_SEED }).shares) >= target;
    });
  const passes = (after: Plan | undefined) => after !== undefined && accepts(after) && allPass(after, target);
  const search = (levers: readonly Lever[], before: Fix = []): Fix[] => {
    const found: Fix[] = [];
    for (const { steps, fix } of levers) {
      if (found.length === MOST_FIXES) break;
      if (steps === 0 || !fix(0).every(([field]) => canSet(field))) continue;
      const first = firstStep(steps, (step) => isHopeful(changed([...before, ...fix(step)])));
      if (first === undefined) continue;
      const passing = Array.from({ length: Math.min(FURTHER_STEPS + 1, steps - first) }, (_, i) => fix(first + i)).find(
        (further) => passes(changed([...before, ...further])),
      );
      if (passing) found.push([...before, ...passing]);
    }
    return found;
  };
  const alone = search(leversOf(plan, failing));
  if (alone.length > 0) return alone;
  // A faster database that alone is not enough may be so with more time.
  const tiers = largerTier(plan);
  for (let step = 0; step < tiers.steps && canSet("database.tier"); step++) {
    const both = search([morePatience(plan, lateServices(plan, failing))], tiers.fix(step));
    if (both.length > 0) return both;
  }
  return [];
}

/** The first step that helps, where all further ones do. */
function firstStep(steps: number, helps: (step: number) => boolean): number | undefined {
  if (!helps(steps - 1)) return undefined;
  let [useless, enough] = [-1, steps - 1];
  while (enough - useless > 1) {
    const middle = Math.floor((useless + enough) / 2);
    if (helps(middle)) enough = middle;
    else useless = middle;
  }
  return enough;
}

/** What can be changed, what relieves the bottlenecks first. */
function leversOf(plan: StormPlan, failing: readonly StormResult[]): Lever[] {
  const late = lateServices(plan, failing);
  const [most = ""] = late.toSorted(
    (a, b) => (plan.services[b]?.maxInstances ?? 0) - (plan.services[a]?.maxInstances ?? 0),
  );
  const fewer = fewerInstances(plan, most);
  const levers: Readonly<Record<Bottleneck, readonly Lever[]>> = {
    "network path": [],
    max_connections: [moreSlots(plan), fewer],
    "database CPU": [largerTier(plan), morePatience(plan, late), fewer],
    connector: [moreVms(plan), largerVms(plan), fewer],
    "Admin API": [directPath(most)],
    "built-in socket": [directPath(most)],
    "connection limit": [fewerConnections(plan, most)],
    postmaster: [morePatience(plan, late), fewer],
    none: [morePatience(plan, late), moreAttempts(plan, late), fewer],
  };
  const bottlenecks = new Set(failing.map(({ bottleneck }) => bottleneck));
  return [...new Set([...bottlenecks].flatMap((bottleneck) => levers[bottleneck]))];
}

/** The services whose starts fail. */
const lateServices = (plan: StormPlan, failing: readonly StormResult[]): string[] =>
  Object.keys(plan.services).filter((key) =>
    failing.some(({ services }) => services.some(({ service, readyShare }) => service === key && readyShare < 1)),
  );

function largerTier({ database: { tier } }: StormPlan): Lever {
  const own = parseTier(tier);
  const isLarger = ({ vcpus, memoryMib }: { vcpus: number; memoryMib: number }) =>
    own !== undefined && memoryMib >= own.memoryMib && (own.kind === "shared-core" || vcpus > own.vcpus);
  const tiers = tierCatalogue.filter(isLarger);
  // Of one number of vCPUs only the cheapest.
  const names = tiers.filter(({ vcpus }, i) => vcpus !== tiers[i - 1]?.vcpus).map(({ name }) => name);
  return { steps: names.length, fix: (step) => [["database.tier", names[step] ?? tier]] };
}

function moreSlots({ database: { tier, maxConnections } }: StormPlan): Lever {
  const own = parseTier(tier);
  const most = own ? databaseMemory({ tier, maxConnections }, own).largestMaxConnections : 0;
  return {
    steps: Math.max(0, most - maxConnections),
    fix: (step) => [["database.maxConnections", maxConnections + 1 + step]],
  };
}

function moreVms({ connector: { minInstances, maxInstances } }: StormPlan): Lever {
  const most = Math.min(connectorLimits.minInstances.value.max, maxInstances - 1);
  return {
    steps: Math.max(0, most - minInstances),
    fix: (step) => [["connector.minInstances", minInstances + 1 + step]],
  };
}

function largerVms({ connector: { machineType } }: StormPlan): Lever {
  const largest = Object.keys(connectorLimits.machineTypes.value).at(-1) ?? machineType;
  return { steps: machineType === largest ? 0 : 1, fix: () => [["connector.machineType", largest]] };
}

const directPath = (key: string): Lever => ({
  steps: 1,
  fix: () => [[`services.${key}.database.path`, "private-ip"]],
});

function fewerConnections({ services }: StormPlan, key: string): Lever {
  const own = services[key]?.database?.startupConnections ?? 1;
  return { steps: own - 1, fix: (step) => [[`services.${key}.database.startupConnections`, own - 1 - step]] };
}

function fewerInstances({ services }: StormPlan, key: string): Lever {
  const { maxInstances, minInstances } = services[key] ?? { maxInstances: 1, minInstances: 1 };
  return {
    steps: Math.max(0, maxInstances - Math.max(1, minInstances)),
    fix: (step) => [[`services.${key}.maxInstances`, maxInstances - 1 - step]],
  };
}

/** Longer initialisations, and windows that hold them. */
function morePatience({ services }: StormPlan, late: readonly string[]): Lever {
  const clients = late.flatMap((key) => {
    const service = services[key];
    return service?.database ? [{ key, ...service, database: service.database }] : [];
  });
  const longest = cloudRunLimits.startupWindowSeconds.value.withoutGpu;
  const shortest = Math.min(...clients.map(({ database }) => database.initTimeoutSeconds));
  const most = Math.min(...clients.map(({ bootSeconds }) => longest - bootSeconds));
  return {
    steps: clients.length === 0 ? 0 : Math.max(0, Math.floor(most - shortest)),
    fix: (step) => {
      const seconds = Math.floor(shortest) + 1 + step;
      return clients.flatMap(({ key, bootSeconds, probe, database }) => {
        const window = bootSeconds + Math.max(seconds, database.initTimeoutSeconds);
        const threshold = Math.ceil((window - probe.initialDelaySeconds) / probe.periodSeconds);
        return [
          ...(seconds > database.initTimeoutSeconds
            ? [[`services.${key}.database.initTimeoutSeconds`, seconds] as const]
            : []),
          ...(window > probeWindowSeconds(probe)
            ? [[`services.${key}.probe.failureThreshold`, threshold] as const]
            : []),
        ];
      });
    },
  };
}

/** More attempts to connect than any storm needs: what an application that retries until its time-out makes. */
function moreAttempts({ services }: StormPlan, late: readonly string[]): Lever {
  const clients = late.flatMap((key) => {
    const attempts = services[key]?.database?.retry.attempts;
    return attempts === undefined ? [] : [{ key, attempts }];
  });
  const fewest = Math.min(...clients.map(({ attempts }) => attempts));
  return {
    steps: clients.length === 0 ? 0 : 20,
    fix: (step) =>
      clients
        .filter(({ attempts }) => attempts < fewest + 1 + step)
        .map(({ key }) => [`services.${key}.database.retry.attempts`, fewest + 1 + step] as const),
  };
}
