import { describe, expect, test } from "vitest";
import { regionalQuota } from "../../../../policy/rules/capacity/regional-quota";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { type Overrides, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const judge = (resources: readonly Declared[], config?: object) => judgeStack(regionalQuota, resources, config);
const messages = async (resources: readonly Declared[], config?: object) =>
  (await judge(resources, config)).map((found) => found.message);

const service = (name: string, maxInstanceCount: number, limits: unknown, overrides: Overrides = {}) =>
  soundService({
    ...overrides,
    name,
    properties: { name, scaling: { maxInstanceCount }, ...overrides.properties },
    container: { resources: { limits }, ...overrides.container },
  });
const quota = { regionalCpu: 20, regionalMemoryGib: 40 };
const backend = (maxInstanceCount: number, cpu: string, dependsOn: readonly string[] = ["auth"]) =>
  service("backend", maxInstanceCount, { cpu, memory: "4Gi" }, { dependsOn });
const auth = service("auth", 3, { cpu: "1", memory: "512Mi" });
const frontend = service("frontend", 3, { cpu: "1000m", memory: "512Mi" }, { dependsOn: ["backend"] });
const inUse =
  "because all that runs in the region counts, and in a rollout both revisions run: beyond the quota instances do not start";

describe("accepts", () => {
  test("services that roll out one after the other: 14 of 20 vCPU and 35 of 40 GiB while the largest does", async () => {
    expect(await judge([auth, backend(4, "1"), frontend], quota)).toEqual([]);
    expect(await judge([auth, backend(4, "1"), frontend], { regionalCpu: 14, regionalMemoryGib: 35 })).toEqual([]);
  });

  test("each region by itself", async () => {
    const europe = service("europe", 5, { cpu: "2", memory: "1Gi" }, { properties: { location: "europe-west1" } });
    expect(await judge([service("us", 5, { cpu: "2", memory: "1Gi" }), europe], quota)).toEqual([]);
  });

  test("limits that the program left out: 1 vCPU and 512 MiB each", async () => {
    expect(await judge([service("backend", 10, UNKNOWN)], quota)).toEqual([]);
    expect(await judge([service("backend", 10, null), auth], quota)).toHaveLength(1);
  });
});

describe("refuses", () => {
  test("what fits at its maximum, and not while the largest rolls out", async () => {
    expect(await judge([auth, backend(5, "2"), frontend], quota)).toEqual([
      {
        message: `'scaling.maxInstanceCount' (5) must keep all services within the 20 vCPU of 'regionalCpu' (they need 26, backend in two revisions) ${inUse}; set 'scaling.maxInstanceCount' to 3`,
        resource: "backend",
        waived: false,
      },
      {
        message: `'scaling.maxInstanceCount' (5) must keep all services within the 40 GiB of 'regionalMemoryGib' (they need 43, backend in two revisions) ${inUse}; set 'scaling.maxInstanceCount' to 3`,
        resource: "backend",
        waived: false,
      },
    ]);
  });

  test("services that roll out at once: nothing makes one wait for the other", async () => {
    const [message] = await messages([auth, backend(4, "2", [])], quota);
    expect(message).toContain("(they need 22, auth and backend in two revisions)");
  });

  test("a rollout that waits through a component and through a service between", async () => {
    const component = { type: "shop:Service", name: "second", properties: {}, dependsOn: ["first"] };
    const first = service("first", 4, { cpu: "1", memory: "1Gi" });
    const second = { ...service("between", 4, { cpu: "1", memory: "1Gi" }), parent: "second" };
    const third = service("third", 4, { cpu: "1", memory: "1Gi" }, { dependsOn: ["second", "between"] });
    expect(await messages([first, component, second, third], { ...quota, regionalCpu: 16 })).toEqual([]);
    expect(await messages([first, component, second, third], { ...quota, regionalCpu: 15 })).toHaveLength(1);
  });

  test("the incident's maxima, and blames the largest", async () => {
    const stack = [
      service("backend", 20, { cpu: "4", memory: "4Gi" }),
      service("auth", 10, { cpu: "1", memory: "512Mi" }),
      service("frontend", 10, { cpu: "1", memory: "512Mi" }),
    ];
    const because =
      "because Google compares the maximum of one service x its size with the regional quota at the deploy, and refuses it";
    const all = "auth and backend and frontend in two revisions";
    const lower =
      "set 'scaling.maxInstanceCount of auth' to 2 and 'scaling.maxInstanceCount of backend' to 1 and 'scaling.maxInstanceCount of frontend' to 2";
    const larger = (key: string) => `or ask Google for a larger quota, and state it in '${key}' once it is granted`;
    expect(await messages(stack, quota)).toEqual([
      `'scaling.maxInstanceCount' (20) must keep all services within the 20 vCPU of 'regionalCpu' (they need 200, ${all}) ${because}; ${lower}, ${larger("regionalCpu")}`,
      `'scaling.maxInstanceCount' (20) must keep all services within the 40 GiB of 'regionalMemoryGib' (they need 180, ${all}) ${because}; ${lower}, ${larger("regionalMemoryGib")}`,
    ]);
  });

  test("jobs by their parallelism, worker pools, v1 services and sidecars, added up", async () => {
    const limits = { resources: { limits: { cpu: "2", memory: "1Gi" } } };
    const job = soundJob({ container: limits });
    const parallel = {
      ...job,
      properties: {
        ...job.properties,
        template: { ...(job.properties.template as object), taskCount: 3, parallelism: 3 },
      },
    };
    const stack = [
      parallel,
      soundWorkerPool({ container: limits }),
      soundServiceV1({ container: limits }),
      service("backend", 1, { cpu: "1" }, { sidecars: [limits] }),
    ];
    const [message] = await messages(stack, { ...quota, regionalCpu: 35 });
    expect(message).toContain(
      "'template.metadata.annotations.autoscaling.knative.dev/maxScale' (5) must keep all services within the 35 vCPU of 'regionalCpu' (they need 36, ",
    );
  });

  test("a service in several regions, in each of them", async () => {
    const properties = { location: "global", multiRegionSettings: { regions: ["us-central1", "us-east1"] } };
    expect(await judge([service("backend", 6, { cpu: "2", memory: "1Gi" }, { properties })], quota)).toHaveLength(2);
  });
});

describe("cannot evaluate", () => {
  test("a workload without a maximum, and goes on with the others", async () => {
    const found = await judge([
      service("auth", 0, { cpu: "1" }, { pod: { scaling: null } }),
      service("backend", 20, { cpu: "2", memory: "1Gi" }),
    ]);
    expect(found.map((f) => f.resource)).toEqual(["auth", "backend"]);
    expect(found[0]?.message).toBe(
      "cannot evaluate: 'template.scaling.maxInstanceCount' (not set) must state how many instances auth may have because without a number nothing limits their total; set 'template.scaling.maxInstanceCount' to a whole number of at least 1",
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
