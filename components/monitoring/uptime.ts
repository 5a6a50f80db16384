import * as gcp from "@pulumi/gcp";
import type { Monitored } from "../../capacity/monitoring/monitored";
import { uptimeChecks } from "../../capacity/monitoring/uptime";
import type { Declaring } from "../monitoring";

/** Every host's health path, asked from three regions over TLS. */
export function declareUptimeChecks(
  plan: Monitored,
  { parent, labels, waitsFor }: Declaring,
): gcp.monitoring.UptimeCheckConfig[] {
  return uptimeChecks(plan).map(
    ({ host, path, periodSeconds, timeoutSeconds, regions }) =>
      new gcp.monitoring.UptimeCheckConfig(
        `${host}-uptime`,
        {
          displayName: `${host}${path}`,
          period: `${periodSeconds}s`,
          timeout: `${timeoutSeconds}s`,
          selectedRegions: [...regions],
          httpCheck: { path, port: 443, useSsl: true, validateSsl: true, requestMethod: "GET" },
          monitoredResource: { type: "uptime_url", labels: { project_id: plan.project, host } },
          userLabels: { ...labels },
        },
        { parent, dependsOn: [...waitsFor] },
      ),
  );
}
