import { z } from "zod";
import {
  MOST_CONNECTIONS,
  MOST_JITTER,
  MOST_OF_ANYTHING,
  MOST_REDIS_GB,
  MOST_RETRY_FACTOR,
  MOST_SECONDS,
} from "../capacity/bounds";
import { isPattern } from "../capacity/constraints/image";
import { cloudRunLimits, cloudSqlLimits } from "../capacity/limits";
import { parseCpu, parseMemoryMib } from "../capacity/units";
import { edge } from "./edge";
import {
  amount,
  choice,
  cidr,
  complaint,
  computeName,
  described,
  flag,
  fraction,
  HYPHENATED,
  KEY,
  list,
  named,
  quantity,
  seconds,
  section,
  text,
  UNDERSCORED,
  VARIABLE,
  whole,
} from "./fields";
import { account, migrations, roles } from "./jobs";
import { channelTokens, hosts, monitoring } from "./monitoring";
import { SECRET_FORMATS } from "./references";

/*
 * The stack file, section by section. Every field says what it means, what form it has and what a sound value looks
 * like; the errors and the editors' JSON Schema are made from that. What is readable here may still be illegal or
 * unsound: `capacity/checks.ts` judges that.
 */

const probe = (kind: string) =>
  section(`the ${kind} probe of the container`, {
    path: text(
      "the HTTP path that answers 2xx once the application is ready",
      "/health",
      /^\/\S*$/,
      "begin with / and have no spaces",
    ),
    initialDelaySeconds: seconds("the wait before the first probe", 0),
    periodSeconds: seconds("the time between two probes", 10),
    timeoutSeconds: seconds("one probe's time-out, at most the period", 5),
    failureThreshold: whole("how many probes may fail in a row", "failures", 12, 0),
  });

const retry = section("the application's connect retries", {
  attempts: whole("attempts in all, the first included", "attempts", 5),
  baseSeconds: amount("the first wait", "seconds", 2, { max: MOST_SECONDS }),
  factor: amount("what each wait is multiplied by", "times", 2, { min: 1, max: MOST_RETRY_FACTOR }),
  capSeconds: amount("the longest wait", "seconds", 30, { max: MOST_SECONDS }),
  jitter: amount("the share of a wait that is added at random", "times", 0.5, { max: MOST_JITTER }),
});

const databaseClient = section("how the service uses the database", {
  path: choice("the way to the database: its address, or the Auth Proxy behind /cloudsql, which calls the Admin API", [
    "private-ip",
    "built-in-socket",
  ]).default("private-ip"),
  poolSize: whole("connections a process keeps open", "connections", 3, 0, MOST_CONNECTIONS),
  maxOverflow: whole("connections a process may open beyond its pool", "connections", 2, 0, MOST_CONNECTIONS),
  workers: whole("processes in an instance, each with a pool of its own", "processes", 1),
  startupConnections: whole("connections one starting process opens, one after another", "connections", 4, 0),
  poolTimeoutSeconds: seconds("how long a request waits for a pooled connection", 30, 1),
  connectTimeoutSeconds: seconds("one connect attempt's time-out", 10, 1),
  initTimeoutSeconds: seconds("the time-out of the whole initialisation, retries included", 75, 1),
  startupQueryCpuMs: amount("database CPU that the start-up queries of one connection cost", "milliseconds", 100, {
    max: MOST_SECONDS * 1000,
  }),
  retry,
});

const service = section("one Cloud Run service", {
  name: text(
    "the service's name in Cloud Run",
    "netra-worker-staging",
    /^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$/,
    `${HYPHENATED}, at most 49`,
  ),
  account: account("the service's own runtime account", "netra-worker"),
  image: text(
    "the container image, by digest or immutable tag",
    "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.0",
  ),
  port: whole(
    "the container's port; Cloud Run sets PORT from it",
    "",
    8000,
    cloudRunLimits.port.value.min,
    cloudRunLimits.port.value.max,
  ),
  cpu: quantity("the vCPUs of one instance", "a number of vCPUs like 2 or 500m", "2", "cpu", parseCpu),
  memory: quantity(
    "the memory of one instance",
    "a quantity in Mi or Gi like 512Mi or 4Gi",
    "4Gi",
    "memory",
    (value) => (/[KMGT]i$/.test(value) ? parseMemoryMib(value) : undefined),
  ),
  cpuIdle: flag("whether the CPU is throttled between requests, which makes an idle instance cheaper", false),
  minInstances: whole("instances that are always there", "instances", 1, 0),
  maxInstances: whole("the most instances there can be", "instances", 5),
  concurrency: whole("requests one instance takes at once", "requests", 80),
  sessionAffinity: flag("whether a client's requests go to the same instance, as far as possible", true).default(false),
  timeoutSeconds: seconds("a request's time-out, and the longest a WebSocket stays open", 600, 1),
  bootSeconds: amount(
    "the time from container start to the first database connect (or to ready, without a database)",
    "seconds",
    15,
    { max: MOST_SECONDS },
  ),
  egress: choice(
    "what leaves through the VPC connector; all-traffic cuts off the internet without 'netra:network.nat'",
    ["private-ranges-only", "all-traffic"],
  ).default("private-ranges-only"),
  ingress: choice(
    "from where requests are accepted; default: with 'netra:edge' internal-and-load-balancer, without it all",
    ["all", "internal", "internal-and-load-balancer"],
  ).optional(),
  invoker: choice("who may call the service", ["iam-disabled", "all-users", "authenticated"]),
  probe: probe("start-up"),
  liveness: probe("liveness"),
  database: databaseClient.optional(),
  cache: flag("whether the service gets the address of Redis", true).default(false),
  secrets: list(
    "the secrets that become variables of the container",
    text("a name under netra:secrets", "JWT_SECRET_KEY", VARIABLE, "be in capitals, like JWT_SECRET_KEY"),
    "JWT_SECRET_KEY",
  ).default([]),
  environment: named(
    "the plain variables of the container",
    VARIABLE,
    "in capitals, like LOG_LEVEL",
    text("a variable's value; quote numbers and true or false", '"info"', /^[^\n]*$/, "be a text of one line"),
  ).default({}),
  redeploy: whole(
    "how often the service is rolled out anew with the same template; `npm run redeploy` raises it",
    "redeploys",
    1,
    0,
  ).default(0),
  after: list(
    "the services that must have rolled out before this one",
    text("a key under netra:services", "auth"),
    "auth",
  ).optional(),
});

const secret = section("one secret", {
  id: text(
    "the secret's id in Secret Manager",
    "another-secret-staging",
    /^[A-Za-z0-9_-]{1,255}$/,
    "be letters, digits, hyphens and underscores, at most 255",
  ),
  version: whole("the version that services mount: the number Secret Manager gave it", "", 1),
  rotation: whole("how often the stack has generated it; absent: people add the value", "rotations", 1).optional(),
  format: choice("how the stack makes the value", SECRET_FORMATS).optional(),
  disabledThroughRotation: whole("the last rotation whose version is disabled", "rotations", 0, 0).optional(),
});

/** A resource's name in the program, as the engine shows it. */
const RESOURCE = /^[\w.-]+$/;

export const sections = {
  network: section("the VPC of the environment", {
    vpc: computeName("the network's name", "staging-vpc"),
    subnet: computeName("the subnet's name", "staging-subnet"),
    subnetCidr: cidr("the subnet's range", "10.0.0.0/24"),
    privateServicesRange: computeName(
      "the name of the range for Google's managed services",
      "staging-private-ip-address",
    ),
    privateServicesCidr: cidr("the range that is peered with Google's managed services", "10.107.0.0/16"),
    otherCidrs: list(
      "ranges that exist beside the stack's own and must stay free",
      cidr("a range", "10.27.0.0/16"),
      "10.27.0.0/16",
    ).default([]),
    nat: section("Cloud NAT, for all-traffic egress", {
      name: computeName("the name of router and gateway", "staging-nat"),
      minPortsPerVm: whole("ports kept for each VM", "ports", 64, 2),
    }).optional(),
  }),
  connector: section("the Serverless VPC Access connector", {
    name: text("the connector's name", "staging-connector"),
    ipCidrRange: cidr("the connector's own /28", "10.1.0.0/28"),
    machineType: text("the machine type of its VMs", "e2-micro"),
    minInstances: whole("VMs that are always there: what carries a storm (2 to 9)", "instances", 3),
    maxInstances: whole("the most VMs; a connector never shrinks (3 to 10)", "instances", 10),
  }),
  database: section("the Cloud SQL instance", {
    name: text("the instance's name", "staging-shared-postgres", /^[a-z]([-a-z0-9]*[a-z0-9])?$/, HYPHENATED),
    version: text("the database version", "POSTGRES_14", /^POSTGRES_\d+$/, "be written like POSTGRES_14"),
    edition: choice("the edition, which decides which tiers exist", ["ENTERPRISE", "ENTERPRISE_PLUS"]),
    tier: text("the machine: db-custom-<vCPU>-<MiB>", "db-custom-1-3840"),
    availability: choice("one zone, or a standby in a second one", ["ZONAL", "REGIONAL"]).default("ZONAL"),
    maxConnections: whole("max_connections", "connections", 150),
    usableShare: fraction("the share of max_connections that the budget may use", 0.8, { above: 0, atMost: 1 }),
    reservedConnections: whole(
      "slots for superusers, Cloud SQL's agents and people",
      "connections",
      13,
      0,
      MOST_CONNECTIONS,
    ),
    migrationConnections: whole("slots for migrations", "connections", 10, 0, MOST_CONNECTIONS),
    sharedBuffersMib: whole("shared_buffers", "MiB", 1024),
    workMemMib: whole("work_mem, counted once per backend", "MiB", 4),
    diskGb: whole("the disk", "GB", 20, 10, cloudSqlLimits.diskGbMax.value),
    database: text("the database's name", "netra_staging", /^[a-z_][a-z0-9_]{0,62}$/, `${UNDERSCORED}, at most 63`),
    user: text(
      "what the names of the database's roles begin with: <user>_owner owns, <user>_<service>_a and _b log in",
      "netra",
      /^[a-z_][a-z0-9_]{0,56}$/,
      `${UNDERSCORED}, at most 57`,
    ),
    roles,
    backup: section("backups", {
      startTime: text(
        "the daily backup's hour, UTC",
        '"03:00"',
        /^([01]\d|2[0-3]):[0-5]\d$/,
        "be a time of day like 03:00",
      ),
      retainedBackups: whole(
        "backups that are kept",
        "backups",
        7,
        cloudSqlLimits.retainedBackups.value.min,
        cloudSqlLimits.retainedBackups.value.max,
      ),
      transactionLogDays: whole("days of point-in-time recovery (1 to 7)", "days", 7),
    }),
    maintenance: section("the maintenance window", {
      day: whole("the day, 1 is Monday", "", 7, 1, 7),
      hour: whole("the hour, UTC", "", 4, 0, 23),
    }),
    insights: section("query insights", {
      queryStringLength: whole("bytes of a query that are kept", "bytes", 1024, 0),
      queryPlansPerMinute: whole("query plans that are sampled", "plans per minute", 5, 0),
    }),
  }),
  cache: section("the Memorystore Redis instance", {
    name: text("the instance's name", "staging-redis", /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, `${HYPHENATED}, 2 to 40`),
    version: text("the Redis version", "REDIS_7_2", /^REDIS_\d+_[\dX]+$/, "be written like REDIS_7_2"),
    memoryGb: whole("the memory", "GB", 1, 1, MOST_REDIS_GB),
    connectMode: choice("how the instance is reached; cannot change in place", [
      "DIRECT_PEERING",
      "PRIVATE_SERVICE_ACCESS",
    ]),
    reservedIpRange: text(
      "the range the instance uses: addresses with DIRECT_PEERING, the name of network.privateServicesRange with PRIVATE_SERVICE_ACCESS; counts when the instance is created, and changes nothing later",
      "10.166.204.80/29",
    ).optional(),
  }),
  secrets: named("the secrets, by the name of their variable", VARIABLE, "in capitals, like JWT_SECRET_KEY", secret),
  services: named("the Cloud Run services, by a short name", KEY, "in small letters, like backend", service).refine(
    (services) => Object.keys(services).length > 0,
    {
      error: complaint({
        must: "have at least one service",
        because: "there is nothing to size otherwise",
        example: "one section each, as in Pulumi.staging.yaml",
      }),
    },
  ),
  migrations,
  images: section("which image tags count as immutable", {
    tagPattern: text("the pattern of tags that never move; a digest always passes", "'^\\d+\\.\\d+\\.\\d+$'").refine(
      isPattern,
      {
        error: complaint({
          must: "be a regular expression in RE2's syntax",
          because: "tags are matched with it",
          example: "'^\\d+\\.\\d+\\.\\d+$'",
        }),
      },
    ),
  }),
  limits: section("quotas of this project, which no document knows", {
    regionalCpu: amount("CpuAllocPerProjectRegion", "vCPU", 20, { max: MOST_OF_ANYTHING }),
    regionalMemoryGib: amount("MemAllocPerProjectRegion", "GiB", 40, { max: MOST_OF_ANYTHING }),
  }),
  targets: section("what the plan must reach", {
    startupSuccessPercent: (() => {
      const error = complaint({
        must: "be from 1 to below 100 percent",
        because: "it is the share of starts whose lower bound the plan must reach",
        example: 99,
      });
      return described(
        z.number({ error }).gte(1, { error }).lt(100, { error }),
        "the share of starts that become ready at the first try",
        99,
      );
    })(),
  }),
  hosts,
  edge,
  monitoring,
  channelTokens: channelTokens.default({}),
  adopt: named(
    "what exists in the cloud and not in the state, to be imported: canonical ids by the resource's name in the program",
    RESOURCE,
    "a resource's name, like staging-connector",
    // `adoptionProblems` knows the one id that each name can have.
    text(
      "the canonical id",
      "projects/netra-staging/locations/us-central1/connectors/staging-connector",
      /.*/s,
      "be a text",
    ),
  ).default({}),
  acknowledge: named(
    "destructive changes that `guard` may accept, by the resource's name in the program; remove each afterwards",
    RESOURCE,
    "a resource's name, like staging-connector",
    section("one decided change", {
      change: choice("what may happen to the resource", ["replace", "delete"]),
      reason: text("why, and who decided it", "the new connector serves since 2026-11-20 (#1301)"),
    }),
  ).default({}),
  teardown: section("present while the environment is being torn down: deletion protections are off", {
    reason: text("why, and who decided it", "staging moves to another project (#1402)"),
  }).optional(),
};
export const OPTIONAL_SECTIONS = [
  "netra:migrations",
  "netra:edge",
  "netra:channelTokens",
  "netra:adopt",
  "netra:acknowledge",
  "netra:teardown",
];
export const stackFile = z.strictObject(sections);

export type ParsedSettings = z.output<typeof stackFile>;
type ParsedService = ParsedSettings["services"][string];

/** One service's settings, units normalised. */
export interface ServiceSettings extends Omit<ParsedService, "memory" | "after" | "ingress"> {
  readonly memoryMib: number;
  readonly ingress: NonNullable<ParsedService["ingress"]>;
  readonly after: readonly string[];
}

/** The whole configuration: a {@link CapacityPlan} with what the components need beside it. */
export interface Settings extends Omit<ParsedSettings, "services"> {
  readonly project: string;
  readonly region: string;
  /** In rollout order: each stands behind those it waits for. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
}
