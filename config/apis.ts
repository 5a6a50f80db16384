/**
 * What the provider reads when it enables an API: it must be on before the others. Source: registry documentation of
 * gcp.projects.Service 9.37.
 */
export const FIRST_API = "cloudresourcemanager";

/**
 * Google's APIs that the environment needs, without `.googleapis.com`. Cloud Run pulls images through Artifact
 * Registry.
 */
export const APIS = [
  "artifactregistry",
  FIRST_API,
  "compute",
  "iam",
  "logging",
  "monitoring",
  "redis",
  "run",
  "secretmanager",
  "servicenetworking",
  "sqladmin",
  "vpcaccess",
] as const;
