import { probeWindowSeconds } from "../constraints/cloudrun";
import type { ServicePlan } from "../plan";
import { type Alert, type Condition, filterOf, type NamedSetting } from "./alert";
import { percentileOf } from "./alignment";
import { type LogMetric, logMetrics } from "./logs";
import { metrics } from "./metrics";
import { type Monitored, ofAllServices, ofService, round, saturation, setting } from "./monitored";

/** A filter's restriction to start-up probes. */
export const STARTUP_PROBES = 'metric.labels.probe_type="STARTUP"';

/** How each service starts and scales, and what only the logs know of all of them. */
export function serviceAlerts(plan: Monitored): Alert[] {
  return [
    ...Object.entries(plan.services).flatMap(([key, service]) => ofOneService(plan, key, service)),
    ...fromLogs(plan),
  ];
}

function ofOneService(plan: Monitored, key: string, service: ServicePlan): Alert[] {
  const { name, probe, minInstances, maxInstances, bootSeconds, database } = service;
  const of = (field: string, value: number) => setting(`services.${key}.${field}`, value);
  const windowSeconds = probeWindowSeconds(probe);
  const startupSeconds = round(plan.monitoring.saturationShare * windowSeconds);
  const failureThreshold = of("probe.failureThreshold", probe.failureThreshold);
  const initialisation = database ? [of("database.initTimeoutSeconds", database.initTimeoutSeconds)] : [];
  const condition = (
    title: string,
    metric: (typeof metrics)["startupLatency" | "probes" | "instances"],
    rest: Omit<Condition, "title" | "filter" | "comparison">,
    ...restrictions: string[]
  ): Condition => ({
    title: `${title} of ${name}`,
    filter: filterOf(metric, ofService(name), ...restrictions),
    comparison: "COMPARISON_GT",
    ...rest,
  });
  const common = { combiner: "OR", row: "start-up" } as const;
  const aggregation = { alignmentSeconds: 300, groupBy: [] } as const;
  return [
    {
      ...common,
      key: `${key}-startup-latency`,
      title: `${name}: start-up latency`,
      severity: "ERROR",
      conditions: [
        condition("start-up latency p95", metrics.startupLatency, {
          aggregation: { ...aggregation, ...percentileOf(metrics.startupLatency, 95) },
          threshold: startupSeconds * 1000,
          durationSeconds: 0,
        }),
      ],
      arithmetic: `saturationShare ${plan.monitoring.saturationShare} x the probe's window of ${probe.initialDelaySeconds} + ${probe.periodSeconds} x ${probe.failureThreshold} = ${windowSeconds} s: ${startupSeconds} s at the 95th percentile`,
      settings: [failureThreshold, of("bootSeconds", bootSeconds), ...initialisation, saturation(plan)],
      runbook: "startup-latency",
      limit: { label: "the probe's window", value: windowSeconds * 1000 },
    },
    {
      ...common,
      key: `${key}-startup-probe`,
      title: `${name}: failed start-up probes`,
      severity: "CRITICAL",
      conditions: [
        condition(
          "failed start-up probes",
          metrics.probes,
          {
            aggregation: { ...aggregation, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM" },
            threshold: 0,
            durationSeconds: 0,
          },
          STARTUP_PROBES,
          "metric.labels.is_healthy=false",
        ),
      ],
      arithmetic: `none may fail: the plan's window of ${windowSeconds} s covers every start it knows of`,
      settings: [
        failureThreshold,
        ...initialisation,
        setting("targets.startupSuccessPercent", plan.targets.startupSuccessPercent),
      ],
      runbook: "startup-probe",
    },
    // A service of a fixed size is always at its maximum: its requests without an instance are what shows.
    ...(minInstances === maxInstances
      ? []
      : [
          {
            ...common,
            row: "requests" as const,
            key: `${key}-at-maximum`,
            title: `${name}: at its most instances`,
            severity: "WARNING" as const,
            conditions: [
              condition(
                "active instances",
                metrics.instances,
                {
                  aggregation: { alignmentSeconds: 60, groupBy: [], aligner: "ALIGN_MAX", reducer: "REDUCE_SUM" },
                  threshold: maxInstances - 1,
                  durationSeconds: 300,
                },
                // Idle ones stay for a quarter of an hour after a peak, and take the next request at once.
                'metric.labels.state="active"',
              ),
            ],
            arithmetic: `more than maxInstances ${maxInstances} - 1 active, for 5 minutes: a rollout, which doubles them, is over sooner`,
            settings: [
              of("maxInstances", maxInstances),
              of("concurrency", service.concurrency),
              setting("database.maxConnections", plan.database.maxConnections),
            ],
            runbook: "service-at-maximum",
            limit: { label: "maxInstances", value: maxInstances },
          },
        ]),
    ...(database ? [phaseAlert(plan, key, service, database.initTimeoutSeconds)] : []),
  ];
}

/** The DATABASE phase is the nearest thing to the connector's latency. */
function phaseAlert(plan: Monitored, key: string, { name }: ServicePlan, initTimeoutSeconds: number): Alert {
  const { phaseSeconds, saturationShare } = plan.monitoring;
  const ofTimeout = round(saturationShare * initTimeoutSeconds);
  const threshold = Math.min(phaseSeconds, ofTimeout);
  return {
    key: `${key}-startup-phase`,
    title: `${name}: slow start-up phase`,
    severity: "WARNING",
    combiner: "OR",
    conditions: [
      {
        title: `start-up phases p95 of ${name}`,
        filter: filterOf(logMetrics.phaseDuration, ofService(name)),
        aggregation: {
          alignmentSeconds: 300,
          ...percentileOf(logMetrics.phaseDuration, 95),
          groupBy: ["metric.label.phase"],
        },
        comparison: "COMPARISON_GT",
        threshold,
        durationSeconds: 0,
      },
    ],
    arithmetic: `the smaller of phaseSeconds ${phaseSeconds} and saturationShare ${saturationShare} x initTimeoutSeconds ${initTimeoutSeconds} = ${ofTimeout}: ${threshold} s at the 95th percentile of any phase`,
    settings: [
      setting("connector.minInstances", plan.connector.minInstances),
      setting("database.tier", plan.database.tier),
      setting(`services.${key}.database.initTimeoutSeconds`, initTimeoutSeconds),
      setting("monitoring.phaseSeconds", phaseSeconds),
    ],
    runbook: "startup-phase",
    row: "start-up",
    limit: { label: "initTimeoutSeconds", value: initTimeoutSeconds },
  };
}

function fromLogs(plan: Monitored): Alert[] {
  const services = Object.entries(plan.services);
  const clients = services.flatMap(([key, { database }]) => (database ? [{ key, database }] : []));
  const alert = (
    key: string,
    metric: LogMetric,
    title: string,
    rest: Pick<Alert, "severity" | "arithmetic" | "settings" | "row">,
    ...restrictions: string[]
  ): Alert => ({
    ...rest,
    key,
    title,
    combiner: "OR",
    conditions: [
      {
        title,
        filter: filterOf(metric, ofAllServices(plan), ...restrictions),
        aggregation: {
          alignmentSeconds: 300,
          aligner: "ALIGN_SUM",
          reducer: "REDUCE_SUM",
          groupBy: ["resource.label.service_name"],
        },
        comparison: "COMPARISON_GT",
        threshold: 0,
        durationSeconds: 0,
      },
    ],
    runbook: key,
  });
  const each = (field: string, value: (service: ServicePlan) => number): NamedSetting[] =>
    services.map(([key, service]) => setting(`services.${key}.${field}`, value(service)));
  const pools = clients.map(({ key, database }) => setting(`services.${key}.database.poolSize`, database.poolSize));
  const maxConnections = setting("database.maxConnections", plan.database.maxConnections);
  return [
    alert("no-instance", logMetrics.noInstance, "Requests without an available instance", {
      severity: "CRITICAL",
      arithmetic: "none in 5 minutes; request_count does not see them",
      settings: each("maxInstances", ({ maxInstances }) => maxInstances),
      row: "requests",
    }),
    alert("container-exit", logMetrics.exits, "Containers that exit with code 3", {
      severity: "CRITICAL",
      arithmetic: "none in 5 minutes: the application exits with 3 when it gives up its start, whatever the reason",
      settings: [
        ...clients.map(({ key, database }) =>
          setting(`services.${key}.database.initTimeoutSeconds`, database.initTimeoutSeconds),
        ),
        setting("targets.startupSuccessPercent", plan.targets.startupSuccessPercent),
      ],
      row: "start-up",
    }),
    alert("too-many-connections", logMetrics.tooManyConnections, "Connections that PostgreSQL refuses (53300)", {
      severity: "CRITICAL",
      arithmetic: `none in 5 minutes: the budget keeps all pools within ${round(plan.database.maxConnections * plan.database.usableShare)} of max_connections ${plan.database.maxConnections}`,
      settings: [maxConnections, ...pools],
      row: "database",
    }),
    alert("socket-refused", logMetrics.socketRefused, "Refused connections over the built-in Cloud SQL socket", {
      severity: "CRITICAL",
      arithmetic:
        "none in 5 minutes: the socket needs a public address and a way to the internet, which the plan's private path does not",
      settings: [
        ...clients.map(({ key, database }) => setting(`services.${key}.database.path`, database.path)),
        ...services.map(([key, { egress }]) => setting(`services.${key}.egress`, egress)),
      ],
      row: "database",
    }),
    alert(
      "startup-phase-failed",
      logMetrics.phaseCompletion,
      "Failed start-up phases",
      {
        severity: "ERROR",
        arithmetic: "none in 5 minutes; the metric's label `phase` says which",
        settings: [setting("targets.startupSuccessPercent", plan.targets.startupSuccessPercent), maxConnections],
        row: "start-up",
      },
      'metric.labels.outcome="failed"',
    ),
  ];
}
