import { describe, expect, test } from "vitest";
import {
  CONNECTOR,
  GLOBAL_ADDRESS,
  NETWORK,
  REDIS,
  RUN_JOB,
  RUN_SERVICE,
  SQL_INSTANCE,
  SUBNETWORK,
} from "../../config/resource-types";
import { connectionBudget } from "../../policy/rules/capacity/connection-budget";
import { regionalQuota } from "../../policy/rules/capacity/regional-quota";
import { startupConnectRate } from "../../policy/rules/capacity/startup-connect-rate";
import { startupStorm } from "../../policy/rules/capacity/startup-storm";
import { connectorRegion } from "../../policy/rules/connector/connector-region";
import { databaseClientsCounted } from "../../policy/rules/database/database-clients-counted";
import { databasePath } from "../../policy/rules/database/database-path";
import { directEgressSubnet } from "../../policy/rules/network/direct-egress-subnet";
import { egressPath } from "../../policy/rules/network/egress-path";
import { privateNetworkPath } from "../../policy/rules/network/private-network-path";
import { privateServicesConnection } from "../../policy/rules/network/private-services-connection";
import { rangesDoNotOverlap } from "../../policy/rules/network/ranges-do-not-overlap";
import { jwtOneSecret } from "../../policy/rules/secret/jwt-one-secret";
import { type Declared, judgeStack, UNKNOWN } from "./harness";

/*
 * Stack rules see outputs: what a program leaves out is null, or unknown where the cloud fills it in; an exported state
 * knows everything. One sound stack in both forms: no rule may have anything to say.
 */

const rules = [
  connectionBudget,
  connectorRegion,
  databaseClientsCounted,
  databasePath,
  directEgressSubnet,
  egressPath,
  jwtOneSecret,
  privateNetworkPath,
  privateServicesConnection,
  rangesDoNotOverlap,
  regionalQuota,
  startupConnectRate,
  startupStorm,
];

/** What the cloud fills in: unknown at preview, `value` in a state. */
type Filled = (value: unknown) => unknown;

const network = "projects/netra-staging/global/networks/staging-vpc";
const connectorId = "projects/netra-staging/locations/us-central1/connectors/staging-connector";

const literal = (name: string, value: unknown) => ({ name, value, valueSource: null });
const envs = (filled: Filled, pool: string) => [
  literal("DB_CONNECT_TIMEOUT_SECONDS", "10"),
  literal("DB_INIT_TIMEOUT_SECONDS", "75"),
  literal("DB_MAX_OVERFLOW", "2"),
  literal("DB_POOL_SIZE", pool),
  literal("DB_POOL_TIMEOUT_SECONDS", "30"),
  // No more than the pool holds: the user has no further connections.
  literal("DB_STARTUP_CONNECTIONS", String(Math.min(4, Number(pool) + 2))),
  { name: "JWT_SECRET_KEY", value: "", valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "1" } } },
  literal("POSTGRES_HOST", filled("10.107.0.3")),
  literal("WEB_CONCURRENCY", "1"),
];

/** `scaling` is stated at one level only: the other is the cloud's to fill in. */
function service(
  name: string,
  filled: Filled,
  levels: { service?: object; revision?: object },
  after: string[] = [],
): Declared {
  return {
    type: RUN_SERVICE,
    name,
    provider: { project: "netra-staging", region: "us-central1" },
    dependsOn: ["database", "connector", ...after],
    properties: {
      name,
      location: "us-central1",
      project: filled("netra-staging"),
      multiRegionSettings: null,
      uri: filled("https://run.app"),
      scaling: levels.service
        ? { manualInstanceCount: filled(0), minInstanceCount: filled(0), scalingMode: null, ...levels.service }
        : filled({ maxInstanceCount: 0 }),
      template: {
        annotations: null,
        scaling: levels.revision ? { minInstanceCount: null, ...levels.revision } : filled({ maxInstanceCount: 40 }),
        timeout: filled("300s"),
        volumes: null,
        vpcAccess: { connector: filled(connectorId), egress: filled("PRIVATE_RANGES_ONLY"), networkInterfaces: null },
        containers: [
          {
            image: "x@sha256:0",
            name: null,
            envs: envs(filled, "3"),
            ports: filled({ containerPort: 8080, name: "http1" }),
            resources: filled({ limits: { cpu: "1000m", memory: "512Mi" }, cpuIdle: true, startupCpuBoost: false }),
            startupProbe: {
              initialDelaySeconds: filled(0),
              periodSeconds: 10,
              timeoutSeconds: 5,
              failureThreshold: 12,
              httpGet: { path: "/health", port: filled(8080), httpHeaders: null },
              grpc: null,
              tcpSocket: null,
            },
            volumeMounts: null,
          },
        ],
      },
    },
  };
}

const stack = (filled: Filled): Declared[] => [
  {
    type: NETWORK,
    name: "network",
    properties: { name: "staging-vpc", autoCreateSubnetworks: false, selfLink: filled(network) },
  },
  {
    type: SUBNETWORK,
    name: "subnet",
    dependsOn: ["network"],
    properties: {
      name: "staging-subnet",
      ipCidrRange: "10.0.0.0/24",
      network: filled(network),
      region: filled("us-central1"),
      reservedInternalRange: null,
      secondaryIpRanges: filled([]),
    },
  },
  {
    type: GLOBAL_ADDRESS,
    name: "services-range",
    dependsOn: ["network"],
    properties: {
      name: "services",
      purpose: "VPC_PEERING",
      addressType: "INTERNAL",
      address: filled("10.107.0.0"),
      prefixLength: filled(16),
      network: filled(network),
    },
  },
  {
    type: CONNECTOR,
    name: "connector",
    dependsOn: ["network"],
    provider: { region: "us-central1" },
    properties: {
      name: "staging-connector",
      ipCidrRange: "10.1.0.0/28",
      machineType: "e2-micro",
      minInstances: 3,
      maxInstances: 10,
      maxThroughput: filled(1000),
      network: filled(network),
      region: filled("us-central1"),
      subnet: null,
    },
  },
  {
    type: SQL_INSTANCE,
    name: "database",
    dependsOn: ["services-range"],
    properties: {
      name: "staging-shared-postgres",
      databaseVersion: "POSTGRES_14",
      region: filled("us-central1"),
      project: filled("netra-staging"),
      masterInstanceName: filled(""),
      connectionName: filled("netra-staging:us-central1:staging-shared-postgres"),
      privateIpAddress: filled("10.107.0.3"),
      publicIpAddress: filled(""),
      firstIpAddress: filled("10.107.0.3"),
      settings: {
        tier: "db-custom-1-3840",
        edition: filled("ENTERPRISE"),
        databaseFlags: [{ name: "max_connections", value: "150" }],
        ipConfiguration: {
          ipv4Enabled: false,
          privateNetwork: filled(network),
          pscConfigs: null,
          sslMode: filled("ENCRYPTED_ONLY"),
          authorizedNetworks: null,
        },
      },
    },
  },
  {
    type: REDIS,
    name: "cache",
    dependsOn: ["network"],
    properties: {
      name: "cache",
      connectMode: "DIRECT_PEERING",
      reservedIpRange: filled("10.166.204.80/29"),
      secondaryIpRange: filled(""),
      authorizedNetwork: filled(network),
      host: filled("10.166.204.83"),
    },
  },
  service("auth", filled, { service: { maxInstanceCount: 3 } }),
  service("backend", filled, { revision: { maxInstanceCount: 4 } }, ["auth"]),
  {
    type: RUN_JOB,
    name: "migrations",
    dependsOn: ["database", "connector"],
    properties: {
      name: "migrations",
      location: "us-central1",
      template: {
        parallelism: filled(0),
        taskCount: filled(1),
        template: {
          volumes: null,
          vpcAccess: { connector: filled(connectorId), egress: filled("PRIVATE_RANGES_ONLY"), networkInterfaces: null },
          containers: [
            {
              image: "x@sha256:0",
              envs: envs(filled, "1"),
              resources: filled({ limits: { cpu: "1", memory: "512Mi" } }),
              volumeMounts: null,
            },
          ],
        },
      },
    },
  },
];

describe.each(rules.map((rule) => [rule.name, rule] as const))("%s has nothing to say of a sound stack", (_, rule) => {
  test("in the outputs of its first preview", async () =>
    expect(
      await judgeStack(
        rule,
        stack(() => UNKNOWN),
      ),
    ).toEqual([]));
  test("in its exported state", async () =>
    expect(
      await judgeStack(
        rule,
        stack((value) => value),
      ),
    ).toEqual([]));
});
