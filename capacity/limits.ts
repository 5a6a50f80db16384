/**
 * What the cloud allows, as data: every datum carries its unit, its source and the day it was read. Nothing here is
 * chosen (that is `Pulumi.<stack>.yaml`) and nothing here is guessed (that is `assumptions.ts`).
 */

/**
 * A published or third-party-quoted fact. `S1`: the vendor's own text or source; `S2`: a dated third party quoting it;
 * `M`: measured; `C`: arithmetic from the others.
 */
export interface Datum<T> {
  readonly value: T;
  readonly unit: string;
  readonly source: string;
  readonly tag: "S1" | "S2" | "M" | "C";
  readonly asOf: string;
}

/** An inclusive range of whole numbers or quantities. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const READ = "2026-11-23";
const datum = <T>(value: T, unit: string, tag: Datum<T>["tag"], source: string, asOf = READ): Datum<T> => ({
  value,
  unit,
  source,
  tag,
  asOf,
});

/** Entries by name and nothing else: to a plain object, `constructor` is a machine type too. */
const table = <T>(entries: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.assign(Object.create(null), entries);

const CONNECTOR_PAGE = "docs.cloud.google.com/vpc/docs/serverless-vpc-access";
const CONNECTOR_CONFIGURE = "docs.cloud.google.com/vpc/docs/configure-serverless-vpc-access";
const SQL_FLAGS = "docs.cloud.google.com/sql/docs/postgres/flags";
const SQL_CREATE = "docs.cloud.google.com/sql/docs/postgres/create-instance";
const SQL_QUOTAS = "docs.cloud.google.com/sql/docs/postgres/quotas";
const SQL_PROVIDER = "registry documentation of gcp.sql.DatabaseInstance 9.37";
const RUN_CPU = "docs.cloud.google.com/run/docs/configuring/services/cpu";
const RUN_HEALTH = "docs.cloud.google.com/run/docs/configuring/healthchecks";
const RUN_PROTO = "google/cloud/run/v2 API protos";
const ALERT_PRICES = "cloud.google.com/stackdriver/pricing";
const CONTAINER_CONTRACT = "docs.cloud.google.com/run/docs/container-contract";

/**
 * A connector's VM: the connector's whole throughput at 2 and at 10 instances (not per instance), and the VM's list
 * price.
 */
export interface ConnectorMachine {
  readonly mbpsAt2: number;
  readonly mbpsAt10: number;
  readonly usdPerHour: number;
}

export const connectorLimits = {
  machineTypes: datum<Readonly<Record<string, ConnectorMachine>>>(
    table({
      "f1-micro": { mbpsAt2: 100, mbpsAt10: 500, usdPerHour: 0.0076 },
      "e2-micro": { mbpsAt2: 200, mbpsAt10: 1000, usdPerHour: 0.008376428 },
      "e2-standard-4": { mbpsAt2: 3200, mbpsAt10: 16000, usdPerHour: 0.134023 },
    }),
    "Mbps per connector; USD per VM-hour, us-central1",
    "S2",
    `${CONNECTOR_PAGE}#scaling; cloud.google.com/vpc/pricing#serverless-vpc-pricing`,
    "2026-10-01",
  ),
  /** What the provider fills in. */
  defaultMachineType: datum("e2-micro", "machine type", "S1", CONNECTOR_PAGE),
  minInstances: datum<Range>({ min: 2, max: 9 }, "instances", "S1", CONNECTOR_CONFIGURE),
  maxInstances: datum<Range>({ min: 3, max: 10 }, "instances", "S1", CONNECTOR_CONFIGURE),
  subnetPrefix: datum(28, "bits", "S1", CONNECTOR_PAGE),
  nameEffectiveLength: datum(20, "characters, each hyphen counted as two", "S1", CONNECTOR_CONFIGURE),
} as const;

/** Days on which the support of a major version ends or changes, `YYYY-MM-DD`. */
export interface VersionLife {
  /** PostgreSQL's last fixes. */
  readonly communityUntil: string;
  /** From then on Cloud SQL charges for its support. */
  readonly extendedFrom: string;
  /** From then on Cloud SQL has no support at all. */
  readonly endsOn: string;
}

const life = (communityUntil: string, extendedFrom: string, endsOn: string): VersionLife => ({
  communityUntil,
  extendedFrom,
  endsOn,
});

export const cloudSqlLimits = {
  /** Default of max_connections by memory: the last row whose memory is not above the tier's. */
  defaultMaxConnections: datum<readonly (readonly [memoryMib: number, connections: number])[]>(
    [
      [3840, 100],
      [6144, 200],
      [7680, 400],
      [15360, 500],
      [30720, 600],
      [61440, 800],
      [122880, 1000],
    ],
    "MiB -> connections",
    "S1",
    SQL_FLAGS,
  ),
  /** Shared-core tiers: memory (MiB, about), default max_connections, list price. No SLA. */
  sharedCore: datum<Readonly<Record<string, { memoryMib: number; maxConnections: number; usdPerHour: number }>>>(
    table({
      "db-f1-micro": { memoryMib: 614, maxConnections: 25, usdPerHour: 0.0105 },
      "db-g1-small": { memoryMib: 1740, maxConnections: 50, usdPerHour: 0.035 },
    }),
    "MiB; connections; USD per hour, us-central1",
    "S2",
    `${SQL_FLAGS}; cloud.google.com/sql/pricing`,
    "2026-10-10",
  ),
  maxConnectionsFlag: datum<Range>({ min: 14, max: 262_142 }, "connections", "S2", SQL_FLAGS),
  /**
   * Flags that a standby must have at least as large as its primary, with PostgreSQL's default; that of max_connections
   * is the tier's.
   */
  standbyFlags: datum<Readonly<Record<string, number | undefined>>>(
    table({
      max_connections: undefined,
      max_worker_processes: 8,
      max_wal_senders: 10,
      max_prepared_transactions: 0,
      max_locks_per_transaction: 64,
    }),
    "flag -> default",
    "S1",
    "postgresql.org/docs/14/hot-standby.html#HOT-STANDBY-ADMIN; chainguard-dev/terraform-infra-common#1084",
    "2026-11-28",
  ),
  /** Oldest first; a version whose dates Cloud SQL has not published is left out. */
  postgresLives: datum<Readonly<Record<string, VersionLife>>>(
    table({
      POSTGRES_9_6: life("2021-11-11", "2025-02-01", "2028-02-01"),
      POSTGRES_10: life("2022-11-10", "2025-02-01", "2028-02-01"),
      POSTGRES_11: life("2023-11-09", "2025-02-01", "2028-02-01"),
      POSTGRES_12: life("2024-11-21", "2025-02-01", "2028-02-01"),
      POSTGRES_13: life("2025-11-13", "2026-02-01", "2029-02-01"),
      POSTGRES_14: life("2026-11-12", "2027-02-01", "2030-02-01"),
      POSTGRES_15: life("2027-11-11", "2028-02-01", "2031-02-01"),
      POSTGRES_16: life("2028-11-09", "2029-02-01", "2032-02-01"),
      POSTGRES_17: life("2029-11-08", "2030-02-01", "2033-02-01"),
    }),
    "days",
    "S1",
    "postgresql.org/support/versioning; docs.cloud.google.com/sql/docs/postgres/db-versions",
    "2026-11-29",
  ),
  /** The unit in which a flag's value is read. */
  flagUnitKib: datum({ shared_buffers: 8, work_mem: 1 }, "KiB per unit of the flag's value", "S1", SQL_FLAGS),
  editions: datum<readonly string[]>(["ENTERPRISE", "ENTERPRISE_PLUS"], "names", "S1", SQL_PROVIDER),
  /**
   * Values of sslMode that let no unencrypted connection in; the second lets nobody in without a client certificate.
   */
  encryptedSslModes: datum<readonly string[]>(
    ["ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"],
    "names",
    "S1",
    SQL_PROVIDER,
  ),
  diskGbMin: datum<Readonly<Record<string, number>>>(
    { PD_SSD: 10, PD_HDD: 10, HYPERDISK_BALANCED: 20 },
    "GB by disk type",
    "S1",
    SQL_PROVIDER,
  ),
  diskGbMax: datum(65_536, "GB, of a dedicated-core tier", "S1", SQL_QUOTAS, "2026-04-10"),
  defaultDiskType: datum("PD_SSD", "disk type", "S1", SQL_PROVIDER),
  custom: datum(
    { vcpus: { min: 1, max: 96 }, gibPerVcpu: { min: 0.9, max: 6.5 }, memoryMultipleMib: 256, memoryMinMib: 3840 },
    "vCPU (1 or an even number); GiB per vCPU; MiB",
    "S1",
    SQL_CREATE,
  ),
  /** Enterprise Plus predefined tiers: vCPU -> memory. */
  perfOptimizedMemoryGib: datum<Readonly<Record<number, number>>>(
    { 2: 16, 4: 32, 8: 64, 16: 128, 32: 256, 48: 384, 64: 512, 80: 640, 96: 768, 128: 864 },
    "vCPU -> GiB",
    "S1",
    SQL_PROVIDER,
  ),
  /** Enterprise Plus tiers of the C4A series (`db-c4a-highmem-<vCPU>`): vCPU -> memory. */
  c4aMemoryGib: datum<Readonly<Record<number, number>>>(
    { 2: 16, 4: 32, 8: 64, 16: 128, 32: 256, 48: 384, 64: 512, 72: 576 },
    "vCPU -> GiB",
    "S2",
    "docs.cloud.google.com/sql/docs/postgres/machine-series-overview",
    "2026-11-26",
  ),
  /** The largest Enterprise machine of the N4 series (`db-custom-N4-<vCPU>-<MiB>`). */
  n4: datum(
    { vcpusMax: 80, memoryGibMax: 624 },
    "vCPU; GiB",
    "S2",
    "docs.cloud.google.com/sql/docs/postgres/machine-series-overview",
    "2026-11-26",
  ),
  enterprisePlusDefaultFrom: datum(16, "PostgreSQL major version", "S1", SQL_CREATE),
  /** Managed connection pooling: one pool for each database and user in each pooler. */
  managedPooling: datum(
    { port: 6432, vcpusPerPooler: 4, maxPoolSize: 50 },
    "port; vCPU per pooler, at least one pooler; server connections of a pool by default",
    "S1",
    "docs.cloud.google.com/sql/docs/postgres/managed-connection-pooling",
    "2026-11-28",
  ),
  builtInSocketConnectionsPerInstance: datum(
    100,
    "connections per Cloud Run instance and database",
    "S1",
    SQL_QUOTAS,
    "2026-04-10",
  ),
  adminApiConnectPerMinute: datum(1000, "calls per minute, user and region", "S1", SQL_QUOTAS, "2026-04-10"),
  /** ConnectSettings and GenerateEphemeralCert, once per process. */
  adminApiCallsPerProcess: datum(2, "calls", "S1", "GoogleCloudPlatform/cloud-sql-go-connector@123d1d8"),
  insightsQueryStringLength: datum<Readonly<Record<string, Range>>>(
    table({ ENTERPRISE: { min: 256, max: 4500 }, ENTERPRISE_PLUS: { min: 1024, max: 100_000 } }),
    "bytes",
    "S1",
    SQL_PROVIDER,
  ),
  retainedBackups: datum<Range>(
    { min: 1, max: 365 },
    "backups",
    "S1",
    "docs.cloud.google.com/sql/docs/sqlserver/backup-recovery/backups",
  ),
  transactionLogDays: datum<Readonly<Record<string, Range>>>(
    table({ ENTERPRISE: { min: 1, max: 7 }, ENTERPRISE_PLUS: { min: 1, max: 35 } }),
    "days",
    "S1",
    SQL_PROVIDER,
  ),
  insightsQueryPlansPerMinute: datum<Readonly<Record<string, Range>>>(
    table({ ENTERPRISE: { min: 0, max: 20 }, ENTERPRISE_PLUS: { min: 0, max: 200 } }),
    "plans per minute",
    "S1",
    SQL_PROVIDER,
  ),
  privateServicesMaxPrefix: datum(
    24,
    "bits (the smallest range is a /24)",
    "S2",
    "docs.cloud.google.com/vpc/docs/configure-private-services-access",
    "2026-09-16",
  ),
  /** Docker's bridge network on Google's machines: an instance in it is unreachable, and connections from it fail. */
  unreachableRange: datum(
    "172.17.0.0/16",
    "IPv4 network",
    "S1",
    "GoogleCloudPlatform/gcpdiag, lint rules cloudsql/WARN/2022_001 and gce/WARN/2022_004",
    "2026-11-28",
  ),
} as const;

export const cloudRunLimits = {
  concurrency: datum<Range>({ min: 1, max: 1000 }, "requests per instance", "S2", RUN_PROTO, "2026-10-07"),
  timeoutSeconds: datum<Range>(
    { min: 1, max: 3600 },
    "seconds",
    "S1",
    "docs.cloud.google.com/run/docs/triggering/websockets",
  ),
  /** Whole CPUs: vCPU -> GiB allowed. Below one CPU: see {@link fractionalCpu}. */
  memoryGibByCpu: datum<Readonly<Record<number, Range>>>(
    {
      1: { min: 0.125, max: 4 },
      2: { min: 0.125, max: 8 },
      4: { min: 2, max: 16 },
      6: { min: 4, max: 24 },
      8: { min: 4, max: 32 },
    },
    "vCPU -> GiB",
    "S1",
    RUN_CPU,
    "2026-06-11",
  ),
  /** Below one CPU: the smallest share, and the most memory below and from half a CPU. Concurrency must be 1. */
  fractionalCpu: datum(
    { min: 0.08, halfCpu: 0.5, maxMibBelowHalf: 512, maxMibFromHalf: 1024 },
    "vCPU; MiB",
    "S1",
    RUN_CPU,
    "2026-06-11",
  ),
  probe: datum(
    {
      initialDelaySeconds: { min: 0, max: 600 },
      startup: { periodSeconds: { min: 1, max: 600 }, timeoutSeconds: { min: 1, max: 600 } },
      liveness: { periodSeconds: { min: 1, max: 3600 }, timeoutSeconds: { min: 1, max: 3600 } },
      failureThresholdMin: 1,
    },
    "seconds; failures",
    "S1",
    RUN_HEALTH,
    "2026-10-01",
  ),
  /** The longest start-up window, failureThreshold x periodSeconds. The API reference of 2026-08 still says 240 s. */
  startupWindowSeconds: datum({ withoutGpu: 600, withGpu: 1800 }, "seconds", "S1", RUN_HEALTH, "2026-10-01"),
  /** How long the default TCP probe waits where a container states none. */
  defaultStartupWindowSeconds: datum(240, "seconds", "S1", RUN_HEALTH, "2026-10-01"),
  /** What the provider fills in where a probe leaves a field out. */
  probeDefaults: datum(
    { initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3, path: "/" },
    "seconds; failures",
    "S1",
    RUN_HEALTH,
  ),
  defaultConcurrency: datum(80, "requests per instance (1 below one CPU)", "S1", RUN_PROTO),
  defaultCpu: datum(1, "vCPU", "S1", CONTAINER_CONTRACT),
  defaultMemoryMib: datum(512, "MiB", "S1", CONTAINER_CONTRACT),
  /** Variables that Cloud Run sets itself, in services and in jobs. */
  reservedVariables: datum<readonly string[]>(
    [
      ...["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"],
      ...[
        "CLOUD_RUN_JOB",
        "CLOUD_RUN_EXECUTION",
        "CLOUD_RUN_TASK_INDEX",
        "CLOUD_RUN_TASK_ATTEMPT",
        "CLOUD_RUN_TASK_COUNT",
      ],
    ],
    "names",
    "S1",
    CONTAINER_CONTRACT,
  ),
  /** Of a job and the token of its execution together. */
  longestExecutionName: datum(
    62,
    "characters",
    "S1",
    "registry documentation of gcp.cloudrunv2.Job 9.37, runExecutionToken",
  ),
  port: datum<Range>({ min: 1, max: 65_535 }, "TCP port", "S1", RUN_PROTO),
  /** The port Cloud Run sends requests to where a container states none. */
  defaultPort: datum(8080, "TCP port", "S1", CONTAINER_CONTRACT),
} as const;

export const directVpcLimits = {
  /** Addresses an instance takes; they stay taken for up to 20 minutes after it is gone. */
  addressesPerInstance: datum(2, "addresses per instance", "S1", "Cloud Run release notes, 2025-03-26"),
  maxSubnetPrefix: datum(
    26,
    "bits (the smallest subnetwork is a /26)",
    "S2",
    "docs.cloud.google.com/run/docs/configuring/vpc-direct-vpc",
    "2026-10-09",
  ),
  /** Network, gateway, second to last and broadcast address. */
  reservedAddresses: datum(4, "addresses of every subnetwork", "S1", "docs.cloud.google.com/vpc/docs/subnets"),
} as const;

export const redisLimits = {
  /** The smallest block of addresses with direct peering. With read replicas Google takes a /28. */
  directPeeringMaxPrefix: datum(
    29,
    "bits (the smallest range is a /29)",
    "S1",
    "google/cloud/redis/v1, Instance.reserved_ip_range",
    "2026-11-28",
  ),
  memoryGbMin: datum(1, "GB", "S2", "cloud.google.com/memorystore/docs/redis/pricing", "2026-09-01"),
} as const;

/** What a secret must have to be of use. */
export const secretLimits = {
  idCharacters: datum(
    255,
    "characters of an id: letters, digits, hyphens and underscores",
    "S1",
    "google/cloud/secretmanager/v1/service.proto",
  ),
  keyCharacters: datum(
    32,
    "characters of a key that signs or encrypts (HS256 asks for 256 bits)",
    "S1",
    "RFC 7518, section 3.2",
  ),
} as const;

/**
 * What one PostgreSQL connect costs (TLS 1.3 and SCRAM-SHA-256), measured on a 2-vCPU virtual machine: not a Cloud SQL
 * number.
 */
export const postgresCosts = {
  connectCpuMs: datum(7, "ms of database CPU per connect", "M", "pgbench -C on PostgreSQL 15.18, TLS 1.3 + SCRAM"),
  postmasterMs: datum(0.5, "ms per connect, one at a time", "M", "postmaster cutime+cstime, PostgreSQL 15.18"),
  connectBytes: datum(
    3363,
    "bytes per connect, both directions",
    "M",
    "pass-through TCP proxy around psql, TLS 1.3 + SCRAM",
  ),
} as const;

/** What connection pools do where a program states nothing. */
export const poolDefaults = {
  waitSeconds: datum(
    30,
    "seconds for one connection",
    "S1",
    "HikariCP, connectionTimeout; docs.sqlalchemy.org, pool_timeout",
    "2026-11-30",
  ),
} as const;

/** What a global external Application Load Balancer takes. */
export const edgeLimits = {
  certificatesPerProxy: datum(15, "certificates", "S1", "docs.cloud.google.com/load-balancing/docs/quotas"),
  requestsPerThrottle: datum(
    1_000_000,
    "requests in one interval",
    "S2",
    "docs.cloud.google.com/armor/docs/rate-limiting-overview",
    "2026-09-20",
  ),
  hostsPerCertificate: datum(100, "hosts", "S1", "registry documentation of gcp.compute.ManagedSslCertificate 9.37"),
} as const;

/** List prices, us-central1, USD. */
export const prices = {
  sqlVcpuHour: datum(0.0413, "USD per vCPU-hour", "S2", "cloud.google.com/sql/pricing", "2026-10-10"),
  sqlGibHour: datum(0.007, "USD per GiB-hour", "S2", "cloud.google.com/sql/pricing", "2026-10-10"),
  sqlSsdGibMonth: datum(0.17, "USD per GiB-month", "S2", "cloud.google.com/sql/pricing", "2026-10-10"),
  sqlBackupGibMonth: datum(0.08, "USD per GiB-month", "S2", "cloud.google.com/sql/pricing", "2026-09-01"),
  runInstanceVcpuSecond: datum(
    0.000018,
    "USD per vCPU-second, CPU always allocated",
    "S1",
    "cloud.google.com/run/pricing",
    "2026-09-01",
  ),
  runInstanceGibSecond: datum(
    0.000002,
    "USD per GiB-second, CPU always allocated",
    "S2",
    "cloud.google.com/run/pricing",
    "2026-09-01",
  ),
  runIdleVcpuSecond: datum(
    0.0000025,
    "USD per vCPU-second, idle minimum instance",
    "S2",
    "cloud.google.com/run/pricing",
    "2026-09-01",
  ),
  runIdleGibSecond: datum(
    0.0000025,
    "USD per GiB-second, idle minimum instance",
    "S2",
    "cloud.google.com/run/pricing",
    "2026-09-01",
  ),
  redisBasicGibHour: datum(
    0.049,
    "USD per GiB-hour, BASIC, 1 to 4 GB",
    "S2",
    "cloud.google.com/memorystore/docs/redis/pricing",
    "2026-09-01",
  ),
  natVmHour: datum(0.0014, "USD per VM-hour, up to 32 VMs", "S1", "cloud.google.com/nat/pricing", "2026-09-01"),
  addressHour: datum(0.005, "USD per address-hour", "S1", "cloud.google.com/nat/pricing", "2026-09-01"),
  secretVersionMonth: datum(
    0.06,
    "USD per active version-month",
    "S1",
    "cloud.google.com/secret-manager/pricing",
    "2026-09-01",
  ),
  forwardingRulesHour: datum(
    0.025,
    "USD per hour for the first five global forwarding rules together",
    "S2",
    "cloud.google.com/vpc/network-pricing",
    "2026-09-01",
  ),
  trafficGib: datum(
    0.008,
    "USD per GiB through the load balancer, each way",
    "S2",
    "cloud.google.com/vpc/network-pricing",
    "2026-09-01",
  ),
  armorPolicyMonth: datum(5, "USD per security policy and month", "S2", "cloud.google.com/armor/pricing", "2026-09-01"),
  armorRuleMonth: datum(1, "USD per rule and month", "S2", "cloud.google.com/armor/pricing", "2026-09-01"),
  armorRequestsMillion: datum(0.75, "USD per million requests", "S2", "cloud.google.com/armor/pricing", "2026-09-01"),
  /** Announced, and not charged before {@link prices.alertingFrom}; 90 and 30 days before it Google tells. */
  alertMetricMonth: datum(
    0.35,
    "USD per metric that an alerting policy names, and month",
    "S2",
    ALERT_PRICES,
    "2026-10-08",
  ),
  alertPointsMillion: datum(
    0.5,
    "USD per million points that alerting policies read",
    "S2",
    ALERT_PRICES,
    "2026-10-08",
  ),
  alertingFrom: datum("2027-09-01", "the first day on which alerting may be charged", "S2", ALERT_PRICES, "2026-10-08"),
  alertEvaluationSeconds: datum(
    30,
    "seconds between two evaluations of a condition",
    "S1",
    "docs.cloud.google.com/monitoring/alerts/cost-control",
    "2026-04-10",
  ),
  hoursPerMonth: datum(730, "hours", "C", "365 x 24 / 12"),
} as const;

/** How starts fail and begin again, as the platform was seen to do it. */
export const startFacts = {
  /** Every attempt on a path that cannot work. */
  dialFailureSeconds: datum(34, "seconds", "M", "staging's logs of the incident (#1278)", "2025-09-30"),
  /** From a failed start's exit to the next boot. */
  restartSeconds: datum<Range>(
    { min: 9.5, max: 10 },
    "seconds",
    "M",
    "staging's logs of the incident (#1278)",
    "2025-09-30",
  ),
  /**
   * From an instance's start until it passes traffic over Direct VPC egress. The documentation says "a minute or more";
   * 20 to 80 s were reported.
   */
  directVpcOpensSeconds: datum<Range>(
    { min: 20, max: 80 },
    "seconds",
    "S2",
    "docs.cloud.google.com/run/docs/configuring/vpc-direct-vpc#limitations; estuary/flow#3109",
    "2026-11-28",
  ),
  /** How long an application must retry over Direct VPC egress: what helped where 20 to 80 s were reported. */
  directVpcRetrySeconds: datum(120, "seconds", "S2", "estuary/flow#3109", "2026-11-28"),
} as const;
