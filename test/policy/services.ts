import { databaseVariables } from "../../capacity/plan";
import {
  CONNECTOR,
  RUN_JOB,
  RUN_SERVICE,
  RUN_SERVICE_V1,
  RUN_WORKER_POOL,
  SQL_INSTANCE,
} from "../../config/resource-types";
import { type Declared, UNKNOWN } from "./harness";

/*
 * Sound resources, as the engine hands them to a policy: what every rule must accept. A test lays its one fault over
 * them, so that a finding has one cause.
 */

type Properties = Record<string, unknown>;

/** What a test changes, level by level; a property that is laid over as `undefined` is absent. */
export interface Overrides {
  /** Pulumi's name of the resource. */
  readonly name?: string;
  readonly properties?: Properties;
  /** Where containers stand: `template`; a job's `template.template`; a v1 service's `template.spec`. */
  readonly pod?: Properties;
  /** A v1 service's annotations on the revision. */
  readonly annotations?: Properties;
  readonly container?: Properties;
  /** By name: a text is a literal, an object stands beside the name as it is, `undefined` removes the variable. */
  readonly variables?: Readonly<Record<string, string | Properties | undefined>>;
  /** Containers after the first one. */
  readonly sidecars?: readonly Properties[];
  readonly dependsOn?: readonly string[];
}

export const IMAGE = `us-central1-docker.pkg.dev/netra-staging/netra/backend@sha256:${"0123456789abcdef".repeat(4)}`;
export const SERVICE_ACCOUNT = "netra-backend@netra-staging.iam.gserviceaccount.com";
const CONNECTOR_ID = "projects/netra-staging/locations/us-central1/connectors/staging-connector";

const plan: Readonly<Record<string, string>> = {
  [databaseVariables.poolSize]: "3",
  [databaseVariables.maxOverflow]: "2",
  [databaseVariables.poolTimeoutSeconds]: "30",
  [databaseVariables.connectTimeoutSeconds]: "10",
  [databaseVariables.initTimeoutSeconds]: "75",
  [databaseVariables.startupConnections]: "4",
  [databaseVariables.workers]: "1",
  POSTGRES_HOST: UNKNOWN,
};

function environment(secret: Properties, overrides: Overrides["variables"] = {}): Properties[] {
  const variables: Record<string, string | Properties | undefined> = { ...plan, JWT_SECRET_KEY: secret, ...overrides };
  return Object.entries(variables).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [typeof value === "string" ? { name, value } : { name, ...value }];
  });
}

const jwtSecret = { valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "1" } } };
const jwtSecretV1 = { valueFrom: { secretKeyRef: { name: "jwt-secret-staging", key: "1" } } };
const httpProbe = { httpGet: { path: "/health", port: 8000 }, periodSeconds: 10, timeoutSeconds: 5 };
const startupProbe = { ...httpProbe, initialDelaySeconds: 0, failureThreshold: 12 };
const livenessProbe = { ...httpProbe, initialDelaySeconds: 0, failureThreshold: 3 };
const limits = { cpu: "2", memory: "4Gi" };

function declared(type: string, overrides: Overrides, fallback: string, properties: Properties): Declared {
  const { name = fallback, dependsOn } = overrides;
  return { type, name, properties: { ...properties, ...overrides.properties }, ...(dependsOn ? { dependsOn } : {}) };
}

/** A Cloud Run v2 service on the private database: 1..5 instances, a pool of 3 + 2. */
export function soundService(overrides: Overrides = {}): Declared {
  return declared(RUN_SERVICE, overrides, "backend", {
    name: "netra-backend-staging",
    location: "us-central1",
    deletionProtection: true,
    ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    invokerIamDisabled: true,
    scaling: { minInstanceCount: 1, maxInstanceCount: 5 },
    template: {
      serviceAccount: SERVICE_ACCOUNT,
      timeout: "600s",
      maxInstanceRequestConcurrency: 80,
      scaling: { minInstanceCount: 1, maxInstanceCount: 5 },
      vpcAccess: { connector: UNKNOWN, egress: "PRIVATE_RANGES_ONLY" },
      containers: [
        {
          image: IMAGE,
          ports: { containerPort: 8000 },
          resources: { limits, cpuIdle: false, startupCpuBoost: true },
          startupProbe,
          livenessProbe,
          envs: environment(jwtSecret, overrides.variables),
          ...overrides.container,
        },
        ...(overrides.sidecars ?? []),
      ],
      ...overrides.pod,
    },
  });
}

/** A Cloud Run job on the private database: one task. */
export function soundJob(overrides: Overrides = {}): Declared {
  return declared(RUN_JOB, overrides, "migrations", {
    name: "netra-migrations-staging",
    location: "us-central1",
    deletionProtection: true,
    template: {
      taskCount: 1,
      parallelism: 1,
      template: {
        serviceAccount: SERVICE_ACCOUNT,
        timeout: "600s",
        maxRetries: 0,
        vpcAccess: { connector: UNKNOWN, egress: "PRIVATE_RANGES_ONLY" },
        containers: [
          {
            image: IMAGE,
            resources: { limits },
            envs: environment(jwtSecret, overrides.variables),
            ...overrides.container,
          },
          ...(overrides.sidecars ?? []),
        ],
        ...overrides.pod,
      },
    },
  });
}

/** A Cloud Run worker pool on the private database: two instances, scaled by hand. */
export function soundWorkerPool(overrides: Overrides = {}): Declared {
  return declared(RUN_WORKER_POOL, overrides, "worker", {
    name: "netra-worker-staging",
    location: "us-central1",
    deletionProtection: true,
    scaling: { scalingMode: "MANUAL", manualInstanceCount: 2 },
    template: {
      serviceAccount: SERVICE_ACCOUNT,
      vpcAccess: { connector: UNKNOWN, egress: "PRIVATE_RANGES_ONLY" },
      containers: [
        {
          image: IMAGE,
          resources: { limits },
          envs: environment(jwtSecret, overrides.variables),
          ...overrides.container,
        },
        ...(overrides.sidecars ?? []),
      ],
      ...overrides.pod,
    },
  });
}

/** A Cloud Run v1 service (Knative's shape) on the private database. */
export function soundServiceV1(overrides: Overrides = {}): Declared {
  return declared(RUN_SERVICE_V1, overrides, "legacy", {
    name: "netra-legacy-staging",
    location: "us-central1",
    template: {
      metadata: {
        annotations: {
          "autoscaling.knative.dev/minScale": "1",
          "autoscaling.knative.dev/maxScale": "5",
          "run.googleapis.com/vpc-access-connector": CONNECTOR_ID,
          "run.googleapis.com/vpc-access-egress": "private-ranges-only",
          ...overrides.annotations,
        },
      },
      spec: {
        serviceAccountName: SERVICE_ACCOUNT,
        timeoutSeconds: 600,
        containerConcurrency: 80,
        containers: [
          {
            image: IMAGE,
            ports: [{ containerPort: 8000 }],
            resources: { limits },
            startupProbe,
            livenessProbe,
            envs: environment(jwtSecretV1, overrides.variables),
            ...overrides.container,
          },
          ...(overrides.sidecars ?? []),
        ],
        ...overrides.pod,
      },
    },
    traffics: [{ percent: 100, latestRevision: true }],
  });
}

/** Staging's connector. */
export function soundConnector(properties: Properties = {}): Declared {
  return {
    type: CONNECTOR,
    name: "connector",
    properties: {
      name: "staging-connector",
      region: "us-central1",
      network: "staging-vpc",
      ipCidrRange: "10.1.0.0/28",
      machineType: "e2-micro",
      minInstances: 3,
      maxInstances: 10,
      ...properties,
    },
  };
}

/** Staging's database: private only, one dedicated core, 150 connections. `settings` are laid over its settings. */
export function soundDatabase(settings: object = {}, properties: object = {}): Declared {
  return {
    type: SQL_INSTANCE,
    name: "database",
    properties: {
      name: "staging-shared-postgres",
      region: "us-central1",
      databaseVersion: "POSTGRES_14",
      deletionProtection: true,
      settings: {
        tier: "db-custom-1-3840",
        edition: "ENTERPRISE",
        activationPolicy: "ALWAYS",
        availabilityType: "ZONAL",
        diskType: "PD_SSD",
        diskSize: 20,
        diskAutoresize: true,
        deletionProtectionEnabled: true,
        databaseFlags: [{ name: "max_connections", value: "150" }],
        ipConfiguration: {
          ipv4Enabled: false,
          privateNetwork: "projects/netra-staging/global/networks/staging-vpc",
          sslMode: "ENCRYPTED_ONLY",
        },
        backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true },
        insightsConfig: { queryInsightsEnabled: true, queryStringLength: 1024, queryPlansPerMinute: 5 },
        ...settings,
      },
      ...properties,
    },
  };
}
