import { reassignedOwners } from "../../components/database-roles/statements";
import {
  CONNECTOR,
  HTTPS_PROXY,
  REDIS,
  RUN_JOB,
  RUN_SERVICE,
  RUN_SERVICE_V1,
  SECRET_VERSION,
  SECURITY_POLICY,
  SERVICES_CONNECTION,
  SQL_INSTANCE,
  SQL_USER,
  SSL_POLICY,
  SUBNETWORK,
  URL_MAP,
} from "../../config/resource-types";
import type { Properties, Step } from "../../engine/preview";
import { type Difference, isWithin } from "../../engine/property-diff";
import { isUnknownValue } from "../../policy/framework/unknown";
import { rolloutConnections } from "./connections";
import { trafficElsewhere } from "./revisions";

/** What users or operators of the environment notice. */
export type Effect =
  /** The resource is unavailable until it has restarted. */
  | "restart"
  /** Open connections may end. */
  | "connections"
  /** Clients that could connect or call no longer can. */
  | "access"
  /** A new Cloud Run revision takes over from the running one. */
  | "new revision"
  /** Objects in the database change owner. */
  | "ownership"
  /** An alert no longer notifies anybody. */
  | "silence";

/** A change in place that interrupts service. */
export interface Disruption {
  readonly type: string;
  /** Paths of the properties, including everything below them. Default: none. */
  readonly properties?: readonly string[];
  /** Which changes of them; a change of unknown values always counts. Default: all. */
  readonly when?: (difference: Difference) => boolean;
  /** Which creations also interrupt service, by the inputs. Default: none. */
  readonly onCreate?: (inputs: Properties) => boolean;
  /** Which resources, by their inputs after the change. Default: all. */
  readonly only?: (inputs: Properties) => boolean;
  readonly effect: Effect;
  readonly consequence: string | ((step: Step) => string);
  /** What the operator can do. */
  readonly advice?: string;
  /** The values are not shown. */
  readonly hidden?: true;
  readonly source: string;
}

const SQL = "docs.cloud.google.com/sql/docs/postgres";
const SQL_PROVIDER = "registry documentation of gcp.sql.DatabaseInstance 9.37";
const REDIS_DOCS = "docs.cloud.google.com/memorystore/docs/redis";
const LOAD_BALANCING = "docs.cloud.google.com/load-balancing/docs";
const RUN = "docs.cloud.google.com/run/docs";

/** PostgreSQL 14's settings of context `postmaster`, without those that Google manages (paths, ports, recovery). */
export const RESTART_FLAGS: readonly string[] = [
  ..."autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age huge_pages max_connections max_files_per_process".split(
    " ",
  ),
  ..."max_locks_per_transaction max_logical_replication_workers max_pred_locks_per_transaction max_prepared_transactions max_replication_slots".split(
    " ",
  ),
  ..."max_wal_senders max_worker_processes old_snapshot_threshold shared_buffers superuser_reserved_connections".split(
    " ",
  ),
  ..."track_activity_query_size track_commit_timestamp wal_buffers".split(" "),
];
/** Flags of the stack that take effect without a restart (PostgreSQL 14's contexts `user` and `sighup`). */
export const LIVE_FLAGS: readonly string[] = ["work_mem"];
const RESTARTS = "the instance restarts: every connection ends, and new ones are refused until it is up again";
const QUIET = "do it in a quiet hour; services reconnect with their retries";

/** Settings of a Cloud SQL instance that are documented to change without a restart, or that have an entry below. */
const SQL_KNOWN: readonly string[] = [
  ..."activationPolicy availabilityType databaseFlags edition insightsConfig tier userLabels connectorEnforcement maintenanceWindow".split(
    " ",
  ),
  ..."backupConfiguration deletionProtectionEnabled diskAutoresize diskAutoresizeLimit diskSize".split(" "),
  ..."ipConfiguration.privateNetwork ipConfiguration.ipv4Enabled ipConfiguration.authorizedNetworks ipConfiguration.sslMode".split(
    " ",
  ),
];

const newRevision = (step: Step) =>
  `a new revision takes over while the old one finishes its requests; ${rolloutConnections(step)}; WebSockets stay on the old one until they end`;

function afterTemplateChange(step: Step): string {
  const elsewhere = trafficElsewhere(step);
  if (!elsewhere) return newRevision(step);
  const { latestPercent, others } = elsewhere;
  return latestPercent <= 0
    ? `a new revision is created but gets no requests, because traffic goes to ${others}; send it to the latest revision when the new one is to serve`
    : `the latest revision gets ${latestPercent} % of the requests, and ${others} the rest; ${newRevision(step)}`;
}

const isFalse = (value: unknown) => value === undefined || value === null || value === false || value === "";
const switchedOff = ({ old, new: now }: Difference) => !isFalse(old) && isFalse(now);
const switchedOn = ({ old, new: now }: Difference) => isFalse(old) && !isFalse(now);

/** The roles whose objects a job reassigns, read from the statements in its variables. */
const formerOwnersIn = (inputs: Properties): string[] => [...new Set(reassignedOwners(textIn(inputs)))];
const takesOwnership = (inputs: Properties) => formerOwnersIn(inputs).length > 0;
const textIn = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? Object.values(value).map(textIn).join("\n")
    : typeof value === "string"
      ? value
      : "";

/** Every change in place that is known to interrupt service. Sources read on 2026-11-23. */
export const disruptions: readonly Disruption[] = [
  {
    type: SQL_INSTANCE,
    properties: ["settings.databaseFlags"],
    when: ({ element }) => RESTART_FLAGS.includes(element ?? ""),
    effect: "restart",
    consequence: RESTARTS,
    advice: QUIET,
    source: `${SQL}/flags; postgresql.org/docs/14/view-pg-settings.html, context postmaster`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.databaseFlags"],
    when: ({ element }) => ![...RESTART_FLAGS, ...LIVE_FLAGS].includes(element ?? ""),
    effect: "restart",
    consequence: "the instance may restart: Google's list of flags states whether this flag requires it",
    advice: QUIET,
    source: `${SQL}/flags`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.tier", "settings.edition", "settings.availabilityType"],
    effect: "restart",
    consequence: RESTARTS,
    advice: QUIET,
    source: `${SQL}/availability`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["databaseVersion"],
    effect: "restart",
    consequence: "a major version upgrade: the instance is down while pg_upgrade runs, and only a backup can undo it",
    advice: "back it up first, and rehearse on a clone",
    source: `${SQL}/upgrade-major-db-version-inplace`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.insightsConfig.queryStringLength"],
    effect: "restart",
    consequence: RESTARTS,
    advice: QUIET,
    source: `${SQL}/using-query-insights; ${SQL_PROVIDER}`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.backupConfiguration.pointInTimeRecoveryEnabled"],
    when: switchedOn,
    effect: "restart",
    consequence: RESTARTS,
    advice: QUIET,
    source: SQL_PROVIDER,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.ipConfiguration.privateNetwork"],
    effect: "restart",
    consequence: RESTARTS,
    advice: QUIET,
    source: `${SQL}/configure-private-ip`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.ipConfiguration.ipv4Enabled"],
    when: switchedOff,
    effect: "access",
    consequence:
      "the public address closes: clients outside the VPC and revisions that use the built-in socket lose the database",
    advice: "move every client to the private address first",
    source: `${SQL}/configure-ip`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.ipConfiguration.authorizedNetworks"],
    effect: "access",
    consequence: "clients from a range that is no longer listed are refused, and their open connections may end",
    advice: "find out who uses the range",
    source: `${SQL}/configure-ip`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.ipConfiguration.sslMode"],
    effect: "restart",
    consequence: "the instance may restart, and with ENCRYPTED_ONLY every client that does not use TLS is refused",
    advice: "set sslmode=require in every client first",
    source: `${SQL}/configure-ssl-instance`,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.activationPolicy"],
    when: ({ new: now }) => now !== "ALWAYS",
    effect: "restart",
    consequence: "the instance stops and stays stopped",
    source: SQL_PROVIDER,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings.connectorEnforcement"],
    when: ({ new: now }) => now === "REQUIRED",
    effect: "access",
    consequence: "every direct connection is refused, including those to the private address",
    source: SQL_PROVIDER,
  },
  {
    type: SQL_INSTANCE,
    properties: ["settings"],
    when: ({ property }) => !SQL_KNOWN.some((known) => isWithin(property, `settings.${known}`)),
    effect: "restart",
    consequence:
      "the instance may restart: Google states this of updates in general, and this setting is not classified",
    advice: QUIET,
    hidden: true,
    source: `${SQL}/admin-api/rest/v1/instances/update`,
  },
  {
    type: SQL_USER,
    properties: ["password"],
    effect: "access",
    consequence: "a revision that has this user's old password cannot open another connection",
    advice: "no revision is affected while rotations alternate between two users and the last rotation is complete",
    hidden: true,
    source: "postgresql.org/docs/14/sql-alterrole.html",
  },
  {
    type: CONNECTOR,
    properties: ["machineType"],
    effect: "connections",
    consequence: "long connections through the connector may drop: database pools, Redis",
    advice: "services reconnect with their retries; do it in a quiet hour",
    source: "docs.cloud.google.com/vpc/docs/configure-serverless-vpc-access",
  },
  {
    type: SUBNETWORK,
    properties: ["privateIpGoogleAccess"],
    when: switchedOff,
    effect: "access",
    consequence: "resources without a public address in this subnet can no longer reach Google's APIs",
    source: "docs.cloud.google.com/vpc/docs/private-google-access",
  },
  {
    type: SERVICES_CONNECTION,
    properties: ["reservedPeeringRanges"],
    when: ({ old }) => old !== undefined,
    effect: "access",
    consequence: "managed services with an address in the removed range are no longer reachable",
    source: "docs.cloud.google.com/vpc/docs/configure-private-services-access",
  },
  {
    type: REDIS,
    properties: ["authEnabled"],
    when: switchedOn,
    effect: "access",
    consequence:
      "from Redis 6 on, open connections continue and every reconnect without the AUTH string is refused; older versions refuse all commands without it",
    advice: "services that receive the string in this `up` roll out after it; others are refused until they have it",
    source: `${REDIS_DOCS}/auth-overview`,
  },
  {
    type: REDIS,
    properties: ["authEnabled"],
    when: switchedOff,
    effect: "access",
    consequence:
      "every reconnect that sends the AUTH string is refused, and the string is lost: enabling AUTH again creates another one",
    advice: "raise rotation and version of its secret when AUTH is enabled again",
    source: `${REDIS_DOCS}/auth-overview`,
  },
  {
    type: REDIS,
    properties: ["redisVersion"],
    effect: "restart",
    consequence: "reads and writes are blocked while it upgrades, and a BASIC instance may lose what it holds",
    advice: "export data that must not be lost",
    source: `${REDIS_DOCS}/version-upgrade-behavior; ${REDIS_DOCS}/about-upgrading-version`,
  },
  {
    type: REDIS,
    properties: ["memorySizeGb"],
    effect: "connections",
    consequence: "connections are reset for up to a couple of minutes, and some writes of that time may be lost",
    advice: QUIET,
    source: `${REDIS_DOCS}/about-scaling-instances`,
  },
  {
    type: RUN_JOB,
    properties: ["runExecutionToken"],
    onCreate: () => true,
    only: takesOwnership,
    effect: "ownership",
    consequence: (step) =>
      `the job runs REASSIGN OWNED: everything that ${formerOwnersIn(step.new?.inputs ?? {}).join(" and ")} owns in its database, and every database they own, gets the owner role as its owner; each table is locked until the statement ends, and the job fails if it waits 30 s for a lock`,
    advice:
      "take a backup first, and do it in a quiet hour; former owners stay members, so that old revisions keep working (docs/adoption.md)",
    hidden: true,
    source: "postgresql.org/docs/14/sql-reassign-owned.html",
  },
  {
    type: RUN_SERVICE,
    properties: ["template"],
    effect: "new revision",
    consequence: afterTemplateChange,
    hidden: true,
    source: `${RUN}/rollouts-rollbacks-traffic-migration`,
  },
  {
    type: RUN_SERVICE_V1,
    properties: ["template"],
    effect: "new revision",
    consequence: afterTemplateChange,
    hidden: true,
    source: `${RUN}/rollouts-rollbacks-traffic-migration`,
  },
  {
    type: RUN_SERVICE,
    properties: ["template.vpcAccess.egress"],
    effect: "access",
    consequence:
      "outgoing traffic changes: with ALL_TRAFFIC it reaches the internet through Cloud NAT or not at all, with PRIVATE_RANGES_ONLY from Google's own addresses",
    advice: "find out who allows this service by its address; ALL_TRAFFIC needs netra:network.nat",
    source: `${RUN}/configuring/connecting-vpc`,
  },
  {
    type: RUN_SERVICE,
    properties: ["ingress"],
    effect: "access",
    consequence: "callers from sources that the new setting does not allow are refused",
    source: `${RUN}/securing/ingress`,
  },
  {
    type: RUN_SERVICE,
    properties: ["invokerIamDisabled"],
    when: switchedOff,
    effect: "access",
    consequence: "callers without run.invoker are refused",
    source: `${RUN}/securing/managing-access`,
  },
  {
    type: RUN_SERVICE,
    properties: ["traffics"],
    effect: "new revision",
    consequence: "requests go to other revisions as soon as it is set",
    source: `${RUN}/rollouts-rollbacks-traffic-migration`,
  },
  {
    type: URL_MAP,
    properties: ["hostRules", "pathMatchers", "defaultService"],
    effect: "access",
    consequence:
      "requests for the affected hosts go to other services or to none; it takes minutes to reach all of Google's front ends",
    advice: "roll the service out before its hosts move to it",
    hidden: true,
    source: `${LOAD_BALANCING}/url-map-concepts`,
  },
  {
    type: HTTPS_PROXY,
    properties: ["sslCertificates", "certificateMap", "certificateManagerCertificates"],
    effect: "access",
    consequence:
      "a host that is only on a new certificate has no TLS until that is issued: up to 60 minutes after DNS points here, and 30 more",
    advice: "the other certificates stay valid; verify the new host once its certificate is ACTIVE",
    hidden: true,
    source: `${LOAD_BALANCING}/ssl-certificates/google-managed-certs`,
  },
  {
    type: SSL_POLICY,
    properties: ["minTlsVersion", "profile", "customFeatures"],
    effect: "access",
    consequence: "clients that support only what the policy no longer allows are refused",
    advice: "check the load balancer's logs for the TLS versions that clients use",
    source: `${LOAD_BALANCING}/ssl-policies-concepts`,
  },
  {
    type: SECURITY_POLICY,
    properties: ["rules"],
    effect: "access",
    consequence: "the set of requests that are allowed, throttled or denied changes",
    advice: "look for 403 and 429 in the load balancer's logs afterwards",
    hidden: true,
    source: "docs.cloud.google.com/armor/docs/security-policy-overview",
  },
  {
    type: SECRET_VERSION,
    // No service mounts a secret that does not exist yet.
    onCreate: ({ secret }) => !isUnknownValue(secret),
    effect: "access",
    consequence:
      "services that mount `latest` get the new value at their next start, each at a different time; services that pin a version get it when they roll out",
    advice: "pin versions, so that all change with the rollout",
    hidden: true,
    source: `${RUN}/configuring/services/secrets`,
  },
  {
    type: SECRET_VERSION,
    properties: ["enabled"],
    when: switchedOff,
    effect: "access",
    consequence: "a revision that still mounts this version cannot start another instance",
    advice: "disable it only when the last service has rolled",
    source: `${RUN}/configuring/services/secrets`,
  },
];
