import { connectorLimits } from "../../capacity/limits";
import type { CapacityPlan } from "../../capacity/plan";
import type { StartBehaviour } from "./storm-plan";

/*
 * What rules take for granted where neither their configuration nor the plan of the stack says otherwise: of a foreign
 * program, and of an exported state. Neutral means that a sound program is not refused for staging's choices.
 */

/** The smallest connector that Google makes: no floor. */
export const neutralConnector = {
  machineType: "f1-micro",
  minInstances: connectorLimits.minInstances.value.min,
  maxInstances: connectorLimits.maxInstances.value.min,
};

export const neutralDatabase = {
  /** Above it, one unplanned client or one slow rollout exhausts the slots; 80 % is where alerts are commonly set. */
  usableShare: 0.8,
  /** PostgreSQL's superuser_reserved_connections (3) and 10 for Cloud SQL's own agents and for people. */
  reservedConnections: 13,
  /** A program that runs migrations declares who holds their connections. */
  migrationConnections: 0,
};

/**
 * Nobody has said what the project's quota is. The smallest that public reports show is 20 vCPU, which is taken as what
 * one set of
 * instances may need: twice that with both revisions of every service, at 2 GiB a vCPU.
 */
export const neutralQuota = { regionalCpu: 40, regionalMemoryGib: 80 };

/** Releases and commit hashes do not move; `latest`, branches and environment names do. */
export const neutralTagPattern = "^(v?\\d+\\.\\d+\\.\\d+([-+][0-9A-Za-z.-]+)?|[0-9a-f]{7,40})$";

/**
 * What the incident's slowest service showed: 7 s to the first connect, doubled; queries of 100 ms; retries as its code
 * had them.
 */
export const neutralStart: StartBehaviour = {
  bootSeconds: 15,
  startupQueryCpuMs: 100,
  retry: { attempts: 5, baseSeconds: 2, factor: 2, capSeconds: 30, jitter: 0.5 },
};

/** Initialisation of a client that does not state it, seconds: what the incident's fix raised it to. */
export const neutralInitTimeoutSeconds = 75;

/** The project's goal for starts that are ready at the first try, percent. */
export const neutralTargetPercent = 99;

/** How each service of a plan starts, by its Cloud Run name; those without a database take part in no storm. */
export function plannedStarts({ services }: CapacityPlan): Readonly<Record<string, StartBehaviour>> {
  return Object.fromEntries(
    Object.values(services).flatMap(({ name, bootSeconds, database }) =>
      database ? [[name, { bootSeconds, startupQueryCpuMs: database.startupQueryCpuMs, retry: database.retry }]] : [],
    ),
  );
}
