import { labelFaults, metricTypeOf } from "../../capacity/monitoring/filters";
import { type Metric, metrics, monitoredResources } from "../../capacity/monitoring/metrics";
import { type Problem, problem } from "../../capacity/problem";
import { CONNECTOR, RUN_SERVICE, SQL_INSTANCE } from "../../config/resource-types";
import { ifReadable } from "../framework/inputs";
import type { Resource } from "../framework/rule";
import { type AlertCondition, restrictionsIn } from "./alert-filters";
import { isPostgresInstance, slotsOf } from "./database";
import { maximumOf } from "./scaling";
import { workloadOf } from "./workload";

/** A kind of resource whose capacity must be watched. */
export interface ResourceMetrics {
  /** Matches its metrics in a filter or a query. */
  readonly family: RegExp;
  /** The label with its name. */
  readonly label: string;
  /** The metrics that show its shortages, and the largest value of each; absent: it has no bound. */
  readonly metrics: ReadonlyMap<string, { readonly metric: Metric; readonly bound?: Bound | undefined }>;
  /** The most important metric. */
  example(resource: Resource): string;
}

/** The largest value of a metric and the reason; `undefined` if it is unknown. */
type Bound = (resource: Resource) => { readonly most: number; readonly because: string } | undefined;

const share: Bound = () => ({ most: 1, because: "it is a share, and 1 is all of it" });

const slots: Bound = (instance) => {
  const { maxConnections } = slotsOf(instance);
  return { most: maxConnections, because: `max_connections is ${maxConnections}` };
};

/** Both revisions run during a rollout. */
const instances: Bound = (service) => {
  const workload = workloadOf(service);
  const maximum = workload && maximumOf(workload).instances;
  return maximum === undefined
    ? undefined
    : { most: 2 * maximum, because: `the service has at most ${maximum} instances, and twice as many in a rollout` };
};

const vms: Bound = ({ properties }) => {
  const most = properties.number("maxInstances");
  return most === undefined ? undefined : { most, because: `maxInstances is ${most}` };
};

const metricTable = (
  bounded: readonly (readonly [Metric, Bound])[],
  unbounded: readonly Metric[],
): ResourceMetrics["metrics"] =>
  new Map([
    ...bounded.map(([metric, bound]) => [metric.type, { metric, bound }] as const),
    ...unbounded.map((metric) => [metric.type, { metric }] as const),
  ]);

const labelOf = ({ resources: [resource] }: Metric): string => monitoredResources[resource][0];

export const CAPACITY_METRICS: Readonly<Record<string, ResourceMetrics>> = {
  [CONNECTOR]: {
    family: /vpcaccess[._]googleapis|vpc_access_connector/,
    label: labelOf(metrics.connectorCpu),
    metrics: metricTable(
      [
        [metrics.connectorCpu, share],
        [metrics.connectorInstances, vms],
      ],
      [
        metrics.connectorReceived,
        metrics.connectorSent,
        metrics.connectorPacketsReceived,
        metrics.connectorPacketsSent,
      ],
    ),
    example: () => metrics.connectorCpu.type,
  },
  [SQL_INSTANCE]: {
    family: /cloudsql[._]googleapis|cloudsql_database/,
    label: labelOf(metrics.backends),
    metrics: metricTable(
      [
        [metrics.databaseCpu, share],
        [metrics.databaseMemory, share],
        [metrics.databaseDisk, share],
        [metrics.backends, slots],
        [metrics.backendsByState, slots],
        [metrics.backendsByApplication, slots],
        [metrics.otherEnginesConnections, slots],
      ],
      [
        metrics.databaseCpuTime,
        metrics.databaseMemoryBytes,
        metrics.databaseMemoryBytesWithCache,
        metrics.databaseMemoryComponents,
        metrics.databaseDiskBytes,
        metrics.newConnections,
        metrics.logins,
        metrics.mysqlConnections,
        metrics.mysqlAbortedConnects,
        metrics.mysqlPoolPending,
        metrics.mysqlPoolWait,
        metrics.mysqlPoolThreads,
      ],
    ),
    example: (instance) => (isPostgresInstance(instance) ? metrics.backends : metrics.otherEnginesConnections).type,
  },
  [RUN_SERVICE]: {
    family: /run[._]googleapis|cloud_run_revision/,
    label: labelOf(metrics.instances),
    metrics: metricTable(
      [
        [metrics.containerCpu, share],
        [metrics.containerMemory, share],
        [metrics.instances, instances],
      ],
      [
        metrics.requests,
        metrics.requestLatency,
        metrics.requestPendingLatency,
        metrics.requestWholeLatency,
        metrics.pendingRequests,
        metrics.startupLatency,
        metrics.instancesByReadiness,
        metrics.probes,
        metrics.probeAttempts,
        metrics.probeLatency,
        metrics.probeAttemptLatency,
        metrics.requestConcurrency,
        metrics.containerTime,
        metrics.containerCpuTime,
        metrics.containerMemoryTime,
        metrics.containerSent,
        metrics.containerReceived,
        metrics.throttledBytesIn,
        metrics.throttledPacketsIn,
        metrics.throttledBytesOut,
        metrics.throttledPacketsOut,
        metrics.socketLatency,
        metrics.socketRequests,
        metrics.socketRefusals,
      ],
    ),
    example: () => metrics.startupLatency.type,
  },
};

/** Whether the metric exists only for another engine. */
const isOfOtherEngine = (metric: string, instance: Resource) =>
  instance.type === SQL_INSTANCE &&
  ((metric.includes("/database/postgresql/") && !isPostgresInstance(instance)) ||
    (/\/database\/(mysql\/|network\/connections$)/.test(metric) && isPostgresInstance(instance)));

/** The metric that a condition compares, if it belongs to this kind of resource. */
function metricOf(condition: AlertCondition, { family }: ResourceMetrics): string | undefined {
  const metric = condition.isThreshold ? metricTypeOf(restrictionsIn(condition)) : undefined;
  return metric !== undefined && family.test(metric) ? metric : undefined;
}

/** A metric that does not show the resource's shortages. */
export interface OtherMetric {
  readonly type: string;
  /** Whether the resource is known to have the metric. */
  readonly exists: boolean;
}

const KNOWN = new Set<string>(Object.values(metrics).map(({ type }) => type));

/** The metric of a condition that does not watch the resource's capacity. */
export function otherMetric(
  condition: AlertCondition,
  watched: ResourceMetrics,
  resource: Resource,
): OtherMetric | undefined {
  const type = metricOf(condition, watched);
  if (type === undefined) return undefined;
  const isOther = isOfOtherEngine(type, resource);
  return isOther || !watched.metrics.has(type) ? { type, exists: !isOther && KNOWN.has(type) } : undefined;
}

/**
 * The reason why a condition on a capacity metric never fires when the capacity runs out: it compares in the wrong
 * direction, restricts a label that does not exist or to a value that it never has, or its threshold is unreachable.
 * `undefined`: it fires, or no fault is known.
 */
export function conditionFault(
  condition: AlertCondition,
  watched: ResourceMetrics,
  resource: Resource,
): Problem | undefined {
  const { text = "", inputs } = condition;
  const { metric, bound } = watched.metrics.get(metricOf(condition, watched) ?? "") ?? {};
  if (!metric) return undefined;
  const wrong = (field: string, value: unknown, must: string, because: string, fix: string | number) =>
    problem({ setting: inputs.at(field), value, must, because, fix });
  // One of two alternatives may match.
  const [label] = labelFaults(restrictionsIn(condition), metric).filter(
    ({ value }) => value === undefined || !/\bOR\b/.test(text),
  );
  if (label?.path.startsWith("resource.") && label.value === undefined)
    return wrong(
      "filter",
      label.path,
      `restrict ${watched.label}`,
      "the monitored resource has no other label with its name",
      `one with resource.labels.${watched.label}`,
    );
  if (label)
    return wrong(
      "filter",
      label.value === undefined ? label.path : `${label.path} ${label.value}`,
      `be one of ${label.known.join(", ")}`,
      `${metric.type} has no other, and the alert never fires`,
      "one of them",
    );
  const bare = resource.type === SQL_INSTANCE ? /database_id"?\s*=\s*"([^":]+)"/.exec(text)?.[1] : undefined;
  if (bare !== undefined)
    return wrong(
      "filter",
      `database_id ${bare}`,
      "name project and instance",
      "the label's value is PROJECT:INSTANCE",
      `one with database_id="PROJECT:${bare}"`,
    );
  const comparison = inputs.choice("comparison");
  if (comparison === "COMPARISON_LT")
    return wrong(
      "comparison",
      comparison,
      "be COMPARISON_GT",
      `${metric.type} rises as capacity runs out`,
      "COMPARISON_GT",
    );
  return unreachable(condition, metric.type, bound, resource);
}

/** Aligners and reducers that return one of the metric's own values. */
const KEEPS_VALUES = /^(ALIGN|REDUCE)_(NONE|NEXT_OLDER|INTERPOLATE|MEAN|MIN|MAX|PERCENTILE_\d+)$/;

function unreachable(
  { inputs }: AlertCondition,
  metric: string,
  boundOf: Bound | undefined,
  resource: Resource,
): Problem | undefined {
  const threshold = inputs.knownOnly().number("thresholdValue");
  const bound = ifReadable(() => boundOf?.(resource));
  if (threshold === undefined || bound === undefined || inputs.has("denominatorFilter")) return undefined;
  const aggregations = inputs.list("aggregations");
  const steps = aggregations
    .flatMap((step) => [step.text("perSeriesAligner"), step.text("crossSeriesReducer")])
    .filter((step) => step);
  const isCount = bound.most !== 1;
  // The sum of several counts is a count; the sum of shares is not a share.
  const keeps = steps.every(
    (step) => step !== undefined && (KEEPS_VALUES.test(step) || (isCount && step === "REDUCE_SUM")),
  );
  if (aggregations.length > 1 || !keeps || (isCount ? threshold < bound.most : threshold <= bound.most))
    return undefined;
  const fix = isCount ? Math.floor(0.8 * bound.most) : threshold > 1 && threshold < 100 ? threshold / 100 : 0.8;
  const because = `${bound.because}: ${metric} never exceeds that, and the alert never fires`;
  return problem({
    setting: inputs.at("thresholdValue"),
    value: threshold,
    must: isCount ? `be less than ${bound.most}` : "be a share of at most 1",
    because,
    fix,
  });
}
