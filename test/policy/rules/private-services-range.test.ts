import { expect, test } from "vitest";
import { privateServicesRange } from "../../../policy/rules/private-services-range";
import { GLOBAL_ADDRESS } from "../../../policy/types";
import { judge, UNKNOWN } from "../harness";

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

test("cannot evaluate a size that is unknown at preview or no number, and goes on", async () => {
  expect(await messages({ ...sound, prefixLength: UNKNOWN, addressType: "EXTERNAL" })).toEqual([
    "cannot evaluate: 'prefixLength' is not known at preview; give it a plain value instead of another resource's output",
    "'addressType' (EXTERNAL) must be INTERNAL because an address is external by default, and only an internal range can be peered; set 'addressType' to INTERNAL",
  ]);
  expect(await messages({ ...sound, prefixLength: "wide" })).toEqual(["cannot evaluate: prefixLength must be a number"]);
});
