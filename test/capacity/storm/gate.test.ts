import { describe, expect, it } from "vitest";
import { failingStorms } from "../../../capacity/storm/gate";
import { planStorms } from "../../../capacity/storm/results";
import { incidentPlan, stagingPlan } from "../staging-plan";

const queries = (startupQueryCpuMs: number) =>
  stagingPlan({ "netra:services": { backend: { database: { startupQueryCpuMs } } } });
const names = (storms: readonly { readonly scenario: string }[]) => storms.map(({ scenario }) => scenario);

describe("the gate", () => {
  it.each([0.95, 0.99, 0.999])("passes staging at a target of %f", (target) => {
    expect(failingStorms(stagingPlan(), target)).toEqual([]);
  });

  it.each([
    ["staging", 1000, stagingPlan()],
    ["queries of 2.63 s CPU, which fail seldom", 1000, queries(2630)],
    ["queries of 3 s CPU, which fail one scenario", 1000, queries(3000)],
    ["queries of 4 s CPU, which fail all but one", 1000, queries(4000)],
    // Here every storm fails.
    ["the incident's sizes", 200, incidentPlan("private address")],
    ["the incident's path", 200, incidentPlan("public socket, all traffic")],
  ])("finds the scenarios that all storms find, with their bottlenecks: %s", (_, replications, plan) => {
    const reported = planStorms(plan, { replications }).filter(({ success }) => success.lower < 0.99);
    expect(failingStorms(plan, 0.99).map(({ scenario, bottleneck }) => [scenario, bottleneck])).toEqual(
      reported.map(({ scenario, bottleneck }) => [scenario, bottleneck]),
    );
  });

  it("looks at few storms where the failure is clear, and at all of them where it is close", () => {
    expect(
      failingStorms(queries(4000), 0.99).find(({ scenario }) => scenario === "rollout-backend")?.replications,
    ).toBe(100);
    expect(failingStorms(queries(2650), 0.99).map(({ scenario, replications }) => [scenario, replications])).toEqual([
      ["rollout-backend", 2000],
    ]);
  });

  it("looks at fewer storms of a plan with thousands of connects, so that its refusal takes seconds", () => {
    const plan = stagingPlan({
      "netra:services": {
        auth: undefined,
        backend: { maxInstances: 45, database: { poolSize: 100, startupConnections: 100 } },
      },
    });
    const failing = failingStorms(plan, 0.99);
    expect(names(failing)).toEqual(["cold-start", "rollout-backend", "recovery", "scale-out"]);
    for (const { replications } of failing) expect(replications).toBe(20);
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
      names(planStorms(plan, { replications: 1000 }).filter(({ success }) => success.lower < 0.99)),
    );
    expect(names(failing)).toEqual(expect.arrayContaining(["rollout-auth", "rollout-backend"]));
  });

  it("has nothing to say of a plan without database clients", () => {
    expect(failingStorms(stagingPlan({ "netra:services": { auth: undefined, backend: undefined } }), 0.99)).toEqual([]);
  });
});
