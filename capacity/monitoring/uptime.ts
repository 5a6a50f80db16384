import { type Alert, filterOf } from "./alert";
import { metrics } from "./metrics";
import { type Monitored, setting } from "./monitored";

/** A host's health path, asked from outside. */
export interface UptimeCheck {
  readonly host: string;
  /** The service's key in the stack file. */
  readonly service: string;
  /** The service's liveness path: what the container itself is judged by. */
  readonly path: string;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly regions: readonly string[];
}

/**
 * Google asks for checkers in three places; the group USA has three of its own, so one other would do, and three groups
 * see what only one continent sees. Source: cloud.google.com/monitoring/uptime-checks/introduction.
 */
const REGIONS = ["USA", "EUROPE", "ASIA_PACIFIC"];
/** The shortest period and the longest time-out. Source: REST v3 projects.uptimeCheckConfigs. */
const LIMITS = { periodSeconds: 60, timeoutSeconds: 60 };
/** The console's own window for both metrics: no checker is missed. */
const CHECK_WINDOW_SECONDS = 1200;

export function uptimeChecks({ hosts, services }: Monitored): UptimeCheck[] {
  return Object.entries(hosts).flatMap(([service, names]) => {
    const liveness = services[service]?.liveness;
    if (!liveness) return [];
    const timeoutSeconds = Math.min(liveness.timeoutSeconds, LIMITS.timeoutSeconds);
    return names.map((host) => ({ host, service, path: liveness.path, periodSeconds: LIMITS.periodSeconds, timeoutSeconds, regions: REGIONS }));
  });
}

/** A host that does not answer, and one whose certificate ends. */
export function uptimeAlerts(plan: Monitored): Alert[] {
  const { certificateDays } = plan.monitoring;
  return uptimeChecks(plan).flatMap(({ host, service, path, timeoutSeconds }): Alert[] => {
    // By host, not by the check's id: that one a preview does not know.
    const filter = (metric: (typeof metrics)["uptimePassed" | "certificateExpiry"]) => filterOf(metric, `resource.labels.host="${host}"`);
    const window = { alignmentSeconds: CHECK_WINDOW_SECONDS, aligner: "ALIGN_NEXT_OLDER", groupBy: ["resource.label.host"] } as const;
    return [
      {
        key: `${host}-down`,
        title: `${host} does not answer`,
        severity: "CRITICAL",
        combiner: "OR",
        conditions: [
          {
            title: `failing checkers of ${host}`,
            filter: filter(metrics.uptimePassed),
            aggregation: { ...window, reducer: "REDUCE_COUNT_FALSE" },
            comparison: "COMPARISON_GT",
            threshold: 1,
            durationSeconds: 60,
          },
        ],
        arithmetic: `more than one checker gets no 2xx from https://${host}${path} within ${timeoutSeconds} s, for a minute: one alone is the checker's own trouble`,
        settings: [
          setting(`services.${service}.liveness.path`, path),
          setting(`services.${service}.liveness.timeoutSeconds`, timeoutSeconds),
          setting(`hosts.${service}`, host),
        ],
        runbook: "host-down",
      },
      {
        key: `${host}-certificate`,
        title: `The certificate of ${host} ends`,
        severity: "WARNING",
        combiner: "OR",
        conditions: [
          {
            title: `days left of the certificate of ${host}`,
            filter: filter(metrics.certificateExpiry),
            aggregation: { ...window, reducer: "REDUCE_MIN" },
            comparison: "COMPARISON_LT",
            threshold: certificateDays,
            durationSeconds: 600,
          },
        ],
        arithmetic: `fewer than certificateDays ${certificateDays}`,
        settings: [setting("monitoring.certificateDays", certificateDays), setting(`hosts.${service}`, host)],
        runbook: "certificate",
      },
    ];
  });
}
