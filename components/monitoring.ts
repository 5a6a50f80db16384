import * as pulumi from "@pulumi/pulumi";
import type { Monitored } from "../capacity/monitoring/monitored";
import { planAlerts } from "../capacity/monitoring/monitoring";
import { declareAlerts } from "./monitoring/alerts";
import { type Channel, declareChannels } from "./monitoring/channels";
import { declareDashboard } from "./monitoring/dashboard";
import { declareLogMetrics } from "./monitoring/log-metrics";
import { declareObjectives } from "./monitoring/objectives";
import { declareUptimeChecks } from "./monitoring/uptime";

/** What every threshold is derived from, and who is told by which channel. */
export interface MonitoredStack extends Monitored {
  readonly monitoring: Monitored["monitoring"] & {
    readonly channels: Readonly<Record<string, Channel>>;
  };
}

export interface MonitoringArgs {
  readonly plan: MonitoredStack;
  /** The channels' tokens, by name. */
  readonly tokens: pulumi.Output<Readonly<Record<string, string>>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The enabled APIs. */
  readonly waitsFor: readonly pulumi.Resource[];
  /**
   * The services. Google knows a new log-based metric up to ten minutes late and refuses objectives and alerts on it
   * until
   * then; an error stops an update, and must not do so between two services.
   */
  readonly afterServices: readonly pulumi.Resource[];
}

/** How the parts inside are declared. */
export interface Declaring {
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
    // The pack reads the reason from here, and lets what is missing through with it.
    const { disabled } = args.plan.monitoring;
    const turnedOff = disabled ? { turnedOff: disabled.reason } : {};
    super("netra:staging:Monitoring", name, turnedOff, opts);
    if (!disabled) this.declare(args);
    this.registerOutputs(turnedOff);
  }

  private declare({ plan, tokens, labels, waitsFor, afterServices }: MonitoringArgs) {
    const declaring: Declaring = { parent: this, labels, waitsFor };
    const alerts = planAlerts(plan);
    const told = declareChannels(plan.monitoring.channels, tokens, declaring);
    const logMetrics = declareLogMetrics(declaring);
    const slos = declareObjectives(plan, { ...declaring, waitsFor: [...logMetrics, ...afterServices] });
    const checks = declareUptimeChecks(plan, declaring);
    // An alert on a metric or an objective that does not exist yet is refused.
    declareAlerts(alerts, told, { ...declaring, waitsFor: [...logMetrics, ...slos, ...checks, ...afterServices] });
    declareDashboard(plan, alerts, { ...declaring, waitsFor: logMetrics });
  }
}
