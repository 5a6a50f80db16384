import { expect, test } from "vitest";
import { CONNECTOR } from "../../../../config/resource-types";
import { connectorRange } from "../../../../policy/rules/connector/connector-range";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: Record<string, unknown>, config: object = {}) =>
  (await judge(connectorRange, { type: CONNECTOR, properties: { network: "staging-vpc", ...properties } }, config)).map(
    (f) => f.message,
  );

test("accepts a free /28", async () => {
  expect(await messages({ network: "staging-vpc", ipCidrRange: "10.1.0.0/28" })).toEqual([]);
});

test("leaves the range of an existing subnet to the subnet", async () => {
  expect(await messages({ subnet: { name: "connector-subnet" } })).toEqual([]);
  expect(await messages({ subnet: { name: UNKNOWN } })).toEqual([]);
  expect(await messages({ subnet: UNKNOWN })).toEqual([]);
});

test("refuses another size", async () => {
  expect(await messages({ ipCidrRange: "10.1.0.0/24" })).toEqual([
    "'ipCidrRange' (10.1.0.0/24) must be exactly a /28 because a Serverless VPC Access connector takes no other size and gains nothing from a larger one; set 'ipCidrRange' to 10.1.0.0/28",
  ]);
});

test("refuses what is no network", async () => {
  expect(await messages({ ipCidrRange: "10.1.0.5/28" })).toEqual([
    "'ipCidrRange' (10.1.0.5/28) must be an IPv4 network like 10.1.0.0/28, with no bits set beyond its prefix because Google refuses anything else when it creates the network; set 'ipCidrRange' to 10.1.0.0/28",
  ]);
  for (const ipCidrRange of [
    "10.1.0.0",
    "10.1.0.0/33",
    "10.1.0/28",
    "010.1.0.0/28",
    " 10.1.0.0/28",
    "fd00::/28",
    "staging",
  ])
    expect(await messages({ ipCidrRange })).toHaveLength(1);
});

test("refuses a connector with neither a range nor a subnet", async () => {
  const refused = [
    "'ipCidrRange' (not set) must be stated because a connector without 'subnet.name' needs a /28 of its own; set 'ipCidrRange' to a free range such as 10.1.0.0/28",
  ];
  expect(await messages({ network: "staging-vpc" })).toEqual(refused);
  expect(await messages({ ipCidrRange: "", subnet: { name: "" } })).toEqual(refused);
  expect(await messages({ ipCidrRange: null, subnet: null })).toEqual(refused);
});

test("refuses a range that the configuration says is taken", async () => {
  expect(await messages({ ipCidrRange: "10.27.3.16/28" })).toEqual([
    "'ipCidrRange' (10.27.3.16/28) must not overlap 10.27.0.0/16 because that range is in use beside the stack, and Google refuses the connector or routes its packets elsewhere; set 'ipCidrRange' to 10.1.0.0/28",
  ]);
  expect(await messages({ ipCidrRange: "10.1.0.0/28" }, { otherCidrs: ["10.0.0.0/15"] })).toEqual([
    "'ipCidrRange' (10.1.0.0/28) must not overlap 10.0.0.0/15 because that range is in use beside the stack, and Google refuses the connector or routes its packets elsewhere; set 'ipCidrRange' to 10.2.0.0/28",
  ]);
});

test("refuses a range in Docker's, from which Cloud SQL is not reached", async () => {
  expect(await messages({ ipCidrRange: "172.17.3.0/28" })).toEqual([
    "'ipCidrRange' (172.17.3.0/28) must lie outside 172.17.0.0/16 because that is Docker's bridge network on Google's machines, and connections between it and Cloud SQL fail; set 'ipCidrRange' to 10.1.0.0/28",
  ]);
  expect(await messages({ ipCidrRange: "172.18.3.0/28" })).toEqual([]);
});

test("cannot evaluate against a configuration that is no network", async () => {
  expect(await messages({ ipCidrRange: "10.1.0.0/28" }, { otherCidrs: ["10.27.0.0"] })).toEqual([
    "cannot evaluate: 'otherCidrs' of the policy's configuration must hold IPv4 networks like 10.27.0.0/16, with no bits set beyond the prefix",
  ]);
});

test("cannot evaluate a range that is unknown at preview or no text", async () => {
  expect(await messages({ ipCidrRange: UNKNOWN })).toEqual([
    "cannot evaluate: 'ipCidrRange' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ ipCidrRange: ["10.1.0.0/28"] })).toEqual(["cannot evaluate: ipCidrRange must be a text"]);
});

test("refuses a range without a network, and leaves the network of a subnet to the subnet", async () => {
  for (const network of [undefined, null, ""])
    expect(await messages({ network, ipCidrRange: "10.1.0.0/28" })).toEqual([
      "'network' (not set) must name the VPC because a connector's range is in a network; set 'network' to the network's name",
    ]);
  expect(await messages({ network: UNKNOWN, ipCidrRange: "10.1.0.0/28" })).toEqual([]);
  expect(await messages({ network: undefined, subnet: { name: "connector-subnet" } })).toEqual([]);
});
