import { expect, test } from "vitest";
import { dashboard } from "../../../capacity/monitoring/dashboard";
import { knownMetrics, planAlerts } from "../../../capacity/monitoring/monitoring";
import { stagingSettings } from "../../stack-settings";

const settings = stagingSettings();
/** The parts of Cloud Monitoring's format that are read here. */
interface Dashboard {
  readonly rowLayout: { readonly rows: readonly { readonly widgets: readonly Widget[] }[] };
}
interface Widget {
  readonly title: string;
  readonly xyChart: {
    readonly dataSets: readonly { readonly timeSeriesQuery: { readonly timeSeriesFilter: { readonly filter: string } } }[];
    readonly thresholds: readonly object[];
  };
}
const { rowLayout } = dashboard("Capacity", settings, planAlerts(settings)) as Dashboard;

test("has a row for connector, database, start-up and requests", () => {
  const titles = rowLayout.rows.map(({ widgets }) => widgets.map(({ title }) => title));
  expect(titles.map((row) => row.length)).toEqual([3, 7, 10, 7]);
  expect(titles[0]).toEqual(["staging-connector: cpu", "staging-connector: throughput", "staging-connector: at its most instances"]);
  expect(titles[3]).toContain("Request latency p95, ms");
});

test("draws the alert's threshold and the limit behind it", () => {
  const widget = rowLayout.rows[1]?.widgets.find(({ title }) => title === "staging-shared-postgres: connections");
  expect(widget?.xyChart.thresholds).toEqual([
    { label: "alert", value: 120 },
    { label: "max_connections", value: 150 },
  ]);
});

test("shows known metrics only, each with its resource", () => {
  const filters = rowLayout.rows.flatMap(({ widgets }) =>
    widgets.flatMap(({ xyChart }) => xyChart.dataSets.map(({ timeSeriesQuery }) => timeSeriesQuery.timeSeriesFilter.filter)),
  );
  expect(filters.length).toBeGreaterThan(25);
  for (const filter of filters)
    expect(
      knownMetrics.some(({ type, resource }) => filter.startsWith(`metric.type="${type}" AND resource.type="${resource}"`)),
      filter,
    ).toBe(true);
});
