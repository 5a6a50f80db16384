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

/**
 * A host that has never answered is not down: DNS record and certificate of a new domain take up to 90 minutes
 * (docs.cloud.google.com/load-balancing/docs/ssl-certificates/google-managed-certs). A day, because an alert over a
 * host that has been down for so long closes by itself.
 */
const ANSWERED_SECONDS = 86_400;

export function uptimeChecks({ hosts, services }: Monitored): UptimeCheck[] {
  return Object.entries(hosts).flatMap(([service, names]) => {
    const liveness = services[service]?.liveness;
    if (!liveness) return [];
    const timeoutSeconds = Math.min(liveness.timeoutSeconds, LIMITS.timeoutSeconds);
    return names.map((host) => ({
      host,
      service,
      path: liveness.path,
      periodSeconds: LIMITS.periodSeconds,
      timeoutSeconds,
      regions: REGIONS,
    }));
  });
}

/** A host that does not answer, and one whose certificate ends. */
export function uptimeAlerts(plan: Monitored): Alert[] {
  const { certificateDays } = plan.monitoring;
  return uptimeChecks(plan).flatMap(({ host, service, path, timeoutSeconds }): Alert[] => {
    // By host, not by the check's id: that one a preview does not know.
    const filter = (metric: (typeof metrics)["uptimePassed" | "certificateExpiry"]) =>
      filterOf(metric, `resource.labels.host="${host}"`);
    const window = {
      alignmentSeconds: CHECK_WINDOW_SECONDS,
      aligner: "ALIGN_NEXT_OLDER",
      groupBy: ["resource.label.host"],
    } as const;
    return [
      {
        key: `${host}-down`,
        title: `${host} does not answer`,
        severity: "CRITICAL",
        combiner: "AND",
        conditions: [
          {
            title: `failing checkers of ${host}`,
            filter: filter(metrics.uptimePassed),
            aggregation: { ...window, reducer: "REDUCE_COUNT_FALSE" },
            comparison: "COMPARISON_GT",
            threshold: 1,
            durationSeconds: 60,
          },
          {
            title: `checks that ${host} has passed in ${ANSWERED_SECONDS / 3600} hours`,
            filter: filter(metrics.uptimePassed),
            aggregation: {
              alignmentSeconds: ANSWERED_SECONDS,
              aligner: "ALIGN_COUNT_TRUE",
              reducer: "REDUCE_SUM",
              groupBy: window.groupBy,
            },
            comparison: "COMPARISON_GT",
            threshold: 0,
            durationSeconds: 0,
          },
        ],
        arithmetic: `more than one checker gets no 2xx from https://${host}${path} within ${timeoutSeconds} s, for a minute: one alone is the checker's own trouble; and some check has passed within ${ANSWERED_SECONDS / 3600} hours: a new domain answers only once its DNS record and certificate are active`,
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
