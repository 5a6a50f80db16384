import { type Cost, planCost } from "../../capacity/cost";
import { planAlerts } from "../../capacity/monitoring/monitoring";
import { planOf } from "../../config/read";
import type { Settings } from "../../config/schema";

/** What the whole stack costs a month. */
export const stackCost = (settings: Settings): Cost =>
  planCost(planOf(settings), activeVersions(settings), settings.region, planAlerts(settings));

/**
 * Versions that are billed: one that people add, or every rotation that is not disabled; Redis has only the current
 * one.
 */
function activeVersions({ secrets }: Settings): number {
  return Object.values(secrets).reduce(
    (sum, { rotation = 1, format, disabledThroughRotation = 0 }) =>
      sum + (format === "redis-auth" ? 1 : rotation - disabledThroughRotation),
    0,
  );
}
