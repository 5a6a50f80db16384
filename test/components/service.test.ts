import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Service, type ServiceArgs } from "../../components/service";
import { RUN_SERVICE, SECRET_IAM_MEMBER } from "../../config/resource-types";
import { UNKNOWN } from "../../policy/framework/unknown";
import { only, registeredBy, waitsFor } from "../fixtures/programs";

const ACCOUNT = "gcp:serviceaccount/account:Account";
const PROJECT_GRANT = "gcp:projects/iAMMember:IAMMember";
const INVOKER_GRANT = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember";
const EMAIL = "netra-auth@netra-staging.iam.gserviceaccount.com";
const CONNECTION_NAME = "netra-staging:us-central1:staging-shared-postgres";

const client: NonNullable<ServiceArgs["database"]> = {
  path: "private-ip",
  poolSize: 2,
  maxOverflow: 1,
  workers: 1,
  startupConnections: 2,
  poolTimeoutSeconds: 30,
  connectTimeoutSeconds: 10,
  initTimeoutSeconds: 75,
  startupQueryCpuMs: 50,
  retry: { attempts: 5, baseSeconds: 2, factor: 2, capSeconds: 30, jitter: 0.5 },
};
const databaseLocation = {
  host: "10.107.0.3",
  database: "netra_staging",
  user: "netra_a",
  connectionName: CONNECTION_NAME,
};

const args: ServiceArgs = {
  project: "netra-staging",
  region: "us-central1",
  labels: { environment: "staging" },
  name: "netra-auth-service",
  account: "netra-auth",
  image: "us-central1-docker.pkg.dev/netra-staging/netra/auth:1.0.0",
  port: 8080,
  cpu: 0.5,
  memoryMib: 512,
  cpuIdle: true,
  minInstances: 1,
  maxInstances: 3,
  concurrency: 80,
  timeoutSeconds: 600,
  bootSeconds: 5,
  egress: "private-ranges-only",
  sessionAffinity: false,
  ingress: "all",
  invoker: "iam-disabled",
  probe: { path: "/health", initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 9 },
  liveness: {
    path: "/health/live",
    initialDelaySeconds: 0,
    periodSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 3,
  },
  connector: "projects/netra-staging/locations/us-central1/connectors/staging-connector",
  secrets: {},
  environment: {},
  redeploy: 0,
  apis: [],
  waitsFor: [],
};
const declare = (changes: Partial<ServiceArgs> = {}) =>
  registeredBy(() => new Service("auth", { ...args, ...changes }));
const service = async (changes: Partial<ServiceArgs> = {}) => only(await declare(changes), RUN_SERVICE);

interface Template {
  readonly containers: readonly {
    readonly envs: readonly { readonly name: string; readonly value?: string }[];
    readonly volumeMounts?: unknown;
  }[];
  readonly vpcAccess: unknown;
  readonly volumes?: unknown;
}
// The inputs are the wire's plain JSON; the shape is the one that `serviceInputs` writes.
const templateOf = async (changes: Partial<ServiceArgs>) =>
  (await service(changes)).inputs.template as unknown as Template;
const variablesOf = async (changes: Partial<ServiceArgs>) => (await templateOf(changes)).containers[0]?.envs ?? [];

test("registers the service with everything stated: scaling at the service alone, size, probes, network", async () => {
  expect((await service()).inputs).toEqual({
    name: "netra-auth-service",
    location: "us-central1",
    deletionProtection: true,
    labels: { environment: "staging" },
    ingress: "INGRESS_TRAFFIC_ALL",
    invokerIamDisabled: true,
    scaling: { minInstanceCount: 1, maxInstanceCount: 3, scalingMode: "AUTOMATIC" },
    template: {
      serviceAccount: EMAIL,
      labels: { environment: "staging" },
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN1",
      timeout: "600s",
      sessionAffinity: false,
      maxInstanceRequestConcurrency: 80,
      vpcAccess: { connector: args.connector, egress: "PRIVATE_RANGES_ONLY" },
      containers: [
        {
          image: "us-central1-docker.pkg.dev/netra-staging/netra/auth:1.0.0",
          ports: { containerPort: 8080 },
          resources: { limits: { cpu: "0.5", memory: "512Mi" }, cpuIdle: true, startupCpuBoost: true },
          startupProbe: {
            httpGet: { path: "/health", port: 8080 },
            initialDelaySeconds: 0,
            periodSeconds: 10,
            timeoutSeconds: 5,
            failureThreshold: 9,
          },
          livenessProbe: {
            httpGet: { path: "/health/live", port: 8080 },
            initialDelaySeconds: 0,
            periodSeconds: 30,
            timeoutSeconds: 10,
            failureThreshold: 3,
          },
          envs: [],
        },
      ],
    },
    traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
  });
});

test("says in its template how often it is rolled out anew, and nothing where it never is", async () => {
  expect(await templateOf({ redeploy: 2 })).toMatchObject({ annotations: { "netrasystems.ai/redeploy": "2" } });
  expect(await templateOf({})).not.toHaveProperty("annotations");
});

test("ignores what consoles write on every deploy, and is not protected: a service can be created again", async () => {
  expect((await service()).options).toMatchObject({ ignoreChanges: ["client", "clientVersion"], protect: false });
});

test("runs as an account of its own, created once the APIs are enabled", async () => {
  const registered = await registeredBy(() => {
    const api = new gcp.projects.Service("api-iam", { service: "iam.googleapis.com" });
    new Service("auth", { ...args, apis: [api] });
  });
  const account = only(registered, ACCOUNT);
  expect(account.inputs).toEqual({ accountId: "netra-auth", displayName: "Runtime identity of netra-auth-service" });
  expect(waitsFor(account)).toEqual(["api-iam"]);
});

test("carries the plan of its database client in plain variables", async () => {
  expect(await variablesOf({ database: client, databaseLocation, environment: { LOG_LEVEL: "info" } })).toEqual([
    { name: "LOG_LEVEL", value: "info" },
    { name: "DB_POOL_SIZE", value: "2" },
    { name: "DB_MAX_OVERFLOW", value: "1" },
    { name: "DB_POOL_TIMEOUT_SECONDS", value: "30" },
    { name: "DB_CONNECT_TIMEOUT_SECONDS", value: "10" },
    { name: "DB_INIT_TIMEOUT_SECONDS", value: "75" },
    { name: "DB_STARTUP_CONNECTIONS", value: "2" },
    { name: "WEB_CONCURRENCY", value: "1" },
    { name: "POSTGRES_PORT", value: "5432" },
    { name: "POSTGRES_DB", value: "netra_staging" },
    { name: "POSTGRES_USER", value: "netra_a" },
    { name: "POSTGRES_HOST", value: "10.107.0.3" },
    { name: "PGSSLMODE", value: "require" },
  ]);
});

test("has none of these variables where it does not use the database, wherever that is", async () => {
  expect(await variablesOf({ databaseLocation })).toEqual([]);
});

test("leaves only the database's address unknown at preview", async () => {
  const registered = await registeredBy(() => {
    const instance = new gcp.sql.DatabaseInstance("db", { databaseVersion: "POSTGRES_14" });
    new Service("auth", {
      ...args,
      database: client,
      databaseLocation: { ...databaseLocation, host: instance.privateIpAddress },
    });
  });
  const { containers } = only(registered, RUN_SERVICE).inputs.template as unknown as Template; // as in templateOf
  const unknown = containers[0]?.envs.filter(({ value }) => value === UNKNOWN) ?? [];
  expect(unknown.map(({ name }) => name)).toEqual(["POSTGRES_HOST"]);
});

test("reaches the database by its private address without a volume or a grant", async () => {
  const registered = await declare({ database: client, databaseLocation });
  expect(registered.filter(({ type }) => type === PROJECT_GRANT)).toEqual([]);
  expect(await templateOf({ database: client, databaseLocation })).not.toHaveProperty("volumes");
});

test("over the built-in socket it mounts the volume, may connect, and has the socket's path", async () => {
  const changes: Partial<ServiceArgs> = { database: { ...client, path: "built-in-socket" }, databaseLocation };
  const template = await templateOf(changes);
  expect(template.volumes).toEqual([{ name: "cloudsql", cloudSqlInstance: { instances: [CONNECTION_NAME] } }]);
  expect(template.containers[0]?.volumeMounts).toEqual([{ name: "cloudsql", mountPath: "/cloudsql" }]);
  expect(await variablesOf(changes)).toEqual(
    expect.arrayContaining([
      { name: "POSTGRES_HOST", value: `/cloudsql/${CONNECTION_NAME}` },
      { name: "INSTANCE_CONNECTION_NAME", value: CONNECTION_NAME },
    ]),
  );
  // The proxy behind the socket encrypts; the socket itself speaks no TLS.
  expect((await variablesOf(changes)).map(({ name }) => name)).not.toContain("PGSSLMODE");
  const registered = await declare(changes);
  expect(only(registered, PROJECT_GRANT).inputs).toEqual({
    project: "netra-staging",
    role: "roles/cloudsql.client",
    member: `serviceAccount:${EMAIL}`,
  });
  expect(waitsFor(only(registered, RUN_SERVICE))).toContain("netra-auth-service-cloudsql");
});

test("tells the application where Redis is only where it asks for it", async () => {
  expect(await variablesOf({ cacheLocation: { host: "10.166.204.83", port: pulumi.output(6379) } })).toEqual([
    { name: "REDIS_HOST", value: "10.166.204.83" },
    { name: "REDIS_PORT", value: "6379" },
  ]);
});

test("mounts its secrets by id and pinned version, and may read those and nothing else", async () => {
  const registered = await registeredBy(() => {
    const ready = new gcp.secretmanager.Secret("jwt-secret-staging", {
      secretId: "jwt-secret-staging",
      replication: { auto: {} },
    });
    new Service("auth", {
      ...args,
      secrets: { JWT_SECRET_KEY: { secretId: "jwt-secret-staging", version: "3", ready } },
    });
  });
  const run = only(registered, RUN_SERVICE);
  const { containers } = run.inputs.template as unknown as Template; // as in templateOf
  expect(containers[0]?.envs).toEqual([
    { name: "JWT_SECRET_KEY", valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "3" } } },
  ]);
  const grant = only(registered, SECRET_IAM_MEMBER);
  expect(grant.inputs).toEqual({
    secretId: "jwt-secret-staging",
    role: "roles/secretmanager.secretAccessor",
    member: `serviceAccount:${EMAIL}`,
  });
  // The id is a plain text: without the stated order the grant could come before its secret.
  expect(waitsFor(grant)).toEqual(["jwt-secret-staging", "netra-auth"]);
  expect(waitsFor(run)).toContain("netra-auth-service-reads-jwt-secret-staging");
});

test("waits for its waitsFor, including the resources of components", async () => {
  const registered = await registeredBy(() => {
    const connector = new gcp.vpcaccess.Connector("staging-connector", { name: "staging-connector" });
    const first = new Service("auth", args);
    new Service("backend", {
      ...args,
      name: "netra-backend-staging",
      account: "netra-backend",
      waitsFor: [connector, first],
    });
  });
  const backend = registered.find(({ name }) => name === "netra-backend-staging");
  expect(backend && waitsFor(backend)).toEqual(expect.arrayContaining(["staging-connector", "netra-auth-service"]));
});

test.each([
  { invoker: "iam-disabled", disabled: true, grants: [] },
  { invoker: "all-users", disabled: false, grants: ["allUsers"] },
  { invoker: "authenticated", disabled: false, grants: [] },
] as const)("states who may call: $invoker", async ({ invoker, disabled, grants }) => {
  const registered = await declare({ invoker });
  expect(only(registered, RUN_SERVICE).inputs.invokerIamDisabled).toBe(disabled);
  const granted = registered.filter(({ type }) => type === INVOKER_GRANT);
  expect(granted.map(({ inputs }) => inputs.member)).toEqual(grants);
  for (const { inputs } of granted)
    expect(inputs).toMatchObject({ name: "netra-auth-service", location: "us-central1", role: "roles/run.invoker" });
});

test.each([
  { ingress: "all", written: "INGRESS_TRAFFIC_ALL" },
  { ingress: "internal", written: "INGRESS_TRAFFIC_INTERNAL_ONLY" },
  { ingress: "internal-and-load-balancer", written: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" },
] as const)("writes ingress $ingress as Cloud Run does", async ({ ingress, written }) => {
  expect((await service({ ingress })).inputs.ingress).toBe(written);
});

test("writes all-traffic and whole GiB as Cloud Run does", async () => {
  const { vpcAccess } = await templateOf({ egress: "all-traffic" });
  expect(vpcAccess).toEqual({ connector: args.connector, egress: "ALL_TRAFFIC" });
  expect(JSON.stringify((await service({ memoryMib: 4096, cpu: 2 })).inputs)).toContain(
    '"limits":{"cpu":"2","memory":"4Gi"}',
  );
});

test("runs on the second generation from one vCPU on, and below on the first, which alone has less", async () => {
  const environmentOf = async (cpu: number) =>
    ((await service({ cpu })).inputs.template as { executionEnvironment: string }).executionEnvironment;
  expect([await environmentOf(0.5), await environmentOf(1)]).toEqual([
    "EXECUTION_ENVIRONMENT_GEN1",
    "EXECUTION_ENVIRONMENT_GEN2",
  ]);
});
