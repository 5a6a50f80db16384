import { type Alert, type DashboardRow, filterOf } from "./alert";
import { type Aggregation, percentileOf, spelledOut } from "./alignment";
import { logMetrics } from "./logs";
import { metrics } from "./metrics";
import { type Monitored, ofServices } from "./monitored";

const ROWS: readonly DashboardRow[] = ["connector", "database", "start-up", "requests"];

interface Line {
  readonly filter: string;
  readonly aggregation: Aggregation;
}

/** The grid: three charts side by side, as many lines of them as a row needs. */
const GRID = { columns: 12, chart: { width: 4, height: 4 }, header: { width: 12, height: 1 } };

/**
 * The dashboard as Cloud Monitoring takes it: a row for each part, a chart for each of its alerts, with the alert's
 * threshold and the limit behind it drawn in. Without zeros and empty lists: the API drops them, and each would be a
 * difference at every preview.
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
  const rows = ROWS.map((row) => ({ row, widgets: [...alerts.filter((alert) => alert.row === row).map(alertChart), ...(further[row] ?? [])] }));
  return { displayName: title, mosaicLayout: { columns: GRID.columns, tiles: tilesOf(rows) } };
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
      ...widgets.map((widget, i) => tile((i % perLine) * size.width, top + Math.floor(i / perLine) * size.height, size, widget)),
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
  return chart(title, lines, [...(condition ? [line("alert", condition.threshold)] : []), ...(limit ? [line(limit.label, limit.value)] : [])]);
}

const line = (label: string, value: number) => ({ label, value });

function chart(title: string, lines: readonly Line[], limits: readonly { readonly label: string; readonly value: number }[] = []): object {
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
