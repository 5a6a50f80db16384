import { expect, test } from "vitest";
import { serviceTraffic } from "../../../../policy/rules/service/service-traffic";
import { messages, UNKNOWN } from "../../harness";
import { IMAGE, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const shared = (traffics: unknown) => messages(serviceTraffic, soundService({ properties: { traffics } }));

test("accepts shares that add up, and none at all", async () => {
  for (const traffics of [
    undefined,
    null,
    [],
    [{ percent: 100 }],
    [{ percent: 90 }, { percent: 10 }, { tag: "candidate" }],
  ])
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

const fixed = (setting: string, name: string) =>
  `'${setting}' (${name}) must be left out because the next change of the template asks for a second revision of this name, and Google refuses that (409); remove it: Cloud Run names every revision itself`;

test("refuses a fixed name of the revision", async () => {
  const named = (revision: unknown, image = "netra/backend:1.4.2") =>
    messages(serviceTraffic, soundService({ pod: { revision }, container: { image } }));
  expect(await named("netra-backend-staging-v1")).toEqual([fixed("template.revision", "netra-backend-staging-v1")]);
  expect(await named("netra-backend-staging-latest", "netra/backend:latest")).toHaveLength(1);
  for (const revision of [undefined, null, "", UNKNOWN]) expect(await named(revision)).toEqual([]);
  // A name that the program makes of the image is another one with the next image.
  expect(await named("netra-backend-staging-1-4-2")).toEqual([]);
  expect(await named("netra-backend-staging-0123456789ab", IMAGE)).toEqual([]);
  expect(await messages(serviceTraffic, soundWorkerPool({ pod: { revision: "worker-v1" } }))).toEqual([
    fixed("template.revision", "worker-v1"),
  ]);
  const v1 = soundServiceV1({ properties: { template: { metadata: { name: "legacy-v1" } } } });
  expect(await messages(serviceTraffic, v1)).toEqual([fixed("template.metadata.name", "legacy-v1")]);
});

test("cannot evaluate a service whose traffic goes to another revision than the template's", async () => {
  const pinned = (setting: string, value: string, percent: number, all = "traffics") =>
    `cannot evaluate: '${setting}' (${value}) must not take traffic because ${percent} percent run another template than the one that is judged; set '${all}' to 100 percent for the latest revision, and give this one a tag without percent`;
  const latest = { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" };
  const old = { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "netra-backend-staging-00117-abc" };
  expect(await shared([{ ...old, percent: 100 }])).toEqual([pinned("traffics[0].revision", old.revision, 100)]);
  expect(
    await shared([
      { ...latest, percent: 10 },
      { ...old, percent: 90 },
    ]),
  ).toEqual([pinned("traffics[1].revision", old.revision, 90)]);
  expect(await shared([{ revision: UNKNOWN, percent: 100 }])).toEqual([
    pinned("traffics[0].revision", "not known at preview", 100),
  ]);
  for (const tagged of [
    { ...old, tag: "previous" },
    { ...old, tag: "previous", percent: 0 },
  ])
    expect(await shared([{ ...latest, percent: 100 }, tagged])).toEqual([]);
  expect(
    await messages(
      serviceTraffic,
      soundServiceV1({ properties: { traffics: [{ percent: 100, revisionName: "legacy-00003" }] } }),
    ),
  ).toEqual([pinned("traffics[0].revisionName", "legacy-00003", 100)]);
  expect(
    await messages(
      serviceTraffic,
      soundWorkerPool({ properties: { instanceSplits: [{ percent: 100, revision: "worker-00003" }] } }),
    ),
  ).toEqual([pinned("instanceSplits[0].revision", "worker-00003", 100, "instanceSplits")]);
  // The template's own revision, by its name: the name is what is wrong.
  const own = soundService({
    pod: { revision: "backend-v2" },
    properties: { traffics: [{ revision: "backend-v2", percent: 100 }] },
  });
  expect(await messages(serviceTraffic, own)).toEqual([fixed("template.revision", "backend-v2")]);
});

test("reads v1 services and worker pools", async () => {
  expect(await messages(serviceTraffic, soundServiceV1({ properties: { traffics: [{ percent: 50 }] } }))).toHaveLength(
    1,
  );
  expect(
    (await messages(serviceTraffic, soundWorkerPool({ properties: { instanceSplits: [{ percent: 50 }] } })))[0],
  ).toMatch(/^'instanceSplits' \(50 = 50\)/);
});

test("reports what it cannot evaluate", async () => {
  expect(await shared([{ percent: UNKNOWN }])).toEqual([
    "cannot evaluate: 'traffics[0].percent' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await shared({ percent: 100 })).toEqual(["cannot evaluate: traffics must be a list"]);
});
