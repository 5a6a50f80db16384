/*
 * Who may do what: the one home of the roles that the pipelines have. Two accounts, each reachable from one GitHub
 * environment only. No account key exists.
 */

/** The GitHub environment of a job decides which account it can become. */
export const environments = { deployer: "staging", previewer: "preview" } as const;
export type Role = keyof typeof environments;

/**
 * Roles on the whole project; docs/pipelines.md says what the deployer's amount to. The program makes no binding on the project itself, except for the built-in Cloud SQL socket.
 */
export const projectRoles: Readonly<Record<Role, readonly string[]>> = {
  deployer: [
    "roles/artifactregistry.reader", // deploying an image requires read access
    "roles/browser", // the project's IAM policy, where service agents have their roles
    "roles/cloudquotas.viewer",
    "roles/cloudsql.viewer",
    "roles/compute.loadBalancerAdmin", // the edge
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin", // the edge's Cloud Armor
    "roles/iam.serviceAccountAdmin", // an account for each service
    "roles/iam.serviceAccountUser", // attaches them
    "roles/logging.configWriter",
    "roles/monitoring.editor",
    "roles/orgpolicy.policyViewer",
    "roles/redis.admin",
    "roles/run.admin",
    "roles/secretmanager.viewer", // no values
    "roles/servicenetworking.networksAdmin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/vpcaccess.admin",
  ],
  // What a refresh, a diagnosis and a preflight read.
  previewer: [
    "roles/artifactregistry.reader",
    "roles/browser",
    "roles/cloudquotas.viewer",
    "roles/cloudsql.viewer",
    "roles/compute.networkViewer", // the services connection, which compute.viewer does not show
    "roles/compute.viewer",
    "roles/iam.serviceAccountViewer",
    "roles/logging.viewer",
    "roles/monitoring.viewer",
    "roles/orgpolicy.policyViewer",
    "roles/redis.viewer",
    "roles/run.viewer",
    "roles/secretmanager.viewer", // no values
    "roles/serviceusage.serviceUsageViewer",
    "roles/vpcaccess.viewer",
  ],
};

/**
 * What the provider reads in a refresh and no viewer may: the value that the state holds anyway. Without it a role
 * that can write would be needed. Source: hashicorp/terraform-provider-google#24784.
 */
export const refreshRole = { id: "netraRefresh", permissions: ["redis.instances.getAuthString"] } as const;

/** A role on the project that a condition limits to what belongs to the stack. */
export interface ConditionalRole {
  readonly role: string;
  readonly title: string;
  /** Without a comma, which would end it on gcloud's command line. */
  readonly expression: string;
}

/** What belongs to the stack in a project. */
export interface OwnResources {
  readonly project: string;
  readonly projectNumber: string;
  /** The ids of its secrets. */
  readonly secrets: readonly string[];
  /** The name of its database instance. */
  readonly instance: string;
}

/** Of the previewer, only the values of secrets: a refresh reads them again. */
export const conditionalRoles = (account: Role, own: OwnResources): ConditionalRole[] =>
  account === "deployer"
    ? [onInstance("roles/cloudsql.admin", own), ...onSecrets("roles/secretmanager.admin", own)]
    : ofVersions("roles/secretmanager.secretAccessor", own);

/*
 * Each condition may have 12 logical operators, so a role may need several bindings. What is created has no name yet
 * that could be compared, so an administrator's conditions limit only resources of the types that have one. Sources:
 * docs.cloud.google.com/iam/quotas, docs.cloud.google.com/iam/docs/conditions-resource-attributes.
 */
const ofOtherType = (...types: readonly string[]) =>
  `(${types.map((type) => `resource.type != '${type}'`).join(" && ")})`;
const within = (name: string) => [`resource.name == '${name}'`, `resource.name.startsWith('${name}/')`];

/** Cloud SQL's documentation has the project's id in the name; the number is the same instance. */
const onInstance = (role: string, { project, projectNumber, instance }: OwnResources): ConditionalRole => ({
  role,
  title: "database of the stack",
  expression: [
    ofOtherType("sqladmin.googleapis.com/Instance", "sqladmin.googleapis.com/BackupRun"),
    ...[project, projectNumber].flatMap((of) => within(`projects/${of}/instances/${instance}`)),
  ].join(" || "),
});

const onSecrets = (role: string, { projectNumber, secrets }: OwnResources) =>
  parted(role, secrets, 5, (part) => [
    ofOtherType("secretmanager.googleapis.com/Secret", "secretmanager.googleapis.com/SecretVersion"),
    ...part.flatMap((secret) => within(`projects/${projectNumber}/secrets/${secret}`)),
  ]);

const ofVersions = (role: string, { projectNumber, secrets }: OwnResources) =>
  parted(role, secrets, 12, (part) =>
    part.map((secret) => `resource.name.startsWith('projects/${projectNumber}/secrets/${secret}/versions/')`),
  );

function parted(
  role: string,
  secrets: readonly string[],
  size: number,
  termsOf: (part: readonly string[]) => readonly string[],
): ConditionalRole[] {
  const count = Math.ceil(secrets.length / size);
  return Array.from({ length: count }, (_, i) => ({
    role,
    title: `secrets of the stack ${i + 1} of ${count}`,
    expression: termsOf(secrets.slice(i * size, (i + 1) * size)).join(" || "),
  }));
}

/** Roles on the state's bucket: a preview takes no lock and writes nothing. */
export const bucketRoles: Readonly<Record<Role, string>> = {
  deployer: "roles/storage.objectUser",
  previewer: "roles/storage.objectViewer",
};

/** Roles on the key that encrypts the stack's secrets. */
export const keyRoles: Readonly<Record<Role, string>> = {
  deployer: "roles/cloudkms.cryptoKeyEncrypterDecrypter",
  previewer: "roles/cloudkms.cryptoKeyDecrypter",
};

/**
 * What must be enabled before the program can enable what it needs itself, images can be pushed, and a preflight can
 * read.
 */
export const apis = [
  "artifactregistry.googleapis.com",
  "cloudkms.googleapis.com",
  "cloudquotas.googleapis.com",
  "cloudresourcemanager.googleapis.com",
  "iam.googleapis.com",
  "iamcredentials.googleapis.com",
  "orgpolicy.googleapis.com",
  "serviceusage.googleapis.com",
  "storage.googleapis.com",
  "sts.googleapis.com",
] as const;
