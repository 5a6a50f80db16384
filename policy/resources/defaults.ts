import { connectorLimits } from "../../capacity/limits";

/*
 * The values that rules use where neither their configuration nor a stack's plan sets one: in programs of other
 * projects and in exported states. With neutral values a sound program is not refused for staging's choices.
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
  /** A program that runs migrations declares the job that holds their connections. */
  migrationConnections: 0,
};

/**
 * The project's quota is not known. The smallest in public reports is 20 vCPU; we assume that one set of instances may
 * need it. Both revisions of every service need twice that, at 2 GiB a vCPU.
 */
export const neutralQuota = { regionalCpu: 40, regionalMemoryGib: 80 };

/** Releases and commit hashes do not move; `latest`, branches and environment names do. */
export const neutralTagPattern = "^(v?\\d+\\.\\d+\\.\\d+([-+][0-9A-Za-z.-]+)?|[0-9a-f]{7,40})$";

/** Initialisation time-out of a client that does not state one: the incident's fix set this value. */
export const neutralInitTimeoutSeconds = 75;

/** The project's target share of starts that are ready at the first attempt. */
export const neutralTargetPercent = 99;
