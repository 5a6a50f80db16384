import type { CapacityPlan } from "../../capacity/plan";
import { costCurve } from "../../capacity/sizing";
import { planScenarios } from "../../capacity/storm/scenarios";
import { successByStarts } from "../../capacity/storm/starts";
import type { Verdict } from "../verdict";
import { budgetBar } from "./budget-bar";
import { costAgainstSuccess } from "./cost";
import type { Plot } from "./draw";
import { readyTimes } from "./ready-times";
import { successByStartsPlot } from "./success-by-starts";

/** The plots of a plan; of a refused one those of what is refused. */
export async function planPlots(
  plan: CapacityPlan,
  verdict: Pick<Verdict, "ok" | "budget" | "storms">,
): Promise<Plot[]> {
  const target = plan.targets.startupSuccessPercent / 100;
  const { ok, budget, storms } = verdict;
  const isRefused = storms.some(({ success }) => success.lower < target);
  return Promise.all([
    ...(ok || budget.headroom < 0 ? [budgetBar(budget, plan.database)] : []),
    ...(ok || isRefused ? stormPlots(plan, storms, target) : []),
  ]);
}

function stormPlots(plan: CapacityPlan, storms: Verdict["storms"], target: number): (Plot | Promise<Plot>)[] {
  const worst = storms.toSorted((a, b) => a.success.lower - b.success.lower || b.starts - a.starts)[0];
  const scenario = planScenarios(plan).find(({ name }) => name === worst?.scenario);
  if (!scenario) return [];
  return [
    readyTimes(storms, target),
    successByStartsPlot(successByStarts(scenario, target), {
      scenario: scenario.name,
      planned: scenario.starts,
      target,
    }),
    costAgainstSuccess(costCurve(plan), plan.database.tier, target),
  ];
}
