import { describe, expect, test } from "vitest";
import { GLOBAL_ADDRESS, REDIS, REGION_NEG, ROUTER_NAT, SQL_USER } from "../../config/resource-types";
import { rules } from "../../policy/rules";
import { type Declared, judge, judgeStack } from "./harness";
import { soundConnector, soundDatabase, soundService, soundServiceV1, soundWorkerPool } from "./services";

/*
 * One of the provider's fixed values in another case: provider or Google refuse it, and no rule may take it for the
 * value that Google has by default. Each example breaks something with the value as it is written; in another case it
 * stays broken.
 */

/** How a rule complains about a stack. */
async function complaints(name: string, stack: readonly Declared[]): Promise<string[]> {
  const rule = rules.find((candidate) => candidate.name === name);
  if (!rule) throw new Error(`there is no rule ${name}`);
  const found =
    rule.kind === "stack"
      ? await judgeStack(rule, stack)
      : (await Promise.all(stack.map((resource) => judge(rule, resource)))).flat();
  return found.map(({ message }) => message);
}

const connector = soundConnector();
const many = { scalingMode: "", manualInstanceCount: 40, maxInstanceCount: 2, minInstanceCount: 1 };
const range = (purpose: string): Declared => ({
  type: GLOBAL_ADDRESS,
  name: "range",
  properties: {
    name: "range",
    purpose,
    addressType: "INTERNAL",
    address: "10.1.0.0",
    prefixLength: 16,
    network: "staging-vpc",
  },
});

/** By the rule that must refuse it: a stack in which the value does harm. */
const harmful: readonly (readonly [rule: string, value: string, stack: (value: string) => readonly Declared[]])[] = [
  [
    "connection-budget",
    "MANUAL",
    (scalingMode) => [soundDatabase(), connector, soundService({ properties: { scaling: { ...many, scalingMode } } })],
  ],
  [
    "connection-budget",
    "AUTOMATIC",
    (scalingMode) => [
      soundDatabase(),
      connector,
      soundWorkerPool({ properties: { scaling: { scalingMode, manualInstanceCount: 1, maxInstanceCount: 40 } } }),
    ],
  ],
  [
    "connection-budget",
    "manual",
    (mode) => [
      soundDatabase(),
      connector,
      {
        ...soundServiceV1(),
        properties: {
          ...soundServiceV1().properties,
          metadata: {
            annotations: { "run.googleapis.com/scalingMode": mode, "run.googleapis.com/manualInstanceCount": "40" },
          },
        },
      },
    ],
  ],
  [
    "egress-path",
    "ALL_TRAFFIC",
    (egress) => [
      soundDatabase(),
      connector,
      soundService({ pod: { vpcAccess: { connector: "staging-connector", egress } } }),
    ],
  ],
  ["ranges-do-not-overlap", "VPC_PEERING", (purpose) => [connector, range(purpose)]],
  [
    "private-services-range",
    "VPC_PEERING",
    (purpose) => [{ ...range(purpose), properties: { purpose, addressType: "INTERNAL", prefixLength: 28 } }],
  ],
  [
    "nat-addresses",
    "MANUAL_ONLY",
    (natIpAllocateOption) => [{ type: ROUTER_NAT, name: "nat", properties: { natIpAllocateOption, natIps: [] } }],
  ],
  ["database-user-password", "BUILT_IN", (type) => [{ type: SQL_USER, name: "user", properties: { name: "u", type } }]],
  [
    "database-encrypted",
    "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
    (sslMode) => [soundDatabase({ ipConfiguration: { ipv4Enabled: false, privateNetwork: "n", sslMode } })],
  ],
  [
    "edge-ingress",
    "INGRESS_TRAFFIC_ALL",
    (ingress) => [
      soundService({ properties: { ingress } }),
      {
        type: REGION_NEG,
        name: "group",
        properties: { region: "us-central1", cloudRun: { service: "netra-backend-staging" } },
      },
    ],
  ],
  [
    "ranges-do-not-overlap",
    "DIRECT_PEERING",
    (connectMode) => [
      connector,
      {
        type: REDIS,
        name: "cache",
        properties: { connectMode, reservedIpRange: "10.1.0.0/29", authorizedNetwork: "staging-vpc" },
      },
    ],
  ],
];

const cases = (value: string) => [
  value,
  value.toLowerCase(),
  value.toUpperCase(),
  `${value[0]?.toUpperCase()}${value.slice(1).toLowerCase()}`,
];

describe.each(harmful)("%s refuses %s", (name, value, stack) => {
  test.each([...new Set(cases(value))])("also as %s", async (written) => {
    expect(await complaints(name, stack(written))).not.toEqual([]);
  });
});
