import { describe, expect, test } from "vitest";
import { SUBNETWORK } from "../../../../config/resource-types";
import { directEgressSubnet } from "../../../../policy/rules/network/direct-egress-subnet";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { type Overrides, soundConnector, soundJob, soundService, soundServiceV1 } from "../../services";

const judge = (resources: readonly Declared[]) => judgeStack(directEgressSubnet, resources);
const messages = async (resources: readonly Declared[]) => (await judge(resources)).map((found) => found.message);

const subnet = (ipCidrRange: unknown, region: unknown = "us-central1", name = "subnet"): Declared => ({
  type: SUBNETWORK,
  name,
  properties: { name: "run-subnet", ipCidrRange, region },
});
const direct = (subnetwork: unknown, overrides: Overrides = {}) =>
  soundService({
    ...overrides,
    pod: { vpcAccess: { networkInterfaces: [{ network: UNKNOWN, subnetwork }], egress: UNKNOWN } },
  });
const id = (region: string) => `projects/netra-staging/regions/${region}/subnetworks/run-subnet`;
const inV1 = (json: string) =>
  soundServiceV1({
    annotations: {
      "run.googleapis.com/vpc-access-connector": undefined,
      "run.googleapis.com/network-interfaces": json,
    },
  });

describe("accepts", () => {
  test("a /26 of the workload's region, by name, by id, or unknown and known by dependency", async () => {
    expect(await judge([subnet("10.0.1.0/26"), direct("run-subnet")])).toEqual([]);
    expect(await judge([subnet("10.0.1.0/26"), direct(id("us-central1"))])).toEqual([]);
    expect(await judge([subnet("10.0.1.0/26"), direct(UNKNOWN, { dependsOn: ["subnet"] })])).toEqual([]);
    expect(await judge([subnet("10.0.1.0/26"), inV1('[{"network":"staging-vpc","subnetwork":"run-subnet"}]')])).toEqual(
      [],
    );
  });

  test("one of two subnetworks of the same name", async () => {
    expect(
      await judge([subnet("10.0.1.0/26", "europe-west1", "europe"), subnet("10.0.2.0/26"), direct("run-subnet")]),
    ).toEqual([]);
  });

  test("a subnetwork outside the stack, and a connector beside a small subnetwork", async () => {
    expect(await judge([direct("elsewhere"), direct(null), direct(id("us-central1"))])).toEqual([]);
    expect(await judge([subnet("10.0.1.0/29"), soundConnector(), soundService(), soundServiceV1()])).toEqual([]);
  });

  test("30 instances in a /26, the most that it has addresses for", async () => {
    expect(
      await judge([subnet("10.0.1.0/26"), direct("run-subnet", { properties: { scaling: { maxInstanceCount: 30 } } })]),
    ).toEqual([]);
  });
});

describe("refuses", () => {
  const elsewhere =
    "'template.vpcAccess.networkInterfaces[0].subnetwork' (in europe-west1) must be in us-central1 because netra-backend-staging runs there, and packets for another region are dropped in silence; set 'template.vpcAccess.networkInterfaces[0].subnetwork' to a subnetwork in us-central1";

  test("a subnetwork of another region", async () => {
    expect(await judge([direct(id("europe-west1"))])).toEqual([
      { message: elsewhere, resource: "backend", waived: false },
    ]);
    expect(await messages([subnet("10.0.1.0/26", "europe-west1"), direct("run-subnet")])).toEqual([elsewhere]);
    expect(await messages([subnet("10.0.1.0/26", "europe-west1"), direct(UNKNOWN, { dependsOn: ["subnet"] })])).toEqual(
      [elsewhere],
    );
    expect(
      await judge([soundJob({ pod: { vpcAccess: { networkInterfaces: [{ subnetwork: id("europe-west1") }] } } })]),
    ).toHaveLength(1);
  });

  test("a subnetwork in Docker's range, from which Cloud SQL is not reached", async () => {
    expect(await messages([subnet("172.17.4.0/24"), direct("run-subnet")])).toEqual([
      "'ipCidrRange' (172.17.4.0/24) must lie outside 172.17.0.0/16 because that is Docker's bridge network on Google's machines, and connections between it and Cloud SQL fail; set 'ipCidrRange' to 10.1.0.0/24",
    ]);
  });

  test("a subnetwork that is smaller than a /26, and blames it", async () => {
    expect(await judge([subnet("10.0.1.0/27"), direct("run-subnet")])).toEqual([
      {
        message:
          "'ipCidrRange' (10.0.1.0/27) must be a /26 or larger because Cloud Run takes no smaller subnetwork for direct VPC egress; set 'ipCidrRange' to a /26 or larger",
        resource: "subnet",
        waived: false,
      },
    ]);
  });

  test("all workloads together, where one instance finds no address", async () => {
    const backend = direct("run-subnet", { properties: { scaling: { maxInstanceCount: 20 } } });
    const auth = direct("run-subnet", { name: "auth", properties: { scaling: { maxInstanceCount: 11 } } });
    expect(await messages([subnet("10.0.1.0/26"), backend, auth])).toEqual([
      "'ipCidrRange' (10.0.1.0/26) must have 62 addresses for 31 instances (it has 60) because each instance takes 2, and those that find none do not start; set 'ipCidrRange' to a /25 or larger",
    ]);
  });
});

describe("cannot evaluate", () => {
  test("a range that is unknown, a maximum that is missing, and interfaces that are none", async () => {
    expect(await messages([subnet(UNKNOWN), direct("run-subnet")])).toEqual([
      "cannot evaluate: 'ipCidrRange' is not known at preview; give it a plain value instead of another resource's output",
    ]);
    expect(await messages([inV1("staging-vpc")])).toEqual([
      "cannot evaluate: template.metadata.annotations.run.googleapis.com/network-interfaces must be a list in JSON",
    ]);
    const unlimited = direct("run-subnet", { properties: { scaling: null } });
    const template = { ...(unlimited.properties.template as object), scaling: null };
    const [message] = await messages([
      subnet("10.0.1.0/26"),
      { ...unlimited, properties: { ...unlimited.properties, template } },
    ]);
    expect(message).toContain("must state how many instances netra-backend-staging may have");
  });
});
