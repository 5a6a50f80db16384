import { expect, test } from "vitest";
import { serviceScaling } from "../../../../policy/rules/service/service-scaling";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

type Level = Record<string, unknown> | undefined;
const scaled = (service: Level, revision: Level) =>
  messages(serviceScaling, soundService({ properties: { scaling: service }, pod: { scaling: revision } }));

test("accepts a maximum at either level or at both", async () => {
  expect(await scaled({ minInstanceCount: 1, maxInstanceCount: 5 }, undefined)).toEqual([]);
  expect(await scaled(undefined, { minInstanceCount: 0, maxInstanceCount: 1 })).toEqual([]);
  expect(
    await scaled({ maxInstanceCount: 5, scalingMode: "AUTOMATIC" }, { minInstanceCount: 5, maxInstanceCount: 5 }),
  ).toEqual([]);
  expect(await scaled({ minInstanceCount: 2, scalingMode: "" }, { maxInstanceCount: 3 })).toEqual([]);
});

const MISSING =
  "must be stated and at least 1 because Cloud Run otherwise scales to 100 or to the project's quota, and every instance brings its connection pool";

test("refuses a maximum that is missing, 0 or negative", async () => {
  expect(await scaled(undefined, undefined)).toEqual([
    `'template.scaling.maxInstanceCount' (not set) ${MISSING}; set 'template.scaling.maxInstanceCount' to 1`,
  ]);
  expect(await scaled({ minInstanceCount: 2, maxInstanceCount: null }, {})).toEqual([
    `'template.scaling.maxInstanceCount' (not set) ${MISSING}; set 'template.scaling.maxInstanceCount' to 2`,
  ]);
  expect(await scaled({ maxInstanceCount: 0 }, { maxInstanceCount: 5 })).toEqual([
    `'scaling.maxInstanceCount' (0) ${MISSING}; set 'scaling.maxInstanceCount' to 1`,
  ]);
  expect(await scaled({}, { maxInstanceCount: -1 })).toEqual([
    `'template.scaling.maxInstanceCount' (-1) ${MISSING}; set 'template.scaling.maxInstanceCount' to 1`,
  ]);
});

test("refuses a minimum above the maximum, at one level or across both", async () => {
  const refused = (setting: string, value: number, maximum: string, most: number) =>
    `'${setting}' (${value}) must be a whole number from 0 to '${maximum}' (${most}) because Cloud Run refuses a minimum above the maximum; set '${setting}' to ${value < 0 ? 0 : most}`;
  expect(await scaled({ minInstanceCount: 6, maxInstanceCount: 5 }, {})).toEqual([
    refused("scaling.minInstanceCount", 6, "scaling.maxInstanceCount", 5),
  ]);
  expect(await scaled({}, { minInstanceCount: 6, maxInstanceCount: 5 })).toEqual([
    refused("template.scaling.minInstanceCount", 6, "template.scaling.maxInstanceCount", 5),
  ]);
  expect(await scaled({ maxInstanceCount: 2 }, { minInstanceCount: 3 })).toEqual([
    refused("template.scaling.minInstanceCount", 3, "scaling.maxInstanceCount", 2),
  ]);
  expect(await scaled({ minInstanceCount: 9 }, { maxInstanceCount: 5 })).toEqual([
    refused("scaling.minInstanceCount", 9, "template.scaling.maxInstanceCount", 5),
  ]);
  expect(await scaled({ minInstanceCount: -1, maxInstanceCount: 5 }, {})).toEqual([
    refused("scaling.minInstanceCount", -1, "scaling.maxInstanceCount", 5),
  ]);
});

test("accepts a revision's maximum above the service's, which holds for all revisions: Cloud Run fills in 100", async () => {
  expect(await scaled({ maxInstanceCount: 5 }, { maxInstanceCount: 100 })).toEqual([]);
});

const MANUAL =
  "must be stated and a whole number of at least 1 because scaling by hand runs exactly that many instances, and each brings its connection pool";

test("wants the count where instances are set by hand", async () => {
  expect(await scaled({ scalingMode: "MANUAL", manualInstanceCount: 3 }, {})).toEqual([]);
  expect(await scaled({ scalingMode: "MANUAL", maxInstanceCount: 3 }, {})).toEqual([
    `'scaling.manualInstanceCount' (not set) ${MANUAL}; set 'scaling.manualInstanceCount' to 1`,
  ]);
  expect(await scaled({ scalingMode: "MANUAL", manualInstanceCount: -2 }, {})).toEqual([
    `'scaling.manualInstanceCount' (-2) ${MANUAL}; set 'scaling.manualInstanceCount' to 1`,
  ]);
  expect(await scaled({ scalingMode: "SOMETIMES", maxInstanceCount: 3 }, {})).toEqual([
    "'scaling.scalingMode' (neither) must be AUTOMATIC or MANUAL because Cloud Run has no other mode; set 'scaling.scalingMode' to AUTOMATIC",
  ]);
});

test("reads a worker pool, which is scaled by hand unless it says otherwise", async () => {
  const pool = (scaling: Level) => messages(serviceScaling, soundWorkerPool({ properties: { scaling } }));
  expect(await pool({ manualInstanceCount: 2 })).toEqual([]);
  expect(await pool({ scalingMode: "AUTOMATIC", minInstanceCount: 1, maxInstanceCount: 4 })).toEqual([]);
  expect(await pool(undefined)).toEqual([
    `'scaling.manualInstanceCount' (not set) ${MANUAL}; set 'scaling.manualInstanceCount' to 1`,
  ]);
  expect(await pool({ scalingMode: "AUTOMATIC" })).toEqual([
    `'scaling.maxInstanceCount' (not set) ${MISSING}; set 'scaling.maxInstanceCount' to 1`,
  ]);
});

test("reads a job's tasks", async () => {
  const job = (template: Record<string, unknown>) => messages(serviceScaling, soundJob({ properties: { template } }));
  expect(await job({ taskCount: 10, parallelism: 0 })).toEqual([]);
  expect(await job({})).toEqual([]);
  expect(await job({ taskCount: 0, parallelism: -1 })).toEqual([
    "'template.taskCount' (0) must be a whole number of at least 1 because it decides how many tasks run at once, and each brings its connection pool; set 'template.taskCount' to 1",
    "'template.parallelism' (-1) must be a whole number of at least 0 because it decides how many tasks run at once, and each brings its connection pool; set 'template.parallelism' to 0",
  ]);
});

test("reads a v1 service's annotations", async () => {
  const v1 = (annotations: Record<string, unknown>, service: Record<string, unknown> = {}) =>
    messages(serviceScaling, soundServiceV1({ annotations, properties: { metadata: { annotations: service } } }));
  expect(await v1({})).toEqual([]);
  const revisionMaximum = "template.metadata.annotations.autoscaling.knative.dev/maxScale";
  expect(await v1({ "autoscaling.knative.dev/maxScale": undefined })).toEqual([
    `'${revisionMaximum}' (not set) ${MISSING}; set '${revisionMaximum}' to 1`,
  ]);
  expect(await v1({ "autoscaling.knative.dev/maxScale": undefined }, { "run.googleapis.com/maxScale": "5" })).toEqual(
    [],
  );
  expect(await v1({ "autoscaling.knative.dev/maxScale": "0" })).toEqual([
    `'${revisionMaximum}' (0) ${MISSING}; set '${revisionMaximum}' to 1`,
  ]);
  expect(await v1({}, { "run.googleapis.com/scalingMode": "manual" })).toHaveLength(1);
  expect(
    await v1({}, { "run.googleapis.com/scalingMode": "manual", "run.googleapis.com/manualInstanceCount": "3" }),
  ).toEqual([]);
});

test("reports what it cannot evaluate", async () => {
  expect(await scaled({ maxInstanceCount: UNKNOWN }, {})).toEqual([
    "cannot evaluate: 'scaling.maxInstanceCount' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await scaled({ maxInstanceCount: "" }, {})).toEqual([
    "cannot evaluate: scaling.maxInstanceCount must be a number",
  ]);
  expect(await scaled({ maxInstanceCount: 5 }, { maxInstanceCount: "five" })).toEqual([
    "cannot evaluate: template.scaling.maxInstanceCount must be a number",
  ]);
});
