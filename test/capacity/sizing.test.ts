import { describe, expect, it } from "vitest";
import { planChecks } from "../../capacity/checks";
import { connectorCost, databaseCost } from "../../capacity/cost";
import type { CapacityPlan } from "../../capacity/plan";
import { costCurve, type Size, sizePlan } from "../../capacity/sizing";
import { planStorms } from "../../capacity/storm/results";
import type { Changes } from "../stack-settings";
import { stagingPlan, withRoutes } from "./staging-plan";

// Enough to show 99 % where no start fails.
const options = { replications: 400 };
/** Enough where every start fails. */
const few = { replications: 10 };
const sized = (plan: CapacityPlan, { connector, tier, maxConnections }: Size): CapacityPlan => ({
  ...plan,
  connector: { ...plan.connector, ...connector },
  database: { ...plan.database, tier, maxConnections },
});
const backendDatabase = (database: Changes) => stagingPlan({ "netra:services": { backend: { database } } });

describe("sizing staging", () => {
  const plan = stagingPlan();
  const sizing = sizePlan(plan, options);

  it("finds a plan that passes the checks and the target in every scenario", () => {
    const { cheapest } = sizing;
    if (!cheapest) throw new Error("staging has a plan that passes");
    const found = sized(plan, cheapest);
    expect(planChecks(found).flatMap(({ problems }) => problems)).toEqual([]);
    for (const { success } of planStorms(found, options)) expect(success.lower).toBeGreaterThanOrEqual(0.99);
  });

  it("finds the cheapest: the smallest dedicated core behind two of the smallest VMs, with today's max_connections", () => {
    expect(sizing.cheapest).toMatchObject({
      connector: { machineType: "f1-micro", minInstances: 2, maxInstances: 10 },
      tier: "db-custom-1-3840",
      maxConnections: 150,
      fails: [],
    });
  });

  it("prices a plan by its connector and database", () => {
    const { cheapest } = sizing;
    if (!cheapest) throw new Error("staging has a plan that passes");
    const items = [connectorCost(sized(plan, cheapest)), ...databaseCost(sized(plan, cheapest))];
    expect(cheapest.usdPerMonth).toBeCloseTo(
      items.reduce((sum, { usdPerMonth = 0 }) => sum + usdPerMonth, 0),
      9,
    );
  });

  it("reports what each cheaper plan fails on, cheapest first", () => {
    expect(sizing.rejected.map(({ fails, plans, cheapest }) => ({ fails, plans, tier: cheapest.tier }))).toEqual([
      {
        fails: ["connections of both revisions against max_connections", "values that Google accepts"],
        plans: 24,
        tier: "db-f1-micro",
      },
      { fails: ["connections of both revisions against max_connections"], plans: 1, tier: "db-custom-1-3840" },
    ]);
    for (const { dearest } of sizing.rejected)
      expect(dearest.usdPerMonth).toBeLessThanOrEqual(sizing.cheapest?.usdPerMonth ?? 0);
  });

  it("judges today's plan alike", () => {
    expect(sizing.today).toMatchObject({
      tier: plan.database.tier,
      maxConnections: plan.database.maxConnections,
      fails: [],
    });
    expect(sizing.today.usdPerMonth).toBeGreaterThan(sizing.cheapest?.usdPerMonth ?? 0);
  });

  it("reports its progress", () => {
    const seen: number[] = [];
    const { plans } = sizePlan(plan, { ...options, progress: (judged) => seen.push(judged) });
    expect(seen[0]).toBe(0);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThan(plans);
  });

  it("goes below no connector that is live, because it could not shrink in place", () => {
    const { cheapest, rejected } = sizePlan(plan, { ...options, connectorFloor: plan.connector });
    expect(cheapest?.connector).toEqual({ machineType: "e2-micro", minInstances: 3, maxInstances: 10 });
    expect(rejected.some(({ fails }) => fails.join() === "the live connector, which cannot shrink in place")).toBe(
      true,
    );
  });
});

describe("sizing other plans", () => {
  it("takes a larger tier where the CPU is short, and the frontier leads there", () => {
    const { cheapest, frontier, rejected } = sizePlan(backendDatabase({ startupQueryCpuMs: 4000 }), options);
    expect(cheapest?.tier).toBe("db-custom-2-7680");
    expect(frontier.length).toBeGreaterThan(1);
    frontier.slice(1).forEach((point, i) => {
      expect(point.usdPerMonth).toBeGreaterThan(frontier[i]?.usdPerMonth ?? 0);
      expect(point.worst?.success.lower).toBeGreaterThan(frontier[i]?.worst?.success.lower ?? 1);
    });
    expect(rejected.flatMap(({ fails }) => fails)).toContain("storm rollout-backend");
  });

  it("takes more max_connections where the budget needs them", () => {
    const plan = backendDatabase({ poolSize: 8, maxOverflow: 4 });
    const { cheapest } = sizePlan(plan, options);
    expect(planChecks(plan).some(({ problems }) => problems.length > 0)).toBe(true);
    expect(cheapest?.maxConnections).toBe(Math.ceil((10 * 12 + 6 * 3 + 1 + 23) / 0.8));
  });

  it("reports for every plan that no size helps", () => {
    const { cheapest, today, rejected, plans } = sizePlan(backendDatabase({ startupQueryCpuMs: 60_000 }), few);
    expect(cheapest).toBeUndefined();
    expect(today.fails).toContain("storm cold-start, at any size");
    expect(today.worst?.success.mean).toBe(0);
    expect(rejected.reduce((sum, group) => sum + group.plans, 0)).toBe(plans);
  });

  it("finds nothing for a path that cannot work", () => {
    const { cheapest, today } = sizePlan(withRoutes(stagingPlan(), { vpcAccess: "none" }), few);
    expect(cheapest).toBeUndefined();
    expect(today.fails).toContain("storm cold-start, at any size");
  });
});

describe("the cost curve", () => {
  const plan = stagingPlan();
  const curve = costCurve(plan, options).points;
  const pointOf = (changed: CapacityPlan) =>
    costCurve(changed, options).points.find(({ tier }) => tier === changed.database.tier);

  it("goes from the smallest tier to two beyond today's, and costs rise", () => {
    expect(curve.map(({ tier }) => tier)).toEqual([
      "db-f1-micro",
      "db-g1-small",
      "db-custom-1-3840",
      "db-custom-1-6656",
      "db-custom-2-7680",
    ]);
    expect(curve.map(({ usdPerMonth }) => usdPerMonth)).toEqual(
      curve.map(({ usdPerMonth }) => usdPerMonth).toSorted((a, b) => a - b),
    );
  });

  it("prices connector and database, and reaches what the storms reach", () => {
    const today = curve.find(({ tier }) => tier === plan.database.tier);
    const items = [connectorCost(plan), ...databaseCost(plan)];
    expect(today?.usdPerMonth).toBeCloseTo(
      items.reduce((sum, { usdPerMonth = 0 }) => sum + usdPerMonth, 0),
      9,
    );
    expect(today?.success).toBe(Math.min(...planStorms(plan, options).map(({ success }) => success.lower)));
    expect(curve[0]?.success).toBeLessThan(0.99);
  });

  it("takes today's max_connections for today's tier: the point is the plan, not a better one", () => {
    const starved = stagingPlan({ "netra:database": { maxConnections: 40 } });
    expect(pointOf(starved)).toMatchObject({
      maxConnections: 40,
      success: Math.min(...planStorms(starved, options).map(({ success }) => success.lower)),
    });
    expect(pointOf(starved)?.success).toBeLessThan(0.95);
  });

  it("has today's plan on it also where its tier is an unusual one", () => {
    const unusual = stagingPlan({ "netra:database": { tier: "db-custom-1-4096" } });
    const tiers = costCurve(unusual, options).points.map(({ tier }) => tier);
    expect(tiers.slice(2)).toEqual(["db-custom-1-3840", "db-custom-1-4096", "db-custom-1-6656", "db-custom-2-7680"]);
  });

  it("is empty where no service uses a database", () => {
    expect(
      costCurve(stagingPlan({ "netra:services": { auth: undefined, backend: undefined } }), options).points,
    ).toEqual([]);
  });
});
