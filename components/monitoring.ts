import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type Alert, type Condition, textOf } from "../capacity/monitoring/alert";
import { spelledOut } from "../capacity/monitoring/alignment";
import { dashboard } from "../capacity/monitoring/dashboard";
import type { LogMetric } from "../capacity/monitoring/logs";
import type { Monitored } from "../capacity/monitoring/monitored";
import { allLogMetrics, planAlerts } from "../capacity/monitoring/monitoring";
import { OBJECTIVES_SERVICE, type Objective, objectives } from "../capacity/monitoring/objectives";
import { uptimeChecks } from "../capacity/monitoring/uptime";

/** The plan that every threshold is derived from, and the channels that are notified. */
interface MonitoredStack extends Monitored {
  readonly monitoring: Monitored["monitoring"] & {
    readonly channels: Readonly<Record<string, Channel>>;
  };
}

/** A notification channel. `config/monitoring.ts` has checked that it has the fields that its type needs. */
interface Channel {
  readonly type: "email" | "slack" | "pagerduty" | "webhook";
  readonly to?: string | undefined;
  readonly user?: string | undefined;
}

export interface MonitoringArgs {
  readonly plan: MonitoredStack;
  /** The channels' tokens, by name. */
  readonly tokens: pulumi.Output<Readonly<Record<string, string>>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The enabled APIs. */
  readonly waitsFor: readonly pulumi.Resource[];
  /**
   * The services. Google shows a new log-based metric up to ten minutes late and refuses objectives and alerts on it
   * until then; an error stops an update, and must not do so between two services.
   */
  readonly afterServices: readonly pulumi.Resource[];
}

interface DeclareOptions {
  readonly parent: pulumi.Resource;
  readonly labels: Readonly<Record<string, string>>;
  readonly waitsFor: readonly pulumi.Resource[];
}

/**
 * Alerts, log-based metrics, objectives with burn rates, uptime checks and one dashboard, all derived from the plan.
 * Cost: alerts are free until the day in `prices.alertingFrom`; log-based metrics and uptime checks are billed by use
 * beyond free allotments.
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    // The pack reads the reason from here, and accepts with it that alerts are missing.
    const { disabled } = args.plan.monitoring;
    const turnedOff = disabled ? { turnedOff: disabled.reason } : {};
    super("netra:staging:Monitoring", name, turnedOff, opts);
    if (!disabled) this.declare(args);
    this.registerOutputs(turnedOff);
  }

  private declare({ plan, tokens, labels, waitsFor, afterServices }: MonitoringArgs) {
    const options: DeclareOptions = { parent: this, labels, waitsFor };
    const alerts = planAlerts(plan);
    const channels = declareChannels(plan.monitoring.channels, tokens, options);
    const logMetrics = declareLogMetrics(options);
    const slos = declareObjectives(plan, { ...options, waitsFor: [...logMetrics, ...afterServices] });
    const checks = declareUptimeChecks(plan, options);
    // Google refuses an alert on a metric or an objective that does not exist yet. The objectives wait for the metrics
    // and the services; to repeat those here would make an edge of every alert to every service.
    declareAlerts(alerts, channels, { ...options, waitsFor: [...slos, ...checks] });
    declareDashboard(plan, alerts, { ...options, waitsFor: logMetrics });
  }
}

type ChannelShape = (
  channel: Channel,
  token: pulumi.Output<string>,
) => Pick<gcp.monitoring.NotificationChannelArgs, "type" | "labels" | "sensitiveLabels">;

/**
 * Source: registry documentation of gcp.monitoring.NotificationChannel 9.37;
 * `gcloud beta monitoring channel-descriptors list`.
 */
const CHANNEL_SHAPES: Readonly<Record<Channel["type"], ChannelShape>> = {
  email: ({ to = "" }) => ({ type: "email", labels: { email_address: to } }),
  slack: ({ to = "" }, authToken) => ({ type: "slack", labels: { channel_name: to }, sensitiveLabels: { authToken } }),
  pagerduty: (_, serviceKey) => ({ type: "pagerduty", sensitiveLabels: { serviceKey } }),
  webhook: ({ to = "", user = "" }, password) => ({
    type: "webhook_basicauth",
    labels: { url: to, username: user },
    sensitiveLabels: { password },
  }),
};

function declareChannels(
  channels: Readonly<Record<string, Channel>>,
  tokens: pulumi.Output<Readonly<Record<string, string>>>,
  { parent, labels, waitsFor }: DeclareOptions,
): gcp.monitoring.NotificationChannel[] {
  return Object.entries(channels).map(([name, channel]) => {
    const token = pulumi.secret(tokens.apply((all) => all[name] ?? ""));
    return new gcp.monitoring.NotificationChannel(
      name,
      { displayName: name, ...CHANNEL_SHAPES[channel.type](channel, token), userLabels: { ...labels } },
      { parent, dependsOn: [...waitsFor] },
    );
  });
}

/** From 10 ms in steps of a fifth to 20 minutes: beyond what any probe waits for. */
const BUCKETS = { exponentialBuckets: { scale: 0.01, growthFactor: 1.2, numFiniteBuckets: 64 } };

function declareLogMetrics({ parent, waitsFor }: DeclareOptions): gcp.logging.Metric[] {
  return allLogMetrics.map(
    (metric) => new gcp.logging.Metric(metric.key, logMetric(metric), { parent, dependsOn: [...waitsFor] }),
  );
}

function logMetric(metric: LogMetric): gcp.logging.MetricArgs {
  const { name, description, filter, kind, valueType, unit, extractors, value } = metric;
  const keys = Object.keys(extractors);
  return {
    name,
    description,
    filter,
    metricDescriptor: {
      metricKind: kind,
      valueType,
      unit,
      ...(keys.length > 0 ? { labels: keys.map((key) => ({ key, valueType: "STRING" })) } : {}),
    },
    ...(keys.length > 0 ? { labelExtractors: { ...extractors } } : {}),
    ...(value === undefined ? {} : { valueExtractor: value, bucketOptions: BUCKETS }),
  };
}

/** The objectives, and the service in Cloud Monitoring that has them. */
function declareObjectives(plan: Monitored, { parent, labels, waitsFor }: DeclareOptions): gcp.monitoring.Slo[] {
  const service = new gcp.monitoring.CustomService(
    OBJECTIVES_SERVICE,
    { serviceId: OBJECTIVES_SERVICE, displayName: "Netra staging", userLabels: { ...labels } },
    { parent, dependsOn: [...waitsFor] },
  );
  return objectives(plan).map(
    (objective) =>
      new gcp.monitoring.Slo(
        objective.id,
        {
          service: service.serviceId,
          sloId: objective.id,
          displayName: objective.title,
          goal: objective.goal,
          rollingPeriodDays: objective.days,
          requestBasedSli: indicator(objective.indicator),
          userLabels: { ...labels },
        },
        { parent },
      ),
  );
}

function indicator(of: Objective["indicator"]): gcp.types.input.monitoring.SloRequestBasedSli {
  if ("distribution" in of) return { distributionCut: { distributionFilter: of.distribution, range: { max: of.max } } };
  return {
    goodTotalRatio: {
      totalServiceFilter: of.total,
      ...("good" in of ? { goodServiceFilter: of.good } : { badServiceFilter: of.bad }),
    },
  };
}

/** Every host's health path, requested from three regions over TLS. */
function declareUptimeChecks(
  plan: Monitored,
  { parent, labels, waitsFor }: DeclareOptions,
): gcp.monitoring.UptimeCheckConfig[] {
  return uptimeChecks(plan).map(
    ({ host, path, periodSeconds, timeoutSeconds, regions }) =>
      new gcp.monitoring.UptimeCheckConfig(
        `${host}-uptime`,
        {
          displayName: `${host}${path}`,
          period: `${periodSeconds}s`,
          timeout: `${timeoutSeconds}s`,
          selectedRegions: [...regions],
          httpCheck: { path, port: 443, useSsl: true, validateSsl: true, requestMethod: "GET" },
          monitoredResource: { type: "uptime_url", labels: { project_id: plan.project, host } },
          userLabels: { ...labels },
        },
        { parent, dependsOn: [...waitsFor] },
      ),
  );
}

/**
 * The shortest period that Google accepts (REST v3 projects.alertPolicies, AlertStrategy). A metric of log lines has no
 * points once the lines end: with the default of seven days the incident would stay open, and the next occurrence would
 * notify nobody.
 */
const AUTO_CLOSE = "1800s";

/** The alerts as policies: each text names its settings, their values and the section of the runbook. */
function declareAlerts(
  alerts: readonly Alert[],
  channels: readonly gcp.monitoring.NotificationChannel[],
  { parent, labels, waitsFor }: DeclareOptions,
): void {
  for (const alert of alerts)
    new gcp.monitoring.AlertPolicy(
      alert.key,
      {
        displayName: alert.title,
        combiner: alert.combiner,
        severity: alert.severity,
        conditions: alert.conditions.map((condition) => ({
          displayName: condition.title,
          conditionThreshold: conditionThreshold(condition),
        })),
        alertStrategy: { autoClose: AUTO_CLOSE },
        documentation: { content: textOf(alert), mimeType: "text/markdown" },
        notificationChannels: channels.map(({ id }) => id),
        userLabels: { ...labels },
      },
      { parent, dependsOn: [...waitsFor] },
    );
}

function conditionThreshold(condition: Condition): gcp.types.input.monitoring.AlertPolicyConditionConditionThreshold {
  const { filter, aggregation, comparison, threshold, durationSeconds } = condition;
  return {
    filter,
    comparison,
    thresholdValue: threshold,
    duration: `${durationSeconds}s`,
    ...(aggregation ? { aggregations: [spelledOut(aggregation)] } : {}),
  };
}

function declareDashboard(plan: Monitored, alerts: readonly Alert[], { parent, waitsFor }: DeclareOptions): void {
  new gcp.monitoring.Dashboard(
    "capacity",
    { dashboardJson: JSON.stringify(dashboard("Netra staging: capacity", plan, alerts)) },
    { parent, dependsOn: [...waitsFor] },
  );
}
