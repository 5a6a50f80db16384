import { describe, expect, it } from "vitest";
import { planBudget } from "../../../capacity/checks";
import { judgePlan } from "../../../capacity/verdict";
import { planPlots } from "../../../report/plots/plan";
import { incidentPlan, stagingPlan } from "../../capacity/staging-plan";
import type { Changes } from "../../stack-settings";

const titles = async (plan: Parameters<typeof planPlots>[0]) => {
  const { storms, problems } = judgePlan(plan);
  const plots = await planPlots(plan, { ok: problems.length === 0, budget: planBudget(plan), storms });
  // A number that is none ends as NaN in a path.
  for (const { svg } of plots) expect(svg).toMatch(/^<svg (?!.*(NaN|Infinity|undefined)).* viewBox=/s);
  return plots.map(({ title }) => title);
};
const changed = (changes: Changes) => titles(stagingPlan(changes));

describe("the plots of a plan", () => {
  it("answer four questions about a sound one", async () => {
    expect(await changed({})).toEqual([
      "A rollout needs 92 of 120 connections",
      "Every service is ready inside its probe window",
      expect.stringMatching(/^cold-start: \d+ starts at once pass, the plan has 8$/),
      expect.stringMatching(
        /^db-custom-1-3840 is the cheapest tier that passes, at \d+ USD a month with the connector$/,
      ),
    ]);
  });

  it("leave out the storms where no service uses the database", async () => {
    expect(await changed({ "netra:services": { auth: undefined, backend: undefined } })).toEqual([
      "A rollout needs 23 of 120 connections",
    ]);
  });

  it("show of a refused plan what is refused", async () => {
    expect(await changed({ "netra:services": { auth: { database: { poolSize: 20 } } } })).toEqual([
      "A rollout needs 200 of 120 connections",
    ]);
    expect(await changed({ "netra:connector": { maxInstances: 120 } })).toEqual([]);
    expect(await titles(incidentPlan("public socket, all traffic"))).toEqual([
      "A rollout needs 2324 of 40 connections",
      "Not ready in time: auth, backend",
      "cold-start: not even one start passes, the plan has 30",
      "No tier up to db-custom-1-6656 passes",
    ]);
  });
});
