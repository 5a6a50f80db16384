/*
 * Who may do what: the one home of the roles that the pipelines have. Two accounts, each reachable from one GitHub
 * environment only. No account key exists.
 */

/** The GitHub environment of a job decides which account it can become. */
export const environments = { deployer: "staging", previewer: "preview" } as const;
export type Role = keyof typeof environments;

/**
 * Roles on the project. The program makes no binding on the project itself, except for the built-in Cloud SQL socket.
 */
export const projectRoles: Readonly<Record<Role, readonly string[]>> = {
  deployer: [
    "roles/artifactregistry.reader", // deploying an image requires read access
    "roles/browser", // the project's IAM policy, where service agents have their roles
    "roles/cloudquotas.viewer",
    "roles/cloudsql.admin",
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
    "roles/secretmanager.admin",
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
    "roles/secretmanager.viewer",
    "roles/serviceusage.serviceUsageViewer",
    "roles/vpcaccess.viewer",
  ],
};

/**
 * What the provider reads in a refresh and no viewer may: the values that the state holds anyway. Without it a role
 * that can write would be needed. Source: hashicorp/terraform-provider-google#24784 for Redis.
 */
export const refreshRole = {
  id: "netraRefresh",
  permissions: ["redis.instances.getAuthString", "secretmanager.versions.access"],
} as const;

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
