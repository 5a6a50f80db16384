/**
 * The metrics that alerts, objectives and the dashboard read: one home for kind, type, unit and monitored resource, from
 * which aligners are chosen and judged (`alignment.ts`).
 */

export type MetricKind = "GAUGE" | "DELTA" | "CUMULATIVE";
export type ValueType = "BOOL" | "INT64" | "DOUBLE" | "DISTRIBUTION";

export interface Metric {
  readonly type: string;
  /** The monitored resource: without it in the filter, a condition is accepted and means something else. */
  readonly resource: string;
  readonly kind: MetricKind;
  readonly valueType: ValueType;
  readonly unit: string;
  readonly stage: "GA" | "BETA";
  readonly source: string;
}

const CONNECTOR_SOURCE = "docs.cloud.google.com/monitoring/api/metrics_gcp_p_z, generated 2026-04-10";
const SQL_SOURCE = "docs.cloud.google.com/sql/docs/postgres/admin-api/metrics, read 2026-11-24";

const connector = (name: string, shape: Pick<Metric, "kind" | "valueType" | "unit">): Metric => ({
  type: `vpcaccess.googleapis.com/connector/${name}`,
  resource: "vpc_access_connector",
  ...shape,
  stage: "BETA",
  source: CONNECTOR_SOURCE,
});
const sql = (name: string, shape: Pick<Metric, "kind" | "valueType" | "unit">, resource = "cloudsql_database"): Metric => ({
  type: `cloudsql.googleapis.com/database/${name}`,
  resource,
  ...shape,
  stage: "GA",
  source: SQL_SOURCE,
});
const run = (name: string, shape: Pick<Metric, "kind" | "valueType" | "unit">, stage: Metric["stage"] = "GA"): Metric => ({
  type: `run.googleapis.com/${name}`,
  resource: "cloud_run_revision",
  ...shape,
  stage,
  source: CONNECTOR_SOURCE,
});
const redis = (name: string, shape: Pick<Metric, "kind" | "valueType" | "unit">): Metric => ({
  type: `redis.googleapis.com/stats/${name}`,
  resource: "redis_instance",
  ...shape,
  stage: "GA",
  source: CONNECTOR_SOURCE,
});
const uptime = (name: string, shape: Pick<Metric, "kind" | "valueType" | "unit">): Metric => ({
  type: `monitoring.googleapis.com/uptime_check/${name}`,
  resource: "uptime_url",
  ...shape,
  stage: "GA",
  source: "Cloud Monitoring's own alert for uptime checks, as public repositories keep it (ALIGN_NEXT_OLDER, fewer than 15 days), read 2026-11-24",
});

export const metrics = {
  /** Has no connection, drop or latency metric beside it: a connector that is short of connections shows as CPU. */
  connectorCpu: connector("cpu/utilizations", { kind: "GAUGE", valueType: "DISTRIBUTION", unit: "10^2.%" }),
  connectorInstances: connector("instances", { kind: "GAUGE", valueType: "INT64", unit: "1" }),
  connectorReceived: connector("received_bytes_count", { kind: "DELTA", valueType: "INT64", unit: "By" }),
  connectorSent: connector("sent_bytes_count", { kind: "DELTA", valueType: "INT64", unit: "By" }),

  /** Per database: summed before it is compared with max_connections, of which there is no metric. */
  backends: sql("postgresql/num_backends", { kind: "GAUGE", valueType: "INT64", unit: "1" }),
  newConnections: sql("postgresql/new_connection_count", { kind: "DELTA", valueType: "INT64", unit: "1" }),
  databaseCpu: sql("cpu/utilization", { kind: "GAUGE", valueType: "DOUBLE", unit: "10^2.%" }),
  databaseMemory: sql("memory/utilization", { kind: "GAUGE", valueType: "DOUBLE", unit: "1" }),
  queryLatency: sql("postgresql/insights/aggregate/latencies", { kind: "CUMULATIVE", valueType: "DISTRIBUTION", unit: "us" }, "cloudsql_instance_database"),

  startupLatency: run("container/startup_latencies", { kind: "DELTA", valueType: "DISTRIBUTION", unit: "ms" }, "BETA"),
  probes: run("container/completed_probe_count", { kind: "DELTA", valueType: "INT64", unit: "1" }),
  instances: run("container/instance_count", { kind: "GAUGE", valueType: "INT64", unit: "1" }),
  /** Cannot see a request that found no instance; the logs can (`logs.ts`). */
  requests: run("request_count", { kind: "DELTA", valueType: "INT64", unit: "1" }),
  /** Without the wait for an instance that starts. */
  requestLatency: run("request_latencies", { kind: "DELTA", valueType: "DISTRIBUTION", unit: "ms" }),

  cacheMemory: redis("memory/usage_ratio", { kind: "GAUGE", valueType: "DOUBLE", unit: "1" }),
  /** The page with its kind was not to be had: public configurations take its delta, which a gauge has none of. ALIGN_MAX is legal for both. */
  cacheRejections: redis("reject_connections_count", { kind: "DELTA", valueType: "INT64", unit: "1" }),

  /** The most ports that one VM behind the gateway uses. */
  natPorts: {
    type: "router.googleapis.com/nat/port_usage",
    resource: "nat_gateway",
    kind: "GAUGE",
    valueType: "INT64",
    unit: "{port}",
    stage: "GA",
    source: CONNECTOR_SOURCE,
  },

  uptimePassed: uptime("check_passed", { kind: "GAUGE", valueType: "BOOL", unit: "" }),
  certificateExpiry: uptime("time_until_ssl_cert_expires", { kind: "GAUGE", valueType: "DOUBLE", unit: "d" }),
} as const satisfies Readonly<Record<string, Metric>>;
