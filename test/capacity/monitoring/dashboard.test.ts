import { expect, test } from "vitest";
import { type Query, queryFaults } from "../../../capacity/monitoring/alert";
import type { spelledOut } from "../../../capacity/monitoring/alignment";
import { dashboard } from "../../../capacity/monitoring/dashboard";
import { knownMetrics, planAlerts } from "../../../capacity/monitoring/monitoring";
import { stagingSettings } from "../../stack-settings";

const settings = stagingSettings();
/** The parts of Cloud Monitoring's format that are read here. */
interface TimeSeriesFilter {
  readonly filter: string;
  readonly aggregation: ReturnType<typeof spelledOut>;
}
interface Tile {
  readonly xPos?: number;
  readonly yPos?: number;
  readonly width: number;
  readonly height: number;
  readonly widget: {
    readonly title: string;
    readonly xyChart?: {
      readonly dataSets: readonly { readonly timeSeriesQuery: { readonly timeSeriesFilter: TimeSeriesFilter } }[];
      readonly thresholds?: readonly object[];
    };
  };
}
const { mosaicLayout } = dashboard("Capacity", settings, planAlerts(settings)) as {
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
};
const { columns, tiles } = mosaicLayout;

/** Titles of charts below the header that they stand under. */
const rows = tiles.reduce<Record<string, string[]>>((found, { widget: { title, xyChart } }) => {
  if (xyChart) found[Object.keys(found).at(-1) ?? ""]?.push(title);
  else found[title] = [];
  return found;
}, {});

test("has a row for connector, database, start-up and requests", () => {
  expect(Object.entries(rows).map(([row, charts]) => `${row} ${charts.length}`)).toEqual([
    "connector 3",
    "database 8",
    "start-up 10",
    "requests 7",
  ]);
  expect(rows.connector).toEqual([
    "staging-connector: cpu",
    "staging-connector: throughput",
    "staging-connector: at its most instances",
  ]);
  expect(rows.requests).toContain("Request latency p95, ms");
});

test("has its tiles within the grid, none over another", () => {
  const cells = tiles.flatMap(({ xPos = 0, yPos = 0, width, height }) => {
    expect(xPos + width).toBeLessThanOrEqual(columns);
    return Array.from({ length: width * height }, (_, i) => `${xPos + (i % width)} ${yPos + Math.floor(i / width)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test("draws the alert's threshold and the limit behind it, and no threshold of 0", () => {
  const drawn = (title: string) => tiles.find(({ widget }) => widget.title === title)?.widget.xyChart?.thresholds;
  expect(drawn("staging-shared-postgres: connections")).toEqual([
    { label: "alert", value: 120 },
    { label: "max_connections", value: 150 },
  ]);
  expect(drawn("netra-backend-staging: start-up latency")).toEqual([
    { label: "alert", value: 96_000 },
    { label: "the probe's window", value: 120_000 },
  ]);
  expect(drawn("Requests without an available instance")).toBeUndefined();
});

test("holds no zero and no empty list: the API drops them, and the next preview would show a difference", () => {
  expect(JSON.stringify(mosaicLayout)).not.toMatch(/\[\]|:0[,}]/);
});

test("shows only what series have, aggregated as their metrics can be", () => {
  const queries = tiles.flatMap(
    ({ widget }) =>
      widget.xyChart?.dataSets.map(({ timeSeriesQuery }) => queryOf(timeSeriesQuery.timeSeriesFilter)) ?? [],
  );
  expect(queries.length).toBeGreaterThan(25);
  for (const query of queries) expect(queryFaults(query, knownMetrics), query.filter).toEqual([]);
});

/** A chart's query, read back from how the API spells it. */
const queryOf = ({ filter, aggregation }: TimeSeriesFilter): Query => ({
  filter,
  aggregation: {
    alignmentSeconds: Number.parseInt(aggregation.alignmentPeriod, 10),
    aligner: aggregation.perSeriesAligner,
    reducer: aggregation.crossSeriesReducer,
    groupBy: aggregation.groupByFields ?? [],
  },
});
