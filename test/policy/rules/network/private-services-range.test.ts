import { describe, expect, test } from "vitest";
import { GLOBAL_ADDRESS, REDIS } from "../../../../config/resource-types";
import { privateServicesRange } from "../../../../policy/rules/network/private-services-range";
import { judge, UNKNOWN } from "../../harness";

const sound = { purpose: "VPC_PEERING", addressType: "INTERNAL", prefixLength: 16, network: UNKNOWN };
const messages = async (properties: Record<string, unknown>) =>
  (await judge(privateServicesRange, { type: GLOBAL_ADDRESS, properties })).map((found) => found.message);

test("accepts an internal range of a network, no smaller than a /24", async () => {
  expect(await messages(sound)).toEqual([]);
  expect(await messages({ ...sound, prefixLength: 24, address: "10.107.0.0" })).toEqual([]);
});

test("ignores addresses for anything else", async () => {
  expect(await messages({ addressType: "EXTERNAL" })).toEqual([]);
  expect(await messages({ purpose: "PRIVATE_SERVICE_CONNECT", addressType: "INTERNAL" })).toEqual([]);
});

test("refuses a range without a size, a kind or a network, each by itself", async () => {
  expect(await messages({ purpose: "VPC_PEERING" })).toEqual([
    "'prefixLength' (not set) must be stated, and at most 24 because Google reserves no range without a size, and its managed services need at least that many addresses; set 'prefixLength' to 16, or at most 24",
    "'addressType' (not set) must be INTERNAL because an address is external by default, and only an internal range can be peered; set 'addressType' to INTERNAL",
    "'network' (not set) must name the VPC because the range is reserved in one network and peered with it; set 'network' to the network's id",
  ]);
});

test("refuses a range that is too small", async () => {
  for (const prefixLength of [25, 0, 16.5]) expect(await messages({ ...sound, prefixLength })).toHaveLength(1);
});

test("refuses a range in Docker's, where nothing reaches an instance", async () => {
  expect(await messages({ ...sound, address: "172.17.0.0" })).toEqual([
    "'address' (172.17.0.0/16) must lie outside 172.17.0.0/16 because that is Docker's bridge network on Google's machines, and connections between it and Cloud Run fail; set 'address' to that of a free range, such as 10.1.0.0, or leave it out",
  ]);
  expect(await messages({ ...sound, address: "172.17.64.0", prefixLength: 20 })).toHaveLength(1);
  for (const address of ["172.16.0.0", "172.18.0.0", "10.107.0.0", UNKNOWN])
    expect(await messages({ ...sound, address })).toEqual([]);
});

describe("the range of a Redis instance", () => {
  const redis = async (properties: Record<string, unknown>) =>
    (await judge(privateServicesRange, { type: REDIS, properties })).map((found) => found.message);
  const direct = { connectMode: "DIRECT_PEERING" };
  const services = { connectMode: "PRIVATE_SERVICE_ACCESS" };

  test.each([
    ["addresses with direct peering", { ...direct, reservedIpRange: "10.70.0.0/29" }],
    [
      "a /28, which read replicas need",
      { ...direct, reservedIpRange: "10.70.0.0/28", readReplicasMode: "READ_REPLICAS_ENABLED" },
    ],
    ["addresses where no mode is stated: direct peering is the default", { reservedIpRange: "10.70.0.0/29" }],
    ["a name with private services access", { ...services, reservedIpRange: "shop-psa" }],
    ["none, which leaves the choice to Google", direct],
    ["none with private services access", { ...services, reservedIpRange: "" }],
    ["one that a preview does not know", { ...services, reservedIpRange: UNKNOWN }],
  ])("may be %s", async (_, properties) => expect(await redis(properties)).toEqual([]));

  test("must be addresses with direct peering, large enough for an instance", async () => {
    expect(await redis({ ...direct, reservedIpRange: "shop-psa" })).toEqual([
      "'reservedIpRange' (shop-psa) must be a range of addresses, a /29 or larger because with DIRECT_PEERING the instance has a block of addresses of its own; set 'reservedIpRange' to 10.1.0.0/29",
    ]);
    expect(await redis({ reservedIpRange: "10.70.0.0/30" })).toEqual([
      "'reservedIpRange' (10.70.0.0/30) must be a range of addresses, a /29 or larger because with DIRECT_PEERING the instance has a block of addresses of its own; set 'reservedIpRange' to 10.1.0.0/29",
    ]);
    expect(await redis({ ...direct, reservedIpRange: "10.70.0.4/29" })).toEqual([
      "'reservedIpRange' (10.70.0.4/29) must be an IPv4 network like 10.1.0.0/28, with no bits set beyond its prefix because Google refuses anything else when it creates the network; set 'reservedIpRange' to 10.70.0.0/29",
    ]);
  });

  test("must be a name with private services access, in whatever case the mode is written", async () => {
    expect(await redis({ connectMode: "private_service_access", reservedIpRange: "10.107.0.0/29" })).toEqual([
      "'reservedIpRange' (10.107.0.0/29) must be the name of an allocated range because with PRIVATE_SERVICE_ACCESS the instance takes addresses from a range that is allocated to Google's services; set 'reservedIpRange' to the name of the range, or leave it out",
    ]);
  });
});

test("cannot evaluate a size that is unknown at preview or no number, and goes on", async () => {
  expect(await messages({ ...sound, prefixLength: UNKNOWN, addressType: "EXTERNAL" })).toEqual([
    "cannot evaluate: 'prefixLength' is not known at preview; give it a plain value instead of another resource's output",
    "'addressType' (EXTERNAL) must be INTERNAL because an address is external by default, and only an internal range can be peered; set 'addressType' to INTERNAL",
  ]);
  expect(await messages({ ...sound, prefixLength: "wide" })).toEqual([
    "cannot evaluate: prefixLength must be a number",
  ]);
});
