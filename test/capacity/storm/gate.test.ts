import { describe, expect, it } from "vitest";
import { allPass, decidedStorms, failingStorms, gateStorms } from "../../../capacity/storm/gate";
import { planStorms } from "../../../capacity/storm/results";
import { planScenarios } from "../../../capacity/storm/scenarios";
import { incidentPlan, stagingPlan } from "../staging-plan";

const queries = (startupQueryCpuMs: number) =>
  stagingPlan({ "netra:services": { backend: { database: { startupQueryCpuMs } } } });
const names = (storms: readonly { readonly scenario: string }[]) => storms.map(({ scenario }) => scenario);

describe("the gate", () => {
  it.each([0.95, 0.99])("passes staging at a target of %f", (target) => {
    expect(failingStorms(stagingPlan(), target)).toEqual([]);
    expect(allPass(stagingPlan(), target)).toBe(true);
  });

  it("passes a faultless plan at a strict target", () => {
    expect(failingStorms(stagingPlan({ "netra:services": { backend: undefined } }), 0.999)).toEqual([]);
  });

  it.each([
    ["queries of 2.63 s CPU, which fail seldom", 1000, queries(2630)],
    ["queries of 3 s CPU, which fail one scenario", 400, queries(3000)],
    ["queries of 4 s CPU, which fail all but one", 400, queries(4000)],
    // Here every storm fails.
    ["the incident's sizes", 10, incidentPlan("private address")],
    ["the incident's path", 10, incidentPlan("public socket, all traffic")],
  ])("finds the scenarios that all storms find, with their bottlenecks: %s", (_, replications, plan) => {
    const reported = planStorms(plan, { replications }).filter(({ success }) => success.lower < 0.99);
    expect(failingStorms(plan, 0.99).map(({ scenario, bottleneck }) => [scenario, bottleneck])).toEqual(
      reported.map(({ scenario, bottleneck }) => [scenario, bottleneck]),
    );
    expect(allPass(plan, 0.99)).toBe(reported.length === 0);
  });

  it.each([
    ["a clear failure", 4000, 100, false],
    ["a failure that takes more to show", 2680, 1000, false],
    ["a plan without a failure", 100, 1000, true],
    ["a success that takes more to show: 99.4 % at a target of 99 %", 2650, 4000, true],
  ])("looks at as many storms as decide it: %s", (_, cpuMs, replications, passes) => {
    const rollout = planScenarios(queries(cpuMs)).find(({ name }) => name === "rollout-backend");
    const decided = decidedStorms(rollout ?? expect.unreachable(), 0.99);
    expect(decided.replications).toBe(replications);
    expect(decided.success.lower >= 0.99).toBe(passes);
  });

  it("ends where a plan with many connects is decided, although its bound is wide then", () => {
    const plan = stagingPlan({
      "netra:database": { maxConnections: 2000, tier: "db-custom-16-106496" },
      "netra:services": {
        auth: undefined,
        backend: { maxInstances: 40, database: { poolSize: 3, startupConnections: 3, startupQueryCpuMs: 5 } },
      },
    });
    for (const { replications, success } of gateStorms(plan, 0.99)) {
      expect(replications).toBe(352);
      expect(success.lower).toBeGreaterThanOrEqual(0.99);
    }
  });

  it("looks at few storms, of the first scenario that fails, where each has thousands of connects", () => {
    const plan = stagingPlan({
      "netra:services": {
        auth: undefined,
        backend: { maxInstances: 45, database: { poolSize: 100, startupConnections: 100 } },
      },
    });
    const failing = failingStorms(plan, 0.99);
    expect(names(failing)).toEqual(["cold-start"]);
    for (const { replications } of failing) expect(replications).toBeLessThanOrEqual(20);
  });

  it("reports each of two scenarios that differ in names only", () => {
    const { auth, backend } = queries(4000).services;
    if (!auth || !backend) throw new Error("staging has both");
    const plan = {
      ...queries(4000),
      services: { auth: { ...backend, after: [] }, backend: { ...backend, after: ["auth"] } },
    };
    const failing = failingStorms(plan, 0.99);
    expect(names(failing)).toEqual(
      names(planStorms(plan, { replications: 400 }).filter(({ success }) => success.lower < 0.99)),
    );
    expect(names(failing)).toEqual(expect.arrayContaining(["rollout-auth", "rollout-backend"]));
  });

  it("finds nothing for a plan without database clients", () => {
    expect(failingStorms(stagingPlan({ "netra:services": { auth: undefined, backend: undefined } }), 0.99)).toEqual([]);
  });
});
