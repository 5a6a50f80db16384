import { describe, expect, test } from "vitest";
import {
  GLOBAL_ADDRESS,
  NETWORK,
  REDIS,
  SECRET_VERSION,
  SERVICES_CONNECTION,
  SQL_INSTANCE,
} from "../../../../config/resource-types";
import { privateServicesConnection } from "../../../../policy/rules/network/private-services-connection";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const judge = (...resources: Declared[]) => judgeStack(privateServicesConnection, resources);
const messages = async (...resources: Declared[]) => (await judge(...resources)).map(({ message }) => message);

const provider = { project: "netra-staging", region: "us-central1" };
const STAGING = "projects/netra-staging/global/networks/staging-vpc";
const OTHER = "projects/netra-staging/global/networks/other-vpc";

const range = (network: unknown, name = "services", properties: object = {}): Declared => ({
  type: GLOBAL_ADDRESS,
  name,
  provider,
  properties: { name, purpose: "VPC_PEERING", addressType: "INTERNAL", prefixLength: 16, network, ...properties },
});
const connection = (
  network: unknown,
  reservedPeeringRanges: unknown = ["services"],
  more: Partial<Declared> = {},
): Declared => ({
  type: SERVICES_CONNECTION,
  name: "connection",
  provider,
  properties: { network, service: "servicenetworking.googleapis.com", reservedPeeringRanges },
  ...more,
});
const database = (more: Partial<Declared> = {}, properties: object = {}): Declared => ({
  ...soundDatabase({}, properties),
  provider,
  ...more,
});
const redis = (properties: object, more: Partial<Declared> = {}): Declared => ({
  type: REDIS,
  name: "cache",
  provider,
  properties: { connectMode: "PRIVATE_SERVICE_ACCESS", authorizedNetwork: STAGING, ...properties },
  ...more,
});
const network = (name: string): Declared => ({ type: NETWORK, name, provider, properties: { name } });

describe("accepts", () => {
  test.each<[string, Declared[]]>([
    [
      "a database that waits for the connection",
      [range(STAGING), connection(STAGING), database({ dependsOn: ["connection"] })],
    ],
    [
      "one that waits through others: a component, a replica's primary",
      [
        range(STAGING),
        connection(STAGING, ["services"], { parent: "vpc" }),
        { type: "netra:staging:Network", name: "vpc", properties: {} },
        database({ dependsOn: ["vpc"] }),
        {
          ...database({ dependsOn: ["database"] }, { masterInstanceName: "staging-shared-postgres" }),
          name: "replica",
        },
      ],
    ],
    ["one that stands already", [connection(STAGING), database({}, { privateIpAddress: "10.107.0.3" })]],
    [
      "one with a public address only",
      [connection(STAGING), database({}, { settings: { ipConfiguration: { ipv4Enabled: true } } })],
    ],
    [
      "one in another network, or in one that nobody knows",
      [connection(OTHER), database(), connection(UNKNOWN, ["services"], { name: "unknown" })],
    ],
    ["a database whose connection is made elsewhere", [range(STAGING), database()]],
    ["Redis with direct peering", [connection(STAGING), redis({ connectMode: "DIRECT_PEERING" })]],
    ["Redis with private services access that waits", [connection(STAGING), redis({}, { dependsOn: ["connection"] })]],
    [
      "a range by its path and its network by address",
      [
        range(`https://www.googleapis.com/compute/v1/${STAGING}`),
        connection(STAGING, ["projects/netra-staging/global/addresses/services"]),
      ],
    ],
    ["a range that nobody here makes", [connection(STAGING, ["google-managed-services-default"])]],
    [
      "one made elsewhere beside one of the stack",
      [range(STAGING), connection(STAGING, ["services", "made-elsewhere"])],
    ],
    [
      "a range that is unknown, known by dependency",
      [range(UNKNOWN), connection(UNKNOWN, [UNKNOWN], { dependsOn: ["services"] })],
    ],
    [
      "networks that are known by dependency only",
      [
        network("vpc"),
        { ...range(UNKNOWN), dependsOn: ["vpc"] },
        connection(UNKNOWN, [UNKNOWN], { propertyDependencies: ["vpc"], dependsOn: ["vpc", "services"] }),
      ],
    ],
    [
      "addresses for something else",
      [range(null, "edge", { purpose: "", addressType: "EXTERNAL" }), range(STAGING), connection(STAGING)],
    ],
  ])("%s", async (_, resources) => expect(await judge(...resources)).toEqual([]));
});

describe("refuses", () => {
  const unordered = (instance: string) => ({
    message:
      "'dependsOn' must include connection because it finds no range for its private address before the services connection stands; add connection to the instance's 'dependsOn'",
    resource: instance,
    waived: false,
  });

  test("a private database that does not wait for the connection of its network", async () => {
    expect(await judge(range(STAGING), connection(STAGING), database({ dependsOn: ["services"] }))).toEqual([
      unordered("database"),
    ]);
    // Its public address is no way out: the private one is asked for all the same.
    const both = { settings: { ipConfiguration: { ipv4Enabled: true, privateNetwork: STAGING } } };
    expect(await judge(connection(STAGING), database({}, both))).toEqual([unordered("database")]);
  });

  test("one that is known to be in the network by dependency only", async () => {
    const unknown = { settings: { ipConfiguration: { ipv4Enabled: false, privateNetwork: UNKNOWN } } };
    const stack = [
      network("vpc"),
      connection(UNKNOWN, ["services"], { propertyDependencies: ["vpc"] }),
      database({ dependsOn: ["vpc"] }, unknown),
    ];
    expect(await judge(...stack)).toEqual([unordered("database")]);
  });

  test("Redis with private services access", async () => {
    expect(await judge(connection(STAGING), redis({ host: UNKNOWN }))).toEqual([unordered("cache")]);
  });

  test("a range of another network, and names one of its own", async () => {
    const of = (fix: string) =>
      `'reservedPeeringRanges' (services) must name a range of the connection's own network because that one is reserved in another network; set 'reservedPeeringRanges' to ${fix}`;
    expect(await messages(range(OTHER), connection(STAGING))).toEqual([of(`the name of a range of ${STAGING}`)]);
    expect(await messages(range(OTHER), range(STAGING, "own"), connection(STAGING))).toEqual([of("own")]);
  });

  test("a name that no range of the stack has, while nothing peers the one that it has", async () => {
    expect(await judge(range(STAGING), connection(STAGING, ["servises"]))).toEqual([
      {
        message:
          "'reservedPeeringRanges' (servises) must name a range of this stack because it has none of that name, and nothing peers services; set 'reservedPeeringRanges' to services",
        resource: "connection",
        waived: false,
      },
    ]);
  });

  test("an address that is reserved for something else", async () => {
    expect(await messages(range(STAGING, "services", { purpose: "" }), connection(STAGING))).toEqual([
      `'reservedPeeringRanges' (services) must name a range with purpose VPC_PEERING because Google peers no address that is reserved for something else; set 'reservedPeeringRanges' to the name of a range of ${STAGING}`,
    ]);
  });
});

test("judges by the order of registration where no relations are recorded", async () => {
  // An unknown secret comes from a resource: that this version needs none shows that nothing is recorded.
  const unrecorded: Declared = { type: SECRET_VERSION, name: "password", properties: { secret: UNKNOWN } };
  expect(await judge(unrecorded, connection(STAGING), database())).toEqual([]);
  expect(await judge(unrecorded, database(), connection(STAGING))).toHaveLength(1);
});

test("cannot evaluate what is malformed", async () => {
  expect(await messages(connection(STAGING, [7]))).toEqual([
    "cannot evaluate: reservedPeeringRanges[0] must be a text",
  ]);
  expect(await messages({ type: SQL_INSTANCE, name: "database", properties: { settings: [] } })).toEqual([]);
  expect(
    await messages(connection(STAGING), { type: SQL_INSTANCE, name: "database", properties: { settings: [] } }),
  ).toEqual(["cannot evaluate: settings must be an object"]);
});
