import { heaviestAntichain } from "./antichain";
import type { RegionalQuota } from "./plan";
import { identity, type Naming, type Problem, problem, type Way } from "./problem";

/*
 * Cloud Run's regional quotas on CPU and memory. Google asks them twice. At a deploy it compares the maximum of one
 * service x its size. While they run, all workloads of the region count together, and a rollout runs two revisions of a
 * service: beyond the quota instances and job executions do not start. Source:
 * docs.cloud.google.com/run/docs/configuring/max-instances-limits.
 */

/** Something that runs instances. */
export interface QuotaUser {
  readonly label: string;
  /** Where its maximum stands, and how that is called beside the maximum of others. */
  readonly setting: string;
  readonly settingAmongOthers: string;
  /** The most instances of one revision, or the most tasks of a job at once. */
  readonly instances: number;
  readonly cpu: number;
  readonly memoryMib: number;
  /** Whether a rollout runs a second full set beside the first. */
  readonly rolls: boolean;
}

/**
 * Which users roll out only after this one has, directly or through others. Users of which neither does can roll out at
 * once.
 */
export type RolloutOrder<User> = (user: User) => readonly User[];

/**
 * One resource in use at the worst moment: every user at its maximum, and second sets of those that roll out at once.
 */
interface InUse<User> {
  readonly total: number;
  /** Whose second set is counted. */
  readonly rolling: readonly User[];
}

export interface RegionalDemand<User> {
  /** vCPU. */
  readonly cpu: InUse<User>;
  /** GiB. */
  readonly memoryGib: InUse<User>;
  readonly fits: boolean;
}

type Amount = (user: QuotaUser) => number;
const cpuOf: Amount = ({ cpu }) => cpu;
const gibOf: Amount = ({ memoryMib }) => memoryMib / 1024;

/** CPU and memory in use at the worst moment, against the region's quota. */
export function regionalDemand<User extends QuotaUser>(
  users: readonly User[],
  { regionalCpu, regionalMemoryGib }: RegionalQuota,
  after: RolloutOrder<User>,
): RegionalDemand<User> {
  const [cpu, memoryGib] = [
    inUse(users, after, takenBy(cpuOf, atMaximum)),
    inUse(users, after, takenBy(gibOf, atMaximum)),
  ];
  return { cpu, memoryGib, fits: cpu.total <= regionalCpu && memoryGib.total <= regionalMemoryGib };
}

const atMaximum = ({ instances }: QuotaUser) => instances;

/** What one revision of a user takes with that many instances. */
const takenBy =
  <User extends QuotaUser>(amountOf: Amount, instancesOf: (user: User) => number) =>
  (user: User) =>
    instancesOf(user) * amountOf(user);
const sumOf = <User>(users: readonly User[], taken: (user: User) => number) =>
  users.reduce((total, user) => total + taken(user), 0);
const rollingOf = <User extends QuotaUser>(users: readonly User[]) => users.filter(({ rolls }) => rolls);

function inUse<User extends QuotaUser>(
  users: readonly User[],
  after: RolloutOrder<User>,
  taken: (user: User) => number,
): InUse<User> {
  // A weight is a whole number: thousandths.
  const rolling = heaviestAntichain(rollingOf(users), (user) => Math.round(taken(user) * 1000), after);
  return { total: sumOf(users, taken) + sumOf(rolling, taken), rolling };
}

/**
 * Whether all fits. A search asks this of hundreds of plans, and of most the order of rollouts decides nothing: bounds
 * come first.
 */
function fitsWith<User extends QuotaUser>(
  users: readonly User[],
  { regionalCpu, regionalMemoryGib }: RegionalQuota,
  after: RolloutOrder<User>,
  instancesOf: (user: User) => number,
): boolean {
  const isWithin = (allowed: number, amountOf: Amount) => {
    const taken = takenBy(amountOf, instancesOf);
    const [once, rolling] = [sumOf(users, taken), rollingOf(users)];
    if (once + rolling.reduce((most, user) => Math.max(most, taken(user)), 0) > allowed) return false;
    return once + sumOf(rolling, taken) <= allowed || inUse(users, after, taken).total <= allowed;
  };
  return isWithin(regionalCpu, cpuOf) && isWithin(regionalMemoryGib, gibOf);
}

/** A quota of the region that all workloads together exceed, as a problem of the one that takes most of it. */
export function regionalQuotaProblems<User extends QuotaUser>(
  users: readonly User[],
  quota: RegionalQuota,
  order: RolloutOrder<User>,
  name: Naming<keyof RegionalQuota> = identity,
): { readonly problem: Problem; readonly largest: User }[] {
  const orders = new Map(users.map((user) => [user, order(user)]));
  const after: RolloutOrder<User> = (user) => orders.get(user) ?? [];
  const demand = regionalDemand(users, quota, after);
  const over = ({ total, rolling }: InUse<User>, unit: string, amountOf: Amount, key: keyof RegionalQuota) => {
    const allowed = quota[key];
    const own = (user: User) => user.instances * amountOf(user);
    const taken = (user: User) => own(user) * (rolling.includes(user) ? 2 : 1);
    const largest = users.toSorted((a, b) => taken(b) - taken(a))[0];
    if (total <= allowed || !largest) return [];
    // A number that the other quota refuses would be none.
    const most = mostInstances(largest, (instances) =>
      fitsWith(users, quota, after, (user) => (user === largest ? instances : user.instances)),
    );
    const rolls = rolling.length > 0 ? `, ${rolling.map(({ label }) => label).join(" and ")} in two revisions` : "";
    const found = problem({
      setting: largest.setting,
      value: largest.instances,
      must: `keep all services within the ${allowed} ${unit} of '${name(key)}' (they need ${Number(total.toFixed(2))}${rolls})`,
      because:
        own(largest) > allowed
          ? "Google compares the maximum of one service x its size with the regional quota at the deploy, and refuses it"
          : "all that runs in the region counts, and in a rollout both revisions run: beyond the quota instances do not start",
      ways: most >= 1 ? [[[largest.setting, most]]] : lowered(users, quota, after),
      otherwise:
        most >= 1 ? undefined : `ask Google for a larger quota, and state it in '${name(key)}' once it is granted`,
    });
    return [{ problem: found, largest }];
  };
  return [
    ...over(demand.cpu, "vCPU", cpuOf, "regionalCpu"),
    ...over(demand.memoryGib, "GiB", gibOf, "regionalMemoryGib"),
  ];
}

/** The most instances, below the user's own, that fit; 0: not even one does. More instances never need less. */
function mostInstances({ instances }: QuotaUser, fits: (instances: number) => boolean): number {
  let [low, high] = [0, Math.ceil(instances)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Fewer instances of several users, the one that takes most first, each kept at one at least; empty: nothing else fits.
 */
function lowered<User extends QuotaUser>(
  users: readonly User[],
  quota: RegionalQuota,
  after: RolloutOrder<User>,
): Way[] {
  const left = new Map(users.map((user) => [user, user.instances]));
  const instancesOf = (user: User) => left.get(user) ?? user.instances;
  const share = (user: User) => instancesOf(user) * (user.rolls ? 2 : 1) * (user.cpu + user.memoryMib / 2048);
  while (!fitsWith(users, quota, after, instancesOf)) {
    const [most] = users.filter((user) => instancesOf(user) > 1).toSorted((a, b) => share(b) - share(a));
    if (!most) return [];
    // Halves first: a billion is not counted down.
    left.set(most, Math.floor(instancesOf(most) / 2));
  }
  return [
    users
      .filter((user) => instancesOf(user) < user.instances)
      .map((user) => [user.settingAmongOthers, instancesOf(user)] as const),
  ];
}
