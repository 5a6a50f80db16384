import { assumptions } from "../../capacity/assumptions";
import { planBudget } from "../../capacity/checks";
import { planCost } from "../../capacity/cost";
import { judgePlan } from "../../capacity/verdict";
import type { Verdict } from "../../report/verdict";
import { stagingPlan } from "../capacity/staging-plan";
import type { Changes } from "../stack-settings";

/**
 * What `check` finds out of staging with a test's changes, without the program and the pack: a test adds what those
 * say.
 */
export function verdictOn(changes: Changes = {}, said: Partial<Verdict> = {}): Verdict {
  const plan = stagingPlan(changes);
  const { checks, storms, problems } = judgePlan(plan);
  return {
    stack: "staging",
    ok: problems.length === 0,
    resources: [],
    violations: [],
    waived: [],
    budget: planBudget(plan),
    checks,
    storms,
    cost: planCost(plan, 5),
    assumptions: Object.values(assumptions),
    ...said,
  };
}
