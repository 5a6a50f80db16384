import * as gcp from "@pulumi/gcp";
import { type Alert, type Condition, textOf } from "../../capacity/monitoring/alert";
import { spelledOut } from "../../capacity/monitoring/alignment";
import type { Declaring } from "../monitoring";

/**
 * The shortest there is (REST v3 projects.alertPolicies, AlertStrategy). A metric of log lines has no points once the
 * lines
 * end: for the seven days of the default the incident would stay open, and the next occurrence would tell nobody.
 */
const AUTO_CLOSE = "1800s";

/** The alerts as policies: each text names its settings, their values and the section of the runbook. */
export function declareAlerts(
  alerts: readonly Alert[],
  channels: readonly gcp.monitoring.NotificationChannel[],
  { parent, labels, waitsFor }: Declaring,
): void {
  for (const alert of alerts)
    new gcp.monitoring.AlertPolicy(
      alert.key,
      {
        displayName: alert.title,
        combiner: alert.combiner,
        severity: alert.severity,
        conditions: alert.conditions.map((condition) => ({
          displayName: condition.title,
          conditionThreshold: threshold(condition),
        })),
        alertStrategy: { autoClose: AUTO_CLOSE },
        documentation: { content: textOf(alert), mimeType: "text/markdown" },
        notificationChannels: channels.map(({ id }) => id),
        userLabels: { ...labels },
      },
      { parent, dependsOn: [...waitsFor] },
    );
}

function threshold({
  filter,
  aggregation,
  comparison,
  threshold,
  durationSeconds,
}: Condition): gcp.types.input.monitoring.AlertPolicyConditionConditionThreshold {
  return {
    filter,
    comparison,
    thresholdValue: threshold,
    duration: `${durationSeconds}s`,
    ...(aggregation ? { aggregations: [spelledOut(aggregation)] } : {}),
  };
}
