import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type DatabaseClientVariables, databaseVariables, type ServicePlan } from "../capacity/plan";
import { formatMemory } from "../capacity/units";
import { identityOf } from "./identity";
import type { SecretReference } from "./secrets";

/** The database's location for a service. Only the address may be unknown at preview. */
export interface DatabaseLocation {
  readonly host: pulumi.Input<string>;
  readonly database: string;
  readonly user: string;
  readonly connectionName: pulumi.Input<string>;
}

export interface ServiceArgs extends Omit<ServicePlan, "after"> {
  readonly project: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Account id of the service's own identity, 6 to 30 characters. */
  readonly account: string;
  /** By digest or immutable tag. */
  readonly image: string;
  /** Whether a client's requests go to the same instance if possible. */
  readonly sessionAffinity: boolean;
  readonly ingress: "all" | "internal" | "internal-and-load-balancer";
  /** Who may call: everybody without an IAM check, everybody through `allUsers`, or only members with run.invoker. */
  readonly invoker: "iam-disabled" | "all-users" | "authenticated";
  readonly probe: ServicePlan["probe"] & { readonly path: string };
  readonly liveness: ServicePlan["liveness"] & { readonly path: string };
  /** The connector's full id. */
  readonly connector: pulumi.Input<string>;
  /** Required if the service uses the database. */
  readonly databaseLocation?: DatabaseLocation | undefined;
  /** Redis' location, for a service that uses it. */
  readonly cacheLocation?: { readonly host: pulumi.Input<string>; readonly port: pulumi.Input<number> } | undefined;
  /** The secrets, by the variable that contains them. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly environment: Readonly<Record<string, string>>;
  /** The number of times the same template has been rolled out again. Default: 0, and the template leaves it out. */
  readonly redeploy: number;
  /** The enabled APIs. */
  readonly apis: readonly pulumi.Resource[];
  /**
   * Resources that must exist before a revision starts: connector, database and its roles, secret versions, and the
   * services that roll out earlier. A separate list, because a component's `dependsOn` does not reach the service
   * inside.
   */
  readonly waitsFor: readonly pulumi.Input<pulumi.Resource>[];
}

const INGRESS = {
  all: "INGRESS_TRAFFIC_ALL",
  internal: "INGRESS_TRAFFIC_INTERNAL_ONLY",
  "internal-and-load-balancer": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
} as const;
const EGRESS = { "private-ranges-only": "PRIVATE_RANGES_ONLY", "all-traffic": "ALL_TRAFFIC" } as const;
const SOCKET_VOLUME = "cloudsql";
export const POSTGRES_PORT = "5432";
/**
 * A new value makes a new template and so a new revision; an identical template makes none, even if the newest revision
 * failed. Cloud Run refuses annotations only in Google's and Knative's own namespaces (REST v2, RevisionTemplate).
 */
const REDEPLOY = "netrasystems.ai/redeploy";

/**
 * A Cloud Run service with its own identity, which may only read the service's secrets, explicit scaling, and the plan
 * in its environment. `waitsFor` limits how many services start at once. Cost: minimum instances; 2 vCPU and 4 GiB, cpu
 * always allocated, are about 116 USD a month.
 */
export class Service extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly service: gcp.cloudrunv2.Service;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Service", name, {}, opts);
    const parent = { parent: this };
    const { account, access } = identityOf(args, this);
    const grants: pulumi.Resource[] = [...access];
    if (args.database?.path === "built-in-socket")
      grants.push(
        new gcp.projects.IAMMember(
          `${args.name}-cloudsql`,
          { project: args.project, role: "roles/cloudsql.client", member: account.member },
          parent,
        ),
      );
    this.service = new gcp.cloudrunv2.Service(args.name, serviceInputs(args, account.email), {
      ...parent,
      dependsOn: [...args.waitsFor, ...grants],
      // Console and gcloud set their own name here on every deploy.
      ignoreChanges: ["client", "clientVersion"],
    });
    if (args.invoker === "all-users")
      new gcp.cloudrunv2.ServiceIamMember(
        `${args.name}-public`,
        { name: this.service.name, location: args.region, role: "roles/run.invoker", member: "allUsers" },
        parent,
      );
    this.url = this.service.uri;
    this.registerOutputs({ url: this.url });
  }
}

function serviceInputs(args: ServiceArgs, serviceAccount: pulumi.Input<string>): gcp.cloudrunv2.ServiceArgs {
  const viaSocket = args.database?.path === "built-in-socket" && args.databaseLocation;
  return {
    name: args.name,
    location: args.region,
    deletionProtection: true,
    labels: { ...args.labels },
    ingress: INGRESS[args.ingress],
    invokerIamDisabled: args.invoker === "iam-disabled",
    // Only on the service, as Google recommends: there a change takes effect at once, while in the template it is a new
    // revision and thus a rollout. Source: docs.cloud.google.com/run/docs/configuring/max-instances.
    scaling: { minInstanceCount: args.minInstances, maxInstanceCount: args.maxInstances, scalingMode: "AUTOMATIC" },
    template: {
      serviceAccount,
      labels: { ...args.labels },
      ...(args.redeploy > 0 ? { annotations: { [REDEPLOY]: String(args.redeploy) } } : {}),
      // The second generation does not offer less than one vCPU.
      executionEnvironment: args.cpu < 1 ? "EXECUTION_ENVIRONMENT_GEN1" : "EXECUTION_ENVIRONMENT_GEN2",
      // WebSockets end with it as well.
      timeout: `${args.timeoutSeconds}s`,
      sessionAffinity: args.sessionAffinity,
      maxInstanceRequestConcurrency: args.concurrency,
      vpcAccess: { connector: args.connector, egress: EGRESS[args.egress] },
      containers: [
        {
          image: args.image,
          ports: { containerPort: args.port },
          resources: {
            limits: { cpu: String(args.cpu), memory: formatMemory(args.memoryMib) },
            cpuIdle: args.cpuIdle,
            startupCpuBoost: true,
          },
          startupProbe: httpProbe(args.probe, args.port),
          livenessProbe: httpProbe(args.liveness, args.port),
          envs: variableList(plainVariables(args), args.secrets),
          ...(viaSocket ? { volumeMounts: [{ name: SOCKET_VOLUME, mountPath: "/cloudsql" }] } : {}),
        },
      ],
      ...(viaSocket
        ? { volumes: [{ name: SOCKET_VOLUME, cloudSqlInstance: { instances: [viaSocket.connectionName] } }] }
        : {}),
    },
    traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 }],
  };
}

function httpProbe(probe: ServiceArgs["probe"], port: number) {
  const { path, initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold } = probe;
  return { httpGet: { path, port }, initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold };
}

/** The settings of a container's variables, for a service or for a job that runs its code. */
export interface VariablesArgs extends Pick<ServiceArgs, "environment" | "databaseLocation" | "cacheLocation"> {
  readonly database?: (DatabaseClientVariables & { readonly path: "private-ip" | "built-in-socket" }) | undefined;
}

/** The variables of a container that are not secrets. */
export function plainVariables(args: VariablesArgs): Record<string, pulumi.Input<string>> {
  return {
    ...args.environment,
    ...(args.database ? databaseClientVariables(args.database) : {}),
    ...locationVariables(args),
    ...(args.cacheLocation
      ? { REDIS_HOST: args.cacheLocation.host, REDIS_PORT: pulumi.output(args.cacheLocation.port).apply(String) }
      : {}),
  };
}

/** A container's `envs`. */
export const variableList = (
  plain: Readonly<Record<string, pulumi.Input<string>>>,
  secrets: Readonly<Record<string, SecretReference>>,
) => [
  ...Object.entries(plain).map(([name, value]) => ({ name, value })),
  ...Object.entries(secrets).map(([name, { secretId, version }]) => ({
    name,
    valueSource: { secretKeyRef: { secret: secretId, version } },
  })),
];

/** A database client's plan, as variables of its container. */
export function databaseClientVariables(client: DatabaseClientVariables): Record<string, string> {
  return Object.fromEntries(
    (Object.keys(databaseVariables) as (keyof typeof databaseVariables)[]).map((field) => [
      databaseVariables[field],
      String(client[field]),
    ]),
  );
}

function locationVariables({
  database,
  databaseLocation: location,
}: VariablesArgs): Record<string, pulumi.Input<string>> {
  if (!database || !location) return {};
  const common = { POSTGRES_PORT, POSTGRES_DB: location.database, POSTGRES_USER: location.user };
  return database.path === "built-in-socket"
    ? {
        ...common,
        POSTGRES_HOST: pulumi.interpolate`/cloudsql/${location.connectionName}`,
        INSTANCE_CONNECTION_NAME: location.connectionName,
      }
    : // The instance refuses what is not encrypted, and the socket's proxy encrypts by itself. libpq and most drivers read the variable.
      { ...common, POSTGRES_HOST: location.host, PGSSLMODE: "require" };
}
