import { expect, test } from "vitest";
import { Network, type NetworkArgs } from "../../components/network";
import { GLOBAL_ADDRESS, ROUTER_NAT, SUBNETWORK } from "../../config/resource-types";
import { UNKNOWN } from "../../policy/framework/unknown";
import { only, registeredBy, waitsFor } from "../fixtures/programs";

const NETWORK = "gcp:compute/network:Network";
const API = "gcp:projects/service:Service";
const SERVICES_CONNECTION = "gcp:servicenetworking/connection:Connection";

const args: NetworkArgs = {
  project: "netra-staging",
  region: "us-central1",
  vpc: "staging-vpc",
  subnet: "staging-subnet",
  subnetCidr: "10.0.0.0/24",
  privateServicesRange: "staging-private-ip-address",
  privateServicesCidr: "10.107.0.0/16",
};
const network = (changes: Partial<NetworkArgs> = {}) =>
  registeredBy(() => new Network("network", { ...args, ...changes }));

test("creates the network without automatic subnets, protected, once the APIs are enabled", async () => {
  const registered = await network();
  const vpc = only(registered, NETWORK);
  expect(vpc.inputs).toEqual({ name: "staging-vpc", autoCreateSubnetworks: false, routingMode: "REGIONAL" });
  expect(vpc.options.protect).toBe(true);
  expect(waitsFor(vpc)).toEqual(
    registered
      .filter(({ type }) => type === API)
      .map(({ name }) => name)
      .toSorted(),
  );
});

test("enables the APIs that the stack uses and leaves them enabled on destroy", async () => {
  const apis = (await network()).filter(({ type }) => type === API);
  expect(apis.map(({ inputs }) => inputs.service)).toEqual(
    [
      ...["cloudresourcemanager", "artifactregistry", "compute", "iam", "logging", "monitoring", "redis", "run"],
      ...["secretmanager", "servicenetworking", "sqladmin", "vpcaccess"],
    ].map((api) => `${api}.googleapis.com`),
  );
  // What enables the others is read through the first.
  const [first, ...others] = apis;
  expect(first && waitsFor(first)).toEqual([]);
  for (const other of others) expect(waitsFor(other)).toEqual(["api-cloudresourcemanager"]);
  for (const { inputs } of apis) expect(inputs).toMatchObject({ project: "netra-staging", disableOnDestroy: false });
});

test("gives the subnet Private Google Access", async () => {
  const subnet = only(await network(), SUBNETWORK);
  expect(subnet.inputs).toEqual({
    name: "staging-subnet",
    region: "us-central1",
    network: UNKNOWN,
    ipCidrRange: "10.0.0.0/24",
    privateIpGoogleAccess: true,
  });
});

test("reserves the range for Google's managed services and peers it", async () => {
  const registered = await network();
  const range = only(registered, GLOBAL_ADDRESS);
  expect(range.inputs).toMatchObject({
    name: "staging-private-ip-address",
    purpose: "VPC_PEERING",
    addressType: "INTERNAL",
    address: "10.107.0.0",
    prefixLength: 16,
  });
  const connection = only(registered, SERVICES_CONNECTION);
  expect(connection.inputs).toEqual({
    network: UNKNOWN,
    service: "servicenetworking.googleapis.com",
    reservedPeeringRanges: ["staging-private-ip-address"],
  });
  expect(waitsFor(connection)).toContain("staging-private-ip-address");
});

test("has Cloud NAT only where it is configured", async () => {
  expect((await network()).filter(({ type }) => /router/i.test(type))).toEqual([]);
  const registered = await network({ nat: { name: "staging-nat", minPortsPerVm: 128 } });
  expect(only(registered, "gcp:compute/router:Router").inputs).toMatchObject({
    name: "staging-nat-router",
    region: "us-central1",
  });
  expect(only(registered, ROUTER_NAT).inputs).toEqual({
    name: "staging-nat",
    router: "staging-nat-router",
    region: "us-central1",
    natIpAllocateOption: "AUTO_ONLY",
    sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
    minPortsPerVm: 128,
    logConfig: { enable: true, filter: "ERRORS_ONLY" },
  });
});
