import { expect, test } from "vitest";
import { serviceTraffic } from "../../../policy/rules/service-traffic";
import { messages, UNKNOWN } from "../harness";
import { soundService, soundServiceV1, soundWorkerPool } from "../services";

const shared = (traffics: unknown) => messages(serviceTraffic, soundService({ properties: { traffics } }));

test("accepts shares that add up, and none at all", async () => {
  for (const traffics of [undefined, null, [], [{ percent: 100 }], [{ percent: 90 }, { percent: 10 }, { tag: "candidate" }]])
    expect(await shared(traffics)).toEqual([]);
});

test("refuses shares that do not add up", async () => {
  const refused = (sum: string) =>
    `'traffics' (${sum}) must add up to 100 percent because Cloud Run refuses the rollout otherwise, after the preview; set 'traffics' to shares that add up to 100, or leave it out to send everything to the latest revision`;
  expect(await shared([{ percent: 50 }])).toEqual([refused("50 = 50")]);
  expect(await shared([{ percent: 60 }, { percent: 60 }])).toEqual([refused("60 + 60 = 120")]);
  expect(await shared([{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" }])).toEqual([refused("0 = 0")]);
});

test("refuses shares that are no percentages, even if they add up", async () => {
  expect(await shared([{ percent: 150 }, { percent: -50 }])).toEqual([
    "'traffics[0].percent' (150) must be a whole number from 0 to 100 because it is a share in percent; set 'traffics[0].percent' to 100",
    "'traffics[1].percent' (-50) must be a whole number from 0 to 100 because it is a share in percent; set 'traffics[1].percent' to 0",
  ]);
});

test("reads v1 services and worker pools", async () => {
  expect(await messages(serviceTraffic, soundServiceV1({ properties: { traffics: [{ percent: 50 }] } }))).toHaveLength(1);
  expect((await messages(serviceTraffic, soundWorkerPool({ properties: { instanceSplits: [{ percent: 50 }] } })))[0]).toMatch(/^'instanceSplits' \(50 = 50\)/);
});

test("reports what it cannot evaluate", async () => {
  expect(await shared([{ percent: UNKNOWN }])).toEqual([
    "cannot evaluate: 'traffics[0].percent' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await shared({ percent: 100 })).toEqual(["cannot evaluate: traffics must be a list"]);
});
