import { describe, expect, test } from "vitest";
import { regionalQuota } from "../../../policy/rules/regional-quota";
import { type Declared, judgeStack, UNKNOWN } from "../harness";
import { type Overrides, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../services";

const judge = (resources: readonly Declared[], config?: object) => judgeStack(regionalQuota, resources, config);
const messages = async (resources: readonly Declared[], config?: object) => (await judge(resources, config)).map((found) => found.message);

const service = (name: string, maxInstanceCount: number, limits: unknown, overrides: Overrides = {}) =>
  soundService({
    ...overrides,
    name,
    properties: { name, scaling: { maxInstanceCount }, ...overrides.properties },
    container: { resources: { limits }, ...overrides.container },
  });
const backend = service("backend", 5, { cpu: "2", memory: "4Gi" });
const auth = service("auth", 3, { cpu: "1", memory: "512Mi" });
const frontend = service("frontend", 3, { cpu: "1000m", memory: "512Mi" });

describe("accepts", () => {
  test("the plan that staging.md works by hand: 16 of 20 vCPU", async () => {
    expect(await judge([backend, auth, frontend])).toEqual([]);
    expect(await judge([backend, auth, frontend], { regionalCpu: 16 })).toEqual([]);
  });

  test("each region by itself", async () => {
    const europe = service("europe", 10, { cpu: "2", memory: "1Gi" }, { properties: { location: "europe-west1" } });
    expect(await judge([service("us", 10, { cpu: "2", memory: "1Gi" }), europe])).toEqual([]);
  });

  test("limits that the program left out: 1 vCPU and 512 MiB each", async () => {
    expect(await judge([service("backend", 20, UNKNOWN)])).toEqual([]);
    expect(await judge([service("backend", 20, null), auth])).toHaveLength(1);
  });
});

describe("refuses", () => {
  test("the incident's maxima, 100 vCPU, and blames the largest", async () => {
    const stack = [
      service("backend", 20, { cpu: "4", memory: "4Gi" }),
      service("auth", 10, { cpu: "1", memory: "512Mi" }),
      service("frontend", 10, { cpu: "1", memory: "512Mi" }),
    ];
    const because = "because Google checks maximum instances x size against the regional quota at every deploy";
    const lower = "set 'scaling.maxInstanceCount of auth' to 5 and 'scaling.maxInstanceCount of backend' to 2 and 'scaling.maxInstanceCount of frontend' to 5";
    expect(await judge(stack)).toEqual([
      {
        message: `'scaling.maxInstanceCount' (20) must keep all services within the 20 vCPU of 'regionalCpu' (they need 100) ${because}; ${lower}, or ask Google for a larger quota, and state it in 'regionalCpu' once it is granted`,
        resource: "backend",
        waived: false,
      },
      {
        message: `'scaling.maxInstanceCount' (20) must keep all services within the 40 GiB of 'regionalMemoryGib' (they need 90) ${because}; ${lower}, or ask Google for a larger quota, and state it in 'regionalMemoryGib' once it is granted`,
        resource: "backend",
        waived: false,
      },
    ]);
  });

  test("jobs by their parallelism, worker pools, v1 services and sidecars, added up", async () => {
    const limits = { resources: { limits: { cpu: "2", memory: "1Gi" } } };
    const job = soundJob({ container: limits });
    const parallel = { ...job, properties: { ...job.properties, template: { ...(job.properties.template as object), taskCount: 3, parallelism: 3 } } };
    const stack = [
      parallel,
      soundWorkerPool({ container: limits }),
      soundServiceV1({ container: limits }),
      service("backend", 1, { cpu: "1" }, { sidecars: [limits] }),
    ];
    const [message] = await messages(stack, { regionalCpu: 22 });
    expect(message).toContain(
      "'template.metadata.annotations.autoscaling.knative.dev/maxScale' (5) must keep all services within the 22 vCPU of 'regionalCpu' (they need 23)",
    );
  });

  test("a service in several regions, in each of them", async () => {
    const properties = { location: "global", multiRegionSettings: { regions: ["us-central1", "us-east1"] } };
    expect(await judge([service("backend", 11, { cpu: "2", memory: "1Gi" }, { properties })])).toHaveLength(2);
  });
});

describe("cannot evaluate", () => {
  test("a workload without a maximum, and goes on with the others", async () => {
    const found = await judge([service("auth", 0, { cpu: "1" }, { pod: { scaling: null } }), service("backend", 20, { cpu: "2", memory: "1Gi" })]);
    expect(found.map((f) => f.resource)).toEqual(["auth", "backend"]);
    expect(found[0]?.message).toBe(
      "cannot evaluate: 'template.scaling.maxInstanceCount' (not set) must state how many instances auth may have because without a number nothing limits what they take together; set 'template.scaling.maxInstanceCount' to a whole number of at least 1",
    );
  });

  test("a quantity that is none, and containers that are unknown at preview", async () => {
    expect(await messages([service("backend", 5, { memory: "4GB" })])).toEqual([
      'cannot evaluate: template.containers[0].resources.limits.memory must be a quantity such as "512Mi"',
    ]);
    expect(await messages([soundService({ pod: { containers: UNKNOWN } })])).toEqual([
      "cannot evaluate: 'template.containers' is not known at preview; give it a plain value instead of another resource's output",
    ]);
  });
});
