import type { Metric } from "./metrics";

/*
 * Log-based metrics: what no metric of Google's shows. The application's own line for each start-up phase (SMD) is
 * documented in docs/startup-log.md, and the tests parse that page's example with the filter and the extractors from
 * here.
 */

/** Start-up phases of the application, in their order. Source: staging's logs (#1278). */
export const startupPhases = [
  "INIT",
  "DEPENDENCIES",
  "DATABASE",
  "CACHE",
  "SERVICES",
  "WEBSOCKET",
  "FINALIZE",
] as const;

export interface LogMetric extends Metric {
  /** The resource's name in the program. */
  readonly key: string;
  /** The metric's id in Cloud Logging. */
  readonly name: string;
  readonly description: string;
  readonly filter: string;
  /** By label, the field of the log entry that has its value. */
  readonly extractors: Readonly<Record<string, string>>;
  /** Where a distribution's value stands. */
  readonly value?: string;
}

const SERVICE_LOGS = 'resource.type="cloud_run_revision"';
const REQUEST_LOGS = `${SERVICE_LOGS} AND log_id("run.googleapis.com/requests")`;
const SYSTEM_LOGS = `${SERVICE_LOGS} AND log_id("run.googleapis.com/varlog/system")`;
/** An application logs JSON (`message`) or plain text. */
const says = (pattern: string) => `(jsonPayload.message=~"${pattern}" OR textPayload=~"${pattern}")`;
const OUTCOMES = ["completed", "failed"];
const PHASE_LINES = `${SERVICE_LOGS} AND jsonPayload.smd.phase=~"^(${startupPhases.join("|")})$" AND jsonPayload.smd.outcome=~"^(${OUTCOMES.join("|")})$"`;
const OF_PHASES = {
  labels: { phase: startupPhases, outcome: OUTCOMES },
  extractors: { phase: "EXTRACT(jsonPayload.smd.phase)", outcome: "EXTRACT(jsonPayload.smd.outcome)" },
};

/** A log-based metric has the monitored resource of the entries it counts, and is always a delta. */
function logMetric(name: string, metric: Pick<LogMetric, "description" | "filter"> & Partial<LogMetric>): LogMetric {
  return {
    key: name.replace("/", "-"),
    name,
    type: `logging.googleapis.com/user/${name}`,
    resources: ["cloud_run_revision"],
    kind: "DELTA",
    valueType: "INT64",
    unit: "1",
    stage: "GA",
    source: "docs.cloud.google.com/logging/docs/logs-based-metrics",
    labels: {},
    extractors: {},
    ...metric,
  };
}

export const logMetrics = {
  phaseDuration: logMetric("netra/startup_phase_seconds", {
    description:
      "Duration of each start-up phase; DATABASE stands for the connector's latency, of which there is no metric",
    filter: PHASE_LINES,
    ...OF_PHASES,
    valueType: "DISTRIBUTION",
    unit: "s",
    value: "EXTRACT(jsonPayload.smd.seconds)",
  }),
  phaseCompletion: logMetric("netra/startup_phases", {
    description: "Start-up phases that ended, by phase and outcome",
    filter: PHASE_LINES,
    ...OF_PHASES,
  }),
  noInstance: logMetric("netra/no_available_instance", {
    description: "Requests that found no instance; request_count does not see them",
    filter: `${REQUEST_LOGS} AND textPayload=~"no available instance"`,
  }),
  exits: logMetric("netra/container_exit_3", {
    description: "Containers that ended themselves with code 3: the application gave up its start",
    filter: `${SYSTEM_LOGS} AND textPayload=~"Container called exit\\\\(3\\\\)"`,
  }),
  tooManyConnections: logMetric("netra/sqlstate_53300", {
    description: "Connects that PostgreSQL refused because max_connections was reached (SQLSTATE 53300)",
    // Not the number alone: 53300 is also a port that clients connect from.
    filter: `${SERVICE_LOGS} AND ${says("(SQLSTATE|sqlstate)[^0-9A-Za-z]*53300|TooManyConnections|too many clients already|remaining connection slots are reserved")}`,
  }),
  socketRefused: logMetric("netra/cloudsql_socket_refused", {
    description: "Connects over the built-in Cloud SQL socket that were refused or timed out",
    filter: `${SERVICE_LOGS} AND ${says("/cloudsql/.*(refused|timed out|timeout|No such file)|Cloud SQL.*(connection failed|refused|dial error)")}`,
  }),
  requests: logMetric("netra/requests", {
    description: "All requests, also those that found no instance",
    filter: REQUEST_LOGS,
  }),
  failedRequests: logMetric("netra/failed_requests", {
    description: "Requests that ended in a server error or found no instance",
    filter: `${REQUEST_LOGS} AND (httpRequest.status>=500 OR textPayload=~"no available instance")`,
  }),
} as const satisfies Readonly<Record<string, LogMetric>>;
