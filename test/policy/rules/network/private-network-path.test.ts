import { describe, expect, test } from "vitest";
import { NETWORK, REDIS, SUBNETWORK } from "../../../../config/resource-types";
import { privateNetworkPath } from "../../../../policy/rules/network/private-network-path";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { type Overrides, soundConnector, soundDatabase, soundService, soundServiceV1 } from "../../services";

const judge = (...resources: Declared[]) => judgeStack(privateNetworkPath, resources);
const messages = async (...resources: Declared[]) => (await judge(...resources)).map(({ message }) => message);

const provider = { project: "netra-staging", region: "us-central1" };
const STAGING = "projects/netra-staging/global/networks/staging-vpc";
const OTHER = "projects/netra-staging/global/networks/other-vpc";
const SHARED = "projects/host-project/global/networks/shared-vpc";
const addressed = (url: string) => `https://www.googleapis.com/compute/v1/${url}`;

const within = (declared: Declared, more: Partial<Declared> = {}): Declared => ({ ...declared, provider, ...more });
const connector = (network: unknown, more: Partial<Declared> = {}, properties: object = {}) =>
  within(soundConnector({ network, ...properties }), more);
const database = (privateNetwork: unknown, more: Partial<Declared> = {}, ip: object = {}) =>
  within(soundDatabase({ ipConfiguration: { ipv4Enabled: false, privateNetwork, ...ip } }), more);
const cache = (authorizedNetwork: unknown, more: Partial<Declared> = {}, properties: object = {}): Declared =>
  within(
    {
      type: REDIS,
      name: "cache",
      properties: { name: "cache", authorizedNetwork, connectMode: "DIRECT_PEERING", ...properties },
    },
    more,
  );
const network = (name: string): Declared =>
  within({ type: NETWORK, name, properties: { name, autoCreateSubnetworks: false } });
const subnet = (network: unknown, more: Partial<Declared> = {}): Declared =>
  within(
    {
      type: SUBNETWORK,
      name: "subnet",
      properties: { name: "run-subnet", region: "us-central1", network, ipCidrRange: "10.0.0.0/26" },
    },
    more,
  );
const service = (overrides: Overrides = {}, more: Partial<Declared> = {}) =>
  within(soundService({ ...overrides, dependsOn: overrides.dependsOn ?? ["database", "connector"] }), more);
const direct = (networkInterface: object, more: Partial<Declared> = {}) =>
  service(
    {
      pod: { vpcAccess: { networkInterfaces: [networkInterface], egress: "PRIVATE_RANGES_ONLY" } },
      dependsOn: ["database"],
    },
    more,
  );

describe("accepts one network for all", () => {
  test.each<[string, Declared[]]>([
    ["by name and id", [connector("staging-vpc"), database(STAGING), service()]],
    ["by address", [connector(addressed(STAGING)), database(STAGING), service()]],
    [
      "by its number",
      [connector("staging-vpc"), database("projects/123456/global/networks/7000000000000010"), service()],
    ],
    ["by name, of a v1 service", [connector("staging-vpc"), database(STAGING), within(soundServiceV1())]],
    [
      "by dependency, before it has an id",
      [
        network("vpc"),
        connector(UNKNOWN, { propertyDependencies: ["vpc"] }),
        database(UNKNOWN, { dependsOn: ["vpc"] }),
        service(),
      ],
    ],
    [
      "as the default of both",
      [connector("default"), cache(undefined), service({}, { propertyDependencies: ["cache"] })],
    ],
    [
      "of a host project, through a subnetwork of it",
      [
        connector(null, {}, { ipCidrRange: null, subnet: { name: "s", projectId: "host-project" } }),
        database(SHARED),
        service(),
      ],
    ],
    [
      "of a host project, by network interface",
      [
        database(SHARED),
        direct({ network: SHARED, subnetwork: "projects/host-project/regions/us-central1/subnetworks/s" }),
      ],
    ],
    [
      "of a host project that stands in the interface's subnetwork only",
      [
        database(SHARED),
        direct({ network: "shared-vpc", subnetwork: "projects/host-project/regions/us-central1/subnetworks/s" }),
      ],
    ],
    [
      "through the network of the interface's subnetwork",
      [subnet("staging-vpc"), database(STAGING), direct({ subnetwork: "run-subnet" })],
    ],
    [
      "nobody knows which: an interface that is unknown",
      [database(STAGING), direct({ network: UNKNOWN, subnetwork: UNKNOWN })],
    ],
    ["nobody knows which: an unknown connector outside the stack", [database(STAGING), service()]],
    ["nobody knows which: an unknown network", [connector(UNKNOWN), database(STAGING), service()]],
  ])("%s", async (_, resources) => expect(await judge(...resources)).toEqual([]));
});

describe("accepts two networks", () => {
  test.each<[string, Declared[]]>([
    [
      "where the database has a public address, too",
      [connector(OTHER), database(STAGING, {}, { ipv4Enabled: true }), service()],
    ],
    [
      "where the database has endpoints in every network",
      [connector(OTHER), database(STAGING, {}, { pscConfigs: [{ pscEnabled: true }] }), service()],
    ],
    ["where nothing goes through the other one to the database", [connector(OTHER), database(STAGING)]],
    ["where the cache is nobody's", [connector("staging-vpc"), database(STAGING), cache(OTHER), service()]],
    [
      "that a VPN joins",
      [
        connector(OTHER),
        database(STAGING),
        service(),
        { type: "gcp:compute/vPNTunnel:VPNTunnel", name: "vpn", properties: {} },
      ],
    ],
    [
      "where a cache with private services access is in a host project's",
      [database(SHARED), cache(SHARED, {}, { connectMode: "PRIVATE_SERVICE_ACCESS" })],
    ],
  ])("%s", async (_, resources) => expect(await judge(...resources)).toEqual([]));
});

describe("refuses", () => {
  const said =
    "'network' (projects/netra-staging/global/networks/other-vpc) must be projects/netra-staging/global/networks/staging-vpc because database has its private address there, and is reached from no other network; set 'network' to projects/netra-staging/global/networks/staging-vpc";

  test("a connector in another network than the database, and blames it once", async () => {
    const other = service({ name: "auth" });
    expect(await judge(connector("other-vpc"), database(STAGING), service(), other)).toEqual([
      { message: said, resource: "connector", waived: false },
    ]);
    expect(await messages(connector(addressed(OTHER)), database(addressed(STAGING)), service())).toEqual([said]);
    expect(await messages(connector("default"), database(STAGING), service())).toHaveLength(1);
  });

  test("networks that are known by dependency only", async () => {
    const stack = [
      network("other-vpc"),
      network("staging-vpc"),
      connector(UNKNOWN, { propertyDependencies: ["other-vpc"] }),
      database(UNKNOWN, { propertyDependencies: ["staging-vpc"] }),
    ];
    expect(await messages(...stack, service())).toEqual([said]);
  });

  test("a connector in a subnetwork of another network", async () => {
    const inSubnet = connector(UNKNOWN, {}, { ipCidrRange: null, subnet: { name: "run-subnet" } });
    expect(await messages(subnet(OTHER), inSubnet, database(STAGING), service())).toEqual([
      "'subnet.name' (in projects/netra-staging/global/networks/other-vpc) must be a subnetwork of projects/netra-staging/global/networks/staging-vpc because database has its private address there, and is reached from no other network; set 'subnet.name' to a subnetwork of projects/netra-staging/global/networks/staging-vpc",
    ]);
  });

  test("a connector of the service's project beside a database in a host project's network", async () => {
    expect(await messages(connector("shared-vpc"), database(SHARED), service())).toEqual([
      "'network' (projects/netra-staging/global/networks/shared-vpc) must be projects/host-project/global/networks/shared-vpc because database has its private address there, and is reached from no other network; set 'subnet.name' and 'subnet.projectId' to a /28 of projects/host-project/global/networks/shared-vpc, and remove 'network' and 'ipCidrRange'",
    ]);
  });

  test("a network interface in another network, named or by its subnetwork", async () => {
    expect(await judge(database(STAGING), direct({ network: "other-vpc" }))).toEqual([
      {
        message:
          "'template.vpcAccess.networkInterfaces[0].network' (projects/netra-staging/global/networks/other-vpc) must be projects/netra-staging/global/networks/staging-vpc because database has its private address there, and is reached from no other network; set 'template.vpcAccess.networkInterfaces[0].network' to projects/netra-staging/global/networks/staging-vpc",
        resource: "backend",
        waived: false,
      },
    ]);
    expect(await messages(subnet(OTHER), database(STAGING), direct({ subnetwork: "run-subnet" }))).toHaveLength(1);
    expect(
      await messages(
        subnet(OTHER),
        database(STAGING),
        direct({ subnetwork: UNKNOWN }, { propertyDependencies: ["subnet"] }),
      ),
    ).toHaveLength(1);
  });

  test("the cache, where the connector leads to the database", async () => {
    expect(
      await judge(
        connector("staging-vpc"),
        database(STAGING),
        cache(OTHER),
        service({}, { propertyDependencies: ["cache"] }),
      ),
    ).toEqual([
      {
        message:
          "'authorizedNetwork' (projects/netra-staging/global/networks/other-vpc) must be projects/netra-staging/global/networks/staging-vpc because connector leads there, and reaches private addresses of no other network; set 'authorizedNetwork' to projects/netra-staging/global/networks/staging-vpc",
        resource: "cache",
        waived: false,
      },
    ]);
    // Left out, it is the project's network of that name.
    expect(
      await messages(
        connector("staging-vpc"),
        database(STAGING),
        cache(undefined),
        service({}, { propertyDependencies: ["cache"] }),
      ),
    ).toHaveLength(1);
  });

  test("a cache with direct peering in another project's network, once", async () => {
    expect(
      await messages(
        connector("staging-vpc"),
        database(STAGING),
        cache(SHARED),
        service({}, { propertyDependencies: ["cache"] }),
      ),
    ).toEqual([
      "'authorizedNetwork' (projects/host-project/global/networks/shared-vpc) must be a network of netra-staging because direct peering does not reach networks of other projects; set 'authorizedNetwork' to a network of netra-staging, or 'connectMode' to PRIVATE_SERVICE_ACCESS",
    ]);
    expect(await messages(cache(SHARED, { provider: {} }))).toEqual([]);
    expect(await messages(cache("projects/123456/global/networks/staging-vpc"))).toEqual([]);
  });
});

test("cannot evaluate a workload or a cache that is malformed", async () => {
  expect(
    await messages(connector("staging-vpc"), database(STAGING), service({ pod: { vpcAccess: { connector: 7 } } })),
  ).toEqual(["cannot evaluate: template.vpcAccess.connector must be a text"]);
  expect(await messages(cache(7))).toEqual(["cannot evaluate: authorizedNetwork must be a text"]);
});
