import { describe, expect, test } from "vitest";
import { connectorRegion } from "../../../../policy/rules/connector/connector-region";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundConnector, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const messages = async (resources: readonly Declared[]) =>
  (await judgeStack(connectorRegion, resources)).map((found) => found.message);
const id = (region: string) => `projects/netra-staging/locations/${region}/connectors/staging-connector`;
const through = (connector: unknown, more: object = {}) =>
  soundService({ pod: { vpcAccess: { connector, egress: "PRIVATE_RANGES_ONLY" } }, ...more });
const inRegion = (region: unknown, name = "connector"): Declared => ({ ...soundConnector({ region }), name });

describe("accepts", () => {
  test.each([
    ["an unknown id, when it depends on a connector of its region", through(UNKNOWN, { dependsOn: ["connector"] })],
    ["an unknown id, when the stack's only connector is in its region", through(UNKNOWN)],
    ["a full id", through(id("us-central1"))],
    ["a full address", through(`//vpcaccess.googleapis.com/${id("us-central1")}`)],
    ["a bare name", through("staging-connector")],
    ["a bare name that is not in the stack: Google looks for it in the service's region", through("shared")],
    ["no connector", soundService({ pod: { vpcAccess: null } })],
    ["an empty connector beside network interfaces", through("")],
    ["a job", soundJob()],
    ["a worker pool", soundWorkerPool()],
    ["a v1 service's annotation", soundServiceV1()],
  ])("%s", async (_, workload) => {
    expect(await messages([soundConnector(), workload])).toEqual([]);
  });

  test("a connector whose region is the provider's", async () => {
    expect(await messages([{ ...inRegion(UNKNOWN), provider: { region: "us-central1" } }, through(UNKNOWN)])).toEqual(
      [],
    );
    expect(await messages([{ ...inRegion(null), provider: { region: "us-central1" } }, through(UNKNOWN)])).toEqual([]);
  });

  test("one of two connectors of the same name in two regions", async () => {
    expect(
      await messages([inRegion("europe-west1", "europe"), inRegion("us-central1", "us"), through("staging-connector")]),
    ).toEqual([]);
  });

  test("a bare name beside a database: other types do not count", async () => {
    expect(await messages([{ type: "gcp:compute/network:Network", properties: {} }])).toEqual([]);
  });
});

describe("refuses", () => {
  test("a full id of another region, and blames the workload", async () => {
    const found = await judgeStack(connectorRegion, [soundConnector(), through(id("europe-west1"))]);
    expect(found).toEqual([
      {
        message:
          "'template.vpcAccess.connector' (staging-connector) must be a connector in us-central1 because netra-backend-staging runs there, and this one is in europe-west1; set 'template.vpcAccess.connector' to the id of a connector in us-central1",
        resource: "backend",
        waived: false,
      },
    ]);
  });

  test("an id of its region, where the stack's only connector of that name is in another one", async () => {
    expect(await messages([inRegion("europe-west1"), through(id("us-central1"))])).toEqual([
      "'template.vpcAccess.connector' (staging-connector) must be a connector in us-central1 because netra-backend-staging runs there, and this one is in europe-west1; set 'template.vpcAccess.connector' to the id of a connector in us-central1",
    ]);
    expect(
      await messages([inRegion("europe-west1", "europe"), inRegion("us-central1", "us"), through(id("us-central1"))]),
    ).toEqual([]);
  });

  test("an unknown id whose connector, known by dependency, is elsewhere", async () => {
    const stack = [
      inRegion("europe-west1", "europe"),
      inRegion("us-central1", "us"),
      through(UNKNOWN, { dependsOn: ["europe"] }),
    ];
    expect(await messages(stack)).toEqual([
      "'template.vpcAccess.connector' (europe) must be a connector in us-central1 because netra-backend-staging runs there, and this one is in europe-west1; set 'template.vpcAccess.connector' to the id of a connector in us-central1",
    ]);
  });

  test("a bare name whose connector in the stack is elsewhere", async () => {
    expect(await messages([inRegion("europe-west1"), through("staging-connector")])).toHaveLength(1);
  });

  test("jobs, worker pools and v1 services", async () => {
    const vpcAccess = { connector: id("europe-west1") };
    const annotations = { "run.googleapis.com/vpc-access-connector": id("europe-west1") };
    const [v1, job, pool] = await messages([
      soundJob({ pod: { vpcAccess } }),
      soundWorkerPool({ pod: { vpcAccess } }),
      soundServiceV1({ annotations }),
    ]);
    expect(job).toContain("'template.template.vpcAccess.connector'");
    expect(pool).toContain("'template.vpcAccess.connector'");
    expect(v1).toContain("'template.metadata.annotations.run.googleapis.com/vpc-access-connector'");
  });

  test("a service in several regions with a connector in one of them", async () => {
    const global = through(id("us-central1"), {
      properties: { location: "global", multiRegionSettings: { regions: ["us-central1", "us-east1"] } },
    });
    expect(await messages([global])).toHaveLength(1);
  });
});

describe("cannot evaluate", () => {
  const unclear =
    "cannot evaluate: 'template.vpcAccess.connector' must be a connector in us-central1, and its region is not known; set 'template.vpcAccess.connector' to the id of a connector of this stack that states its region";

  test("an unknown id without any connector in the stack, or with connectors of several regions", async () => {
    expect(await messages([through(UNKNOWN)])).toEqual([unclear]);
    expect(
      await messages([inRegion("europe-west1", "europe"), inRegion("us-central1", "us"), through(UNKNOWN)]),
    ).toEqual([unclear]);
  });

  test("a connector that states no region, with a provider that has none", async () => {
    expect(await messages([inRegion(UNKNOWN), through(UNKNOWN)])).toEqual([unclear]);
  });

  test("a connector's id or a location that is none", async () => {
    expect(await messages([soundConnector(), through("projects/netra/connectors/staging-connector")])).toEqual([
      "cannot evaluate: template.vpcAccess.connector must be a connector's name or projects/<project>/locations/<region>/connectors/<name>",
    ]);
    expect(await messages([soundConnector(), through(7)])).toEqual([
      "cannot evaluate: template.vpcAccess.connector must be a text",
    ]);
    expect(await messages([soundConnector(), soundService({ properties: { location: UNKNOWN } })])).toEqual([
      "cannot evaluate: 'location' is not known at preview; give it a plain value instead of another resource's output",
    ]);
  });
});
