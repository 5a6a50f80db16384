import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { textOf } from "../../capacity/monitoring/alert";
import { dashboard } from "../../capacity/monitoring/dashboard";
import { allLogMetrics, planAlerts } from "../../capacity/monitoring/monitoring";
import { Monitoring, type MonitoringArgs } from "../../components/monitoring";
import { ALERT_POLICY, MONITORING } from "../../config/resource-types";
import { evaluate, type RegisteredResource, withoutSecrets } from "../../engine/evaluate";
import { UNKNOWN } from "../../policy/framework/unknown";
import { create, only, registeredBy, waitsFor, wireSecret } from "../fixtures/programs";
import { stagingSettings } from "../stack-settings";

const CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel";
const LOG_METRIC = "gcp:logging/metric:Metric";
const SLO = "gcp:monitoring/slo:Slo";
const UPTIME = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig";
const DASHBOARD = "gcp:monitoring/dashboard:Dashboard";

const channels = {
  platform: { type: "email", to: "platform@example.org" },
  chat: { type: "slack", to: "#staging-alerts" },
  pager: { type: "pagerduty" },
  hook: { type: "webhook", to: "https://hooks.example.org/staging", user: "netra" },
} as const;
const tokens: Readonly<Record<"chat" | "pager" | "hook", string>> = {
  chat: "PLAIN-slack",
  pager: "PLAIN-pager",
  hook: "PLAIN-hook",
};
const plan = stagingSettings({ "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 64 } } });
const argsOf = (changes: Partial<MonitoringArgs> = {}): MonitoringArgs => ({
  plan: { ...plan, monitoring: { ...plan.monitoring, channels } },
  tokens: pulumi.output<Record<string, string>>(tokens),
  labels: { environment: "staging" },
  waitsFor: [],
  afterServices: [],
  ...changes,
});

let registered: readonly RegisteredResource[] = [];
beforeAll(async () => {
  registered = await registeredBy(() => {
    const apis = [new gcp.projects.Service("api-monitoring", { service: "monitoring.googleapis.com" })];
    const service = new gcp.cloudrunv2.Service("netra-frontend-staging", { location: "us-central1", template: {} });
    new Monitoring("monitoring", argsOf({ waitsFor: apis, afterServices: [service] }));
  });
});
const ofType = (type: string) => registered.filter((resource) => resource.type === type);
const namesOf = (type: string) =>
  ofType(type)
    .map(({ name }) => name)
    .toSorted();
const named = (type: string, name: string) =>
  only(
    ofType(type).filter((resource) => resource.name === name),
    type,
  );

describe("alerts", () => {
  const alerts = planAlerts(plan);

  test("are all of the plan's, each with its text, its conditions and every channel", () => {
    expect(namesOf(ALERT_POLICY)).toEqual(alerts.map(({ key }) => key).toSorted());
    for (const alert of alerts) {
      const { conditions, ...inputs } = named(ALERT_POLICY, alert.key).inputs;
      expect(inputs).toEqual({
        displayName: alert.title,
        combiner: alert.combiner,
        severity: alert.severity,
        alertStrategy: { autoClose: "1800s" },
        documentation: { content: textOf(alert), mimeType: "text/markdown" },
        notificationChannels: [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN],
        userLabels: { environment: "staging" },
      });
      expect(conditions).toEqual(
        alert.conditions.map(({ title, filter, threshold }) =>
          expect.objectContaining({
            displayName: title,
            conditionThreshold: expect.objectContaining({ filter, thresholdValue: threshold }),
          }),
        ),
      );
    }
  });

  test("sum the backends of all databases against the usable share, as Cloud Monitoring takes it", () => {
    expect(named(ALERT_POLICY, "database-backends").inputs.conditions).toEqual([
      {
        displayName: "connections of staging-shared-postgres",
        conditionThreshold: {
          filter:
            'metric.type="cloudsql.googleapis.com/database/postgresql/num_backends" AND resource.type="cloudsql_database" AND resource.labels.database_id="netra-staging:staging-shared-postgres"',
          comparison: "COMPARISON_GT",
          thresholdValue: 120,
          duration: "60s",
          aggregations: [{ alignmentPeriod: "60s", perSeriesAligner: "ALIGN_MAX", crossSeriesReducer: "REDUCE_SUM" }],
        },
      },
    ]);
  });

  test("keep the phases of a start apart", () => {
    expect(named(ALERT_POLICY, "backend-startup-phase").inputs.conditions).toEqual([
      {
        displayName: "start-up phases p95 of netra-backend-staging",
        conditionThreshold: {
          filter:
            'metric.type="logging.googleapis.com/user/netra/startup_phase_seconds" AND resource.type="cloud_run_revision" AND resource.labels.service_name="netra-backend-staging"',
          comparison: "COMPARISON_GT",
          thresholdValue: 45,
          duration: "0s",
          aggregations: [
            {
              alignmentPeriod: "300s",
              perSeriesAligner: "ALIGN_PERCENTILE_95",
              crossSeriesReducer: "REDUCE_MAX",
              groupByFields: ["metric.label.phase"],
            },
          ],
        },
      },
    ]);
  });

  test("burn an objective in two windows at once, selected by a name that a preview knows", () => {
    const objective = "projects/netra-staging/services/netra/serviceLevelObjectives/availability";
    const { conditions, combiner } = named(ALERT_POLICY, "availability-burn-fast").inputs;
    expect(combiner).toBe("AND");
    expect(conditions).toEqual(
      ["3600s", "300s"].map((window) => ({
        displayName: `burn rate of availability over ${window}`,
        conditionThreshold: {
          filter: `select_slo_burn_rate("${objective}", "${window}")`,
          comparison: "COMPARISON_GT",
          thresholdValue: 14.4,
          duration: "0s",
        },
      })),
    );
  });

  test("wait for log-based metrics, objectives, uptime checks and the services, between which nothing may fail that is not theirs", () => {
    const awaited = waitsFor(named(ALERT_POLICY, "container-exit"));
    expect(awaited).toEqual(
      expect.arrayContaining(["availability", "api.staging.netrasystems.ai-uptime", ...Object.keys(channels)]),
    );
    expect(waitsFor(named(SLO, "availability"))).toEqual(["netra"]);
    expect(waitsFor(named("gcp:monitoring/customService:CustomService", "netra"))).toEqual(
      expect.arrayContaining(["netra-frontend-staging", "netra-container_exit_3"]),
    );
    expect(waitsFor(named(LOG_METRIC, "netra-container_exit_3"))).toEqual(["api-monitoring"]);
  });
});

describe("log-based metrics", () => {
  test("are all there, counters without an extractor", () => {
    expect(namesOf(LOG_METRIC)).toEqual(allLogMetrics.map(({ key }) => key).toSorted());
    const exits = allLogMetrics.find(({ name }) => name === "netra/container_exit_3");
    expect(named(LOG_METRIC, "netra-container_exit_3").inputs).toEqual({
      name: "netra/container_exit_3",
      description: exits?.description,
      filter: exits?.filter,
      metricDescriptor: { metricKind: "DELTA", valueType: "INT64", unit: "1" },
    });
  });

  test("have the phase's duration as a distribution, with an extractor for the value and for each label", () => {
    const { filter, ...inputs } = named(LOG_METRIC, "netra-startup_phase_seconds").inputs;
    expect(filter).toContain("jsonPayload.smd.phase");
    expect(inputs).toMatchObject({
      metricDescriptor: {
        metricKind: "DELTA",
        valueType: "DISTRIBUTION",
        unit: "s",
        labels: [
          { key: "phase", valueType: "STRING" },
          { key: "outcome", valueType: "STRING" },
        ],
      },
      labelExtractors: { phase: "EXTRACT(jsonPayload.smd.phase)", outcome: "EXTRACT(jsonPayload.smd.outcome)" },
      valueExtractor: "EXTRACT(jsonPayload.smd.seconds)",
    });
    const { scale, growthFactor, numFiniteBuckets } = (
      inputs.bucketOptions as { exponentialBuckets: Record<string, number> }
    ).exponentialBuckets;
    // A healthy phase takes 17 ms to 1.3 s, one that fails up to the probe's window.
    expect(scale).toBeLessThan(0.017);
    expect((scale ?? 0) * (growthFactor ?? 0) ** (numFiniteBuckets ?? 0)).toBeGreaterThan(240);
  });
});

test("objectives: starts from probes, availability from the logs, latency as a cut", () => {
  const slos = ["startup-success", "availability", "latency"].map((id) => named(SLO, id));
  expect(namesOf(SLO)).toHaveLength(slos.length);
  expect(
    slos.map(({ inputs }) => [
      inputs.service,
      inputs.sloId,
      inputs.goal,
      inputs.rollingPeriodDays,
      Object.keys(Object(inputs.requestBasedSli)),
    ]),
  ).toEqual([
    ["netra", "startup-success", 0.99, 30, ["goodTotalRatio"]],
    ["netra", "availability", 0.995, 30, ["goodTotalRatio"]],
    ["netra", "latency", 0.95, 7, ["distributionCut"]],
  ]);
  const ratios = slos.map(({ inputs }) =>
    Object.keys(Object(Object(inputs.requestBasedSli).goodTotalRatio)).toSorted(),
  );
  expect(ratios).toEqual([["goodServiceFilter", "totalServiceFilter"], ["badServiceFilter", "totalServiceFilter"], []]);
  expect(named(SLO, "latency").inputs.requestBasedSli).toMatchObject({ distributionCut: { range: { max: 2000 } } });
  expect(waitsFor(named("gcp:monitoring/customService:CustomService", "netra"))).toEqual(
    expect.arrayContaining(["netra-failed_requests", "netra-frontend-staging"]),
  );
});

test("uptime checks ask over TLS, from three regions, every minute", () => {
  expect(ofType(UPTIME)).toHaveLength(4);
  expect(named(UPTIME, "api.staging.netrasystems.ai-uptime").inputs).toEqual({
    displayName: "api.staging.netrasystems.ai/health",
    period: "60s",
    timeout: "10s",
    selectedRegions: ["USA", "EUROPE", "ASIA_PACIFIC"],
    httpCheck: { path: "/health", port: 443, useSsl: true, validateSsl: true, requestMethod: "GET" },
    monitoredResource: {
      type: "uptime_url",
      labels: { project_id: "netra-staging", host: "api.staging.netrasystems.ai" },
    },
    userLabels: { environment: "staging" },
  });
});

test("the dashboard is the plan's", () => {
  const { dashboardJson } = only(registered, DASHBOARD).inputs;
  expect(JSON.parse(String(dashboardJson))).toEqual(dashboard("Netra staging: capacity", plan, planAlerts(plan)));
});

describe("channels", () => {
  const made = (secret: (labels: Readonly<Record<string, string>>) => unknown) => ({
    platform: { displayName: "platform", type: "email", labels: { email_address: "platform@example.org" } },
    chat: {
      displayName: "chat",
      type: "slack",
      labels: { channel_name: "#staging-alerts" },
      sensitiveLabels: secret({ authToken: tokens.chat }),
    },
    pager: { displayName: "pager", type: "pagerduty", sensitiveLabels: secret({ serviceKey: tokens.pager }) },
    hook: {
      displayName: "hook",
      type: "webhook_basicauth",
      labels: { url: "https://hooks.example.org/staging", username: "netra" },
      sensitiveLabels: secret({ password: tokens.hook }),
    },
  });
  const inputsOf = (resources: readonly Pick<RegisteredResource, "type" | "name" | "inputs">[]) =>
    Object.fromEntries(
      resources.flatMap(({ type, name, inputs: { userLabels, ...inputs } }) => {
        if (type !== CHANNEL) return [];
        expect(userLabels).toEqual({ environment: "staging" });
        return [[name, inputs]];
      }),
    );

  test("have what their kind needs, tokens as secrets that no report shows", () => {
    const each = (wrap: (token: string) => unknown) => (labels: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(labels).map(([label, token]) => [label, wrap(token)]));
    expect(inputsOf(registered)).toEqual(made(each(wireSecret)));
    const reported = registered.map(({ inputs, ...rest }) => ({
      ...rest,
      inputs: withoutSecrets(inputs),
      outputs: {},
    }));
    expect(inputsOf(reported as typeof registered)).toEqual(made(each(() => "[secret]"))); // still inputs
    expect(JSON.stringify(reported)).not.toContain("PLAIN");
  });

  test("hand the token itself to the provider on an update, still as a secret", async () => {
    const created = await create(
      () => new Monitoring("monitoring", argsOf()),
      () => ({}),
    );
    expect(inputsOf(created)).toEqual(made(wireSecret));
    const channels = created
      .filter(({ type }) => type === ALERT_POLICY)
      .map(({ inputs }) => inputs.notificationChannels);
    expect(new Set(channels.map(String))).toEqual(new Set(["platform-id,chat-id,pager-id,hook-id"]));
  });
});

test("turned off, it registers nothing but itself with the reason, for the pack to read", async () => {
  const off = await evaluate("staging", { "gcp:project": "netra-staging" }, () => {
    new Monitoring(
      "monitoring",
      argsOf({
        plan: { ...plan, monitoring: { ...plan.monitoring, channels, disabled: { reason: "one afternoon (#1403)" } } },
      }),
    );
    return {};
  });
  expect(off.filter(({ type }) => type !== "pulumi:pulumi:Stack").map(({ type, inputs }) => [type, inputs])).toEqual([
    [MONITORING, { turnedOff: "one afternoon (#1403)" }],
  ]);
});
