import { describe, expect, test } from "vitest";
import { REGION_NEG } from "../../../../config/resource-types";
import { edgeServiceExists } from "../../../../policy/rules/edge/edge-service-exists";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundService, soundServiceV1 } from "../../services";

const group = (cloudRun: unknown, more: Partial<Declared> = {}, properties: object = {}): Declared => ({
  type: REGION_NEG,
  name: "group",
  properties: { region: "us-central1", networkEndpointType: "SERVERLESS", cloudRun, ...properties },
  ...more,
});
const messages = async (...resources: Declared[]) =>
  (await judgeStack(edgeServiceExists, resources)).map(({ message }) => message);
const service = "netra-backend-staging";
const elsewhere = soundService({ name: "elsewhere", properties: { location: "europe-west1" } });
const tagged = soundService({
  properties: { traffics: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100, tag: "blue" }] },
});

describe("accepts", () => {
  test.each<[string, Declared[]]>([
    ["a service of the stack by its name", [soundService(), group({ service })]],
    ["a v1 service", [soundServiceV1({ properties: { name: service } }), group({ service })]],
    [
      "a name that is not known yet, when it depends on a service of its region",
      [soundService(), group({ service: UNKNOWN }, { dependsOn: ["backend"] })],
    ],
    [
      "the provider's region",
      [soundService(), group({ service }, { provider: { region: "us-central1" } }, { region: UNKNOWN })],
    ],
    [
      "the region as the provider reports it after creation",
      [
        soundService(),
        group(
          { service },
          {},
          { region: "https://www.googleapis.com/compute/v1/projects/netra-staging/regions/us-central1" },
        ),
      ],
    ],
    ["a tag that the service's traffic has", [tagged, group({ service, tag: "blue" })]],
    ["outputs with what is not set left empty", [soundService(), group({ service, tag: "", urlMask: "" })]],
    ["one of two services of the same name in two regions", [elsewhere, soundService(), group({ service })]],
    [
      "groups of something else",
      [group(undefined), group(null, {}, { networkEndpointType: "PRIVATE_SERVICE_CONNECT", pscTargetService: "x" })],
    ],
  ])("%s", async (_, resources) => {
    expect(await messages(...resources)).toEqual([]);
  });
});

describe("refuses", () => {
  test("a name that no service of the stack has, and blames the group", async () => {
    expect(await judgeStack(edgeServiceExists, [soundService(), group({ service: "netra-backend" })])).toEqual([
      {
        message:
          "'cloudRun.service' (netra-backend) must be a service of this stack in us-central1 because there is none of that name, and the load balancer would answer 404; set 'cloudRun.service' to the name of one, as the service's output",
        resource: "group",
        waived: false,
      },
    ]);
  });

  test("a service of another region, by name and by dependency", async () => {
    const said = (value: string) =>
      `'cloudRun.service' (${value}) must be a service of this stack in us-central1 because a group finds services of its own region only; set 'cloudRun.service' to the name of one, as the service's output`;
    expect(await messages(elsewhere, group({ service }))).toEqual([said(service)]);
    const region = "https://www.googleapis.com/compute/v1/projects/netra-staging/regions/us-central1";
    expect(await messages(elsewhere, group({ service }, {}, { region }))).toEqual([said(service)]);
    expect(await messages(elsewhere, group({ service: UNKNOWN }, { dependsOn: ["elsewhere"] }))).toEqual([
      said("elsewhere"),
    ]);
  });

  test("a tag that no share of the traffic has", async () => {
    expect(await messages(tagged, group({ service, tag: "green" }))).toEqual([
      "'cloudRun.tag' (green) must be a tag of the service's traffic because no share of it has that tag; set 'cloudRun.tag' to one that 'traffics' has, or leave it out",
    ]);
    expect(await messages(soundService(), group({ service, tag: "green" }))).toHaveLength(1);
  });
});

describe("cannot evaluate", () => {
  const unclear =
    "cannot evaluate: 'cloudRun.service' must name a Cloud Run service, and it is not known which one; set 'cloudRun.service' to the name of a service of this stack";

  test("a URL mask, by which each request chooses", async () => {
    expect(await messages(soundService(), group({ urlMask: "<service>.staging.netrasystems.ai" }))).toEqual([unclear]);
  });

  test("a name that is not known yet and comes from no service", async () => {
    expect(await messages(soundService(), group({ service: UNKNOWN }))).toEqual([unclear]);
  });

  test("groups that are malformed or not known at all", async () => {
    expect(await messages(group({ service: 7 }))).toEqual(["cannot evaluate: cloudRun.service must be a text"]);
    expect(await messages(group(UNKNOWN))).toEqual([
      "cannot evaluate: 'cloudRun' is not known at preview; give it a plain value instead of another resource's output",
    ]);
    expect(await messages(tagged, group({ service, tag: UNKNOWN }))).toHaveLength(1);
  });
});
