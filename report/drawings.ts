import { probeWindowSeconds } from "../capacity/constraints/cloudrun";
import type { CapacityPlan } from "../capacity/plan";
import { costCurve } from "../capacity/sizing";
import { decisiveStorms } from "../capacity/storm/gate";
import {
  leastReplications,
  type StormDetail,
  stormDetail,
  successByStarts as successOf,
} from "../capacity/storm/results";
import { planScenarios } from "../capacity/storm/scenarios";
import { connectionsOverTime, costFrontier, type Plot, successByStarts, timeToReady } from "./plots";

/** The plots of a plan, from storms simulated for them. None where no service uses a database. */
export async function drawings(plan: CapacityPlan): Promise<Plot[]> {
  const scenarios = planScenarios(plan);
  const target = plan.targets.startupSuccessPercent / 100;
  const details = scenarios.map((scenario) =>
    stormDetail(scenario, { replications: decisiveStorms(scenario, target) }),
  );
  const worst = details.toSorted((a, b) => a.success.lower - b.success.lower || b.starts - a.starts)[0];
  const fullest = details.toSorted((a, b) => b.peakConnections - a.peakConnections)[0];
  const scenario = scenarios.find(({ name }) => name === worst?.scenario);
  if (!worst || !fullest || !scenario) return [];
  const curve = costCurve(plan);
  const today = curve.find(({ tier }) => tier === plan.database.tier);
  return Promise.all([
    successByStarts(successOf(scenario, { replications: leastReplications(target) }), worst.starts, target),
    timeToReady(details.flatMap(readyPoints), shortestWindow(plan)),
    connectionsOverTime(fullest.connections, plan.database.maxConnections, fullest.scenario),
    ...(today ? [costFrontier(curve, today, target)] : []),
  ]);
}

const readyPoints = ({ scenario, timeToReady: points }: StormDetail) => [
  { scenario, seconds: 0, share: 0 },
  ...points.map((point) => ({ scenario, ...point })),
];

function shortestWindow({ services }: CapacityPlan): number {
  return Math.min(
    ...Object.values(services).flatMap(({ database, probe }) => (database ? [probeWindowSeconds(probe)] : [])),
  );
}
