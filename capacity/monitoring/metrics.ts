/**
 * Google's metrics that alerts, objectives and the dashboard read, and those by which the policy pack recognises alerts
 * of other programs: one home for kind, type, unit, labels and monitored resources. Filters, aligners and reducers are
 * judged by it (`filters.ts`, `alignment.ts`).
 */

/**
 * The labels of a monitored resource, first the one that carries its name. Source:
 * docs.cloud.google.com/monitoring/api/resources, generated 2026-04-10.
 */
export const monitoredResources = {
  vpc_access_connector: ["connector_name", "project_id", "location"],
  /** `database_id` is PROJECT:INSTANCE. */
  cloudsql_database: ["database_id", "project_id", "region"],
  /** `resource_id` is PROJECT:INSTANCE. */
  cloudsql_instance_database: ["resource_id", "database", "project_id", "location"],
  cloud_run_revision: ["service_name", "revision_name", "configuration_name", "project_id", "location"],
  cloud_run_job: ["job_name", "project_id", "location"],
  cloud_run_worker_pool: ["worker_pool_name", "revision_name", "project_id", "location"],
  /** `instance_id` is the whole name, projects/PROJECT/locations/REGION/instances/NAME. */
  redis_instance: ["instance_id", "node_id", "project_id", "region"],
  nat_gateway: ["gateway_name", "router_id", "project_id", "region"],
  uptime_url: ["host", "project_id"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type MonitoredResource = keyof typeof monitoredResources;
export type MetricKind = "GAUGE" | "DELTA" | "CUMULATIVE";
export type ValueType = "BOOL" | "INT64" | "DOUBLE" | "DISTRIBUTION";

export interface Metric {
  readonly type: string;
  /**
   * The monitored resources that have it, first the one that this stack watches. Without one in its filter a condition
   * is accepted and means something else.
   */
  readonly resources: readonly [MonitoredResource, ...MonitoredResource[]];
  readonly kind: MetricKind;
  readonly valueType: ValueType;
  readonly unit: string;
  /** The metric's own labels, each with the values it can have; none: any. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly stage: "GA" | "BETA" | "ALPHA";
  readonly source: string;
}

type Common = Pick<Metric, "resources" | "stage" | "source">;
type Shape = Pick<Metric, "kind" | "valueType" | "unit">;
type Special = Partial<Pick<Metric, "resources" | "stage" | "labels">>;

/** The metrics below one prefix: what they have in common, unless one overrides it. */
const family =
  (prefix: string, common: Common) =>
  (name: string, shape: Shape, special: Special = {}): Metric => ({
    type: `${prefix}/${name}`,
    labels: {},
    ...common,
    ...shape,
    ...special,
  });

const gauge = (valueType: ValueType, unit = "1"): Shape => ({ kind: "GAUGE", valueType, unit });
const delta = (valueType: ValueType, unit = "1"): Shape => ({ kind: "DELTA", valueType, unit });

const ANY: readonly string[] = [];
const BOOL = ["true", "false"];

const METRICS_SOURCE = "docs.cloud.google.com/monitoring/api/metrics_gcp_p_z, generated 2026-04-10";
const connector = family("vpcaccess.googleapis.com/connector", {
  resources: ["vpc_access_connector"],
  stage: "BETA",
  source: METRICS_SOURCE,
});
const run = family("run.googleapis.com", { resources: ["cloud_run_revision"], stage: "GA", source: METRICS_SOURCE });
const redis = family("redis.googleapis.com/stats", {
  resources: ["redis_instance"],
  stage: "GA",
  source: METRICS_SOURCE,
});
const nat = family("router.googleapis.com/nat", { resources: ["nat_gateway"], stage: "GA", source: METRICS_SOURCE });
const sql = family("cloudsql.googleapis.com/database", {
  resources: ["cloudsql_database"],
  stage: "GA",
  source: "docs.cloud.google.com/sql/docs/postgres/admin-api/metrics, generated 2026-04-10",
});
const uptime = family("monitoring.googleapis.com/uptime_check", {
  resources: ["uptime_url"],
  stage: "GA",
  source: "docs.cloud.google.com/monitoring/api/metrics_gcp_i_o, generated 2026-04-10",
});

const OF_DATABASE = { labels: { database: ANY } };
const BY_STATE = { state: ["active", "idle"] };
const RESPONSE = {
  labels: { response_code: ANY, response_code_class: ["1xx", "2xx", "3xx", "4xx", "5xx"], route: ANY },
};
const ROLE = { labels: { role: ["primary", "replica"] } };
const CHECKER = {
  labels: {
    check_id: ANY,
    checker_location: ANY,
    checker_project_id: ANY,
    checker_network: ANY,
    checker_zone: ANY,
    checked_resource_id: ANY,
  },
};
const ON_JOBS: Special = { resources: ["cloud_run_revision", "cloud_run_job", "cloud_run_worker_pool"] };
const ON_POOLS: Special = { resources: ["cloud_run_revision", "cloud_run_worker_pool"] };
/**
 * The kind of a probe is its type; the action is how it asks. Source of the values: gcloud's printer of Cloud Run
 * services.
 */
const OF_PROBES: Special = {
  ...ON_POOLS,
  labels: {
    probe_type: ["STARTUP", "LIVENESS", "READINESS"],
    probe_action: ["HTTP", "TCP", "GRPC"],
    is_healthy: BOOL,
    is_default: BOOL,
    container_name: ANY,
  },
};
const THROTTLED: Special = {
  ...ON_JOBS,
  stage: "BETA",
  labels: { network: ["ipv4", "ipv6"], transport: ["tcp", "udp", "icmp"], type: ["public", "private", "googleapis"] },
};
const OF_NETWORKS: Special = { ...ON_JOBS, labels: { kind: ["internet", "private", "google"] } };

export const metrics = {
  /**
   * There is no connection, drop or latency metric beside it: a connector that is short of connections shows as CPU.
   */
  connectorCpu: connector("cpu/utilizations", gauge("DISTRIBUTION", "10^2.%")),
  connectorInstances: connector("instances", gauge("INT64")),
  connectorReceived: connector("received_bytes_count", delta("INT64", "By")),
  connectorSent: connector("sent_bytes_count", delta("INT64", "By")),
  connectorPacketsReceived: connector("received_packets_count", delta("INT64", "{packet}")),
  connectorPacketsSent: connector("sent_packets_count", delta("INT64", "{packet}")),

  /** Per database: summed before it is compared with max_connections, of which there is no metric. */
  backends: sql("postgresql/num_backends", gauge("INT64"), OF_DATABASE),
  backendsByState: sql("postgresql/num_backends_by_state", gauge("INT64"), {
    labels: {
      database: ANY,
      state: [
        "idle",
        "active",
        "idle_in_transaction",
        "idle_in_transaction_aborted",
        "disabled",
        "fastpath_function_call",
      ],
    },
  }),
  backendsByApplication: sql("postgresql/num_backends_by_application", gauge("INT64"), {
    labels: { application: ANY },
  }),
  newConnections: sql("postgresql/new_connection_count", delta("INT64"), OF_DATABASE),
  /** Of every engine, with what became of them. */
  logins: sql("network/connection_attempt_count", delta("INT64"), {
    labels: { login_status: ["succeeded", "failed"], anomaly_detected: ANY, anomalous_connection_throttled: BOOL },
  }),
  databaseCpu: sql("cpu/utilization", gauge("DOUBLE", "10^2.%")),
  databaseCpuTime: sql("cpu/usage_time", delta("DOUBLE", "s{CPU}")),
  databaseMemory: sql("memory/utilization", gauge("DOUBLE")),
  databaseMemoryBytes: sql("memory/usage", gauge("INT64", "By")),
  databaseMemoryBytesWithCache: sql("memory/total_usage", gauge("INT64", "By")),
  databaseMemoryComponents: sql("memory/components", gauge("DOUBLE"), {
    stage: "BETA",
    labels: { component: ["usage", "cache", "free"] },
  }),
  databaseDisk: sql("disk/utilization", gauge("DOUBLE")),
  databaseDiskBytes: sql("disk/bytes_used", gauge("INT64", "By")),
  queryLatency: sql(
    "postgresql/insights/aggregate/latencies",
    { kind: "CUMULATIVE", valueType: "DISTRIBUTION", unit: "us" },
    { resources: ["cloudsql_instance_database"], labels: { user: ANY, client_addr: ANY } },
  ),
  /** Of MySQL and SQL Server only. */
  otherEnginesConnections: sql("network/connections", gauge("INT64")),
  mysqlConnections: sql("mysql/connections_count", delta("INT64")),
  mysqlAbortedConnects: sql("mysql/aborted_connects_count", delta("INT64")),
  mysqlPoolPending: sql("mysql/conn_pool/pending_connections", gauge("INT64")),
  mysqlPoolWait: sql("mysql/conn_pool/avg_wait_time", gauge("INT64", "ms")),
  mysqlPoolThreads: sql("mysql/conn_pool/threads", gauge("INT64"), { labels: { status: ANY } }),

  startupLatency: run("container/startup_latencies", delta("DISTRIBUTION", "ms"), { ...ON_JOBS, stage: "BETA" }),
  probes: run("container/completed_probe_count", delta("INT64"), OF_PROBES),
  probeAttempts: run("container/completed_probe_attempt_count", delta("INT64"), OF_PROBES),
  probeLatency: run("container/probe_latencies", delta("DISTRIBUTION", "ms"), OF_PROBES),
  probeAttemptLatency: run("container/probe_attempt_latencies", delta("DISTRIBUTION", "ms"), OF_PROBES),
  /** Idle instances stay for up to 15 minutes: only the active ones serve. */
  instances: run("container/instance_count", gauge("INT64"), { ...ON_POOLS, labels: BY_STATE }),
  instancesByReadiness: run("container/instance_count_with_readiness", gauge("INT64"), {
    stage: "BETA",
    labels: { readiness_status: ["UNKNOWN", "HEALTHY", "UNHEALTHY"] },
  }),
  /** Does not see a request that found no instance; the logs do (`logs.ts`). */
  requests: run("request_count", delta("INT64"), RESPONSE),
  /** Without the wait for an instance that starts. */
  requestLatency: run("request_latencies", delta("DISTRIBUTION", "ms"), RESPONSE),
  requestPendingLatency: run("request_latency/pending", delta("DISTRIBUTION", "ms"), { ...RESPONSE, stage: "BETA" }),
  requestWholeLatency: run("request_latency/e2e_latencies", delta("DISTRIBUTION", "ms"), {
    ...RESPONSE,
    stage: "BETA",
  }),
  pendingRequests: run("pending_queue/pending_requests", gauge("INT64"), { stage: "ALPHA" }),
  requestConcurrency: run("container/max_request_concurrencies", delta("DISTRIBUTION"), { labels: BY_STATE }),
  containerCpu: run("container/cpu/utilizations", delta("DISTRIBUTION", "10^2.%"), ON_JOBS),
  containerCpuTime: run("container/cpu/allocation_time", delta("DOUBLE", "s{CPU}"), ON_JOBS),
  containerMemory: run("container/memory/utilizations", delta("DISTRIBUTION", "10^2.%"), ON_JOBS),
  containerMemoryTime: run("container/memory/allocation_time", delta("DOUBLE", "GiBy.s"), ON_JOBS),
  containerTime: run("container/billable_instance_time", delta("DOUBLE", "s"), ON_JOBS),
  containerSent: run("container/network/sent_bytes_count", delta("INT64", "By"), OF_NETWORKS),
  containerReceived: run("container/network/received_bytes_count", delta("INT64", "By"), OF_NETWORKS),
  throttledBytesIn: run("container/network/throttled_inbound_bytes_count", delta("INT64", "By"), THROTTLED),
  throttledPacketsIn: run("container/network/throttled_inbound_packets_count", delta("INT64", "{packet}"), THROTTLED),
  throttledBytesOut: run("container/network/throttled_outbound_bytes_count", delta("INT64", "By"), THROTTLED),
  throttledPacketsOut: run("container/network/throttled_outbound_packets_count", delta("INT64", "{packet}"), THROTTLED),
  socketLatency: run("infrastructure/cloudsql/connection_latencies", delta("DISTRIBUTION", "us")),
  socketRequests: run("infrastructure/cloudsql/connection_request_count", delta("INT64")),
  socketRefusals: run("infrastructure/cloudsql/connection_refused_count", delta("INT64")),

  cacheMemory: redis("memory/usage_ratio", gauge("DOUBLE"), ROLE),
  cacheRejections: redis("reject_connections_count", delta("INT64"), ROLE),

  /** The most connections of one VM to one address and port on the internet: each takes a source port. */
  natPorts: nat("port_usage", gauge("INT64", "{port}"), { labels: { ip_protocol: ["TCP", "UDP", "ICMP"] } }),

  uptimePassed: uptime("check_passed", gauge("BOOL", ""), CHECKER),
  certificateExpiry: uptime("time_until_ssl_cert_expires", gauge("DOUBLE", "d"), CHECKER),
} as const satisfies Readonly<Record<string, Metric>>;
