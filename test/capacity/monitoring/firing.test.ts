import { describe, expect, test } from "vitest";
import { planAlerts } from "../../../capacity/monitoring/monitoring";
import { planScenarios } from "../../../capacity/storm/scenarios";
import { planOf } from "../../../config/read";
import { type Changes, stagingSettings } from "../../stack-settings";
import { openMinutes, type Series } from "./evaluation";

const opens = (key: string, series: readonly Series[], minutes: number, changes: Changes = {}) => {
  const alert = planAlerts(stagingSettings(changes)).find((candidate) => candidate.key === key);
  if (!alert) throw new Error(`no alert is called ${key}`);
  return openMinutes(alert, series, minutes);
};
const metric = (
  type: string,
  resource: string,
  labels: Readonly<Record<string, string>>,
  at: Series["at"],
): Series => ({
  labels: { "metric.type": type, "resource.type": resource, ...labels },
  at,
});
const during = (from: number, to: number, value: number | boolean) => (minute: number) =>
  minute >= from && minute < to ? value : undefined;

const SQL = { "resource.labels.database_id": "netra-staging:staging-shared-postgres" };
const connects = (database: string, at: Series["at"]) =>
  metric(
    "cloudsql.googleapis.com/database/postgresql/new_connection_count",
    "cloudsql_database",
    { ...SQL, "metric.labels.database": database },
    at,
  );

describe("new connections", () => {
  const KEY = "database-connect-rate";
  /** Google's own agents, every ten seconds. */
  const agents = connects("cloudsqladmin", () => 6);

  test("of a crash loop like the incident's, half a connect a second, open the alert within minutes", () => {
    expect(opens(KEY, [agents, connects("netra_staging", during(10, 60, 30))], 60)[0]).toBe(12);
  });

  test.each(planScenarios(planOf(stagingSettings())))("of an ordinary start do not: $name", ({ input }) => {
    const all = input.groups.reduce(
      (sum, { starts, processes, connectionsPerProcess }) => sum + starts * processes * connectionsPerProcess,
      0,
    );
    expect(all).toBeGreaterThan(5);
    expect(opens(KEY, [agents, connects("netra_staging", during(10, 11, all))], 60)).toEqual([]);
  });

  test("of an outage that ends and the rollout after it do not", () => {
    const coldStart = during(10, 11, 26);
    const rollout = during(15, 17, 20);
    expect(
      opens(KEY, [agents, connects("netra_staging", (minute) => coldStart(minute) ?? rollout(minute))], 60),
    ).toEqual([]);
  });
});

describe("logins", () => {
  const logins = (status: string, isThrottled: boolean) =>
    metric(
      "cloudsql.googleapis.com/database/network/connection_attempt_count",
      "cloudsql_database",
      {
        ...SQL,
        "metric.labels.login_status": status,
        "metric.labels.anomalous_connection_throttled": String(isThrottled),
      },
      during(10, 11, 4),
    );

  test.each([
    ["failed", false, [10, 11, 12, 13, 14]],
    ["failed", true, [10, 11, 12, 13, 14]],
    ["succeeded", true, [10, 11, 12, 13, 14]],
    ["succeeded", false, []],
  ])("%s, throttled: %s", (status, isThrottled, minutes) => {
    expect(opens("database-logins", [logins(status, isThrottled)], 30)).toEqual(minutes);
  });
});

test("idle instances are no shortage of instances, active ones are after five minutes", () => {
  const instances = (state: string, count: number) =>
    metric(
      "run.googleapis.com/container/instance_count",
      "cloud_run_revision",
      { "resource.labels.service_name": "netra-backend-staging", "metric.labels.state": state },
      during(10, 30, count),
    );
  expect(opens("backend-at-maximum", [instances("active", 2), instances("idle", 3)], 40)).toEqual([]);
  expect(opens("backend-at-maximum", [instances("active", 5), instances("idle", 1)], 40)[0]).toBe(15);
});

test("a connector at what its least VMs carry opens the alert, long before ten of them would be full", () => {
  const received = metric(
    "vpcaccess.googleapis.com/connector/received_bytes_count",
    "vpc_access_connector",
    { "resource.labels.connector_name": "staging-connector" },
    during(10, 30, (60 * 260e6) / 8),
  );
  expect(opens("connector-throughput", [received], 40)[0]).toBe(15);
  expect(opens("connector-throughput", [received], 40, { "netra:connector": { minInstances: 4 } })).toEqual([]);
});

test("a failed start-up probe opens the alert, whatever it asks by; a failed liveness probe does not", () => {
  const probe = (type: string, action: string) =>
    metric(
      "run.googleapis.com/container/completed_probe_count",
      "cloud_run_revision",
      {
        "resource.labels.service_name": "netra-backend-staging",
        "metric.labels.probe_type": type,
        "metric.labels.probe_action": action,
        "metric.labels.is_healthy": "false",
      },
      during(10, 11, 1),
    );
  for (const action of ["HTTP", "TCP"])
    expect(opens("backend-startup-probe", [probe("STARTUP", action)], 30)[0]).toBe(10);
  expect(opens("backend-startup-probe", [probe("LIVENESS", "HTTP")], 30)).toEqual([]);
});

describe("a host", () => {
  const HOST = "api.staging.netrasystems.ai";
  const checker = (location: string, at: Series["at"]) =>
    metric(
      "monitoring.googleapis.com/uptime_check/check_passed",
      "uptime_url",
      { "resource.labels.host": HOST, "metric.labels.checker_location": location },
      at,
    );
  const everywhere = (at: Series["at"]) =>
    ["usa-iowa", "eur-belgium", "apac-singapore"].map((location) => checker(location, at));

  test("that is new is not down while DNS record and certificate become active, and is once it has answered", () => {
    expect(
      opens(
        `${HOST}-down`,
        everywhere(() => false),
        300,
      ),
    ).toEqual([]);
    const [first] = opens(
      `${HOST}-down`,
      everywhere((minute) => minute >= 90 && minute < 120),
      300,
    );
    expect(first).toBe(121);
  });

  test("that one checker does not reach is not down", () => {
    expect(
      opens(`${HOST}-down`, [checker("usa-iowa", (minute) => minute < 60), checker("eur-belgium", () => true)], 120),
    ).toEqual([]);
  });

  test("stays down for a day", () => {
    const minutes = opens(
      `${HOST}-down`,
      everywhere((minute) => minute < 60),
      26 * 60,
    );
    expect([minutes[0], minutes.at(-1)]).toEqual([61, 60 + 24 * 60 - 2]);
  });
});
