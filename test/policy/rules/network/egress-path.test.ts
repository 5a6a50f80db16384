import { describe, expect, test } from "vitest";
import { ROUTER, ROUTER_NAT, SUBNETWORK } from "../../../../config/resource-types";
import { egressPath } from "../../../../policy/rules/network/egress-path";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import {
  type Overrides,
  soundConnector,
  soundDatabase,
  soundJob,
  soundService,
  soundServiceV1,
  soundWorkerPool,
} from "../../services";

const judge = (resources: readonly Declared[]) => judgeStack(egressPath, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const vpcAccess = { connector: UNKNOWN, egress: "ALL_TRAFFIC" };
const allTraffic = (overrides: Overrides = {}) => soundService({ ...overrides, pod: { vpcAccess, ...overrides.pod } });
const nat = (properties: object = {}, name = "nat"): Declared => ({
  type: ROUTER_NAT,
  name,
  properties: { region: "us-central1", ...properties },
});
const publicDatabase = soundDatabase({ ipConfiguration: { ipv4Enabled: true } });
const withoutDatabase = Object.fromEntries(["POSTGRES_HOST", "DB_POOL_SIZE"].map((name) => [name, undefined]));

const refused = (
  because: string,
  setting = "template.vpcAccess.egress",
  value = "ALL_TRAFFIC",
  fix = "PRIVATE_RANGES_ONLY",
) =>
  `'${setting}' (${value}) must be ${fix} because ${because}; set '${setting}' to ${fix}, or add a gcp.compute.RouterNat in us-central1`;
const NO_NAT = "all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT";
const PUBLIC = `${NO_NAT}, and the database's public address is on the internet: every dial fails after about 34 s`;
const ADVICE = `${NO_NAT}: private addresses answer, whatever the workload calls on the internet does not, and Google's APIs only with Private Google Access`;
const volumes = [{ name: "sql", cloudSqlInstance: { instances: [UNKNOWN] } }];

const router = (network: unknown): Declared => ({
  type: ROUTER,
  name: "router",
  properties: { name: "staging-router", region: "us-central1", network },
});
const throughInterface = (network: unknown) =>
  allTraffic({ pod: { vpcAccess: { networkInterfaces: [{ network }], egress: "ALL_TRAFFIC" } } });
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
    expect(await messages([soundDatabase(), router("other-vpc"), inNetwork, throughInterface("staging-vpc")])).toEqual([
      refused(ADVICE),
    ]);
    const connector = soundConnector();
    expect(
      await messages([
        soundDatabase(),
        connector,
        router("other-vpc"),
        inNetwork,
        allTraffic({ dependsOn: ["connector"] }),
      ]),
    ).toEqual([refused(ADVICE)]);
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
    expect(
      await judge([soundDatabase(), nat({ natIpAllocateOption: "MANUAL_ONLY", natIps: UNKNOWN }), allTraffic()]),
    ).toEqual([]);
    expect(
      await judge([soundDatabase(), nat({ natIpAllocateOption: "MANUAL_ONLY", natIps: [UNKNOWN] }), allTraffic()]),
    ).toEqual([]);
    const both = soundDatabase({ ipConfiguration: { ipv4Enabled: true, privateNetwork: UNKNOWN } });
    expect(await judge([both, nat(), allTraffic()])).toEqual([]);
  });

  test("a NAT whose region is the provider's, or unknown", async () => {
    expect(
      await judge([
        soundDatabase(),
        { ...nat({ region: UNKNOWN }), provider: { region: "us-central1" } },
        allTraffic(),
      ]),
    ).toEqual([]);
    expect(await judge([soundDatabase(), nat({ region: UNKNOWN }), allTraffic()])).toEqual([]);
  });

  test("all traffic through Cloud NAT to a public database, over the socket or by its address", async () => {
    expect(await judge([publicDatabase, nat(), allTraffic()])).toEqual([]);
    expect(await judge([publicDatabase, nat(), allTraffic({ pod: { volumes } })])).toEqual([]);
  });

  test("a database outside the stack at a literal private address, and any of them through Cloud NAT", async () => {
    expect(await judge([nat(), allTraffic({ variables: { POSTGRES_HOST: "10.107.0.3" } })])).toEqual([]);
    expect(await judge([nat(), allTraffic()])).toEqual([]);
  });
});

describe("advises against all traffic without Cloud NAT where nothing that starts needs it", () => {
  const advised = [{ message: refused(ADVICE), resource: "backend", waived: false, advice: true }];

  test("with a private database, by its address and over the socket", async () => {
    expect(await judge([soundDatabase(), allTraffic()])).toEqual(advised);
    expect(await judge([soundDatabase(), allTraffic({ pod: { volumes } })])).toEqual(advised);
  });

  test("without a database, and with one outside the stack at a private address", async () => {
    expect(await judge([publicDatabase, allTraffic({ variables: withoutDatabase })])).toEqual(advised);
    expect(await judge([allTraffic({ variables: { POSTGRES_HOST: "10.107.0.3" } })])).toEqual(advised);
  });

  test.each([
    ["in another region", nat({ region: "europe-west1" })],
    ["that has no addresses", nat({ natIpAllocateOption: "MANUAL_ONLY", natIps: null })],
    ["that is private", nat({ type: "PRIVATE" })],
  ])("with a NAT %s", async (_, useless) => {
    expect(await judge([soundDatabase(), useless, allTraffic()])).toEqual(advised);
  });

  test("in jobs, worker pools and v1 services, in both spellings, and in every region of a service in several", async () => {
    expect(await messages([soundDatabase(), soundJob({ pod: { vpcAccess } })])).toEqual([
      refused(ADVICE, "template.template.vpcAccess.egress"),
    ]);
    expect(await messages([soundDatabase(), soundWorkerPool({ pod: { vpcAccess } })])).toEqual([refused(ADVICE)]);
    for (const egress of ["all-traffic", "all"])
      expect(
        await messages([
          soundDatabase(),
          soundServiceV1({ annotations: { "run.googleapis.com/vpc-access-egress": egress } }),
        ]),
      ).toEqual([
        refused(
          ADVICE,
          "template.metadata.annotations.run.googleapis.com/vpc-access-egress",
          egress,
          "private-ranges-only",
        ),
      ]);
    const properties = { location: "global", multiRegionSettings: { regions: ["us-central1", "us-east1"] } };
    expect((await messages([soundDatabase(), nat(), allTraffic({ properties })]))[0]).toMatch(
      /, or add a gcp\.compute\.RouterNat in us-east1$/,
    );
  });
});

describe("refuses", () => {
  test("the incident: all traffic, no Cloud NAT, and the socket to a public address", async () => {
    const both = soundDatabase({ ipConfiguration: { ipv4Enabled: true, privateNetwork: UNKNOWN } });
    for (const database of [publicDatabase, both])
      expect(await judge([database, allTraffic({ pod: { volumes } })])).toEqual([
        { message: refused(PUBLIC), resource: "backend", waived: false },
      ]);
    const variables = { POSTGRES_HOST: "/cloudsql/netra-staging:us-central1:staging-shared-postgres" };
    expect(await messages([publicDatabase, allTraffic({ variables })])).toEqual([refused(PUBLIC)]);
  });

  test("a database without a private address, and one outside the stack at a public one", async () => {
    expect(await messages([publicDatabase, allTraffic()])).toEqual([refused(PUBLIC)]);
    expect(await messages([soundDatabase({ ipConfiguration: UNKNOWN }), allTraffic()])).toEqual([refused(PUBLIC)]);
    for (const database of [[], [soundDatabase()]])
      expect(await messages([...database, allTraffic({ variables: { POSTGRES_HOST: "203.0.113.7" } })])).toEqual([
        refused(PUBLIC),
      ]);
  });

  test("the socket's Admin API calls from a subnetwork without Private Google Access, over network interfaces and a connector", async () => {
    const subnet = (privateIpGoogleAccess: unknown): Declared => ({
      type: SUBNETWORK,
      name: "subnet",
      properties: { name: "staging-subnet", region: "us-central1", privateIpGoogleAccess },
    });
    const direct = { networkInterfaces: [{ subnetwork: "staging-subnet" }], egress: "ALL_TRAFFIC" };
    const connector = soundConnector({ subnet: { name: "staging-subnet" }, ipCidrRange: undefined });
    const named = { connector: "staging-connector", egress: "ALL_TRAFFIC" };
    const judged = (access: unknown, through: object) =>
      judge([soundDatabase(), connector, subnet(access), allTraffic({ pod: { volumes, vpcAccess: through } })]);
    for (const through of [direct, named]) {
      for (const off of [false, undefined]) {
        const [found, ...others] = await judged(off, through);
        expect(others).toEqual([]);
        expect(found?.advice).toBeUndefined();
        expect(found?.message).toContain(
          "the subnetwork has no Private Google Access, and the client calls the Cloud SQL Admin API before it connects",
        );
      }
      expect(await judged(true, through)).toMatchObject([
        { advice: true, message: expect.stringContaining("on the internet does not; set") },
      ]);
      expect(await judged(UNKNOWN, through)).toMatchObject([{ advice: true }]);
    }
    // An address needs no call.
    expect(await judge([soundDatabase(), subnet(false), allTraffic({ pod: { vpcAccess: direct } })])).toMatchObject([
      { advice: true },
    ]);
  });
});

describe("cannot evaluate", () => {
  const unclear =
    "cannot evaluate: 'template.vpcAccess.egress' is all traffic, and whether netra-backend-staging reaches its database at a private address is not known; set it to PRIVATE_RANGES_ONLY, or set the private address literally";

  test("a database outside the stack whose address is unknown", async () => {
    expect(await messages([allTraffic()])).toEqual([unclear]);
    expect(await messages([soundDatabase(), allTraffic({ variables: { POSTGRES_HOST: "db.example.com" } })])).toEqual([
      unclear,
    ]);
  });

  test("which of two databases it is, when one has no private address", async () => {
    expect(await messages([soundDatabase(), { ...publicDatabase, name: "other" }, allTraffic()])).toEqual([unclear]);
    expect(await judge([soundDatabase(), { ...soundDatabase(), name: "other" }, allTraffic()])).toMatchObject([
      { advice: true },
    ]);
  });

  test("an egress that is none", async () => {
    expect(
      await messages([
        soundDatabase(),
        soundService({ pod: { vpcAccess: { connector: UNKNOWN, egress: "EVERYTHING" } } }),
      ]),
    ).toEqual(["cannot evaluate: template.vpcAccess.egress must be private-ranges-only or all-traffic"]);
  });

  test("a database whose kinds of address are unknown at preview", async () => {
    const [message] = await messages([soundDatabase({ ipConfiguration: { ipv4Enabled: UNKNOWN } }), allTraffic()]);
    expect(message).toContain("'settings.ipConfiguration.ipv4Enabled' is not known at preview");
  });
});
