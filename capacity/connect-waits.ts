import { assumptions } from "./assumptions";
import { parseTier, tierCatalogue } from "./constraints/cloudsql";
import type { ConnectorSize } from "./constraints/connector";
import { connectorMbps, vmConnectsPerSecond } from "./constraints/connector";
import { cloudSqlLimits, connectorLimits, postgresCosts } from "./limits";
import { type Problem, problem, type Way } from "./problem";

/*
 * What the connects of a cold start wait for when all of them arrive at once: the database's CPU, the connector, the
 * Admin API. The storms simulate the same; this is the sum that a reader can redo.
 */

/** A database client as a storm sees it: how many instances may start at once, and what each opens. */
export interface StartingClient {
  readonly instances: number;
  readonly workers: number;
  readonly startupConnections: number;
  readonly connectTimeoutSeconds: number;
}

/** Seconds that the last of the connects of a storm waits at one stage, against the shortest connect time-out. */
export interface StageWait {
  /**
   * Connects that can be under way at once: one per starting process, because a process opens them one after another.
   */
  readonly concurrentConnects: number;
  /** All connects of the storm. */
  readonly connects: number;
  readonly waitSeconds: number;
  readonly timeoutSeconds: number;
}

function stormOf(clients: readonly StartingClient[]) {
  const processes = clients.map((c) => c.instances * c.workers);
  return {
    concurrentConnects: processes.reduce((sum, n) => sum + n, 0),
    connects: clients.reduce((sum, c, i) => sum + (processes[i] ?? 0) * c.startupConnections, 0),
    timeoutSeconds: Math.min(...clients.map((c) => c.connectTimeoutSeconds)),
  };
}

/**
 * What of the database's time one of many connects takes, ms: its CPU on all vCPUs, or the postmaster, which forks one
 * at a time.
 */
const msPerConnect = (vcpus: number): number =>
  Math.max(postgresCosts.connectCpuMs.value / vcpus, postgresCosts.postmasterMs.value);

/**
 * The database's connect rate: every process connects at once, each connect costs TLS and SCRAM on the tier's vCPUs and
 * a fork in the postmaster. `undefined` where the tier cannot be read or nothing connects.
 */
export function databaseConnectWait(
  clients: readonly StartingClient[],
  tierName: string,
): (StageWait & { readonly vcpus: number }) | undefined {
  const tier = parseTier(tierName);
  if (!tier || clients.length === 0) return undefined;
  const storm = stormOf(clients);
  return { ...storm, vcpus: tier.vcpus, waitSeconds: (storm.concurrentConnects * msPerConnect(tier.vcpus)) / 1000 };
}

/** Where the reader changes how many clients start at once. */
interface StartNames {
  /** What limits them all, in words. */
  readonly instances: string;
  /** A number of the client that stands at that position; left out: no message proposes one. */
  client?(index: number, field: (typeof START_FIELDS)[number]): string;
}

const START_FIELDS = ["instances", "workers", "startupConnections"] as const;

/**
 * Less of the client that takes most of all `used` units, so that at most `most` remain: fewer instances, else fewer
 * processes or connections. `fields` make a client's units.
 */
function smallerClient(
  clients: readonly StartingClient[],
  names: StartNames,
  used: number,
  most: number,
  fields: readonly (typeof START_FIELDS)[number][],
): Way[] {
  const units = (client: StartingClient) => fields.reduce((product, field) => product * client[field], 1);
  const largest = clients.reduce((best, client, i) => (units(client) > units(clients[best] ?? client) ? i : best), 0);
  const client = clients[largest];
  if (!client || !names.client || units(client) === 0) return [];
  const { client: name } = names;
  const ways = fields.flatMap((field): Way[] => {
    const value = Math.floor(((most - (used - units(client))) * client[field]) / units(client));
    return value >= 1 ? [[[name(largest, field), value]]] : [];
  });
  return ways.slice(0, 1);
}

/** A storm whose connects the database cannot authenticate within the time-out. */
export function connectRateProblems(
  clients: readonly StartingClient[],
  tierName: string,
  names: StartNames & { readonly tier: string },
): Problem[] {
  const wait = databaseConnectWait(clients, tierName);
  if (!wait || wait.waitSeconds <= wait.timeoutSeconds) return [];
  const memoryMib = parseTier(tierName)?.memoryMib ?? 0;
  const faster = tierCatalogue.find(
    (t) => t.memoryMib >= memoryMib && (databaseConnectWait(clients, t.name)?.waitSeconds ?? 0) <= wait.timeoutSeconds,
  );
  const most = Math.floor((wait.concurrentConnects * wait.timeoutSeconds) / wait.waitSeconds);
  return [
    problem({
      setting: names.tier,
      value: tierName,
      must: `authenticate ${wait.concurrentConnects} connects within ${wait.timeoutSeconds} s (it needs ${seconds(wait.waitSeconds)} s on ${wait.vcpus} vCPU)`,
      because: "TLS and SCRAM cost the instance's CPU and every starting process connects at once",
      ways: [
        ...(faster ? [[[names.tier, faster.name] as const]] : []),
        ...smallerClient(clients, names, wait.concurrentConnects, most, ["instances", "workers"]),
      ],
      otherwise: `lower ${names.instances} so that at most ${most} processes connect at once`,
    }),
  ];
}

const seconds = (value: number) => Number(value.toFixed(2));

/**
 * The connector at its minimum size: it scales out later than a storm lasts. The longer of what the bytes and what the
 * new connections need counts (the connections per second and VM are an assumption).
 */
export function connectorWait(
  clients: readonly StartingClient[],
  connector: ConnectorSize,
): (StageWait & { readonly mbps: number; readonly connectsPerSecond: number }) | undefined {
  const mbps = connectorMbps(connector.machineType, connector.minInstances);
  if (mbps <= 0 || clients.length === 0) return undefined;
  const storm = stormOf(clients);
  const connectsPerSecond =
    connector.minInstances * vmConnectsPerSecond(connector.machineType, assumptions.connectorConnectsPerSecond.likely);
  const byteSeconds = (storm.connects * postgresCosts.connectBytes.value * 8) / (mbps * 1e6);
  return { ...storm, mbps, connectsPerSecond, waitSeconds: Math.max(byteSeconds, storm.connects / connectsPerSecond) };
}

/** A storm whose connects do not get through the connector within the time-out. */
export function connectorWaitProblems(
  clients: readonly StartingClient[],
  connector: ConnectorSize,
  names: StartNames & { readonly minInstances: string },
): Problem[] {
  const wait = connectorWait(clients, connector);
  if (!wait || wait.waitSeconds <= wait.timeoutSeconds) return [];
  const needed = Math.ceil((connector.minInstances * wait.waitSeconds) / wait.timeoutSeconds);
  const most = Math.floor((wait.connects * wait.timeoutSeconds) / wait.waitSeconds);
  const possible = needed <= connectorLimits.minInstances.value.max;
  return [
    problem({
      setting: names.minInstances,
      value: connector.minInstances,
      must: `carry ${wait.connects} connects within ${wait.timeoutSeconds} s (it needs ${seconds(wait.waitSeconds)} s at ${wait.mbps} Mbps and an assumed ${wait.connectsPerSecond} connects a second)`,
      because: "the connector scales out later than a storm lasts",
      ways: [
        ...(possible ? [[[names.minInstances, needed] as const]] : []),
        ...smallerClient(clients, names, wait.connects, most, START_FIELDS),
      ],
      otherwise: `lower ${names.instances} so that at most ${most} connects come at once`,
    }),
  ];
}

/** Admin API calls of a cold start over the built-in socket or a language connector, within one minute. */
export function adminApiCalls(clients: readonly { readonly instances: number; readonly workers: number }[]) {
  const processes = clients.reduce((sum, c) => sum + c.instances * c.workers, 0);
  return {
    processes,
    calls: processes * cloudSqlLimits.adminApiCallsPerProcess.value,
    limit: cloudSqlLimits.adminApiConnectPerMinute.value,
  };
}

/** A cold start that makes more Admin API calls than Google answers in a minute. `value` is the setting's. */
export function adminApiProblems(
  clients: readonly { readonly instances: number; readonly workers: number }[],
  setting: string,
  value: number,
): Problem[] {
  const { calls, limit } = adminApiCalls(clients);
  if (calls <= limit) return [];
  return [
    problem({
      setting,
      value,
      must: `leave a cold start within ${limit} Admin API calls a minute (it makes ${calls})`,
      because:
        "each process fetches settings and a certificate before it can connect, and further calls are answered with 429",
      fix: `fewer instances, so that at most ${Math.floor(limit / cloudSqlLimits.adminApiCallsPerProcess.value)} processes start at once, or use the database's private address, which needs no call`,
    }),
  ];
}
