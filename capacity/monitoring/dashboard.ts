import { type Alert, type DashboardRow, filterOf, type Query } from "./alert";
import { percentileOf, spelledOut } from "./alignment";
import { logMetrics } from "./logs";
import { metrics } from "./metrics";
import { type Monitored, ofAllServices } from "./monitored";

const ROWS: readonly DashboardRow[] = ["connector", "database", "start-up", "requests"];

/** Google's limit. Source: Cloud Monitoring release notes, 2025-05-02 (40 before). */
export const MOST_TILES = 100;

/** The grid: three charts side by side, as many lines of them as a row needs. */
const GRID = { columns: 12, chart: { width: 4, height: 4 }, header: { width: 12, height: 1 } };

/**
 * The dashboard as Cloud Monitoring takes it: a row for each part, a chart for each of its alerts, with the alert's
 * threshold and the limit behind it drawn in; of more services than there is room for, one chart for what is the same.
 * Without zeros and empty lists: the API drops them, and each would be a difference at every preview.
 */
export function dashboard(title: string, plan: Monitored, alerts: readonly Alert[]): object {
  const services = ofAllServices(plan);
  const perService = { alignmentSeconds: 60, groupBy: ["resource.label.service_name"] } as const;
  /** What no alert compares, and everybody asks for. */
  const further: Readonly<Partial<Record<DashboardRow, readonly object[]>>> = {
    requests: [
      chart(
        "Request latency p95, ms",
        [
          {
            filter: filterOf(metrics.requestLatency, services),
            aggregation: { ...perService, ...percentileOf(metrics.requestLatency, 95) },
          },
        ],
        [line("requestSeconds", plan.monitoring.objectives.requestSeconds * 1000)],
      ),
      chart("Requests per second, by response class", [
        {
          filter: filterOf(metrics.requests, services),
          aggregation: {
            alignmentSeconds: 60,
            aligner: "ALIGN_RATE",
            reducer: "REDUCE_SUM",
            groupBy: ["metric.label.response_code_class"],
          },
        },
      ]),
      chart("Failed requests, with those that found no instance", [
        {
          filter: filterOf(logMetrics.failedRequests, services),
          aggregation: { ...perService, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM" },
        },
      ]),
    ],
  };
  const tilesWith = (charts: (own: readonly Alert[]) => readonly object[]) =>
    tilesOf(
      ROWS.map((row) => ({
        row,
        widgets: [...charts(alerts.filter((alert) => alert.row === row)), ...(further[row] ?? [])],
      })),
    );
  const each = tilesWith((own) => own.map(alertChart));
  const tiles = each.length <= MOST_TILES ? each : tilesWith((own) => sharedCharts(own, services));
  return { displayName: title, mosaicLayout: { columns: GRID.columns, tiles } };
}

/**
 * Alerts that differ in their service only as one chart: a line for each service, and no threshold, because each has
 * its own.
 */
function sharedCharts(alerts: readonly Alert[], services: string): object[] {
  return [...new Set(alerts.map(({ runbook }) => runbook))].flatMap((runbook) => {
    const same = alerts.filter((alert) => alert.runbook === runbook);
    const [first, second] = same;
    const condition = first?.conditions[0];
    if (!first || !second || !condition?.aggregation) return same.map(alertChart);
    const { filter, aggregation } = condition;
    return [
      chart(`All services: ${first.title.split(": ").at(-1)}`, [
        {
          filter: filter.replace(/resource\.labels\.service_name="[^"]*"/, () => services),
          aggregation: { ...aggregation, groupBy: [...aggregation.groupBy, "resource.label.service_name"] },
        },
      ]),
    ];
  });
}

/** A header across, the row's charts below it. */
function tilesOf(rows: readonly { readonly row: string; readonly widgets: readonly object[] }[]): object[] {
  const { columns, chart: size, header } = GRID;
  const perLine = columns / size.width;
  let y = 0;
  return rows.flatMap(({ row, widgets }) => {
    const top = y + header.height;
    const tiles = [
      tile(0, y, header, { title: row, sectionHeader: { dividerBelow: true } }),
      ...widgets.map((widget, i) =>
        tile((i % perLine) * size.width, top + Math.floor(i / perLine) * size.height, size, widget),
      ),
    ];
    y = top + Math.ceil(widgets.length / perLine) * size.height;
    return tiles;
  });
}

const tile = (x: number, y: number, size: { readonly width: number; readonly height: number }, widget: object) => ({
  ...(x > 0 ? { xPos: x } : {}),
  ...(y > 0 ? { yPos: y } : {}),
  ...size,
  widget,
});

function alertChart({ title, conditions, limit }: Alert): object {
  const lines = conditions.flatMap(({ filter, aggregation }) => (aggregation ? [{ filter, aggregation }] : []));
  const [condition] = conditions;
  return chart(title, lines, [
    ...(condition ? [line("alert", condition.threshold)] : []),
    ...(limit ? [line(limit.label, limit.value)] : []),
  ]);
}

const line = (label: string, value: number) => ({ label, value });

function chart(
  title: string,
  lines: readonly Query[],
  limits: readonly { readonly label: string; readonly value: number }[] = [],
): object {
  const thresholds = limits.filter(({ value }) => value > 0);
  return {
    title,
    xyChart: {
      dataSets: lines.map(({ filter, aggregation }) => ({
        plotType: "LINE",
        timeSeriesQuery: {
          timeSeriesFilter: {
            filter,
            aggregation: spelledOut(aggregation),
          },
        },
      })),
      ...(thresholds.length > 0 ? { thresholds } : {}),
    },
  };
}
