import { expect, test } from "vitest";
import { ROUTER_NAT } from "../../../../config/resource-types";
import { natAddresses } from "../../../../policy/rules/network/nat-addresses";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: Record<string, unknown>) =>
  (await judge(natAddresses, { type: ROUTER_NAT, properties })).map((found) => found.message);

test("accepts addresses that Google takes itself, and ones that are given", async () => {
  expect(await messages({ natIpAllocateOption: "AUTO_ONLY" })).toEqual([]);
  expect(await messages({})).toEqual([]);
  for (const natIps of [["projects/p/regions/r/addresses/a"], [UNKNOWN], UNKNOWN])
    expect(await messages({ natIpAllocateOption: "MANUAL_ONLY", natIps })).toEqual([]);
  expect(await messages({ natIpAllocateOption: "MANUAL_ONLY", initialNatIps: [UNKNOWN] })).toEqual([]);
});

test("refuses addresses by hand without any", async () => {
  const message =
    "'natIps' (not set) must name at least one address because 'natIpAllocateOption' is MANUAL_ONLY, and Google then allocates no address itself; set 'natIps' to the addresses' ids, or 'natIpAllocateOption' to AUTO_ONLY";
  expect(await messages({ natIpAllocateOption: "MANUAL_ONLY" })).toEqual([message]);
  expect(await messages({ natIpAllocateOption: "MANUAL_ONLY", natIps: [] })).toEqual([message]);
});

test("cannot evaluate an option that is unknown at preview, or a list that is none", async () => {
  expect(await messages({ natIpAllocateOption: UNKNOWN })).toEqual([
    "cannot evaluate: 'natIpAllocateOption' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ natIpAllocateOption: "MANUAL_ONLY", natIps: "one" })).toEqual([
    "cannot evaluate: natIps must be a list",
  ]);
});
