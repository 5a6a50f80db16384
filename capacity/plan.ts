import type { ProbeTiming } from "./constraints/cloudrun";
import type { ConnectorSize } from "./constraints/connector";
import type { EdgePlan } from "./constraints/edge";
import type { RedisAccess } from "./constraints/redis";

/**
 * The capacity plan: everything about an environment that decides whether it starts. Read from the stack's
 * configuration by `config/read.ts`; the budget, the storm, the cost, the components and the pack's defaults derive
 * from it.
 */
export interface CapacityPlan {
  readonly network: NetworkPlan;
  readonly connector: ConnectorSize & { readonly name: string; readonly ipCidrRange: string };
  readonly database: DatabasePlan;
  readonly cache: CachePlan;
  /** The job that migrates before the services roll. Default: services migrate when they start. */
  readonly migrations?: MigrationsPlan | undefined;
  /** By the key each service has in the stack file, in the order it has there. */
  readonly services: Readonly<Record<string, ServicePlan>>;
  /** `tagPattern`: image tags that never move. */
  readonly images: { readonly tagPattern: string };
  readonly limits: RegionalQuota;
  readonly targets: { readonly startupSuccessPercent: number };
  /** The load balancer. Default: there is none. */
  readonly edge?: EdgePlan | undefined;
  /** Who is notified. Default: nobody. */
  readonly monitoring?: { readonly disabled?: { readonly reason: string } | undefined } | undefined;
}

export interface NetworkPlan {
  readonly subnetCidr: string;
  /** Name and addresses of the range for Google's managed services. */
  readonly privateServicesRange: string;
  readonly privateServicesCidr: string;
  /** Ranges that exist beside the stack's own and must stay free. */
  readonly otherCidrs: readonly string[];
  readonly nat?: object | undefined;
}

export interface DatabasePlan {
  readonly version: string;
  readonly edition: "ENTERPRISE" | "ENTERPRISE_PLUS";
  readonly tier: string;
  readonly maxConnections: number;
  /** Share of max_connections that the budget may use, above 0 and at most 1. */
  readonly usableShare: number;
  /** Slots kept for superusers, Cloud SQL's own agents and people. */
  readonly reservedConnections: number;
  /** Slots that migrations take while services start; 0 where a job migrates. */
  readonly migrationConnections: number;
  /** The job that sets up the roles: each service's users have a connection limit. */
  readonly roles: { readonly image: string };
  readonly sharedBuffersMib: number;
  readonly workMemMib: number;
  readonly diskGb: number;
  readonly backup: { readonly transactionLogDays: number };
  readonly insights: { readonly queryStringLength: number; readonly queryPlansPerMinute: number };
}

interface MigrationsPlan {
  /** The key of the service whose image, variables, secrets and size the job has. */
  readonly service: string;
  /** Default: the service's. */
  readonly image?: string | undefined;
  /** Connections it holds at once. */
  readonly connections: number;
}

export interface CachePlan extends RedisAccess {
  readonly memoryGb: number;
}

export interface ServicePlan {
  readonly name: string;
  readonly image: string;
  readonly port: number;
  /** vCPU of one instance. */
  readonly cpu: number;
  readonly memoryMib: number;
  /** Whether the CPU is throttled between requests (request-based billing). */
  readonly cpuIdle: boolean;
  readonly minInstances: number;
  readonly maxInstances: number;
  /** Requests one instance takes at once. */
  readonly concurrency: number;
  readonly timeoutSeconds: number;
  /** Container start to first database connect (or to ready, without a database). */
  readonly bootSeconds: number;
  readonly egress: "private-ranges-only" | "all-traffic";
  /** `path`: what an HTTP probe asks. */
  readonly probe: ProbeTiming & { readonly path?: string | undefined };
  readonly liveness: ProbeTiming & { readonly path?: string | undefined };
  readonly database?: DatabaseClientPlan | undefined;
  /** Keys of the services that must have rolled out before this one starts. */
  readonly after: readonly string[];
}

/** How one service uses the database: the `DB_*` variables of its container. */
export interface DatabaseClientPlan extends ConnectionPool {
  readonly path: "private-ip" | "built-in-socket";
  /** A request's wait for a pooled connection. */
  readonly poolTimeoutSeconds: number;
  /** Connections one starting instance opens, one after another. */
  readonly startupConnections: number;
  /** One attempt's time-out. */
  readonly connectTimeoutSeconds: number;
  /** The whole initialisation, retries included. */
  readonly initTimeoutSeconds: number;
  /** Database CPU that the start-up queries of one connection cost, ms. */
  readonly startupQueryCpuMs: number;
  readonly retry: RetryPolicy;
}

/** The pool of one process and the number of processes in an instance. */
export interface ConnectionPool {
  readonly poolSize: number;
  readonly maxOverflow: number;
  /** Processes in an instance, each with a pool of its own (`WEB_CONCURRENCY`). */
  readonly workers: number;
}

/** Exponential back-off: wait = min(cap, base x factor^n) x (1 + uniform(0, jitter)). */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  readonly baseSeconds: number;
  readonly factor: number;
  readonly capSeconds: number;
  readonly jitter: number;
}

/** What this project may run in its region: `CpuAllocPerProjectRegion`, `MemAllocPerProjectRegion`. */
export interface RegionalQuota {
  readonly regionalCpu: number;
  readonly regionalMemoryGib: number;
}

/** Connections that one instance can hold open. */
export function connectionsPerInstance(pool: ConnectionPool): number {
  return pool.workers * (pool.poolSize + pool.maxOverflow);
}

/** Boot plus the whole database initialisation: what a start-up probe must wait for, seconds. */
export function startSeconds(service: {
  readonly bootSeconds: number;
  readonly database?: { readonly initTimeoutSeconds: number } | undefined;
}): number {
  return service.bootSeconds + (service.database?.initTimeoutSeconds ?? 0);
}

/** For each service, by key, all that must have rolled out before it, directly or through others. */
export function predecessors(
  services: Readonly<Record<string, Pick<ServicePlan, "after">>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const before = (key: string): ReadonlySet<string> => {
    const known = found.get(key);
    if (known) return known;
    const own = new Set<string>();
    found.set(key, own);
    // The last first: where each waits for all before it, that one has the others.
    for (const other of (services[key]?.after ?? []).toReversed())
      if (!own.has(other)) for (const one of [other, ...before(other)]) own.add(one);
    return own;
  };
  for (const key of Object.keys(services)) before(key);
  return found;
}

/**
 * The container's environment carries the plan: components write these variables, the application obeys them, and the
 * pack reads the budget back from them.
 */
export const databaseVariables = {
  poolSize: "DB_POOL_SIZE",
  maxOverflow: "DB_MAX_OVERFLOW",
  poolTimeoutSeconds: "DB_POOL_TIMEOUT_SECONDS",
  connectTimeoutSeconds: "DB_CONNECT_TIMEOUT_SECONDS",
  initTimeoutSeconds: "DB_INIT_TIMEOUT_SECONDS",
  startupConnections: "DB_STARTUP_CONNECTIONS",
  workers: "WEB_CONCURRENCY",
} as const satisfies { readonly [Field in keyof DatabaseClientPlan]?: string };

/** The part of a client's plan that its container's variables carry. */
export type DatabaseClientVariables = Pick<DatabaseClientPlan, keyof typeof databaseVariables>;
