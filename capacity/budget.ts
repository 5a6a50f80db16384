import { assumptions } from "./assumptions";
import { parseTier, smallestTierFor } from "./cloudsql";
import type { ConnectorSize } from "./connector";
import { connectorMbps } from "./connector";
import { cloudSqlLimits, postgresCosts } from "./limits";
import type { ConnectionPool, RegionalQuota } from "./plan";
import { connectionsPerInstance } from "./plan";

/*
 * The arithmetic that goes across resources. Each function takes the figures, whoever read them (the stack file or a
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

/** The slots of the database. `usableShare` is above 0 and at most 1. */
export interface DatabaseSlots {
  readonly maxConnections: number;
  readonly usableShare: number;
  readonly reservedConnections: number;
  readonly migrationConnections: number;
}

export interface BudgetLine {
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

/** Sum of (instances + overlap) x workers x (pool + overflow), plus reserved slots and migrations, against max_connections x share. */
export function connectionBudget(holders: readonly ConnectionHolder[], slots: DatabaseSlots): ConnectionBudget {
  const lines = holders.map((holder) => {
    const perInstance = connectionsPerInstance(holder);
    const { label, instances, overlap } = holder;
    return { label, instances, overlap, perInstance, connections: (instances + overlap) * perInstance };
  });
  const reserved = slots.reservedConnections + slots.migrationConnections;
  const demand = lines.reduce((sum, line) => sum + line.connections, reserved);
  const limit = Math.floor(slots.maxConnections * slots.usableShare);
  return { lines, reserved, demand, limit, headroom: limit - demand };
}

/** The budget as one line of arithmetic: `backend (5 + 5) x 5 = 50; ...; 91 of 120`. */
export function budgetArithmetic(budget: ConnectionBudget, slots: DatabaseSlots): string {
  const lines = budget.lines.map((l) => `${l.label} (${l.instances} + ${l.overlap}) x ${l.perInstance} = ${l.connections}`);
  return [
    ...lines,
    `reserved ${slots.reservedConnections} + migrations ${slots.migrationConnections} = ${budget.reserved}`,
    `${budget.demand} of ${budget.limit} (max_connections ${slots.maxConnections} x ${slots.usableShare})`,
  ].join("; ");
}

/** What would make an overdrawn budget pass. */
export interface BudgetRemedy {
  /** The smallest max_connections whose usable share covers the demand. */
  readonly maxConnections: number;
  /** The smallest tier that holds so many backends; `undefined`: none of the catalogue does. */
  readonly tier: string | undefined;
  /** The line with the most connections, and the most connections per instance it could have with everything else unchanged. */
  readonly largest: BudgetLine | undefined;
  readonly largestPerInstance: number;
}

export function budgetRemedy(budget: ConnectionBudget, slots: DatabaseSlots): BudgetRemedy {
  const maxConnections = Math.ceil(budget.demand / slots.usableShare);
  const largest = budget.lines.toSorted((a, b) => b.connections - a.connections)[0];
  const others = budget.demand - (largest?.connections ?? 0);
  const instances = (largest?.instances ?? 0) + (largest?.overlap ?? 0);
  return {
    maxConnections,
    tier: smallestTierFor(maxConnections)?.name,
    largest,
    largestPerInstance: instances > 0 ? Math.max(0, Math.floor((budget.limit - others) / instances)) : 0,
  };
}

/** A database client as a storm sees it: how many instances may start at once, and what each opens. */
export interface StartingClient {
  readonly instances: number;
  readonly workers: number;
  readonly startupConnections: number;
  readonly connectTimeoutSeconds: number;
}

/** Seconds that the last of the connects of a storm waits at one stage, against the shortest connect time-out. */
export interface StageWait {
  /** Connects that can be under way at once: one per starting process, because a process opens them one after another. */
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
 * The database's connect rate: every process connects at once, each connect costs TLS and SCRAM on the tier's vCPUs and
 * a fork in the postmaster. `undefined` where the tier cannot be read or nothing connects.
 */
export function databaseConnectWait(clients: readonly StartingClient[], tierName: string): (StageWait & { readonly vcpus: number }) | undefined {
  const tier = parseTier(tierName);
  if (!tier || clients.length === 0) return undefined;
  const storm = stormOf(clients);
  const perConnectMs = Math.max(postgresCosts.connectCpuMs.value / tier.vcpus, postgresCosts.postmasterMs.value);
  return { ...storm, vcpus: tier.vcpus, waitSeconds: (storm.concurrentConnects * perConnectMs) / 1000 };
}

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
  const connectsPerSecond = connector.minInstances * assumptions.connectorConnectsPerSecond.likely;
  const byteSeconds = (storm.connects * postgresCosts.connectBytes.value * 8) / (mbps * 1e6);
  return { ...storm, mbps, connectsPerSecond, waitSeconds: Math.max(byteSeconds, storm.connects / connectsPerSecond) };
}

/** Admin API calls of a cold start over the built-in socket or a language connector, within one minute. */
export function adminApiCalls(clients: readonly { readonly instances: number; readonly workers: number }[]) {
  const processes = clients.reduce((sum, c) => sum + c.instances * c.workers, 0);
  return { processes, calls: processes * cloudSqlLimits.adminApiCallsPerProcess.value, limit: cloudSqlLimits.adminApiConnectPerMinute.value };
}

/** CPU and memory at maximum, summed over services, against the region's quota: Google checks it at every deploy. */
export function regionalDemand(services: readonly { readonly instances: number; readonly cpu: number; readonly memoryMib: number }[], quota: RegionalQuota) {
  const cpu = services.reduce((sum, s) => sum + s.instances * s.cpu, 0);
  const memoryGib = services.reduce((sum, s) => sum + (s.instances * s.memoryMib) / 1024, 0);
  return { cpu, memoryGib, ...quota, fits: cpu <= quota.regionalCpu && memoryGib <= quota.regionalMemoryGib };
}

/** Why a path to the database cannot work at any size; `undefined`: it can. */
export function pathFault(path: {
  readonly egress: "private-ranges-only" | "all-traffic";
  readonly viaSocket: boolean;
  readonly hasVpc: boolean;
  readonly hasNat: boolean;
  readonly databaseIsPrivate: boolean;
}): string | undefined {
  if (path.viaSocket && path.databaseIsPrivate) return "the built-in socket dials the database's public address, and this database has none";
  if (path.egress === "all-traffic" && !path.hasNat) return "all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT";
  if (path.egress === "all-traffic" && path.viaSocket)
    return "all-traffic with the public Cloud SQL socket is what broke staging: every dial fails after about 34 s";
  if (!path.viaSocket && path.databaseIsPrivate && !path.hasVpc) return "a private address is only reached through the VPC, and the service has no connector";
  return undefined;
}
