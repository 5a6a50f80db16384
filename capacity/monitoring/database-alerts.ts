import { assumptions } from "../assumptions";
import { planBudget } from "../checks";
import { databaseMemory, parseTier } from "../constraints/cloudsql";
import { cloudRunLimits } from "../limits";
import { type Alert, filterOf } from "./alert";
import { type Aggregation, percentileOf } from "./alignment";
import { type Metric, metrics, monitoredResources } from "./metrics";
import { type Monitored, round, saturation, setting } from "./monitored";

/** Connections, connects, logins, cpu, memory and query latency of the database. */
export function databaseAlerts(plan: Monitored): Alert[] {
  const { name } = plan.database;
  const alert = (
    key: string,
    metric: Metric,
    how: Pick<Aggregation, "aligner" | "reducer"> & Partial<Pick<Aggregation, "alignmentSeconds">>,
    rest: Said & Pick<Alert, "severity"> & { readonly what: string; readonly durationSeconds: number },
  ): Alert => {
    const { what, threshold, durationSeconds, restrictions = { [what]: "" }, ...fields } = rest;
    const [label] = monitoredResources[metric.resources[0]];
    const aggregation = { alignmentSeconds: 60, groupBy: [], ...how };
    return {
      ...fields,
      key: `database-${key}`,
      title: `${name}: ${what}`,
      combiner: "OR",
      conditions: Object.entries(restrictions).map(([title, restriction]) => ({
        title: `${title} of ${name}`,
        filter: filterOf(
          metric,
          `resource.labels.${label}="${plan.project}:${name}"`,
          ...(restriction === "" ? [] : [restriction]),
        ),
        aggregation,
        comparison: "COMPARISON_GT",
        threshold,
        durationSeconds,
      })),
      runbook: `database-${key}`,
      row: "database",
    };
  };
  return [
    alert(
      "backends",
      metrics.backends,
      { aligner: "ALIGN_MAX", reducer: "REDUCE_SUM" },
      { what: "connections", durationSeconds: 60, severity: "CRITICAL", ...backends(plan) },
    ),
    alert(
      "connect-rate",
      metrics.newConnections,
      { alignmentSeconds: CONNECT_WINDOW_SECONDS, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM" },
      {
        what: `new connections in ${CONNECT_WINDOW_SECONDS / 60} minutes`,
        durationSeconds: 0,
        severity: "ERROR",
        ...connects(plan),
      },
    ),
    alert(
      "logins",
      metrics.logins,
      { alignmentSeconds: 300, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM" },
      { what: "failed or throttled logins", durationSeconds: 0, severity: "ERROR", ...logins(plan) },
    ),
    alert(
      "cpu",
      metrics.databaseCpu,
      { aligner: "ALIGN_MEAN", reducer: "REDUCE_MAX" },
      { what: "cpu", durationSeconds: 300, severity: "ERROR", ...cpu(plan) },
    ),
    alert(
      "memory",
      metrics.databaseMemory,
      { aligner: "ALIGN_MEAN", reducer: "REDUCE_MAX" },
      { what: "memory", durationSeconds: 300, severity: "ERROR", ...memory(plan) },
    ),
    alert("query-latency", metrics.queryLatency, percentileOf(metrics.queryLatency, 95), {
      what: "query latency p95",
      durationSeconds: 300,
      severity: "WARNING",
      ...queryLatency(plan),
    }),
  ];
}

/** The fields of an alert other than its metric. */
type Said = Pick<Alert, "arithmetic" | "settings" | "limit"> & {
  readonly threshold: number;
  /**
   * By what a condition is called, what it restricts; any of them opens the alert. Default: one, of the whole metric.
   */
  readonly restrictions?: Readonly<Record<string, string>>;
};

/** The services that use the database. */
const clientsOf = ({ services }: Monitored) =>
  Object.entries(services).flatMap(([key, { database }]) => (database ? [[key, database] as const] : []));

function backends(plan: Monitored): Said {
  const { database } = plan;
  const threshold = round(database.maxConnections * database.usableShare);
  return {
    threshold,
    arithmetic: `max_connections ${database.maxConnections} x usableShare ${database.usableShare} = ${threshold} connections, summed over all databases`,
    settings: [
      setting("database.maxConnections", database.maxConnections),
      setting("database.usableShare", database.usableShare),
      ...clientsOf(plan).map(([key, { poolSize }]) => setting(`services.${key}.database.poolSize`, poolSize)),
    ],
    limit: { label: "max_connections", value: database.maxConnections },
  };
}

/**
 * As long as the longest start-up that Cloud Run waits for: within it no instance starts twice, unless it starts over
 * and over. The metric is a count a minute, in which a cold start and a crash loop look alike.
 */
const CONNECT_WINDOW_SECONDS = cloudRunLimits.startupWindowSeconds.value.withoutGpu;

function connects(plan: Monitored): Said {
  const { database } = plan;
  const { demand } = planBudget(plan);
  const threshold = demand - database.reservedConnections;
  return {
    // Google's own agents connect all the time, to a database of their own.
    restrictions: { "new connections": `metric.labels.database="${database.database}"` },
    threshold,
    arithmetic: `all connections of the budget but the reserved ones, ${demand} - ${database.reservedConnections} = ${threshold}, opened anew within ${CONNECT_WINDOW_SECONDS / 60} minutes: start-ups and a rollout together open fewer, what fails and begins again opens more`,
    settings: [
      ...clientsOf(plan).map(([key, { initTimeoutSeconds }]) =>
        setting(`services.${key}.database.initTimeoutSeconds`, initTimeoutSeconds),
      ),
      ...clientsOf(plan).map(([key, { poolSize }]) => setting(`services.${key}.database.poolSize`, poolSize)),
      setting("database.reservedConnections", database.reservedConnections),
    ],
  };
}

function logins({ database, secrets }: Monitored): Said {
  return {
    restrictions: {
      "failed logins": 'metric.labels.login_status="failed"',
      "throttled logins": "metric.labels.anomalous_connection_throttled=true",
    },
    threshold: 0,
    arithmetic:
      "none in 5 minutes: passwords of users and services come from the same secrets, and Cloud SQL throttles what looks like an attack",
    settings: [
      ...Object.entries(secrets).flatMap(([key, { format, version }]) =>
        format === "database-password" ? setting(`secrets.${key}.version`, version) : [],
      ),
      setting("database.name", database.name),
    ],
  };
}

function cpu(plan: Monitored): Said {
  const { database, monitoring } = plan;
  return {
    threshold: monitoring.saturationShare,
    arithmetic: `saturationShare ${monitoring.saturationShare} of the vCPUs of ${database.tier}, for 5 minutes`,
    settings: [setting("database.tier", database.tier), saturation(plan)],
    limit: { label: "all of the cpu", value: 1 },
  };
}

function memory({ database }: Monitored): Said {
  const tier = parseTier(database.tier);
  const usable = assumptions.usableMemoryShare.likely;
  const planned = tier ? databaseMemory(database, tier) : undefined;
  return {
    threshold: usable,
    arithmetic: `the share of the tier's memory that the plan counts on, ${usable} (assumed); its own sum is shared_buffers ${database.sharedBuffersMib} + ${database.maxConnections} backends x ${planned?.perBackendMib ?? "?"} = ${planned?.neededMib ?? "?"} of ${planned?.tierMib ?? "?"} MiB`,
    settings: [
      setting("database.tier", database.tier),
      setting("database.maxConnections", database.maxConnections),
      setting("database.sharedBuffersMib", database.sharedBuffersMib),
      setting("database.workMemMib", database.workMemMib),
    ],
    limit: { label: "all of the memory", value: 1 },
  };
}

const MICROSECONDS = 1e6;

function queryLatency({ database, monitoring }: Monitored): Said {
  const { requestSeconds } = monitoring.objectives;
  return {
    threshold: requestSeconds * MICROSECONDS,
    arithmetic: `one query as slow as a whole request may be: requestSeconds ${requestSeconds} s, at the 95th percentile, for 5 minutes`,
    settings: [
      setting("database.tier", database.tier),
      setting("monitoring.objectives.requestSeconds", requestSeconds),
    ],
  };
}
