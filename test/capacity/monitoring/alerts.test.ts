import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { planBudget } from "../../../capacity/checks";
import { type Alert, alertFaults, filterOf, textOf } from "../../../capacity/monitoring/alert";
import { metrics } from "../../../capacity/monitoring/metrics";
import { knownMetrics, planAlerts } from "../../../capacity/monitoring/monitoring";
import { type Objective, objectiveFaults, objectives, SLO_LIMITS } from "../../../capacity/monitoring/objectives";
import { uptimeChecks } from "../../../capacity/monitoring/uptime";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { planOf } from "../../../config/read";
import { incidents } from "../../fixtures/incidents";
import { type Changes, stagingConfiguration, stagingSettings } from "../../stack-settings";

const NAT: Changes = { "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 64 } } };
const alertsOf = (changes: Changes = {}) => planAlerts(stagingSettings(changes));
const all = alertsOf(NAT);
const alert = (key: string, changes: Changes = {}): Alert => {
  const found = alertsOf({ ...NAT, ...changes }).find((candidate) => candidate.key === key);
  if (!found) throw new Error(`no alert is called ${key}`);
  return found;
};
const thresholds = (key: string, changes: Changes = {}) =>
  alert(key, changes).conditions.map(({ threshold }) => threshold);

describe("a threshold follows the plan", () => {
  test.each<[string, number, Changes, number]>([
    ["connector-cpu", 0.8, { "netra:monitoring": { saturationShare: 0.7 } }, 0.7],
    ["connector-throughput", 30_000_000, { "netra:connector": { machineType: "e2-standard-4" } }, 480_000_000],
    ["connector-throughput", 30_000_000, { "netra:connector": { minInstances: 5 } }, 50_000_000],
    ["connector-instances", 9, { "netra:connector": { maxInstances: 8 } }, 7],
    ["database-backends", 120, { "netra:database": { maxConnections: 200 } }, 160],
    ["database-logins", 0, { "netra:monitoring": { saturationShare: 0.7 } }, 0],
    ["database-query-latency", 2_000_000, { "netra:monitoring": { objectives: { requestSeconds: 1 } } }, 1_000_000],
    [
      "backend-startup-latency",
      96_000,
      { "netra:services": { backend: { probe: { failureThreshold: 24 } } } },
      192_000,
    ],
    ["backend-at-maximum", 4, { "netra:services": { backend: { maxInstances: 8 } } }, 7],
    ["backend-startup-phase", 45, { "netra:services": { backend: { database: { initTimeoutSeconds: 50 } } } }, 40],
    ["cache-memory", 0.8, { "netra:monitoring": { saturationShare: 0.9 } }, 0.9],
    ["nat-ports", 51.2, { "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 128 } } }, 102.4],
    ["api.staging.netrasystems.ai-certificate", 14, { "netra:monitoring": { certificateDays: 21 } }, 21],
    ["latency-burn-fast", 3.36, { "netra:monitoring": { objectives: { requestPercent: 70 } } }, 2.6667],
  ])("%s: %d, then %o makes it %d", (key, staging, changes, changed) => {
    expect(new Set(thresholds(key))).toEqual(new Set([staging]));
    expect(new Set(thresholds(key, changes))).toEqual(new Set([changed]));
  });

  test.each<Changes>([
    {},
    { "netra:services": { backend: { maxInstances: 6 } } },
    { "netra:services": { auth: { database: { poolSize: 4 } } } },
  ])("new connections: the budget without the reserved ones, %o", (changes) => {
    const { demand } = planBudget(planOf(stagingSettings(changes)));
    expect(thresholds("database-connect-rate", changes)).toEqual([demand - 13]);
    expect(alert("database-connect-rate", changes).arithmetic).toBe(
      `all connections of the budget but the reserved ones, ${demand} - 13 = ${demand - 13}, opened anew within 10 minutes: start-ups and a rollout together open fewer, what fails and begins again opens more`,
    );
  });

  test("the connector's throughput and backends say so as a sum", () => {
    expect(alert("connector-throughput").arithmetic).toBe(
      "saturationShare 0.8 x 300 Mbps (3 x e2-micro) / 8 = 30000000 bytes/s each way, for 5 minutes",
    );
    expect(alert("database-backends").arithmetic).toBe(
      "max_connections 150 x usableShare 0.8 = 120 connections, summed over all databases",
    );
    expect(alert("latency-burn-fast", { "netra:monitoring": { objectives: { requestPercent: 70 } } }).arithmetic).toBe(
      "0.02 of the budget of 7 days in 1 h: 0.02 x 7 x 24 / 1 = 3.36, at most saturationShare 0.8 / (1 - 0.7) = 2.6667",
    );
  });
});

describe("every alert", () => {
  test("passes what no preview checks: resource, aligner, reducer, 1 to 6 conditions, whole minutes", () => {
    expect(all.flatMap((each) => alertFaults(each, knownMetrics))).toEqual([]);
  });

  test.each(incidents)("has a threshold that can be compared, also of a plan that is refused: $name", ({ changes }) => {
    const alerts = alertsOf(changes);
    expect(alerts.flatMap((each) => alertFaults(each, knownMetrics))).toEqual([]);
    for (const each of alerts) expect(textOf(each)).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("has a name of its own", () => {
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
  });

  test("names settings that stand in the stack file with the value they have there", () => {
    const configuration = stagingConfiguration(NAT);
    for (const { key, settings } of all)
      for (const { name, value } of settings) {
        const [section = "", ...path] = name.split(".");
        const stated = path.reduce<unknown>(
          (inner, step) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, step) : undefined),
          configuration[section],
        );
        // The one that is left to its default, and the lists of hosts.
        if (name.endsWith(".egress")) expect([undefined, value], `${key} ${name}`).toContain(stated);
        else if (Array.isArray(stated)) expect(stated, `${key} ${name}`).toContain(value);
        else expect(stated, `${key} ${name}`).toBe(value);
      }
  });

  test("reports where its threshold comes from, what to change and where to read on", () => {
    expect(textOf(alert("database-backends"))).toBe(
      [
        "Threshold: max_connections 150 x usableShare 0.8 = 120 connections, summed over all databases.",
        "Settings, first the one to change: `netra:database.maxConnections` (now 150), `netra:database.usableShare` (now 0.8), `netra:services.auth.database.poolSize` (now 2), `netra:services.backend.database.poolSize` (now 3).",
        "Runbook: docs/runbook.md#database-backends",
      ].join("\n\n"),
    );
  });

  test("has its section in the runbook, and every section has its alert", () => {
    const [, sections = ""] = readFileSync(join(PROJECT_ROOT, "docs/runbook.md"), "utf8").split(/^# Alerts$/m);
    const headings = sections.match(/(?<=^## ).+$/gm) ?? [];
    expect(headings.toSorted()).toEqual([...new Set(all.map(({ runbook }) => runbook))].toSorted());
  });
});

describe("what decides whether there is an alert", () => {
  const keys = (changes: Changes) => alertsOf(changes).map(({ key }) => key);

  test("NAT only where there is NAT, a phase only where there is a database", () => {
    expect(keys({})).not.toContain("nat-ports");
    expect(keys({})).not.toContain("frontend-startup-phase");
  });

  test("no maximum where a service is always at it", () => {
    expect(keys({ "netra:services": { backend: { minInstances: 5 } } })).not.toContain("backend-at-maximum");
  });

  test("a pair for each host", () => {
    expect(
      keys({ "netra:edge": undefined, "netra:hosts": { frontend: ["app.staging.netrasystems.ai"] } }).filter((key) =>
        key.includes(".netrasystems.ai"),
      ),
    ).toHaveLength(6);
  });
});

describe("every database and service is counted once", () => {
  test("backends are summed over databases, and cumulative latencies become a delta first", () => {
    expect(alert("database-backends").conditions[0]?.aggregation).toMatchObject({
      aligner: "ALIGN_MAX",
      reducer: "REDUCE_SUM",
      groupBy: [],
    });
    expect(alert("database-query-latency").conditions[0]?.aggregation).toMatchObject({
      aligner: "ALIGN_DELTA",
      reducer: "REDUCE_PERCENTILE_95",
    });
    expect(alert("connector-cpu").conditions[0]?.aggregation).toMatchObject({
      aligner: "ALIGN_PERCENTILE_99",
      reducer: "REDUCE_MAX",
    });
  });
});

describe("uptime checks", () => {
  test("ask every host's liveness path from three regions, every minute", () => {
    const checks = uptimeChecks(
      stagingSettings({ "netra:services": { backend: { liveness: { path: "/health/live", timeoutSeconds: 25 } } } }),
    );
    expect(checks.map(({ host, path, timeoutSeconds }) => `${host}${path} ${timeoutSeconds}`)).toEqual([
      "auth.staging.netrasystems.ai/health 10",
      "api.staging.netrasystems.ai/health/live 25",
      "app.staging.netrasystems.ai/health 10",
      "staging.netrasystems.ai/health 10",
    ]);
    for (const { regions, periodSeconds } of checks) {
      expect(new Set(regions).size).toBe(3);
      expect(periodSeconds).toBe(60);
    }
  });
});

describe("objectives", () => {
  const goals = (changes: Changes = {}) =>
    objectives(stagingSettings(changes)).map(({ id, goal, days }) => ({ id, goal, days }));

  test("are the plan's target for starts, and what was asked for", () => {
    expect(goals()).toEqual([
      { id: "startup-success", goal: 0.99, days: 30 },
      { id: "availability", goal: 0.995, days: 30 },
      { id: "latency", goal: 0.95, days: 7 },
    ]);
  });

  test("stay what Google takes", () => {
    for (const { goal, days } of goals({ "netra:targets": { startupSuccessPercent: 99.995 } })) {
      expect(goal).toBeLessThanOrEqual(SLO_LIMITS.maxGoal);
      expect(days).toBeLessThanOrEqual(SLO_LIMITS.maxDays);
    }
  });

  test("count what there is, as Google counts it", () => {
    expect(objectives(stagingSettings()).flatMap((objective) => objectiveFaults(objective, knownMetrics))).toEqual([]);
  });

  test.each<[string, Objective["indicator"], string[]]>([
    [
      "a gauge",
      { total: filterOf(metrics.instances), good: filterOf(metrics.instances, 'metric.labels.state="active"') },
      Array(2).fill(
        "run.googleapis.com/container/instance_count is a GAUGE INT64, no DELTA or CUMULATIVE INT64 or DOUBLE",
      ),
    ],
    [
      "a count as a distribution",
      { distribution: filterOf(metrics.requests), max: 2000 },
      ["run.googleapis.com/request_count is a DELTA INT64, no DELTA or CUMULATIVE DISTRIBUTION"],
    ],
    [
      "a label that there is not",
      { total: filterOf(metrics.probes), good: filterOf(metrics.probes, 'metric.labels.healthy="true"') },
      [
        expect.stringContaining(
          "run.googleapis.com/container/completed_probe_count has no metric.labels.healthy, but metric.labels.probe_type",
        ),
      ],
    ],
  ])("are refused over %s", (_, indicator, faults) => {
    expect(objectiveFaults({ indicator }, knownMetrics)).toEqual(faults);
  });

  test("availability sees requests that found no instance, and latency does not take WebSockets for slow requests", () => {
    const [, availability, latency] = objectives(stagingSettings());
    expect(availability?.indicator).toMatchObject({
      bad: expect.stringContaining("logging.googleapis.com/user/netra/failed_requests"),
    });
    expect(latency?.indicator).toMatchObject({
      distribution: expect.stringContaining('metric.labels.response_code!="101"'),
      max: 2000,
    });
  });
});
