import { type Alert, filterOf, type NamedSetting } from "./alert";
import { readFilter } from "./filters";
import { logMetrics } from "./logs";
import { type Metric, metrics, type ValueType } from "./metrics";
import { type Monitored, ofAllServices, round, setting } from "./monitored";
import { STARTUP_PROBES } from "./service-alerts";

/** A share of good events over a rolling period. */
export interface Objective {
  readonly id: string;
  readonly title: string;
  /** Share of good events, above 0 and at most {@link SLO_LIMITS}. */
  readonly goal: number;
  readonly days: number;
  /** Good or bad among all; or the part of a distribution up to a value. */
  readonly indicator:
    | { readonly total: string; readonly good: string }
    | { readonly total: string; readonly bad: string }
    | { readonly distribution: string; readonly max: number };
  readonly setting: NamedSetting;
}

/** Source: provider's schema of gcp.monitoring.Slo, 9.37. */
export const SLO_LIMITS = { maxGoal: 0.9999, maxDays: 30 };

/** The service that the objectives belong to. */
export const OBJECTIVES_SERVICE = "netra";

export function objectives(plan: Monitored): Objective[] {
  const { objectives: wanted } = plan.monitoring;
  const services = ofAllServices(plan);
  return [
    {
      id: "startup-success",
      title: "Starts that become ready",
      goal: goalOf(plan.targets.startupSuccessPercent),
      days: 30,
      indicator: {
        total: filterOf(metrics.probes, services, STARTUP_PROBES),
        good: filterOf(metrics.probes, services, STARTUP_PROBES, "metric.labels.is_healthy=true"),
      },
      setting: setting("targets.startupSuccessPercent", plan.targets.startupSuccessPercent),
    },
    {
      id: "availability",
      title: "Requests that are answered",
      goal: goalOf(wanted.availabilityPercent),
      days: 30,
      // From the logs: request_count does not see a request that found no instance.
      indicator: { total: filterOf(logMetrics.requests, services), bad: filterOf(logMetrics.failedRequests, services) },
      setting: setting("monitoring.objectives.availabilityPercent", wanted.availabilityPercent),
    },
    {
      id: "latency",
      title: `Requests under ${wanted.requestSeconds} s`,
      goal: goalOf(wanted.requestPercent),
      days: 7,
      // A WebSocket's latency is how long it was open.
      indicator: {
        distribution: filterOf(metrics.requestLatency, services, 'metric.labels.response_code!="101"'),
        max: wanted.requestSeconds * 1000,
      },
      setting: setting("monitoring.objectives.requestPercent", wanted.requestPercent),
    },
  ];
}

/** More than 99.99 % is a target of the plan's, and no goal that Google takes. */
const goalOf = (percent: number) => Math.min(round(percent / 100), SLO_LIMITS.maxGoal);

/** What Google refuses of an objective, or why it never counts an event. `known`: the metrics there are. */
export function objectiveFaults({ indicator }: Pick<Objective, "indicator">, known: readonly Metric[]): string[] {
  const wanted: readonly ValueType[] = "distribution" in indicator ? ["DISTRIBUTION"] : ["INT64", "DOUBLE"];
  return Object.values(indicator).flatMap((filter) => {
    if (typeof filter !== "string") return [];
    const { metric, faults } = readFilter(filter, [], known);
    if (!metric || (metric.kind !== "GAUGE" && wanted.includes(metric.valueType))) return faults;
    return [
      ...faults,
      `${metric.type} is a ${metric.kind} ${metric.valueType}, no DELTA or CUMULATIVE ${wanted.join(" or ")}`,
    ];
  });
}

/** The full name of an objective: what a burn rate is selected by. Known before it exists. */
export const objectiveName = (project: string, id: string) =>
  `projects/${project}/services/${OBJECTIVES_SERVICE}/serviceLevelObjectives/${id}`;

/**
 * How much of the budget each window may use before an alert; the short window ends the alert soon after the cause.
 * Source: Google, The Site Reliability Workbook, "Alerting on SLOs", 6: multiwindow, multi-burn-rate.
 */
const BURNS = [
  { key: "fast", budgetShare: 0.02, hours: 1, shortMinutes: 5, severity: "CRITICAL" },
  { key: "slow", budgetShare: 0.05, hours: 6, shortMinutes: 30, severity: "WARNING" },
] as const;

/** Two alerts for each objective: its budget goes fast, or slowly. */
export function burnAlerts(plan: Monitored): Alert[] {
  return objectives(plan).flatMap(({ id, title, goal, days, setting: target }) =>
    BURNS.map(({ key, budgetShare, hours, shortMinutes, severity }): Alert => {
      const wanted = round((budgetShare * days * 24) / hours);
      // Where everything fails the rate is 1 / (1 - goal): a threshold beyond could never be passed.
      const most = round(plan.monitoring.saturationShare / (1 - goal));
      const threshold = Math.min(wanted, most);
      const windows = [`${hours * 3600}s`, `${shortMinutes * 60}s`];
      return {
        key: `${id}-burn-${key}`,
        title: `${title}: the error budget goes ${key === "fast" ? "fast" : "slowly"}`,
        severity,
        combiner: "AND",
        conditions: windows.map((window) => ({
          title: `burn rate of ${id} over ${window}`,
          filter: `select_slo_burn_rate("${objectiveName(plan.project, id)}", "${window}")`,
          comparison: "COMPARISON_GT",
          threshold,
          durationSeconds: 0,
        })),
        arithmetic: `${budgetShare} of the budget of ${days} days in ${hours} h: ${budgetShare} x ${days} x 24 / ${hours} = ${wanted}${threshold < wanted ? `, at most saturationShare ${plan.monitoring.saturationShare} / (1 - ${goal}) = ${most}` : ""}`,
        settings: [target],
        runbook: `${id}-burn`,
      };
    }),
  );
}
