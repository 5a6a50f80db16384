import type { Cloud, Properties } from "./cloud";
import { addVersion, kinds, type Place } from "./kinds";

/*
 * The environment as it ran in September 2025, nothing of it in any state: what was logged, read or written down of it
 * (issue #1278), with every setting that the plan mends. Invented, because nobody recorded them: the secrets' values,
 * the names of the two other Cloud SQL instances, max_connections 100 (one file of two), and that Cloud SQL had no
 * private address.
 */

const PLACE: Place = { project: "netra-staging", region: "us-central1" };
const NETWORK = "projects/netra-staging/global/networks/staging-vpc";
const DEPLOYER = "netra-staging-deploy@netra-staging.iam.gserviceaccount.com";

/** By secret, how many versions it has. The newest is what everybody mounts, as `latest`. */
export const legacySecrets: Readonly<Record<string, number>> = {
  ...Object.fromEntries(["host", "port", "db", "user"].map((part) => [`postgres-${part}-staging`, 1])),
  "postgres-password-staging": 2,
  "jwt-secret-staging": 2,
  "secret-key-staging": 1,
  "service-secret-staging": 2,
  "service-id-staging": 1,
  "fernet-key-staging": 1,
  "google-oauth-client-id-staging": 1,
  "google-oauth-client-secret-staging": 2,
  "oauth-hmac-secret-staging": 1,
  "redis-host-staging": 1,
  "redis-port-staging": 1,
  "redis-password-staging": 1,
  "openai-api-key-staging": 1,
  "anthropic-api-key-staging": 1,
  "gemini-api-key-staging": 1,
  "clickhouse-password-staging": 1,
};
const VALUES: Readonly<Record<string, string>> = {
  "postgres-user-staging": "postgres",
  "service-id-staging": "netra-backend\n",
};
const PASSWORD = "postgres-password-staging in version 2";

const COMMON = {
  ...Object.fromEntries(
    ["HOST", "PORT", "DB", "USER", "PASSWORD"].map((part) => [
      `POSTGRES_${part}`,
      `postgres-${part.toLowerCase()}-staging`,
    ]),
  ),
  ...Object.fromEntries(
    ["HOST", "PORT", "PASSWORD"].map((part) => [`REDIS_${part}`, `redis-${part.toLowerCase()}-staging`]),
  ),
  JWT_SECRET: "jwt-secret-staging",
  JWT_SECRET_KEY: "jwt-secret-staging",
  JWT_SECRET_STAGING: "jwt-secret-staging",
  SECRET_KEY: "secret-key-staging",
  SERVICE_SECRET: "service-secret-staging",
  SERVICE_ID: "service-id-staging",
  GOOGLE_CLIENT_ID: "google-oauth-client-id-staging",
  GOOGLE_CLIENT_SECRET: "google-oauth-client-secret-staging",
};
const BACKEND = {
  ...COMMON,
  FERNET_KEY: "fernet-key-staging",
  ...Object.fromEntries(
    ["OPENAI", "ANTHROPIC", "GEMINI"].map((vendor) => [`${vendor}_API_KEY`, `${vendor.toLowerCase()}-api-key-staging`]),
  ),
  CLICKHOUSE_PASSWORD: "clickhouse-password-staging",
};

interface LegacyService {
  readonly name: string;
  readonly port: number;
  readonly cpu: string;
  readonly memory: string;
  readonly maxInstances: number;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly databases?: readonly string[];
}

const SERVICES: readonly LegacyService[] = [
  {
    name: "netra-backend-staging",
    port: 8000,
    cpu: "4",
    memory: "4Gi",
    maxInstances: 20,
    secrets: BACKEND,
    databases: ["staging-shared-postgres", "staging-postgres-2", "staging-postgres-3"],
  },
  {
    name: "netra-auth-service",
    port: 8080,
    cpu: "1",
    memory: "512Mi",
    maxInstances: 10,
    secrets: { ...COMMON, OAUTH_HMAC_SECRET: "oauth-hmac-secret-staging" },
    databases: ["staging-shared-postgres"],
  },
  { name: "netra-frontend-staging", port: 3000, cpu: "1", memory: "512Mi", maxInstances: 10 },
];

/** No probe of its own: Cloud Run then asks for an open port and nothing else. */
function service({ name, port, cpu, memory, maxInstances, secrets = {}, databases }: LegacyService): Properties {
  const envs = Object.entries(secrets).map(([variable, secret]) => ({
    name: variable,
    valueSource: { secretKeyRef: { secret, version: "latest" } },
  }));
  return {
    name,
    location: PLACE.region,
    client: "gcloud",
    ingress: "INGRESS_TRAFFIC_ALL",
    launchStage: "GA",
    template: {
      serviceAccount: DEPLOYER,
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      timeout: "600s",
      maxInstanceRequestConcurrency: 80,
      scaling: { minInstanceCount: 1, maxInstanceCount: maxInstances },
      vpcAccess: {
        connector: "projects/netra-staging/locations/us-central1/connectors/staging-connector",
        egress: "ALL_TRAFFIC",
      },
      containers: [
        {
          image: `gcr.io/netra-staging/${name}:latest`,
          ports: { containerPort: port },
          resources: { limits: { cpu, memory }, cpuIdle: false, startupCpuBoost: true },
          envs: [{ name: "ENVIRONMENT", value: "staging" }, ...envs],
          ...(databases ? { volumeMounts: [{ name: "cloudsql", mountPath: "/cloudsql" }] } : {}),
        },
      ],
      ...(databases
        ? {
            volumes: [
              {
                name: "cloudsql",
                cloudSqlInstance: { instances: databases.map((instance) => `netra-staging:us-central1:${instance}`) },
              },
            ],
          }
        : {}),
    },
    traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
  };
}

const RESOURCES: readonly (readonly [type: string, inputs: Properties])[] = [
  ...["compute", "iam", "redis", "run", "secretmanager", "servicenetworking", "sqladmin", "vpcaccess"].map(
    (api) => ["gcp:projects/service:Service", { project: PLACE.project, service: `${api}.googleapis.com` }] as const,
  ),
  [
    "gcp:compute/network:Network",
    { name: "staging-vpc", autoCreateSubnetworks: false, routingMode: "REGIONAL", mtu: 1460 },
  ],
  [
    "gcp:compute/subnetwork:Subnetwork",
    {
      name: "staging-subnet",
      region: PLACE.region,
      network: NETWORK,
      ipCidrRange: "10.0.0.0/24",
      privateIpGoogleAccess: false,
      stackType: "IPV4_ONLY",
    },
  ],
  [
    "gcp:compute/globalAddress:GlobalAddress",
    {
      name: "staging-private-ip-address",
      purpose: "VPC_PEERING",
      addressType: "INTERNAL",
      address: "10.107.0.0",
      prefixLength: 16,
      network: NETWORK,
    },
  ],
  [
    "gcp:servicenetworking/connection:Connection",
    {
      network: NETWORK,
      service: "servicenetworking.googleapis.com",
      reservedPeeringRanges: ["staging-private-ip-address"],
    },
  ],
  [
    "gcp:vpcaccess/connector:Connector",
    {
      name: "staging-connector",
      region: PLACE.region,
      network: "staging-vpc",
      ipCidrRange: "10.1.0.0/28",
      machineType: "e2-micro",
      minInstances: 2,
      maxInstances: 10,
      minThroughput: 200,
      maxThroughput: 1000,
    },
  ],
  [
    "gcp:sql/databaseInstance:DatabaseInstance",
    {
      name: "staging-shared-postgres",
      region: PLACE.region,
      databaseVersion: "POSTGRES_14",
      settings: {
        tier: "db-g1-small",
        edition: "ENTERPRISE",
        activationPolicy: "ALWAYS",
        availabilityType: "ZONAL",
        pricingPlan: "PER_USE",
        diskSize: 20,
        diskType: "PD_SSD",
        diskAutoresize: true,
        databaseFlags: [{ name: "max_connections", value: "100" }],
        ipConfiguration: {
          ipv4Enabled: true,
          authorizedNetworks: [{ name: "all", value: "0.0.0.0/0" }],
          sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        },
        backupConfiguration: { enabled: true, startTime: "03:00" },
      },
    },
  ],
  [
    "gcp:sql/database:Database",
    { name: "netra_staging", instance: "staging-shared-postgres", charset: "UTF8", collation: "en_US.UTF8" },
  ],
  ["gcp:sql/user:User", { name: "postgres", instance: "staging-shared-postgres", password: PASSWORD }],
  [
    "gcp:redis/instance:Instance",
    {
      name: "staging-redis",
      region: PLACE.region,
      tier: "BASIC",
      memorySizeGb: 1,
      redisVersion: "REDIS_7_2",
      connectMode: "DIRECT_PEERING",
      transitEncryptionMode: "DISABLED",
      authorizedNetwork: NETWORK,
      reservedIpRange: "10.166.204.80/29",
      authEnabled: false,
    },
  ],
  ...Object.keys(legacySecrets).map(
    (secretId) => ["gcp:secretmanager/secret:Secret", { secretId, replication: { auto: {} } }] as const,
  ),
  [
    "gcp:serviceaccount/account:Account",
    { accountId: "netra-staging-deploy", displayName: "Deploys, and runs everything" },
  ],
  ...SERVICES.map((old) => ["gcp:cloudrunv2/service:Service", service(old)] as const),
];

/** Puts the old environment into a cloud. */
export function putLegacyEnvironment(cloud: Cloud): void {
  for (const [type, inputs] of RESOURCES) {
    const kind = kinds[type];
    if (!kind) throw new Error(`the twin does not know ${type}`);
    const id = kind.id(inputs, PLACE, cloud);
    const properties = kind.serverChooses.includes("project") ? { project: PLACE.project, ...inputs } : inputs;
    cloud.put({
      type,
      id,
      properties: { ...properties, ...kind.early?.(properties, PLACE), ...kind.computed(properties, PLACE, id, {}) },
    });
  }
  for (const [secretId, count] of Object.entries(legacySecrets))
    for (let version = 1; version <= count; version++)
      addVersion(cloud, secretId, VALUES[secretId] ?? `${secretId} in version ${version}`);
}
