import type { RetryPolicy } from "../plan";
import { identity, type Naming, type Problem, problem } from "../problem";

/*
 * The start-up storm: instances that start at about the same time and each need the database before they are ready.
 *
 * One start boots (lognormal), opens its connections one after another, passes its remaining phases and is ready. One
 * connect passes the network path, the Admin API (built-in socket), the client's own work, the connector, the
 * postmaster, TLS, the slots, authentication, and its start-up queries. It is refused (53300) after TLS when every slot
 * is taken, and after authentication when its user has all connections that it may have, or when only reserved slots
 * are left, as PostgreSQL does it. A start that has used up its attempts, its initialisation or its probe window has
 * failed: its connections close, and the platform starts it again. That second try competes with the others but is not
 * counted. A storm ends when every first try is ready or has failed.
 *
 * Backends take turns on the database's CPU, a slice at a time: what is short is done when its turn comes, what is long
 * shares the CPU fairly. Clients that share CPUs, as in a rehearsal, do one step after the other, as an event loop
 * does; authentication is many small steps, so that connects that have come so far get through nearly together. `npm
 * run rehearse` runs the same storms on a real PostgreSQL; docs/accuracy.md reports the accuracy.
 *
 * Every connection is kept once it is open, also one that a migration would close: the conservative side.
 */

/** The conditions of a storm. Built from a plan (`scenarios.ts`), from resources, or from a cell of the rehearsal. */
export interface StormInput {
  readonly groups: readonly StartGroup[];
  readonly database: StormDatabase;
  /** The connector's VMs at the time of the storm, and how many new connections one carries in a second. */
  readonly connector: { readonly vms: number; readonly connectsPerSecond: number };
  readonly adminApi: { readonly callsPerMinute: number; readonly callsPerProcess: number };
  readonly costs: ConnectCosts;
  /** From a failed start to the container's next one, seconds, uniform. */
  readonly restartSeconds: Span;
}

/** An inclusive range that a value is drawn from. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

interface StormDatabase {
  /** vCPUs that are there for the storm; a fraction is allowed. */
  readonly vcpus: number;
  readonly maxConnections: number;
  /** Slots that an ordinary user is not given, however few are in use. */
  readonly reservedConnections: number;
  /** Slots in use when the storm arrives, by the old revision, other services and migrations; they stay in use. */
  readonly heldConnections: number;
}

/** What one connect costs beside waiting. */
export interface ConnectCosts {
  /** All of a backend's CPU for its own start, TLS and authentication, ms. */
  readonly connectCpuMs: number;
  /** The part of it that is spent before the slots are looked at: what every refused connect costs, ms. */
  readonly refusalCpuMs: number;
  /** The part of that until the backend waits for its client's first word, before TLS, ms. */
  readonly startCpuMs: number;
  /** Database CPU of the end of a backend that has refused its client, ms. */
  readonly exitCpuMs: number;
  /** Database CPU of closing a connection; its slot is free afterwards, ms. */
  readonly closeCpuMs: number;
  /** The postmaster's CPU, one connect at a time, beside the backend's, ms. */
  readonly postmasterMs: number;
  /** Client-side time before the server is reached (round trips, key exchange), ms. A refused connect pays it too. */
  readonly clientMs: number;
  /** Client-side time of TLS, while the backend waits, ms. A refused connect pays it too. */
  readonly clientTlsMs: number;
  /** Client-side time of authentication (PBKDF2), while the slot is held, ms. */
  readonly clientAuthMs: number;
  /** Whole CPUs that all clients share; Infinity where each instance has its own, as in Cloud Run. */
  readonly clientVcpus: number;
  /** How the work of connects varies: sigma of its logarithm. The costs above are the means. */
  readonly sigma: number;
}

/** Starts that are alike: the instances of one service. */
export interface StartGroup {
  readonly service: string;
  readonly starts: number;
  /** Processes in an instance, each opening its own connections. */
  readonly processes: number;
  readonly connectionsPerProcess: number;
  /** Connections that one process opens at the same time; 1: one after another. */
  readonly connectsAtOnce: number;
  /** Container start to first connect: lognormal with that median (seconds) and that sigma of the logarithm. */
  readonly boot: { readonly medianSeconds: number; readonly sigma: number };
  /** The containers start within so many seconds, uniformly; 0: all at once. */
  readonly spreadSeconds: number;
  /** What follows the database in a start, seconds. */
  readonly remainingSeconds: number;
  readonly probeWindowSeconds: number;
  /** One attempt's time-out. */
  readonly connectTimeoutSeconds: number;
  /** All of the database phase, retries included. */
  readonly initTimeoutSeconds: number;
  /** Per connection. One attempt: no retries. */
  readonly retry: RetryPolicy;
  /** Database CPU of the start-up queries of one connection, ms. */
  readonly queryCpuMs: number;
  readonly path: NetworkPath;
  readonly throughConnector: boolean;
  /** Whether each process calls the Admin API before its first connect. */
  readonly callsAdminApi: boolean;
  /** The most connections that one instance may hold: 100 over the built-in socket, else Infinity. */
  readonly connectionsPerInstance: number;
  /** The most connections that the database lets the group's user have; Infinity: no limit but that of all. */
  readonly userLimit: number;
  /** Connections of that user when the storm arrives, a part of those that the database holds; they stay. */
  readonly userConnections: number;
}

export type NetworkPath =
  | { readonly kind: "open" }
  /** Cannot work: every dial fails after that time. */
  | { readonly kind: "broken"; readonly dialSeconds: number }
  /**
   * A fresh instance passes no traffic until that long after its start (Direct VPC egress). A dial before is repeated
   * until the path opens or the initialisation ends, however many attempts that takes: only then do time-out and
   * attempts count.
   */
  | { readonly kind: "slow"; readonly opensAfterSeconds: Span };

export interface SimulationOptions {
  /** Storms to simulate. A verdict needs at least 1,000. */
  readonly replications: number;
  /** A whole number from 0 to 2^32 - 1. Same seed, same result, on any machine. */
  readonly seed: number;
}

/** The raw results of all storms. */
export interface StormRun {
  /** Starts in one storm. */
  readonly starts: number;
  /** For each storm the share of its starts that became ready at the first try. */
  readonly shares: Float64Array;
  /** Container start to ready of all that became ready at the first try, ascending. */
  readonly readySeconds: Float64Array;
  /** The same of each group, in the order of the input. */
  readonly readyByGroup: readonly Float64Array[];
  /** Over all storms, slots in use at most, those held from before included. */
  readonly peakConnections: number;
  /** Totals over all storms. */
  readonly refusals: number;
  readonly timeouts: number;
  readonly dialFailures: number;
  readonly adminApiWaits: number;
  /** First tries that failed, by what ended them; totals over all storms. */
  readonly failedBy: { readonly attempts: number; readonly initTimeout: number; readonly probeWindow: number };
  /** Over all storms, the most that were at a stage at once, in service included. */
  readonly queues: { readonly connector: number; readonly postmaster: number; readonly databaseCpu: number };
  /** How long a storm lasts: until the last first try is ready or has failed, mean, seconds. */
  readonly stormSeconds: number;
  readonly events: number;
}

/** The wait after so many failed attempts (at least 1), without its jitter, seconds. */
export const waitSeconds = ({ baseSeconds, factor, capSeconds }: RetryPolicy, failures: number): number =>
  // 0 stays 0, however large the factor grows.
  baseSeconds === 0 ? 0 : Math.min(capSeconds, baseSeconds * factor ** (failures - 1));

/**
 * The most attempts to connect that a storm's starts make in their first lives, a process without connections counted as
 * one: what simulating the storm costs. A life ends with its last attempt, its initialisation or its probe window.
 */
export const attemptsIn = ({ groups, costs }: Pick<StormInput, "groups" | "costs">): number =>
  groups.reduce(
    (sum, group) =>
      sum + group.starts * group.processes * Math.max(1, group.connectionsPerProcess) * attemptsPerLife(group, costs),
    0,
  );

/** More are as good as endless: no storm with so many is simulated. */
const COUNTED_ATTEMPTS = 1_000_000;

/** Attempts of one connection in one life: as `retry` allows, and as many as fit into the time. */
function attemptsPerLife(
  { retry, initTimeoutSeconds, probeWindowSeconds }: StartGroup,
  { clientMs }: ConnectCosts,
): number {
  const most = Math.min(retry.attempts, COUNTED_ATTEMPTS);
  const lasts = Math.min(initTimeoutSeconds, probeWindowSeconds);
  let attempts = 1;
  for (let seconds = 0; attempts < most; attempts++) {
    seconds += clientMs / 1000 + waitSeconds(retry, attempts);
    if (seconds > lasts) break;
  }
  return attempts;
}

/** What a field of the input can be, and what to write where it is something else. */
const FORMS = {
  count: {
    must: "be a whole number of at least 1",
    holds: (value: number) => Number.isSafeInteger(value) && value >= 1,
    fix: 1,
  },
  countOrNone: {
    must: "be a whole number of at least 0",
    holds: (value: number) => Number.isSafeInteger(value) && value >= 0,
    fix: 0,
  },
  positive: { must: "be a number above 0", holds: (value: number) => value > 0 && Number.isFinite(value), fix: 1 },
  countOrEndless: {
    must: "be a whole number of at least 1",
    holds: (value: number) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 1),
    fix: 1,
  },
  /** CPUs and limits that may be without end. */
  positiveOrEndless: { must: "be a number above 0", holds: (value: number) => value > 0, fix: 1 },
  amount: { must: "be a number of at least 0", holds: (value: number) => value >= 0 && Number.isFinite(value), fix: 0 },
  factor: { must: "be a number of at least 1", holds: (value: number) => value >= 1 && Number.isFinite(value), fix: 2 },
} as const;

const GROUP_FORMS = {
  starts: "count",
  processes: "count",
  connectionsPerProcess: "countOrNone",
  connectsAtOnce: "count",
  spreadSeconds: "amount",
  remainingSeconds: "amount",
  probeWindowSeconds: "positive",
  connectTimeoutSeconds: "positive",
  initTimeoutSeconds: "positive",
  queryCpuMs: "amount",
  connectionsPerInstance: "positiveOrEndless",
  userLimit: "positiveOrEndless",
  userConnections: "countOrNone",
} as const satisfies { readonly [Field in keyof StartGroup]?: keyof typeof FORMS };

/** Problems of counts, times and costs that no storm can have. `name` returns the reader's name of a field. */
export function stormInputProblems(input: StormInput, name: Naming<string> = identity): Problem[] {
  const problems: Problem[] = [];
  const fields = <Fields extends object>(
    at: string,
    values: Fields,
    forms: { readonly [Field in keyof Fields]?: keyof typeof FORMS },
  ) => {
    for (const field of Object.keys(forms) as (keyof Fields & string)[]) {
      const value = values[field] as number; // the tables list fields that are numbers
      const { must, holds, fix } = FORMS[forms[field] ?? "amount"];
      if (!holds(value))
        problems.push(
          problem({
            setting: name(`${at}.${field}`),
            value,
            must,
            because: "no storm can be simulated otherwise",
            fix,
          }),
        );
    }
  };
  fields("database", input.database, {
    vcpus: "positiveOrEndless",
    maxConnections: "count",
    reservedConnections: "countOrNone",
    heldConnections: "countOrNone",
  });
  fields("connector", input.connector, { vms: "count", connectsPerSecond: "positive" });
  fields("adminApi", input.adminApi, { callsPerMinute: "positive", callsPerProcess: "countOrNone" });
  fields("costs", input.costs, {
    connectCpuMs: "amount",
    refusalCpuMs: "amount",
    startCpuMs: "amount",
    exitCpuMs: "amount",
    closeCpuMs: "amount",
    postmasterMs: "amount",
    clientMs: "amount",
    clientTlsMs: "amount",
    clientAuthMs: "amount",
    clientVcpus: "countOrEndless",
    sigma: "amount",
  });
  const { refusalCpuMs, connectCpuMs } = input.costs;
  if (refusalCpuMs > connectCpuMs)
    problems.push(
      problem({
        setting: name("costs.refusalCpuMs"),
        value: refusalCpuMs,
        must: `not exceed '${name("costs.connectCpuMs")}' (${connectCpuMs})`,
        because: "a refused connect does a part of what a whole one does",
        fix: connectCpuMs,
      }),
    );
  const span = (at: string, range: Span) => {
    fields(at, range, { min: "amount", max: "amount" });
    if (range.min > range.max)
      problems.push(
        problem({
          setting: name(`${at}.min`),
          value: range.min,
          must: `not exceed 'max' (${range.max})`,
          because: "it is a range",
          fix: range.max,
        }),
      );
  };
  span("restartSeconds", input.restartSeconds);
  input.groups.forEach((group, i) => {
    const at = `groups[${i}]`;
    fields(at, group, GROUP_FORMS);
    fields(`${at}.boot`, group.boot, { medianSeconds: "amount", sigma: "amount" });
    fields(`${at}.retry`, group.retry, {
      attempts: "count",
      baseSeconds: "amount",
      factor: "factor",
      capSeconds: "amount",
      jitter: "amount",
    });
    if (group.path.kind === "broken") fields(`${at}.path`, group.path, { dialSeconds: "amount" });
    if (group.path.kind === "slow") span(`${at}.path.opensAfterSeconds`, group.path.opensAfterSeconds);
  });
  return problems;
}
