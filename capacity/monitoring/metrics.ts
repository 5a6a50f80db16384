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

const METRICS_SOURCE = "docs.cloud.google.com/monitoring/api/metrics_gcp_p_z, generated 2026-04-10";
const SQL_SOURCE = "docs.cloud.google.com/sql/docs/postgres/admin-api/metrics, read 2026-11-24";

type Shape = Pick<Metric, "kind" | "valueType" | "unit">;

/** The metrics below one prefix: what they have in common, unless one says otherwise. */
const family =
  (prefix: string, common: Pick<Metric, "resource" | "stage" | "source">) =>
  (name: string, shape: Shape & Partial<Pick<Metric, "resource" | "stage">>): Metric => ({ type: `${prefix}/${name}`, ...common, ...shape });

const connector = family("vpcaccess.googleapis.com/connector", { resource: "vpc_access_connector", stage: "BETA", source: METRICS_SOURCE });
const sql = family("cloudsql.googleapis.com/database", { resource: "cloudsql_database", stage: "GA", source: SQL_SOURCE });
const run = family("run.googleapis.com", { resource: "cloud_run_revision", stage: "GA", source: METRICS_SOURCE });
const redis = family("redis.googleapis.com/stats", { resource: "redis_instance", stage: "GA", source: METRICS_SOURCE });
const nat = family("router.googleapis.com/nat", { resource: "nat_gateway", stage: "GA", source: METRICS_SOURCE });
const uptime = family("monitoring.googleapis.com/uptime_check", {
  resource: "uptime_url",
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
  queryLatency: sql("postgresql/insights/aggregate/latencies", {
    kind: "CUMULATIVE",
    valueType: "DISTRIBUTION",
    unit: "us",
    resource: "cloudsql_instance_database",
  }),

  startupLatency: run("container/startup_latencies", { kind: "DELTA", valueType: "DISTRIBUTION", unit: "ms", stage: "BETA" }),
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
  natPorts: nat("port_usage", { kind: "GAUGE", valueType: "INT64", unit: "{port}" }),

  uptimePassed: uptime("check_passed", { kind: "GAUGE", valueType: "BOOL", unit: "" }),
  certificateExpiry: uptime("time_until_ssl_cert_expires", { kind: "GAUGE", valueType: "DOUBLE", unit: "d" }),
} as const satisfies Readonly<Record<string, Metric>>;
