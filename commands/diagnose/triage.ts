/**
 * The order in which things break: no way to the database, a start that cannot succeed, too little for many starts, the
 * rest.
 */
export const STAGES = ["path", "start", "capacity", "hygiene"] as const;
export type Stage = (typeof STAGES)[number];

/** The questions of the incident report (#1278), in the order of the output. */
export const QUESTIONS = {
  instance: "Is the Cloud SQL instance described, running and configured as required?",
  connector: "Is the VPC connector described, ready and large enough?",
  path: "Can every service reach the database at all (egress, NAT, socket, private address)?",
  maxConnections: "Is max_connections known, and does the tier hold it?",
  secrets: "Are all mounted secrets pinned to versions that are enabled?",
  probes: "Does an HTTP probe wait for the whole start of every service?",
  jwt: "Do all services take one JWT secret at one version?",
  budget: "Do all pools fit into max_connections, with both revisions of a rollout alive?",
  storm: "Do starts succeed when all of them coincide?",
  watched: "Does an alert with a working notification channel watch the connector, the database and every service?",
  region: "Is there a regional incident at Google?",
  hour: "What did the last hour show?",
  rest: "Does everything else keep the rules of the policy pack?",
} as const;
export type QuestionKey = keyof typeof QUESTIONS;

/**
 * Where each rule belongs: the question that it answers, and when what it refuses breaks. The order is that of the
 * findings. Rules that are not listed belong to `rest`.
 */
const TRIAGE: readonly (readonly [rule: string, question: QuestionKey, stage: Stage])[] = [
  ["egress-path", "path", "path"],
  ["database-path", "path", "path"],
  ["service-vpc-path", "path", "path"],
  ["connector-region", "path", "path"],
  ["private-network-path", "path", "path"],
  ["nat-addresses", "path", "path"],
  ["direct-egress-subnet", "path", "path"],
  ["ranges-do-not-overlap", "rest", "path"],
  ["connector-range", "connector", "path"],
  ["regional-incident", "region", "path"],
  ["not-running", "instance", "path"],
  ["database-client-accepted", "instance", "path"],
  ["database-replica-flags", "instance", "start"],
  ["database-engine", "instance", "path"],
  ["connector-not-ready", "connector", "path"],
  ["absent", "rest", "path"],
  ["not-ready", "rest", "start"],
  ["secret-version", "secrets", "start"],
  ["jwt-one-secret", "jwt", "start"],
  ["jwt-taken", "jwt", "start"],
  ["service-startup-probe", "probes", "start"],
  ["service-probes", "probes", "start"],
  ["service-environment", "rest", "start"],
  ["service-containers", "rest", "start"],
  ["failed-probes", "hour", "start"],
  ["database-dedicated-core", "instance", "capacity"],
  ["connector-machine-type", "connector", "capacity"],
  ["connector-instance-counts", "connector", "capacity"],
  ["connector-floor", "connector", "capacity"],
  ["connection-budget", "budget", "capacity"],
  ["database-max-connections", "maxConnections", "capacity"],
  ["service-socket-pool", "budget", "capacity"],
  ["service-scaling", "budget", "capacity"],
  ["service-database-variables", "budget", "capacity"],
  ["startup-connect-rate", "storm", "capacity"],
  ["startup-storm", "storm", "capacity"],
  ["regional-quota", "budget", "capacity"],
  ["backends", "hour", "capacity"],
  ["connector-load", "hour", "capacity"],
  ["slow-starts", "hour", "capacity"],
  ["service-secret-versions", "secrets", "hygiene"],
  ["tcp-probe", "probes", "hygiene"],
  ["service-jwt-name", "jwt", "hygiene"],
  ["service-no-literal-secrets", "secrets", "hygiene"],
  ["secret-id", "secrets", "hygiene"],
  ["connector-name", "connector", "hygiene"],
  ["capacity-alerts", "watched", "hygiene"],
  ["silent-alert", "watched", "hygiene"],
  ...[
    "private",
    "encrypted",
    "backups",
    "deletion-protection",
    "tier",
    "edition",
    "version",
    "disk",
    "insights",
    "connection-pooling",
  ].map((rule) => [`database-${rule}`, "instance", "hygiene"] as const),
];

/** Every rule that belongs to a question of its own. */
export const TRIAGED: readonly string[] = TRIAGE.map(([rule]) => rule);

const NO_EDGE = "load balancers are not collected";

/**
 * Rules that cannot judge deployed resources, each with the reason. Their findings are left out.
 */
export const NOT_JUDGED: Readonly<Record<string, string>> = {
  "secret-value": "no value of a secret is read",
  "secret-access": "IAM policies are not collected",
  "service-secrets-readable": "IAM policies are not collected; versions are read one by one",
  "database-user-password": "Cloud SQL shows no password",
  "database-clients-counted": "only Cloud Run workloads are collected",
  "private-services-connection": "private services connections are not collected",
  "provider-judged": "collected resources do not show which provider created them",
  "private-services-range": "reserved ranges are not collected",
  "connector-subnet": "subnetworks are not collected",
  "edge-certificate": NO_EDGE,
  "edge-certificate-domains": NO_EDGE,
  "edge-default-rule": NO_EDGE,
  "edge-host-rules": NO_EDGE,
  "edge-ingress": NO_EDGE,
  "edge-service-exists": NO_EDGE,
};

/** The same in short, for the end of the text output. */
export const NOT_LOOKED_AT = [
  "values of secrets",
  "IAM policies",
  "load balancers",
  "reserved ranges and private services connections",
  "database clients outside Cloud Run",
] as const;

export interface Triage {
  readonly question: QuestionKey;
  readonly stage: Stage;
  /** Smaller is more urgent. */
  readonly rank: number;
}

export function triageOf(rule: string): Triage {
  const index = TRIAGE.findIndex(([name]) => name === rule);
  const [, question = "rest", stage = "hygiene"] = TRIAGE[index] ?? [];
  return { question, stage, rank: STAGES.indexOf(stage) * TRIAGE.length + (index < 0 ? TRIAGE.length - 1 : index) };
}
