import { describe, expect, test } from "vitest";
import { SUBNETWORK } from "../../../../config/resource-types";
import { connectorSubnet } from "../../../../policy/rules/connector/connector-subnet";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundConnector } from "../../services";

const judge = (...resources: Declared[]) => judgeStack(connectorSubnet, resources);
const inSubnet = (name: unknown, more: object = {}): Declared =>
  soundConnector({ ipCidrRange: null, network: null, subnet: { name }, ...more });
const subnet = (properties: object = {}, name = "subnet"): Declared => ({
  type: SUBNETWORK,
  name,
  properties: { name: "connector-subnet", ipCidrRange: "10.1.0.0/28", region: "us-central1", ...properties },
});

describe("accepts", () => {
  test("a /28 of the connector's region, by name or by dependency", async () => {
    expect(await judge(inSubnet("connector-subnet"), subnet())).toEqual([]);
    expect(await judge({ ...inSubnet(UNKNOWN), dependsOn: ["subnet"] }, subnet())).toEqual([]);
  });

  test("one of two subnetworks of the same name, and one that is not in the stack", async () => {
    expect(
      await judge(
        inSubnet("connector-subnet"),
        subnet({ region: "europe-west1", ipCidrRange: "10.2.0.0/20" }, "europe"),
        subnet(),
      ),
    ).toEqual([]);
    expect(await judge(inSubnet("shared"), subnet())).toEqual([]);
  });

  test("a connector with a range of its own", async () => {
    expect(await judge(soundConnector(), subnet({ ipCidrRange: "10.0.0.0/20" }))).toEqual([]);
    expect(await judge(soundConnector({ subnet: UNKNOWN }), subnet({ ipCidrRange: "10.0.0.0/20" }))).toEqual([]);
  });
});

describe("refuses", () => {
  test("another size, and blames the subnetwork", async () => {
    expect(await judge(inSubnet("connector-subnet"), subnet({ ipCidrRange: "10.1.0.0/24" }))).toEqual([
      {
        message:
          "'ipCidrRange' (10.1.0.0/24) must be exactly a /28 because a Serverless VPC Access connector takes no other size and gains nothing from a larger one; set 'ipCidrRange' to 10.1.0.0/28",
        resource: "subnet",
        waived: false,
      },
    ]);
  });

  test("another region, and blames the connector", async () => {
    expect(await judge(inSubnet("connector-subnet"), subnet({ region: "europe-west1" }))).toEqual([
      {
        message:
          "'subnet.name' (connector-subnet) must be a subnetwork in us-central1 because the connector is there, and this one is in europe-west1; set 'subnet.name' to a /28 in us-central1",
        resource: "connector",
        waived: false,
      },
    ]);
  });

  test("a subnetwork that another connector lies in", async () => {
    const other = { ...inSubnet("connector-subnet"), name: "other" };
    expect(await judge(inSubnet("connector-subnet"), other, subnet())).toEqual([
      {
        message:
          "'subnet.name' (connector-subnet) must be a subnetwork of its own because connector lies in it, and a connector shares its addresses with nothing; set 'subnet.name' to another /28",
        resource: "other",
        waived: false,
      },
    ]);
  });
});

test("cannot evaluate a range that is unknown at preview, or a subnetwork's name that is none", async () => {
  expect(await judge(inSubnet("connector-subnet"), subnet({ ipCidrRange: UNKNOWN }))).toEqual([
    {
      message:
        "cannot evaluate: 'ipCidrRange' is not known at preview; give it a plain value instead of another resource's output",
      resource: "subnet",
      waived: false,
    },
  ]);
  expect((await judge(inSubnet(5), subnet())).map((found) => found.message)).toEqual([
    "cannot evaluate: subnet.name must be a text",
  ]);
});
