import type { Alert } from "./alert";
import { connectorAlerts } from "./connector-alerts";
import { databaseAlerts } from "./database-alerts";
import { dependencyAlerts } from "./dependency-alerts";
import { type LogMetric, logMetrics } from "./logs";
import { type Metric, metrics } from "./metrics";
import type { Monitored } from "./monitored";
import { burnAlerts } from "./objectives";
import { serviceAlerts } from "./service-alerts";
import { uptimeAlerts } from "./uptime";

/** Every alert of a plan, each with its threshold, its arithmetic and what to change. */
export function planAlerts(plan: Monitored): Alert[] {
  return [
    ...connectorAlerts(plan),
    ...databaseAlerts(plan),
    ...serviceAlerts(plan),
    ...dependencyAlerts(plan),
    ...uptimeAlerts(plan),
    ...burnAlerts(plan),
  ];
}

/** Every log-based metric: the same ones for every plan. */
export const allLogMetrics: readonly LogMetric[] = Object.values(logMetrics);

/** Every metric that a filter may name. */
export const knownMetrics: readonly Metric[] = [...Object.values(metrics), ...allLogMetrics];
