/** Google's APIs that the environment needs, without `.googleapis.com`. */
export const APIS = ["compute", "iam", "logging", "monitoring", "redis", "run", "secretmanager", "servicenetworking", "sqladmin", "vpcaccess"] as const;
