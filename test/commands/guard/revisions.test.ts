import { describe, expect, test } from "vitest";
import { type GuardVerdict, judge } from "../../../commands/guard/judge";
import { RUN_SERVICE, RUN_SERVICE_V1, RUN_WORKER_POOL } from "../../../config/resource-types";
import { readPreview } from "../../../engine/preview";
import { UNKNOWN } from "../../../policy/framework/unknown";
import { digest, type TestStep } from "./previews";

const on = (step: Partial<TestStep>): GuardVerdict =>
  judge(
    readPreview(
      digest({ steps: [{ op: "update", type: RUN_SERVICE, name: "netra-backend", ...step }] }),
      "digest",
      "staging",
    ),
  );
const container = (tag: string) => ({ containers: [{ image: `registry/backend:${tag}` }] });
const named = (revision: unknown, tag: string) => ({ template: { revision, ...container(tag) } });
const revisions = ({ announced }: GuardVerdict) =>
  announced.flatMap(({ effect, consequence }) => (effect === "new revision" ? [consequence] : []));

describe("a template that changes under a revision's fixed name", () => {
  test("is refused: the update fails, and no new revision is announced", () => {
    const verdict = on({ old: named("netra-backend-v1", "1.0.0"), new: named("netra-backend-v1", "1.0.1") });
    expect(verdict.refused.map(({ message }) => message)).toEqual([
      "'netra-backend' (Cloud Run) must not keep the revision name 'netra-backend-v1' because its template changes and a revision of that name exists: `up` fails with 409, and the old revision keeps serving; remove template.revision: Cloud Run names every revision itself",
    ]);
    expect(revisions(verdict)).toEqual([]);
  });

  test("whatever of the template changes, shown or hidden, and of a worker pool and a v1 service, too", () => {
    const old = named("v1", "1");
    expect(on({ old, new: { template: { ...old.template, timeout: "60s" } } }).ok).toBe(false);
    expect(on({ old, new: old, changed: ["template.containers[0].envs[0].value"] }).ok).toBe(false);
    expect(on({ type: RUN_WORKER_POOL, old, new: named("v1", "2") }).ok).toBe(false);
    const v1 = (tag: string) => ({ template: { metadata: { name: "app-v1" }, spec: container(tag) } });
    expect(on({ type: RUN_SERVICE_V1, old: v1("1"), new: v1("2") }).refused[0]?.message).toContain(
      "remove template.metadata.name:",
    );
  });

  test.each<[string, Partial<TestStep>]>([
    ["another name", { old: named("v1", "1"), new: named("v2", "2") }],
    ["a name that only `up` knows", { old: named("v1", "1"), new: named(UNKNOWN, "2") }],
    ["no name any more", { old: named("v1", "1"), new: named(undefined, "2") }],
    ["no name, as ever", { old: named(undefined, "1"), new: named(undefined, "2") }],
    ["a name for the first time", { old: named(undefined, "1"), new: named("v1", "2") }],
    [
      "the same template",
      { old: { ...named("v1", "1"), ingress: "A" }, new: { ...named("v1", "1"), ingress: "B" }, changed: ["ingress"] },
    ],
    ["a service that is made", { op: "create", new: named("v1", "1") }],
  ])("is not where it has %s", (_, step) => {
    expect(on(step).refused).toEqual([]);
  });
});

describe("traffic that does not go to the template", () => {
  const template = (tag: string) => ({ template: container(tag) });
  const served = (traffics: unknown, revision?: string) =>
    revisions(
      on({
        old: template("1"),
        new: { template: { revision, ...container("2") }, traffics },
        changed: ["template.containers[0].image"],
      }),
    );
  const pinned = { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "netra-backend-00007", percent: 100 };
  const latest = { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100 };

  test("pinned to another revision: what changes gets none of it", () => {
    expect(served([pinned])).toEqual([
      "a new revision is created but gets no requests, because traffic goes to netra-backend-00007 (100 %); send it to the latest revision when the new one is to serve",
    ]);
    expect(served([pinned, { ...latest, percent: 0, tag: "next" }])).toEqual(served([pinned]));
  });

  test("split: what changes gets its share", () => {
    const [text = ""] = served([
      { ...pinned, percent: 80 },
      { ...latest, percent: 20 },
    ]);
    expect(text).toContain(
      "the latest revision gets 20 % of the requests, and netra-backend-00007 (80 %) the rest; a new revision",
    );
  });

  test.each<[string, unknown, string?]>([
    ["left to Cloud Run", undefined],
    ["all for the latest", [latest]],
    ["all for the revision that the template names", [{ ...pinned, revision: "netra-backend-v2" }], "netra-backend-v2"],
    ["a tag without traffic for another one", [latest, { ...pinned, percent: 0, tag: "before" }]],
    ["not known at preview", UNKNOWN],
    ["a share that is not known", [{ ...pinned, percent: UNKNOWN }]],
  ])("takes over where it is %s", (_, traffics, revision) => {
    expect(served(traffics, revision)).toEqual([expect.stringMatching(/^a new revision takes over/)]);
  });
});

describe("annotations that only the provider adds", () => {
  const inputs = { template: container("1"), labels: { a: "1" } };

  test("announce no new revision, alone or beside a change that makes none", () => {
    expect(revisions(on({ old: inputs, new: inputs, changed: ["template.annotations"] }))).toEqual([]);
    expect(
      revisions(
        on({ old: inputs, new: { ...inputs, labels: { a: "2" } }, changed: ["labels.a", "template.annotations"] }),
      ),
    ).toEqual([]);
    const annotated = { ...inputs, template: { ...inputs.template, annotations: { "netrasystems.ai/redeploy": "1" } } };
    expect(revisions(on({ old: annotated, new: annotated, changed: ["template.annotations"] }))).toEqual([]);
    const fixed = { template: { revision: "v1", ...container("1") } };
    expect(on({ old: fixed, new: fixed, changed: ["template.annotations"] }).refused).toEqual([]);
  });

  test("do not hide what else changes, nor annotations that the program states", () => {
    expect(
      revisions(
        on({
          old: inputs,
          new: { ...inputs, template: container("2") },
          changed: ["template.containers[0].image", "template.annotations"],
        }),
      ),
    ).toHaveLength(1);
    const annotated = (annotations: unknown) => ({ template: { ...container("1"), annotations } });
    expect(
      revisions(on({ old: annotated(undefined), new: annotated({ a: "1" }), changed: ["template.annotations"] })),
    ).toHaveLength(1);
    expect(
      revisions(on({ old: annotated({ a: "1" }), new: annotated({ a: "2" }), changed: ["template.annotations"] })),
    ).toHaveLength(1);
    expect(
      revisions(
        on({ old: annotated({ a: "[secret]" }), new: annotated({ a: "[secret]" }), changed: ["template.annotations"] }),
      ),
    ).toHaveLength(1);
    expect(
      revisions(on({ old: annotated("[secret]"), new: annotated("[secret]"), changed: ["template.annotations"] })),
    ).toHaveLength(1);
  });
});
