import { describe, expect, it } from "vitest";
import type { CapacityPlan } from "../../../capacity/plan";
import { planAfter } from "../../../capacity/plan-changes";
import { type FixLimits, passingFixes } from "../../../capacity/storm/fixes";
import { failingStorms } from "../../../capacity/storm/gate";
import { judgePlan } from "../../../capacity/verdict";
import type { Changes } from "../../stack-settings";
import { stagingPlan, withRoutes } from "../staging-plan";

const TARGET = 0.99;
const fixesOf = (plan: CapacityPlan, limits?: FixLimits<CapacityPlan>) =>
  passingFixes(plan, failingStorms(plan, TARGET), TARGET, limits);
const backend = (changes: object): Changes => ({ "netra:services": { backend: changes } });

/** Plans that only their storms refuse, and what is proposed for them. */
const FAILING: readonly (readonly [what: string, changes: Changes, fixes: readonly string[]])[] = [
  [
    "start-up queries that keep the database's CPU busy",
    backend({ database: { startupQueryCpuMs: 4000 } }),
    [
      "database.tier",
      "services.backend.database.initTimeoutSeconds services.backend.probe.failureThreshold",
      "services.backend.maxInstances",
    ],
  ],
  [
    "an initialisation of a second",
    backend({ database: { initTimeoutSeconds: 1, connectTimeoutSeconds: 1 } }),
    ["database.tier", "services.backend.database.initTimeoutSeconds", "services.backend.maxInstances"],
  ],
  [
    "start-up queries that need a faster database and more time",
    backend({ database: { startupQueryCpuMs: 30_000 } }),
    ["database.tier services.backend.database.initTimeoutSeconds services.backend.probe.failureThreshold"],
  ],
];

describe.each(FAILING)("%s", (_, changes, fixes) => {
  const plan = stagingPlan(changes);
  const { problems } = judgePlan(plan);

  it("is mended by numbers", () => {
    expect(fixesOf(plan).map((fix) => fix.map(([field]) => field).join(" "))).toEqual(fixes);
  });

  it("passes when a proposed way is followed to the letter", () => {
    const ways = problems.flatMap((found) => found.ways ?? []);
    expect(ways).not.toEqual([]);
    for (const way of ways) expect(judgePlan(planAfter(plan, way) ?? plan).problems).toEqual([]);
  });
});

it("a fix is the smallest that passes", () => {
  const plan = stagingPlan(backend({ database: { startupQueryCpuMs: 4000 } }));
  const most = fixesOf(plan).flatMap((fix) => fix.filter(([field]) => field.endsWith(".maxInstances")))[0]?.[1];
  const after = (instances: number) => planAfter(plan, [["netra:services.backend.maxInstances", instances]]) ?? plan;
  expect(failingStorms(after(Number(most)), TARGET)).toEqual([]);
  expect(failingStorms(after(Number(most) + 1), TARGET)).not.toEqual([]);
});

it("nothing is proposed that the reader cannot set or that another check refuses", () => {
  const plan = stagingPlan(backend({ database: { startupQueryCpuMs: 4000 } }));
  const fields = (limits: FixLimits<CapacityPlan>) =>
    fixesOf(plan, limits).flatMap((fix) => fix.map(([field]) => field));
  expect(fields({ canSet: (field) => field === "database.tier" })).toEqual(["database.tier"]);
  expect(fields({ accepts: ({ database }) => database.tier === plan.database.tier })).not.toContain("database.tier");
});

it("no number mends a path that opens late", () => {
  const plan = withRoutes(stagingPlan(backend({ database: { initTimeoutSeconds: 5, connectTimeoutSeconds: 5 } })), {
    vpcAccess: "direct-vpc",
  });
  expect(failingStorms(plan, TARGET)).not.toEqual([]);
  expect(fixesOf(plan)).toEqual([]);
});
