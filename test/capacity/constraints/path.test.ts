import { describe, expect, test } from "vitest";
import { type DatabaseRoute, databasePath, egressAdvice } from "../../../capacity/constraints/path";

const PRIVATE = { isPublic: false, isPrivate: true };
const PUBLIC = { isPublic: true, isPrivate: false };
const BOTH = { isPublic: true, isPrivate: true };

const connector: DatabaseRoute = {
  dials: "address",
  egress: "private-ranges-only",
  vpcAccess: "connector",
  hasNat: false,
  database: PRIVATE,
};
const without: DatabaseRoute = { ...connector, vpcAccess: "none" };
const allTraffic: DatabaseRoute = { ...connector, egress: "all-traffic" };
const socket = { dials: "socket" } as const;

describe("a path that works", () => {
  test.each<[string, DatabaseRoute]>([
    ["the private address through the connector", connector],
    ["the private address with all traffic in the VPC, with Cloud NAT and without", allTraffic],
    ["the private address over Direct VPC egress", { ...connector, vpcAccess: "direct-vpc" }],
    ["a public address without the VPC", { ...without, database: PUBLIC }],
    ["a public address beside private ranges in the VPC", { ...connector, database: PUBLIC }],
    ["a public address through Cloud NAT", { ...allTraffic, hasNat: true, database: PUBLIC }],
    ["the socket to a public address", { ...without, ...socket, database: PUBLIC }],
    ["the socket to a public address through Cloud NAT", { ...allTraffic, ...socket, hasNat: true, database: PUBLIC }],
    ["the socket to a private address through the connector", { ...connector, ...socket }],
    [
      "the socket with all traffic, where Google's APIs answer",
      { ...allTraffic, ...socket, privateGoogleAccess: true },
    ],
    ["the socket with all traffic, where nothing says whether they do", { ...allTraffic, ...socket }],
    ["a library that chooses between two addresses", { ...without, dials: "proxy", address: "public", database: BOTH }],
  ])("%s", (_, route) => {
    expect(databasePath(route).fault).toBeUndefined();
  });
});

describe("a path that cannot work", () => {
  test.each<[string, DatabaseRoute, string, string]>([
    ["a private address without VPC access", without, "vpcAccess", "the workload has no VPC access"],
    [
      "the socket to a private address without VPC access",
      { ...without, ...socket },
      "vpcAccess",
      "the workload has no VPC access",
    ],
    [
      "the incident: all traffic, no NAT, the public socket",
      { ...allTraffic, ...socket, database: PUBLIC },
      "egress",
      "fails after about 34 s",
    ],
    [
      "the socket prefers the public address",
      { ...allTraffic, ...socket, database: BOTH },
      "egress",
      "fails after about 34 s",
    ],
    [
      "a public address with all traffic and no NAT",
      { ...allTraffic, database: PUBLIC },
      "egress",
      "fails after about 34 s",
    ],
    [
      "the Admin API without Private Google Access",
      { ...allTraffic, ...socket, privateGoogleAccess: false },
      "egress",
      "has no Private Google Access",
    ],
    [
      "a proxy on the public address of a private database",
      { ...connector, dials: "proxy", address: "public" },
      "address",
      "only a private one",
    ],
    [
      "a proxy on the private address of a public database",
      { ...connector, dials: "proxy", address: "private", database: PUBLIC },
      "address",
      "only a public one",
    ],
  ])("%s", (_, route, lever, because) => {
    expect(databasePath(route).fault).toMatchObject({ lever, because: expect.stringContaining(because) });
  });
});

test("goes through the VPC to a private address, and with all traffic to any", () => {
  const ways = [
    connector,
    { ...connector, ...socket },
    { ...connector, database: PUBLIC },
    { ...allTraffic, hasNat: true, database: PUBLIC },
    without,
  ];
  expect(ways.map((route) => databasePath(route).throughVpc)).toEqual([true, true, false, true, false]);
});

test("calls the Admin API over the socket and with a proxy or a library, not with an address", () => {
  expect(
    (["address", "socket", "proxy"] as const).map((dials) => databasePath({ ...connector, dials }).callsAdminApi),
  ).toEqual([false, true, true]);
});

test("opens late over Direct VPC egress, where packets go through it", () => {
  const direct: DatabaseRoute = { ...connector, vpcAccess: "direct-vpc" };
  expect(databasePath(direct).opensAfterSeconds).toEqual({ min: 20, max: 80 });
  expect(databasePath({ ...direct, database: PUBLIC }).opensAfterSeconds).toBeUndefined();
  expect(databasePath(connector).opensAfterSeconds).toBeUndefined();
});

test("all traffic without Cloud NAT is advised against, with what Private Google Access changes", () => {
  expect(egressAdvice(allTraffic)).toMatch(
    /whatever the workload calls on the internet does not, and Google's APIs only with Private Google Access$/,
  );
  expect(egressAdvice({ ...allTraffic, privateGoogleAccess: true })).toMatch(
    /whatever the workload calls on the internet does not$/,
  );
  expect(egressAdvice({ ...allTraffic, privateGoogleAccess: false })).toMatch(/and Google's APIs do not either$/);
  for (const sound of [connector, { ...allTraffic, hasNat: true }, { ...without, egress: "all-traffic" } as const])
    expect(egressAdvice(sound)).toBeUndefined();
});
