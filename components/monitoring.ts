import * as pulumi from "@pulumi/pulumi";
import type { Monitored } from "../capacity/monitoring/monitored";
import { planAlerts } from "../capacity/monitoring/monitoring";
import { declareAlerts } from "./monitoring/alerts";
import { type Channel, declareChannels } from "./monitoring/channels";
import { declareDashboard } from "./monitoring/dashboard";
import { declareLogMetrics } from "./monitoring/log-metrics";
import { declareObjectives } from "./monitoring/objectives";
import { declareUptimeChecks } from "./monitoring/uptime";

export interface MonitoringArgs {
  /** What every threshold is derived from. */
  readonly plan: Monitored;
  /** Who is told, by name. */
  readonly channels: Readonly<Record<string, Channel>>;
  /** The channels' tokens, by name. */
  readonly tokens: pulumi.Output<Readonly<Record<string, string>>>;
  /** Why nothing is monitored. Default: everything is. */
  readonly turnedOff?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** The enabled APIs. */
  readonly waitsFor: readonly pulumi.Resource[];
}

/** How the parts inside are declared. */
export interface Declaring {
  readonly parent: pulumi.Resource;
  readonly labels: Readonly<Record<string, string>>;
  readonly waitsFor: readonly pulumi.Resource[];
}

/**
 * Alerts, log-based metrics, objectives with burn rates, uptime checks and one dashboard, all derived from the plan.
 * Cost: not priced here. Log-based metrics, uptime checks and alert conditions are billed by use beyond free allotments.
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    // The pack reads the reason from here, and lets what is missing through with it.
    const reason = args.turnedOff === undefined ? {} : { turnedOff: args.turnedOff };
    super("netra:staging:Monitoring", name, reason, opts);
    if (args.turnedOff === undefined) this.declare(args);
    this.registerOutputs(reason);
  }

  private declare({ plan, channels, tokens, labels, waitsFor }: MonitoringArgs) {
    const declaring: Declaring = { parent: this, labels, waitsFor };
    const alerts = planAlerts(plan);
    const told = declareChannels(channels, tokens, declaring);
    const logMetrics = declareLogMetrics(declaring);
    const slos = declareObjectives(plan, { ...declaring, waitsFor: logMetrics });
    const checks = declareUptimeChecks(plan, declaring);
    // An alert on a metric that does not exist yet is refused.
    declareAlerts(alerts, told, { ...declaring, waitsFor: [...logMetrics, ...slos, ...checks] });
    declareDashboard(plan, alerts, { ...declaring, waitsFor: logMetrics });
  }
}
