import { describe, expect, test } from "vitest";
import { ADDRESS, GLOBAL_ADDRESS, NETWORK, REDIS, SUBNETWORK } from "../../../../config/resource-types";
import { rangesDoNotOverlap } from "../../../../policy/rules/network/ranges-do-not-overlap";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundConnector } from "../../services";

const judge = (resources: readonly Declared[], config: object = { otherCidrs: [] }) =>
  judgeStack(rangesDoNotOverlap, resources, config);
const messages = async (resources: readonly Declared[], config?: object) =>
  (await judge(resources, config)).map((found) => found.message);

const network = "projects/netra-staging/global/networks/staging-vpc";
const connector = (ipCidrRange: unknown, more: object = {}) =>
  soundConnector({ ipCidrRange, network: "staging-vpc", ...more });
const subnet = (ipCidrRange: unknown, more: object = {}, declared: Partial<Declared> = {}): Declared => ({
  type: SUBNETWORK,
  name: "subnet",
  properties: { name: "staging-subnet", ipCidrRange, network, secondaryIpRanges: UNKNOWN, ...more },
  ...declared,
});
const services = (address: unknown, more: object = {}): Declared => ({
  type: GLOBAL_ADDRESS,
  name: "services",
  properties: { purpose: "VPC_PEERING", addressType: "INTERNAL", address, prefixLength: 16, network, ...more },
});
const redis = (reservedIpRange: unknown, more: object = {}): Declared => ({
  type: REDIS,
  name: "cache",
  properties: { reservedIpRange, connectMode: "DIRECT_PEERING", authorizedNetwork: network, ...more },
});

describe("accepts", () => {
  test("staging's own ranges", async () => {
    const stack = [connector("10.1.0.0/28"), subnet("10.0.0.0/24"), services("10.107.0.0"), redis("10.166.204.80/29")];
    expect(await judgeStack(rangesDoNotOverlap, stack)).toEqual([]);
  });

  test("ranges that Google chooses, which a preview does not know", async () => {
    expect(
      await judge([
        connector("10.1.0.0/28"),
        services(UNKNOWN, { prefixLength: UNKNOWN }),
        redis(UNKNOWN),
        redis(null),
      ]),
    ).toEqual([]);
    expect(await judge([connector("10.1.0.0/28"), redis(undefined, { effectiveReservedIpRange: UNKNOWN })])).toEqual(
      [],
    );
    expect(await judge([subnet(UNKNOWN, { reservedInternalRange: "networkconnectivity.googleapis.com/x" })])).toEqual(
      [],
    );
  });

  test("a connector in a subnetwork of the stack", async () => {
    expect(
      await judge([connector("10.8.0.0/28", { subnet: { name: "staging-subnet" } }), subnet("10.8.0.0/28")]),
    ).toEqual([]);
    expect(await judge([connector("10.8.0.0/28", { subnet: { name: UNKNOWN } }), subnet("10.8.0.0/28")])).toEqual([]);
  });

  test("the same range in two networks: by name, by project, or by dependency where the ids are unknown", async () => {
    expect(await judge([connector("10.0.0.0/28"), subnet("10.0.0.0/24", { network: "other-vpc" })])).toEqual([]);
    const elsewhere = { network: "projects/netra-production/global/networks/staging-vpc" };
    expect(await judge([subnet("10.0.0.0/24"), subnet("10.0.0.0/24", elsewhere, { name: "production" })])).toEqual([]);
    const networks: Declared[] = ["one", "two"].map((name) => ({ type: NETWORK, name, properties: { name } }));
    const inNetwork = (name: string) =>
      subnet("10.0.0.0/24", { network: UNKNOWN }, { name: `in-${name}`, dependsOn: [name] });
    expect(await judge([...networks, inNetwork("one"), inNetwork("two")])).toEqual([]);
  });

  test("Redis within the private services range, and addresses within a subnetwork", async () => {
    expect(
      await judge([services("10.107.0.0"), redis("10.107.4.0/29", { connectMode: "PRIVATE_SERVICE_ACCESS" })]),
    ).toEqual([]);
    const within: Declared = {
      type: ADDRESS,
      name: "ip",
      properties: { address: "10.0.0.9", prefixLength: 0, subnetwork: "staging-subnet" },
    };
    expect(await judge([subnet("10.0.0.0/24"), within])).toEqual([]);
    const single: Declared = {
      type: GLOBAL_ADDRESS,
      name: "ip",
      properties: { address: "10.0.0.9", purpose: "PRIVATE_SERVICE_CONNECT" },
    };
    expect(await judge([subnet("10.0.0.0/24"), single])).toEqual([]);
  });

  test("a connector in another range of the configuration, which another rule refuses on the resource", async () => {
    expect(await judge([connector("10.27.0.0/28")], { otherCidrs: ["10.27.0.0/16"] })).toEqual([]);
  });
});

describe("refuses", () => {
  test("a connector in a subnetwork's range, blames it and names a free one", async () => {
    expect(await judge([subnet("10.0.0.0/24"), services("10.1.0.0"), connector("10.0.0.0/28")])).toEqual([
      {
        message:
          "'ipCidrRange' (10.0.0.0/28) must not overlap 'ipCidrRange of subnet' (10.0.0.0/24) because Google refuses a range that is in use, and routes between overlapping ranges are undefined; set 'ipCidrRange' to 10.2.0.0/28",
        resource: "connector",
        waived: false,
      },
    ]);
  });

  test.each([
    [
      "a secondary range",
      subnet("10.0.0.0/24", { secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.1.0.0/20" }] }),
      "secondaryIpRanges[0].ipCidrRange of subnet",
    ],
    ["the private services range", services("10.1.0.0"), "address of services"],
    ["Redis' range", redis("10.1.0.0/29"), "reservedIpRange of cache"],
    [
      "the range that an adopted Redis has",
      redis(undefined, { effectiveReservedIpRange: "10.1.0.0/29" }),
      "effectiveReservedIpRange of cache",
    ],
    [
      "a reserved range of addresses",
      { type: ADDRESS, name: "vpn", properties: { address: "10.1.0.8", prefixLength: 29 } },
      "address of vpn",
    ],
    ["a subnetwork whose network is unknown", subnet("10.1.0.0/24", { network: UNKNOWN }), "ipCidrRange of subnet"],
    [
      "a subnetwork whose network is a number",
      subnet("10.1.0.0/24", { network: "projects/1/global/networks/42" }),
      "ipCidrRange of subnet",
    ],
  ])("a connector in %s", async (_, other, label) => {
    const [message, ...more] = await messages([other, connector("10.1.0.0/28")]);
    expect(more).toEqual([]);
    expect(message).toContain(`must not overlap '${label}'`);
  });

  test("a secondary range in its own primary one", async () => {
    expect(
      await judge([subnet("10.0.0.0/16", { secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.0.8.0/24" }] })]),
    ).toHaveLength(1);
  });

  test("anything but a connector in a range of the configuration", async () => {
    const [message] = await messages([subnet("10.27.3.0/24")], { otherCidrs: ["10.27.0.0/16"] });
    expect(message).toContain("'ipCidrRange' (10.27.3.0/24) must not overlap 'otherCidrs[0]' (10.27.0.0/16)");
  });

  test("a range that is none, and proposes what was probably meant", async () => {
    expect(await messages([subnet("10.0.0.7/24")])).toEqual([
      "'ipCidrRange' (10.0.0.7/24) must be an IPv4 network like 10.1.0.0/28, with no bits set beyond its prefix because Google refuses anything else when it creates the network; set 'ipCidrRange' to 10.0.0.0/24",
    ]);
    // What is no range of a Redis instance's, `private-services-range` refuses.
    expect(await judge([redis("ten dot zero")])).toEqual([]);
  });
});

describe("cannot evaluate", () => {
  test("a stated range that is unknown or no text, and goes on with the others", async () => {
    const found = await judge([connector(UNKNOWN), subnet("10.0.0.0/24"), services("10.0.0.0")]);
    expect(found.map((f) => [f.resource, f.message.slice(0, 38)])).toEqual([
      ["connector", "cannot evaluate: 'ipCidrRange' is not "],
      ["services", "'address' (10.0.0.0/16) must not overl"],
    ]);
    expect(await messages([subnet(10)])).toEqual(["cannot evaluate: ipCidrRange must be a text"]);
  });

  test("an address without the length of its range", async () => {
    expect(await messages([services("10.107.0.0", { prefixLength: null })])).toEqual([
      "cannot evaluate: 'prefixLength' must be stated because the address alone does not say how far the range goes",
    ]);
  });

  test("a configuration whose range is none", async () => {
    const [message] = await messages([], { otherCidrs: ["10.27.0.1/16"] });
    expect(message).toContain("cannot evaluate: 'otherCidrs[0]' (10.27.0.1/16) must be an IPv4 network");
  });
});
