import * as gcp from "@pulumi/gcp";
import type { Resource } from "@pulumi/pulumi";
import { databaseVariables } from "../../../capacity/plan";
import type { Cloud } from "../../cloud/cloud";
import { kinds } from "../../cloud/kinds";

/*
 * Sound resources, made with the provider's own constructors: every rule accepts them, and the cloud creates them. An
 * example lays its one fault over one of them, so that a finding has one cause.
 */

const PROJECT = "netra-staging";
const REGION = "us-central1";
const NETWORK = "staging-vpc";
export const NETWORK_ID = `projects/${PROJECT}/global/networks/${NETWORK}`;
const CONNECTOR_ID = `projects/${PROJECT}/locations/${REGION}/connectors/staging-connector`;

/** Somebody has enabled them before: raw programs do not. */
export function enableApis(cloud: Cloud): void {
  // Cloud Run asks Artifact Registry for its images.
  for (const api of new Set(["artifactregistry", ...Object.values(kinds).flatMap((kind) => kind.api ?? [])]))
    cloud.put({
      type: "gcp:projects/service:Service",
      id: `${PROJECT}/${api}.googleapis.com`,
      properties: { service: `${api}.googleapis.com` },
    });
}

export const network = () => new gcp.compute.Network(NETWORK, { name: NETWORK, autoCreateSubnetworks: false });

export const connector = (name: string, args: Partial<gcp.vpcaccess.ConnectorArgs> = {}) =>
  new gcp.vpcaccess.Connector(name, {
    name: "staging-connector",
    region: REGION,
    network: NETWORK,
    ipCidrRange: "10.1.0.0/28",
    machineType: "e2-micro",
    minInstances: 3,
    maxInstances: 10,
    ...args,
  });

export const maxConnections = (value: number) => ({
  databaseFlags: [{ name: "max_connections", value: String(value) }],
});
export const ipConfiguration = { ipv4Enabled: false, privateNetwork: NETWORK_ID, sslMode: "ENCRYPTED_ONLY" };
export const insightsConfig = { queryInsightsEnabled: true, queryStringLength: 1024, queryPlansPerMinute: 5 };

export const database = (
  name: string,
  settings: Partial<gcp.types.input.sql.DatabaseInstanceSettings> = {},
  args: Partial<gcp.sql.DatabaseInstanceArgs> = {},
  dependsOn: Resource[] = [],
) =>
  new gcp.sql.DatabaseInstance(
    name,
    {
      name: "staging-shared-postgres",
      region: REGION,
      databaseVersion: "POSTGRES_14",
      settings: {
        tier: "db-custom-1-3840",
        edition: "ENTERPRISE",
        diskType: "PD_SSD",
        diskSize: 20,
        deletionProtectionEnabled: true,
        ...maxConnections(150),
        ipConfiguration,
        backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true },
        insightsConfig,
        ...settings,
      },
      ...args,
    },
    { dependsOn },
  );

export const redis = (name: string, args: Partial<gcp.redis.InstanceArgs> = {}) =>
  new gcp.redis.Instance(name, {
    name: "staging-redis",
    region: REGION,
    memorySizeGb: 1,
    redisVersion: "REDIS_7_2",
    authEnabled: true,
    ...args,
  });

export const privateServicesRange = (name: string, args: Partial<gcp.compute.GlobalAddressArgs> = {}) =>
  new gcp.compute.GlobalAddress(name, {
    name: "staging-private-ip-address",
    purpose: "VPC_PEERING",
    addressType: "INTERNAL",
    address: "10.107.0.0",
    prefixLength: 16,
    network: NETWORK_ID,
    ...args,
  });

export const nat = (name: string, args: Partial<gcp.compute.RouterNatArgs> = {}) =>
  new gcp.compute.RouterNat(name, {
    name: "staging-nat",
    router: "staging-router",
    region: REGION,
    natIpAllocateOption: "AUTO_ONLY",
    sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
    ...args,
  });

export const networkEndpointGroup = (name: string, args: Partial<gcp.compute.RegionNetworkEndpointGroupArgs> = {}) =>
  new gcp.compute.RegionNetworkEndpointGroup(name, {
    name,
    region: REGION,
    cloudRun: { service: "netra-backend-staging" },
    ...args,
  });

type Variable = gcp.types.input.cloudrunv2.ServiceTemplateContainerEnv;

/** What an example lays over a service, level by level. */
export interface ServiceChanges {
  readonly args?: Partial<gcp.cloudrunv2.ServiceArgs>;
  readonly template?: Partial<gcp.types.input.cloudrunv2.ServiceTemplate>;
  readonly container?: Partial<gcp.types.input.cloudrunv2.ServiceTemplateContainer>;
  /** By name; `undefined` removes the variable. */
  readonly variables?: Readonly<Record<string, Omit<Variable, "name"> | undefined>>;
}

export const secretVersion = (version: string) => ({
  valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version } },
});
export const httpGet = { path: "/health", port: 8000 };
export const vpcAccess = { connector: CONNECTOR_ID, egress: "PRIVATE_RANGES_ONLY" };

const variables: ServiceChanges["variables"] = {
  [databaseVariables.poolSize]: { value: "3" },
  [databaseVariables.maxOverflow]: { value: "2" },
  [databaseVariables.poolTimeoutSeconds]: { value: "30" },
  [databaseVariables.connectTimeoutSeconds]: { value: "10" },
  [databaseVariables.initTimeoutSeconds]: { value: "75" },
  [databaseVariables.startupConnections]: { value: "4" },
  [databaseVariables.workers]: { value: "1" },
  POSTGRES_HOST: { value: "10.107.0.3" },
  JWT_SECRET_KEY: secretVersion("1"),
};

/** On the private database: 1 to 5 instances, a pool of 3 + 2. */
export const service = (name: string, changes: ServiceChanges = {}, dependsOn: Resource[] = []) =>
  new gcp.cloudrunv2.Service(
    name,
    {
      name: "netra-backend-staging",
      location: REGION,
      scaling: { minInstanceCount: 1, maxInstanceCount: 5 },
      template: {
        serviceAccount: "netra-backend@netra-staging.iam.gserviceaccount.com",
        timeout: "600s",
        maxInstanceRequestConcurrency: 80,
        scaling: { minInstanceCount: 1, maxInstanceCount: 5 },
        vpcAccess,
        containers: [
          {
            image: `us-central1-docker.pkg.dev/netra-staging/netra/backend@sha256:${"0123456789abcdef".repeat(4)}`,
            ports: { containerPort: 8000 },
            resources: { limits: { cpu: "1", memory: "2Gi" }, cpuIdle: false, startupCpuBoost: true },
            startupProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12 },
            livenessProbe: { httpGet, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 3 },
            envs: Object.entries({ ...variables, ...changes.variables }).flatMap(([name, variable]) =>
              variable ? { name, ...variable } : [],
            ),
            ...changes.container,
          },
        ],
        ...changes.template,
      },
      ...changes.args,
    },
    { dependsOn },
  );
