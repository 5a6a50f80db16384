import { describe, expect, test } from "vitest";
import { ROUTER, ROUTER_NAT, SUBNETWORK } from "../../../config/resource-types";
import { natRemedy, servesInternet } from "../../../policy/resources/nat";
import { workloadOf } from "../../../policy/resources/workload";
import { type Declared, stackOf, UNKNOWN } from "../harness";
import { soundConnector, soundService } from "../services";

const REGION = "us-central1";
const CONNECTOR_ID = `projects/netra-staging/locations/${REGION}/connectors/staging-connector`;
const nat = (properties: object = {}, rest: Partial<Declared> = {}): Declared => ({
  type: ROUTER_NAT,
  name: "nat",
  properties: { region: REGION, ...properties },
  ...rest,
});
const listing = (...names: unknown[]) =>
  nat({ sourceSubnetworkIpRangesToNat: "LIST_OF_SUBNETWORKS", subnetworks: names.map((name) => ({ name })) });
const subnet: Declared = { type: SUBNETWORK, name: "subnet", properties: { name: "staging-subnet", region: REGION } };
const through = (vpcAccess: object) => soundService({ pod: { vpcAccess: { egress: "ALL_TRAFFIC", ...vpcAccess } } });

function read(...declared: Declared[]) {
  const stack = stackOf(declared);
  const workload = stack.flatMap((resource) => workloadOf(resource) ?? [])[0];
  if (!workload) throw new Error("the stack has a service");
  return { stack, workload };
}

function serves(...declared: Declared[]): boolean {
  const { stack, workload } = read(...declared);
  return stack.some((resource) => servesInternet(resource, REGION, workload, stack));
}

describe("a NAT with a list of subnetworks", () => {
  const throughConnector = [through({ connector: CONNECTOR_ID }), subnet];

  test("leaves out a connector with a range of its own", () => {
    expect(serves(...throughConnector, soundConnector(), listing("staging-subnet"))).toBe(false);
    expect(
      serves(
        ...throughConnector,
        soundConnector(),
        listing(`projects/netra-staging/regions/${REGION}/subnetworks/staging-subnet`),
      ),
    ).toBe(false);
    // A subnetwork of the stack, whose id a preview does not know.
    expect(serves(...throughConnector, soundConnector(), { ...listing(UNKNOWN), dependsOn: ["subnet"] })).toBe(false);
    expect(
      serves(
        ...throughConnector,
        soundConnector(),
        nat({ sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES" }),
      ),
    ).toBe(true);
  });

  test("serves a connector whose subnetwork it names", () => {
    const connector = (name: unknown) =>
      soundConnector({ network: undefined, ipCidrRange: undefined, subnet: { name } });
    expect(
      serves(...throughConnector, connector("connector-subnet"), listing("staging-subnet", "connector-subnet")),
    ).toBe(true);
    expect(serves(...throughConnector, connector("connector-subnet"), listing("staging-subnet"))).toBe(false);
    expect(serves(...throughConnector, connector(UNKNOWN), listing("staging-subnet"))).toBe(true);
  });

  test("serves direct egress from a subnetwork that it names", () => {
    const direct = (subnetwork: unknown) => through({ networkInterfaces: [{ network: "staging-vpc", subnetwork }] });
    expect(serves(direct("staging-subnet"), subnet, listing("staging-subnet"))).toBe(true);
    expect(serves(direct("another-subnet"), subnet, listing("staging-subnet"))).toBe(false);
    expect(serves(direct(UNKNOWN), subnet, listing("staging-subnet"))).toBe(true);
  });

  test("is taken to serve what a preview does not know, or what stands elsewhere", () => {
    expect(
      serves(
        ...throughConnector,
        soundConnector(),
        nat({ sourceSubnetworkIpRangesToNat: "LIST_OF_SUBNETWORKS", subnetworks: UNKNOWN }),
      ),
    ).toBe(true);
    expect(serves(...throughConnector, soundConnector(), listing(UNKNOWN))).toBe(true);
    expect(serves(...throughConnector, listing("staging-subnet"))).toBe(true);
    expect(
      serves(through({ connector: CONNECTOR_ID }), soundConnector(), nat({ sourceSubnetworkIpRangesToNat: UNKNOWN })),
    ).toBe(true);
  });
});

test("the remedy is a NAT, or that the one there serves all", () => {
  const remedy = (region: string, ...declared: Declared[]) => {
    const { stack, workload } = read(through({ networkInterfaces: [{ network: "staging-vpc" }] }), ...declared);
    return natRemedy(region, workload, stack);
  };
  expect(remedy(REGION, subnet)).toBe(`add a gcp.compute.RouterNat in ${REGION}`);
  expect(remedy(REGION, listing("staging-subnet"))).toBe(
    "set 'sourceSubnetworkIpRangesToNat' of nat to ALL_SUBNETWORKS_ALL_IP_RANGES",
  );
  expect(remedy("europe-west1", listing("staging-subnet"))).toBe("add a gcp.compute.RouterNat in europe-west1");
  // One of another network serves nothing here, whatever it lists.
  const router: Declared = { type: ROUTER, name: "router", properties: { name: "other-router", network: "other-vpc" } };
  expect(remedy(REGION, router, nat({ router: "other-router" }))).toBe(`add a gcp.compute.RouterNat in ${REGION}`);
});
