import { assumptions } from "../assumptions";
import { msPerConnect } from "../budget";
import { databaseMemory, parseTier } from "../cloudsql";
import { vmConnectsPerSecond } from "../connector";
import { postgresCosts } from "../limits";
import { type Alert, filterOf } from "./alert";
import { type Aggregation, percentileOf } from "./alignment";
import { type Metric, metrics, monitoredResources } from "./metrics";
import { type Monitored, round, saturation, setting } from "./monitored";

/** Connections, connect rate, cpu, memory and query latency of the database. */
export function databaseAlerts(plan: Monitored): Alert[] {
  const { name } = plan.database;
  const alert = (
    key: string,
    metric: Metric,
    how: Pick<Aggregation, "aligner" | "reducer">,
    rest: Pick<Alert, "severity" | "arithmetic" | "settings" | "limit"> & {
      readonly what: string;
      readonly threshold: number;
      readonly durationSeconds: number;
    },
  ): Alert => {
    const { what, threshold, durationSeconds, ...said } = rest;
    const [label] = monitoredResources[metric.resources[0]];
    const filter = filterOf(metric, `resource.labels.${label}="${plan.project}:${name}"`);
    const aggregation = { alignmentSeconds: 60, groupBy: [], ...how };
    return {
      ...said,
      key: `database-${key}`,
      title: `${name}: ${what}`,
      combiner: "OR",
      conditions: [{ title: `${what} of ${name}`, filter, aggregation, comparison: "COMPARISON_GT", threshold, durationSeconds }],
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
      { aligner: "ALIGN_RATE", reducer: "REDUCE_SUM" },
      { what: "new connections per second", durationSeconds: 60, severity: "ERROR", ...connectRate(plan) },
    ),
    alert("cpu", metrics.databaseCpu, { aligner: "ALIGN_MEAN", reducer: "REDUCE_MAX" }, { what: "cpu", durationSeconds: 300, severity: "ERROR", ...cpu(plan) }),
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

/** What an alert says beside its metric. */
type Said = Pick<Alert, "arithmetic" | "settings" | "limit"> & { readonly threshold: number };

function backends({ database, services }: Monitored): Said {
  const threshold = round(database.maxConnections * database.usableShare);
  return {
    threshold,
    arithmetic: `max_connections ${database.maxConnections} x usableShare ${database.usableShare} = ${threshold} connections, summed over all databases`,
    settings: [
      setting("database.maxConnections", database.maxConnections),
      setting("database.usableShare", database.usableShare),
      ...Object.entries(services).flatMap(([key, { database: client }]) => (client ? [setting(`services.${key}.database.poolSize`, client.poolSize)] : [])),
    ],
    limit: { label: "max_connections", value: database.maxConnections },
  };
}

function connectRate(plan: Monitored): Said {
  const { connector, database, monitoring } = plan;
  const vcpus = parseTier(database.tier)?.vcpus ?? 0;
  const authenticated = round(1000 / msPerConnect(vcpus));
  const carried = round(connector.minInstances * vmConnectsPerSecond(connector.machineType, assumptions.connectorConnectsPerSecond.likely));
  const limit = Math.min(authenticated, carried);
  const threshold = round(monitoring.saturationShare * limit);
  return {
    threshold,
    arithmetic: `saturationShare ${monitoring.saturationShare} x the smaller of ${authenticated}/s (${database.tier} at ${postgresCosts.connectCpuMs.value} ms of cpu a connect, measured elsewhere) and ${carried}/s (${connector.minInstances} x ${connector.machineType}, assumed) = ${threshold} connections/s`,
    settings: [setting("database.tier", database.tier), setting("connector.minInstances", connector.minInstances), saturation(plan)],
    limit: { label: "what database and connector carry", value: limit },
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
    settings: [setting("database.tier", database.tier), setting("monitoring.objectives.requestSeconds", requestSeconds)],
  };
}
