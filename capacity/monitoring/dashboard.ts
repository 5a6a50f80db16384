import { type Alert, type DashboardRow, filterOf } from "./alert";
import { type Aggregation, percentileOf } from "./alignment";
import { logMetrics } from "./logs";
import { metrics } from "./metrics";
import { type Monitored, ofServices } from "./monitored";

const ROWS: readonly DashboardRow[] = ["connector", "database", "start-up", "requests"];

interface Line {
  readonly filter: string;
  readonly aggregation: Aggregation;
}

/**
 * The dashboard as Cloud Monitoring takes it: a row for each part, a chart for each of its alerts, with the alert's
 * threshold and the limit behind it drawn in.
 */
export function dashboard(title: string, plan: Monitored, alerts: readonly Alert[]): object {
  const services = ofServices(plan);
  const perService = { alignmentSeconds: 60, groupBy: ["resource.label.service_name"] } as const;
  /** What no alert compares, and everybody asks for. */
  const further: Readonly<Partial<Record<DashboardRow, readonly object[]>>> = {
    requests: [
      chart(
        "Request latency p95, ms",
        [{ filter: filterOf(metrics.requestLatency, services), aggregation: { ...perService, ...percentileOf(metrics.requestLatency, 95) } }],
        [line("requestSeconds", plan.monitoring.objectives.requestSeconds * 1000)],
      ),
      chart("Requests per second, by response class", [
        {
          filter: filterOf(metrics.requests, services),
          aggregation: { alignmentSeconds: 60, aligner: "ALIGN_RATE", reducer: "REDUCE_SUM", groupBy: ["metric.label.response_code_class"] },
        },
      ]),
      chart("Failed requests, with those that found no instance", [
        { filter: filterOf(logMetrics.failedRequests, services), aggregation: { ...perService, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM" } },
      ]),
    ],
  };
  return {
    displayName: title,
    rowLayout: {
      rows: ROWS.map((row) => ({ weight: "1", widgets: [...alerts.filter((alert) => alert.row === row).map(alertChart), ...(further[row] ?? [])] })),
    },
  };
}

function alertChart({ title, conditions, limit }: Alert): object {
  const lines = conditions.flatMap(({ filter, aggregation }) => (aggregation ? [{ filter, aggregation }] : []));
  const [condition] = conditions;
  return chart(title, lines, [...(condition ? [line("alert", condition.threshold)] : []), ...(limit ? [line(limit.label, limit.value)] : [])]);
}

const line = (label: string, value: number) => ({ label, value });

function chart(title: string, lines: readonly Line[], thresholds: readonly object[] = []): object {
  return {
    title,
    xyChart: {
      dataSets: lines.map(({ filter, aggregation }) => ({
        plotType: "LINE",
        timeSeriesQuery: {
          timeSeriesFilter: {
            filter,
            aggregation: {
              alignmentPeriod: `${aggregation.alignmentSeconds}s`,
              perSeriesAligner: aggregation.aligner,
              crossSeriesReducer: aggregation.reducer,
              groupByFields: aggregation.groupBy,
            },
          },
        },
      })),
      thresholds,
    },
  };
}
