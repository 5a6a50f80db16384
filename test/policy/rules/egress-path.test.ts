import { describe, expect, test } from "vitest";
import { egressPath } from "../../../policy/rules/egress-path";
import { ROUTER, ROUTER_NAT } from "../../../policy/types";
import { type Declared, judgeStack, UNKNOWN } from "../harness";
import { type Overrides, soundConnector, soundDatabase, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../services";

const judge = (resources: readonly Declared[]) => judgeStack(egressPath, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const vpcAccess = { connector: UNKNOWN, egress: "ALL_TRAFFIC" };
const allTraffic = (overrides: Overrides = {}) => soundService({ ...overrides, pod: { vpcAccess, ...overrides.pod } });
const nat = (properties: object = {}, name = "nat"): Declared => ({ type: ROUTER_NAT, name, properties: { region: "us-central1", ...properties } });
const publicDatabase = soundDatabase({ ipConfiguration: { ipv4Enabled: true } });
const withoutDatabase = Object.fromEntries(["POSTGRES_HOST", "DB_POOL_SIZE"].map((name) => [name, undefined]));

const noNat = (setting = "template.vpcAccess.egress", value = "ALL_TRAFFIC", fix = "PRIVATE_RANGES_ONLY") =>
  `'${setting}' (${value}) must be ${fix} because all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT; set '${setting}' to ${fix}, or add a gcp.compute.RouterNat in us-central1`;

const router = (network: unknown): Declared => ({ type: ROUTER, name: "router", properties: { name: "staging-router", region: "us-central1", network } });
const throughInterface = (network: unknown) => allTraffic({ pod: { vpcAccess: { networkInterfaces: [{ network }], egress: "ALL_TRAFFIC" } } });
const STAGING = "projects/netra-staging/global/networks/staging-vpc";

describe("a NAT is one of the network that the packets are in", () => {
  const inNetwork = nat({ router: "staging-router" });

  test("by name, by id and by address", async () => {
    for (const network of ["staging-vpc", STAGING, `https://www.googleapis.com/compute/v1/${STAGING}`])
      expect(await judge([soundDatabase(), router(network), inNetwork, throughInterface("staging-vpc")])).toEqual([]);
  });

  test("or may be, where nobody knows the router's or the workload's", async () => {
    expect(await judge([soundDatabase(), router(UNKNOWN), inNetwork, throughInterface("staging-vpc")])).toEqual([]);
    expect(await judge([soundDatabase(), inNetwork, throughInterface("staging-vpc")])).toEqual([]);
    expect(await judge([soundDatabase(), router("other-vpc"), inNetwork, throughInterface(UNKNOWN)])).toEqual([]);
  });

  test("and no other", async () => {
    expect(await messages([soundDatabase(), router("other-vpc"), inNetwork, throughInterface("staging-vpc")])).toEqual([noNat()]);
    const connector = soundConnector();
    expect(await messages([soundDatabase(), connector, router("other-vpc"), inNetwork, allTraffic({ dependsOn: ["connector"] })])).toEqual([noNat()]);
  });
});

describe("accepts", () => {
  test("private ranges only, stated, left out, or left out and unknown in outputs", async () => {
    for (const egress of ["PRIVATE_RANGES_ONLY", null, "", UNKNOWN]) {
      const service = soundService({ pod: { vpcAccess: { connector: UNKNOWN, egress } } });
      expect(await judge([publicDatabase, service])).toEqual([]);
    }
    expect(await judge([publicDatabase, soundService({ pod: { vpcAccess: null } })])).toEqual([]);
  });

  test("all traffic with Cloud NAT and the private address of a database", async () => {
    expect(await judge([soundDatabase(), nat(), allTraffic()])).toEqual([]);
    expect(await judge([soundDatabase(), nat({ natIpAllocateOption: "MANUAL_ONLY", natIps: UNKNOWN }), allTraffic()])).toEqual([]);
    expect(await judge([soundDatabase(), nat({ natIpAllocateOption: "MANUAL_ONLY", natIps: [UNKNOWN] }), allTraffic()])).toEqual([]);
    const both = soundDatabase({ ipConfiguration: { ipv4Enabled: true, privateNetwork: UNKNOWN } });
    expect(await judge([both, nat(), allTraffic()])).toEqual([]);
  });

  test("a NAT whose region is the provider's, or unknown", async () => {
    expect(await judge([soundDatabase(), { ...nat({ region: UNKNOWN }), provider: { region: "us-central1" } }, allTraffic()])).toEqual([]);
    expect(await judge([soundDatabase(), nat({ region: UNKNOWN }), allTraffic()])).toEqual([]);
  });

  test("all traffic without a database needs NAT only", async () => {
    expect(await judge([publicDatabase, nat(), allTraffic({ variables: withoutDatabase })])).toEqual([]);
  });

  test("a database outside the stack at a literal private address", async () => {
    expect(await judge([nat(), allTraffic({ variables: { POSTGRES_HOST: "10.107.0.3" } })])).toEqual([]);
  });

  test("a mounted socket, which another rule refuses on the resource", async () => {
    const volumes = [{ name: "sql", cloudSqlInstance: { instances: [UNKNOWN] } }];
    expect(await judge([publicDatabase, nat(), allTraffic({ pod: { volumes } })])).toEqual([]);
  });
});

describe("refuses", () => {
  test("the incident: all traffic without Cloud NAT", async () => {
    expect(await judge([soundDatabase(), allTraffic()])).toEqual([{ message: noNat(), resource: "backend", waived: false }]);
  });

  test.each([
    ["in another region", nat({ region: "europe-west1" })],
    ["that has no addresses", nat({ natIpAllocateOption: "MANUAL_ONLY", natIps: null })],
    ["that is private", nat({ type: "PRIVATE" })],
  ])("a NAT %s", async (_, useless) => {
    expect(await messages([soundDatabase(), useless, allTraffic()])).toEqual([noNat()]);
  });

  test("jobs, worker pools and v1 services, in both spellings", async () => {
    expect(await messages([soundDatabase(), soundJob({ pod: { vpcAccess } })])).toEqual([noNat("template.template.vpcAccess.egress")]);
    expect(await messages([soundDatabase(), soundWorkerPool({ pod: { vpcAccess } })])).toEqual([noNat()]);
    for (const egress of ["all-traffic", "all"])
      expect(await messages([soundDatabase(), soundServiceV1({ annotations: { "run.googleapis.com/vpc-access-egress": egress } })])).toEqual([
        noNat("template.metadata.annotations.run.googleapis.com/vpc-access-egress", egress, "private-ranges-only"),
      ]);
  });

  test("a database without a private address, NAT or not", async () => {
    const message =
      "'template.vpcAccess.egress' (ALL_TRAFFIC) must be PRIVATE_RANGES_ONLY because all-traffic is only for a database with a private address, and this one has none; set 'template.vpcAccess.egress' to PRIVATE_RANGES_ONLY, or give database a private address and use that";
    expect(await messages([publicDatabase, nat(), allTraffic()])).toEqual([message]);
    expect(await messages([soundDatabase({ ipConfiguration: UNKNOWN }), nat(), allTraffic()])).toEqual([message]);
  });

  test("a socket that is told by its path only", async () => {
    const variables = { POSTGRES_HOST: "/cloudsql/netra-staging:us-central1:staging-shared-postgres" };
    const [message] = await messages([soundDatabase(), nat(), allTraffic({ variables })]);
    expect(message).toContain("all-traffic with the public Cloud SQL socket is what broke staging");
  });

  test("every region of a service in several", async () => {
    const properties = { location: "global", multiRegionSettings: { regions: ["us-central1", "us-east1"] } };
    const [message, ...others] = await messages([soundDatabase(), nat(), allTraffic({ properties })]);
    expect(others).toEqual([]);
    expect(message).toContain("add a gcp.compute.RouterNat in us-east1");
  });
});

describe("cannot evaluate", () => {
  const unclear =
    "cannot evaluate: 'template.vpcAccess.egress' is all traffic, and whether netra-backend-staging reaches its database at a private address cannot be told; set it to PRIVATE_RANGES_ONLY, or POSTGRES_HOST to the private address";

  test("a database outside the stack whose address is unknown or public", async () => {
    expect(await messages([nat(), allTraffic()])).toEqual([unclear]);
    expect(await messages([nat(), allTraffic({ variables: { POSTGRES_HOST: "203.0.113.7" } })])).toEqual([unclear]);
  });

  test("which of two databases it is, when one has no private address", async () => {
    expect(await messages([soundDatabase(), { ...publicDatabase, name: "other" }, nat(), allTraffic()])).toEqual([unclear]);
    expect(await judge([soundDatabase(), { ...soundDatabase(), name: "other" }, nat(), allTraffic()])).toEqual([]);
  });

  test("an egress that is none", async () => {
    expect(await messages([soundDatabase(), soundService({ pod: { vpcAccess: { connector: UNKNOWN, egress: "EVERYTHING" } } })])).toEqual([
      "cannot evaluate: template.vpcAccess.egress must be private-ranges-only or all-traffic",
    ]);
  });

  test("a database whose kinds of address are unknown at preview", async () => {
    const [message] = await messages([soundDatabase({ ipConfiguration: { ipv4Enabled: UNKNOWN } }), nat(), allTraffic()]);
    expect(message).toContain("'settings.ipConfiguration.ipv4Enabled' is not known at preview");
  });
});
