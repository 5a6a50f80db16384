import { expect, test } from "vitest";
import { serviceCpuMemory } from "../../../../policy/rules/service/service-cpu-memory";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const sized = (limits: unknown, resources: Record<string, unknown> = {}, pod: Record<string, unknown> = {}) =>
  messages(serviceCpuMemory, soundService({ container: { resources: { limits, ...resources } }, pod }));
const CPU = "template.containers[0].resources.limits.cpu";
const MEMORY = "template.containers[0].resources.limits.memory";

test("accepts what Cloud Run's table has, and its defaults", async () => {
  for (const [cpu, memory] of [
    ["1", "4Gi"],
    ["1000m", "128Mi"],
    ["2", "8Gi"],
    ["4", "2Gi"],
    ["8", "32Gi"],
    ["2", "4000M"],
  ])
    expect(await sized({ cpu, memory })).toEqual([]);
  expect(await sized(undefined)).toEqual([]);
  expect(await messages(serviceCpuMemory, soundService({ container: { resources: undefined } }))).toEqual([]);
});

test("refuses CPUs and memory that Cloud Run does not have together", async () => {
  expect(await sized({ cpu: "3", memory: "4Gi" })).toEqual([
    `'${CPU}' (3) must be 1, 2, 4, 6, 8 or a fraction from 0.08 to below 1 because Cloud Run offers no other number of vCPUs; set '${CPU}' to 4`,
  ]);
  expect(await sized({ cpu: "1", memory: "8Gi" })).toEqual([
    `'${MEMORY}' (8Gi) must be from 128Mi to 4Gi with 1 vCPU because Cloud Run ties the memory of an instance to its CPUs; set '${MEMORY}' to 4Gi`,
  ]);
  expect(await sized({ cpu: "4" })).toEqual([
    `'${MEMORY}' (512Mi) must be from 2Gi to 16Gi with 4 vCPU because Cloud Run ties the memory of an instance to its CPUs; set '${MEMORY}' to 2Gi`,
  ]);
});

test("refuses quantities in another form and reports which one was meant", async () => {
  expect(await sized({ cpu: "2 cores", memory: "4GB" })).toEqual([
    `'${CPU}' (2 cores) must be a number of vCPUs such as "1" or "500m" because Cloud Run refuses any other form, after the preview; set '${CPU}' to "2"`,
    `'${MEMORY}' (4GB) must be a quantity such as "512Mi" or "4Gi" because Cloud Run refuses any other form, after the preview; set '${MEMORY}' to "4Gi"`,
  ]);
  expect((await sized({ memory: "512 mb" }))[0]).toMatch(/to "512Mi"$/);
  expect((await sized({ memory: "lots" }))[0]).toMatch(/to "512Mi"$/);
  expect((await sized({ cpu: "0" }))[0]).toMatch(
    /^'template\.containers\[0\]\.resources\.limits\.cpu' \(0\) .* to "1"$/,
  );
  expect((await sized({ cpu: "" }))[0]).toContain("(empty)");
});

test("below one vCPU wants request-based billing and the first generation", async () => {
  const half = { cpu: "500m", memory: "512Mi" };
  expect(await sized(half, { cpuIdle: true })).toEqual([]);
  expect(await sized(half, { cpuIdle: true }, { executionEnvironment: "EXECUTION_ENVIRONMENT_GEN1" })).toEqual([]);
  expect(await sized(half)).toEqual([
    `'template.containers[0].resources.cpuIdle' (false) must be true because below one vCPU Cloud Run offers request-based billing only; set 'template.containers[0].resources.cpuIdle' to true, or set '${CPU}' to 1`,
  ]);
  expect(await sized(half, { cpuIdle: true }, { executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2" })).toEqual([
    `'template.executionEnvironment' (EXECUTION_ENVIRONMENT_GEN2) must be the first generation because the second one has no instance below one vCPU; set 'template.executionEnvironment' to EXECUTION_ENVIRONMENT_GEN1, or set '${CPU}' to 1`,
  ]);
  expect(await sized({ cpu: "0.5", memory: "2Gi" }, { cpuIdle: true })).toEqual([
    `'${MEMORY}' (2Gi) must be from 128Mi to 1Gi with 0.5 vCPU because Cloud Run ties the memory of an instance to its CPUs; set '${MEMORY}' to 1Gi`,
  ]);
});

test("judges every container, and half a vCPU only where the whole instance has less than one", async () => {
  const sidecar = (limits: Record<string, string>) => ({ image: "sidecar:1.0.0", resources: { limits } });
  expect(
    await messages(serviceCpuMemory, soundService({ sidecars: [sidecar({ cpu: "500m", memory: "256Mi" })] })),
  ).toEqual([]);
  expect(
    await messages(serviceCpuMemory, soundService({ sidecars: [sidecar({ cpu: "5", memory: "4Gi" })] })),
  ).toHaveLength(1);
});

test("reads jobs, worker pools and v1 services", async () => {
  const half = { resources: { limits: { cpu: "500m", memory: "512Mi" } } };
  for (const declare of [soundJob, soundWorkerPool])
    expect((await messages(serviceCpuMemory, declare({ container: half })))[0]).toMatch(
      /\.resources\.limits\.cpu' \(0\.5\) must be at least 1 because below one vCPU Cloud Run offers services with request-based billing only; set '.*' to 1$/,
    );
  expect(await messages(serviceCpuMemory, soundServiceV1({ container: half }))).toEqual([]);
  const throttling = "template.metadata.annotations.run.googleapis.com/cpu-throttling";
  expect(
    await messages(
      serviceCpuMemory,
      soundServiceV1({ container: half, annotations: { "run.googleapis.com/cpu-throttling": "false" } }),
    ),
  ).toEqual([
    `'${throttling}' (false) must be true because below one vCPU Cloud Run offers request-based billing only; set '${throttling}' to true, or set 'template.spec.containers[0].resources.limits.cpu' to 1`,
  ]);
  expect(
    await messages(
      serviceCpuMemory,
      soundServiceV1({ container: half, annotations: { "run.googleapis.com/execution-environment": "gen2" } }),
    ),
  ).toHaveLength(1);
});

test("reports what it cannot evaluate, and goes on with the other containers", async () => {
  const sidecar = { image: "sidecar:1.0.0", resources: { limits: { cpu: "3" } } };
  const found = await messages(
    serviceCpuMemory,
    soundService({ container: { resources: { limits: { cpu: UNKNOWN } } }, sidecars: [sidecar] }),
  );
  expect(found).toEqual([
    "cannot evaluate: 'template.containers[0].resources.limits.cpu' is not known at preview; give it a plain value instead of another resource's output",
    "'template.containers[1].resources.limits.cpu' (3) must be 1, 2, 4, 6, 8 or a fraction from 0.08 to below 1 because Cloud Run offers no other number of vCPUs; set 'template.containers[1].resources.limits.cpu' to 4",
  ]);
  expect(await sized({ cpu: 2 })).toEqual([`cannot evaluate: ${CPU} must be a text`]);
});
