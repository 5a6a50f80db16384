import { describe, expect, test } from "vitest";
import { NETWORK, SECRET, SUBNETWORK, URL_MAP } from "../../../config/resource-types";
import { Inputs } from "../../../policy/framework/inputs";
import type { Resource } from "../../../policy/framework/rule";
import {
  cloudName,
  mayBeSame,
  mayName,
  namedBy,
  ownName,
  projectOf,
  regionIn,
  regionOf,
} from "../../../policy/resources/cloud-name";
import { UNKNOWN } from "../harness";

const resource = (properties: object, provider: object = {}, type = SUBNETWORK): Resource => ({
  type,
  name: "pulumi-name",
  urn: "urn",
  properties: Inputs.ofOutputs(properties),
  provider: new Inputs(provider),
});
const parts = (text: string, collection?: string) => {
  const { project, location, collection: of, name } = cloudName(text, collection) ?? {};
  return [project, location, of, name];
};

describe("reads a name", () => {
  test.each([
    ["staging-vpc", undefined, undefined, undefined, "staging-vpc"],
    ["global/networks/vpc", undefined, "global", "networks", "vpc"],
    ["networks/vpc", undefined, undefined, undefined, "vpc"],
    ["projects/p/global/networks/vpc", "p", "global", "networks", "vpc"],
    ["https://www.googleapis.com/compute/v1/projects/p/global/networks/vpc", "p", "global", "networks", "vpc"],
    ["https://compute.googleapis.com/compute/beta/projects/p/global/networks/vpc", "p", "global", "networks", "vpc"],
    ["//compute.googleapis.com/projects/p/global/networks/vpc", "p", "global", "networks", "vpc"],
    ["projects/example.com:p/global/networks/vpc", "example.com:p", "global", "networks", "vpc"],
    ["projects/123456/global/networks/global", "123456", "global", "networks", "global"],
    ["regions/us-central1/subnetworks/s", undefined, "us-central1", "subnetworks", "s"],
    [
      "https://www.googleapis.com/compute/v1/projects/p/regions/us-central1",
      "p",
      "us-central1",
      "regions",
      "us-central1",
    ],
    ["projects/p/zones/us-central1-a/instances/vm", "p", "us-central1-a", "instances", "vm"],
    ["projects/p/locations/US-Central1/connectors/c", "p", "us-central1", "connectors", "c"],
    [
      "https://run.googleapis.com/v2/projects/p/locations/europe-west1/services/s",
      "p",
      "europe-west1",
      "services",
      "s",
    ],
    ["locations/us-central1/namespaces/p/services/s", "p", "us-central1", "services", "s"],
    ["https://sqladmin.googleapis.com/sql/v1beta4/projects/p/instances/db", "p", undefined, "instances", "db"],
    ["p:us-central1:db", "p", "us-central1", undefined, "db"],
    ["example.com:p:europe-west12:db", "example.com:p", "europe-west12", undefined, "db"],
    ["projects/p/secrets/jwt", "p", undefined, "secrets", "jwt"],
    ["projects/p/secrets/jwt/versions/3", "p", undefined, "versions", "3"],
    ["//cloudresourcemanager.googleapis.com/projects/p", "p", undefined, "projects", "p"],
    [" staging-vpc ", undefined, undefined, undefined, "staging-vpc"],
  ])("%s", (text, ...expected) => expect(parts(text)).toEqual(expected));

  test("of the collection that is asked for", () => {
    expect(parts("projects/p/secrets/jwt/versions/3", "secrets")).toEqual(["p", undefined, "secrets", "jwt"]);
    expect(parts("jwt", "secrets")).toEqual([undefined, undefined, "secrets", "jwt"]);
    expect(parts("projects/p/topics/t", "secrets")).toEqual(["p", undefined, "topics", "t"]);
  });

  test("and none where there is none", () => {
    for (const text of [undefined, "", " ", "projects/", "projects/p/global/networks/"])
      expect(cloudName(text)).toBeUndefined();
    expect(parts("constructor/x")).toEqual([undefined, undefined, undefined, "x"]);
  });
});

test("reads a region from every form of a location", () => {
  const forms = [
    "us-central1",
    "US-CENTRAL1",
    "us-central1-a",
    "us-central1-ai1a",
    "regions/us-central1",
    "projects/p/zones/us-central1-f",
  ];
  for (const form of [...forms, "https://www.googleapis.com/compute/v1/projects/p/regions/us-central1"])
    expect(regionIn(form)).toBe("us-central1");
  expect(["global", "US", "", undefined].map(regionIn)).toEqual(["global", "us", undefined, undefined]);
});

test("reads a resource's region and project, or the provider's", () => {
  const provider = { region: "us-east1", project: "p" };
  expect(
    regionOf(resource({ region: "https://www.googleapis.com/compute/v1/projects/p/regions/us-central1" }, provider)),
  ).toBe("us-central1");
  expect(regionOf(resource({ location: "europe-west1" }, provider))).toBe("europe-west1");
  expect(regionOf(resource({ region: UNKNOWN }, provider))).toBe("us-east1");
  expect(regionOf(resource({}, { region: UNKNOWN }))).toBeUndefined();
  expect(projectOf(resource({ project: "projects/q" }, provider))).toBe("q");
  expect(projectOf(resource({ project: UNKNOWN }, provider))).toBe("p");
  expect(projectOf(resource({}, { project: UNKNOWN }))).toBeUndefined();
});

describe("compares", () => {
  const same = (a: string, b: string, collection?: string) => {
    const [one, other] = [cloudName(a, collection), cloudName(b, collection)];
    return one !== undefined && other !== undefined && mayBeSame(one, other);
  };

  test.each([
    ["a bare name and a path", "vpc", "projects/p/global/networks/vpc"],
    [
      "an address and a path",
      "https://www.googleapis.com/compute/v1/projects/p/global/networks/vpc",
      "projects/p/global/networks/vpc",
    ],
    ["a project's id and its number", "projects/p/global/networks/vpc", "projects/123/global/networks/vpc"],
    [
      "a network's name and its number",
      "projects/p/global/networks/vpc",
      "projects/p/global/networks/7000000000000010",
    ],
    [
      "a region in other capitals",
      "projects/p/regions/us-central1/subnetworks/s",
      "projects/p/regions/US-CENTRAL1/subnetworks/s",
    ],
    ["a zone and its region", "zones/us-central1-a/instances/i", "regions/us-central1/instances/i"],
  ])("%s", (_, a, b) => {
    expect(same(a, b)).toBe(true);
    expect(same(b, a)).toBe(true);
  });

  test.each([
    ["another name", "vpc", "projects/p/global/networks/other"],
    ["another project", "projects/p/global/networks/vpc", "projects/q/global/networks/vpc"],
    ["two numbers of projects", "projects/1/global/networks/vpc", "projects/2/global/networks/vpc"],
    ["another region", "regions/us-central1/subnetworks/s", "regions/us-east1/subnetworks/s"],
    ["another zone", "zones/us-central1-a/instances/i", "zones/us-central1-b/instances/i"],
    ["another collection", "projects/p/global/sslCertificates/c", "projects/p/locations/global/certificates/c"],
    ["a secret that is called by a number", "projects/p/secrets/123", "projects/p/secrets/jwt"],
  ])("%s", (_, a, b) => {
    expect(same(a, b)).toBe(false);
    expect(same(b, a)).toBe(false);
  });

  test("a name with a resource, which has its own name, project and region", () => {
    const means = (text: string, ...of: Parameters<typeof resource>) =>
      mayName(cloudName(text) as NonNullable<ReturnType<typeof cloudName>>, resource(...of));
    const provider = { region: "us-central1", project: "p" };
    expect(means("projects/p/regions/us-central1/subnetworks/s", { name: "s" }, provider)).toBe(true);
    expect(means("projects/p/regions/us-east1/subnetworks/s", { name: "s" }, provider)).toBe(false);
    expect(means("projects/q/regions/us-central1/subnetworks/s", { name: "s" }, provider)).toBe(false);
    // The provider's region is not that of something global.
    expect(means("projects/p/global/urlMaps/m", { name: "m" }, provider, URL_MAP)).toBe(true);
    expect(means("projects/p/global/urlMaps/m", { name: "m", region: "us-central1" }, provider)).toBe(false);
    // Some resources hold their whole path as their name.
    expect(means("jwt", { name: "projects/123/secrets/jwt" }, provider, SECRET)).toBe(true);
    expect(means("pulumi-name", { name: UNKNOWN })).toBe(true);
  });

  test("a name without a project as one of the project of the resource that states it", () => {
    expect(namedBy(resource({}, { project: "p" }), "vpc", "networks")).toEqual({
      project: "p",
      location: undefined,
      collection: "networks",
      name: "vpc",
    });
    expect(namedBy(resource({ project: "q" }, { project: "p" }), "projects/host/global/networks/vpc")?.project).toBe(
      "host",
    );
    expect(namedBy(resource({}), "")).toBeUndefined();
    expect(ownName(resource({ name: "vpc", project: "p" }, {}, NETWORK))).toEqual({
      project: "p",
      location: undefined,
      collection: undefined,
      name: "vpc",
    });
  });
});
