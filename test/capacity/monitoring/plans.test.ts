import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alert, alertFaults, textOf } from "../../../capacity/monitoring/alert";
import { dashboard, MOST_TILES } from "../../../capacity/monitoring/dashboard";
import { knownMetrics, planAlerts } from "../../../capacity/monitoring/monitoring";
import { objectives, SLO_LIMITS } from "../../../capacity/monitoring/objectives";
import { type Changes, stagingConfiguration, stagingSettings } from "../../stack-settings";

/* What must hold of every plan that can be read, sound or not. */

/**
 * Google's limits. Source: REST v3 projects.alertPolicies: displayName, documentation.content, MetricThreshold.filter.
 */
const LONGEST = { title: 512, text: 8192, filter: 2048 };

// the committed file
const { "netra:services": staging } = stagingConfiguration() as { "netra:services": Readonly<Record<string, object>> };

/** So many services like the backend or the frontend, under those keys. */
function servicesOf(keys: readonly string[]): Changes {
  const kinds = [staging.backend, staging.frontend];
  return Object.fromEntries(
    keys.map((key, i) => [
      key,
      {
        ...kinds[i % 2],
        name: `service-${i}-${"x".repeat(30)}`,
        account: `account-${i}`,
        minInstances: i % 3 === 0 ? 1 : 0,
        after: [],
      },
    ]),
  );
}

/** Keys that alerts are named after, too. */
const key = fc.oneof(
  fc.constantFrom("connector", "database", "cache", "nat", "startup-phase", "container", "no", "a-startup"),
  fc.stringMatching(/^[a-z]([a-z0-9-]{0,19}[a-z0-9])?$/),
);
const plans = fc
  .record({
    keys: fc.uniqueArray(key, { maxLength: 20 }),
    saturationShare: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    target: fc.double({ min: 50, max: 99.99, noNaN: true }),
    percent: fc.double({ min: 1, max: 99.99, noNaN: true }),
    requestSeconds: fc.double({ min: 0.001, max: 300, noNaN: true }),
    maxConnections: fc.integer({ min: 14, max: 5000 }),
    tier: fc.constantFrom("db-f1-micro", "db-g1-small", "db-custom-1-3840", "db-custom-96-638976"),
    machineType: fc.constantFrom("f1-micro", "e2-micro", "e2-standard-4"),
    minInstances: fc.integer({ min: 2, max: 9 }),
    hasNat: fc.boolean(),
  })
  .map(
    ({
      keys,
      saturationShare,
      target,
      percent,
      requestSeconds,
      maxConnections,
      tier,
      machineType,
      minInstances,
      hasNat,
    }) =>
      stagingSettings({
        "netra:services": servicesOf(keys),
        "netra:monitoring": {
          saturationShare,
          objectives: { requestSeconds, availabilityPercent: percent, requestPercent: percent },
        },
        "netra:targets": { startupSuccessPercent: target },
        "netra:database": { maxConnections, tier },
        "netra:connector": { machineType, minInstances },
        "netra:network": hasNat ? { nat: { name: "staging-nat", minPortsPerVm: 64 } } : {},
      }),
  );

const tilesOf = (settings: ReturnType<typeof stagingSettings>, alerts: readonly Alert[]) =>
  (
    dashboard("Capacity", settings, alerts) as {
      readonly mosaicLayout: { readonly tiles: readonly { readonly widget: { readonly title: string } }[] };
    }
  ).mosaicLayout.tiles;

test("every alert has a name of its own, and says and compares what Google takes", () => {
  fc.assert(
    fc.property(plans, (settings) => {
      const alerts = planAlerts(settings);
      expect(alerts.flatMap((alert) => alertFaults(alert, knownMetrics))).toEqual([]);
      expect(new Set(alerts.map((alert) => alert.key)).size).toBe(alerts.length);
      for (const alert of alerts) {
        const { conditions, limit } = alert;
        const text = textOf(alert);
        expect(text).not.toMatch(/NaN|Infinity|undefined/);
        expect([alert.title.length <= LONGEST.title, text.length <= LONGEST.text]).toEqual([true, true]);
        for (const { filter, threshold } of conditions) {
          expect(filter.length).toBeLessThanOrEqual(LONGEST.filter);
          expect(threshold).toBeGreaterThanOrEqual(0);
          // Beyond its limit no alert would ever open.
          if (limit) expect(threshold).toBeLessThan(limit.value);
        }
      }
      for (const { goal } of objectives(settings)) expect(goal > 0 && goal <= SLO_LIMITS.maxGoal).toBe(true);
      expect(tilesOf(settings, alerts).length).toBeLessThanOrEqual(MOST_TILES);
    }),
    { numRuns: 60 },
  );
});

describe("the dashboard of twenty services", () => {
  const settings = stagingSettings({ "netra:services": servicesOf(Array.from({ length: 20 }, (_, i) => `more-${i}`)) });
  const tiles = tilesOf(settings, planAlerts(settings));

  test("has one chart for what is the same of each, a line for each service, and no threshold", () => {
    const shared = tiles.filter(({ widget }) => widget.title.startsWith("All services: "));
    expect(shared.map(({ widget }) => widget.title)).toEqual([
      "All services: start-up latency",
      "All services: failed start-up probes",
      "All services: slow start-up phase",
      "All services: at its most instances",
    ]);
    expect(shared[2]?.widget).toEqual({
      title: "All services: slow start-up phase",
      xyChart: {
        dataSets: [
          {
            plotType: "LINE",
            timeSeriesQuery: {
              timeSeriesFilter: {
                filter: expect.stringMatching(
                  /^metric\.type="logging\.googleapis\.com\/user\/netra\/startup_phase_seconds" AND .*service_name=one_of\("netra-auth-service", /,
                ),
                aggregation: {
                  alignmentPeriod: "300s",
                  perSeriesAligner: "ALIGN_PERCENTILE_95",
                  crossSeriesReducer: "REDUCE_MAX",
                  groupByFields: ["metric.label.phase", "resource.label.service_name"],
                },
              },
            },
          },
        ],
      },
    });
  });

  test("still has every chart that is the only one of its kind", () => {
    const titles = tiles.map(({ widget }) => widget.title);
    expect(titles).toEqual(
      expect.arrayContaining([
        "staging-connector: cpu",
        "staging-shared-postgres: connections",
        "Request latency p95, ms",
      ]),
    );
  });
});
