import { expect, test } from "vitest";
import { serviceConcurrency } from "../../../../policy/rules/service/service-concurrency";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1 } from "../../services";

const withConcurrency = (maxInstanceRequestConcurrency: unknown, cpu = "2") =>
  messages(
    serviceConcurrency,
    soundService({ pod: { maxInstanceRequestConcurrency }, container: { resources: { limits: { cpu } } } }),
  );

test("accepts 1 to 1000, and Cloud Run's default", async () => {
  for (const concurrency of [1, 80, 1000, "80", undefined, null])
    expect(await withConcurrency(concurrency)).toEqual([]);
  expect(await withConcurrency(1, "500m")).toEqual([]);
  expect(await withConcurrency(undefined, "0.5")).toEqual([]);
});

test("refuses 0, negative numbers and more than 1000", async () => {
  expect(await withConcurrency(0)).toEqual([
    "'template.maxInstanceRequestConcurrency' (0) must be a whole number from 1 to 1000 because Cloud Run sends an instance no more requests at once; set 'template.maxInstanceRequestConcurrency' to 1",
  ]);
  expect(await withConcurrency(2000)).toEqual([
    "'template.maxInstanceRequestConcurrency' (2000) must be a whole number from 1 to 1000 because Cloud Run sends an instance no more requests at once; set 'template.maxInstanceRequestConcurrency' to 1000",
  ]);
  expect(await withConcurrency(-1)).toHaveLength(1);
});

test("refuses more than one request at once below one vCPU, the whole instance counted", async () => {
  expect(await withConcurrency(80, "500m")).toEqual([
    "'template.maxInstanceRequestConcurrency' (80) must be 1 because an instance with 0.5 vCPU takes one request at a time; set 'template.maxInstanceRequestConcurrency' to 1",
  ]);
  const halfBesideWhole = soundService({
    container: { resources: { limits: { cpu: "500m" } } },
    sidecars: [{ image: "sidecar:1.0.0" }],
  });
  expect(await messages(serviceConcurrency, halfBesideWhole)).toEqual([]);
});

test("reads a v1 service, where 0 is the default", async () => {
  expect(await messages(serviceConcurrency, soundServiceV1({ pod: { containerConcurrency: 0 } }))).toEqual([]);
  expect(await messages(serviceConcurrency, soundServiceV1({ pod: { containerConcurrency: 1001 } }))).toEqual([
    "'template.spec.containerConcurrency' (1001) must be a whole number from 1 to 1000 because Cloud Run sends an instance no more requests at once; set 'template.spec.containerConcurrency' to 1000",
  ]);
});

test("reports what it cannot evaluate", async () => {
  expect(await withConcurrency(UNKNOWN)).toEqual([
    "cannot evaluate: 'template.maxInstanceRequestConcurrency' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await withConcurrency("many")).toEqual([
    "cannot evaluate: template.maxInstanceRequestConcurrency must be a number",
  ]);
  expect(await withConcurrency(80, "half")).toEqual([
    'cannot evaluate: template.containers[0].resources.limits.cpu must be a quantity such as "2"',
  ]);
});

test("ignores workloads that take no requests", async () => {
  expect(await messages(serviceConcurrency, soundJob())).toEqual([]);
});
