import * as gcp from "@pulumi/gcp";
import type { Alert } from "../../capacity/monitoring/alert";
import { dashboard } from "../../capacity/monitoring/dashboard";
import type { Monitored } from "../../capacity/monitoring/monitored";
import type { Declaring } from "../monitoring";

export function declareDashboard(
  plan: Monitored,
  alerts: readonly Alert[],
  { parent, waitsFor }: Declaring,
): gcp.monitoring.Dashboard {
  return new gcp.monitoring.Dashboard(
    "capacity",
    { dashboardJson: JSON.stringify(dashboard("Netra staging: capacity", plan, alerts)) },
    { parent, dependsOn: [...waitsFor] },
  );
}
