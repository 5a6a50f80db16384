import { type Problem, problem } from "../capacity/problem";
import type { AlertCondition } from "./alert-filters";
import { isPostgresInstance, slotsOf } from "./database";
import { ifReadable } from "./inputs";
import type { Resource } from "./rule";
import { CONNECTOR, RUN_SERVICE, SQL_INSTANCE } from "./types";
import { maximumOf, workloadOf } from "./workload";

/** A kind of resource whose capacity must be watched. */
export interface Watched {
  /** How a filter or a query names its metrics. */
  readonly family: RegExp;
  /** The label that carries its name, and the others of its monitored resource. */
  readonly label: string;
  readonly labels: readonly string[];
  /** The metrics that show what it is short of, and the most that each can be; absent: there is no such bound. */
  readonly metrics: Readonly<Record<string, Bound | undefined>>;
  /** The metric to watch first. */
  example(resource: Resource): string;
}

/** The most that a metric can be, and what says so; `undefined`: it is not known. */
type Bound = (resource: Resource) => { readonly most: number; readonly because: string } | undefined;

const none = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, undefined]));
const share: Bound = () => ({ most: 1, because: "it is a share, and 1 is all of it" });

const slots: Bound = (instance) => {
  const { maxConnections } = slotsOf(instance);
  return { most: maxConnections, because: `max_connections is ${maxConnections}` };
};

/** Both revisions of a rollout are there for a while. */
const instances: Bound = (service) => {
  const workload = workloadOf(service);
  const maximum = workload && maximumOf(workload).instances;
  return maximum === undefined ? undefined : { most: 2 * maximum, because: `the service has at most ${maximum} instances, and twice as many in a rollout` };
};

/**
 * Source: Google's metric lists, docs.cloud.google.com/monitoring/api/metrics_gcp_p_z and
 * docs.cloud.google.com/sql/docs/postgres/admin-api/metrics, read 2026-11-28.
 */
export const WATCHED: Readonly<Record<string, Watched>> = {
  [CONNECTOR]: {
    family: /vpcaccess[._]googleapis|vpc_access_connector/,
    label: "connector_name",
    labels: ["project_id", "location"],
    metrics: {
      "vpcaccess.googleapis.com/connector/cpu/utilizations": share,
      "vpcaccess.googleapis.com/connector/instances": ({ properties }) => {
        const most = properties.number("maxInstances");
        return most === undefined ? undefined : { most, because: `maxInstances is ${most}` };
      },
      ...none(["received_bytes", "sent_bytes", "received_packets", "sent_packets"].map((name) => `vpcaccess.googleapis.com/connector/${name}_count`)),
    },
    example: () => "vpcaccess.googleapis.com/connector/cpu/utilizations",
  },
  [SQL_INSTANCE]: {
    family: /cloudsql[._]googleapis|cloudsql_database/,
    label: "database_id",
    labels: ["project_id", "region"],
    metrics: {
      ...Object.fromEntries(["cpu", "memory", "disk"].map((part) => [`cloudsql.googleapis.com/database/${part}/utilization`, share])),
      ...none(
        ["cpu/usage_time", "memory/usage", "memory/total_usage", "memory/components", "disk/bytes_used"].map(
          (name) => `cloudsql.googleapis.com/database/${name}`,
        ),
      ),
      ...Object.fromEntries(
        ["num_backends", "num_backends_by_state", "num_backends_by_application"].map((name) => [`cloudsql.googleapis.com/database/postgresql/${name}`, slots]),
      ),
      ...none(["postgresql/new_connection_count", "network/connection_attempt_count"].map((name) => `cloudsql.googleapis.com/database/${name}`)),
      "cloudsql.googleapis.com/database/network/connections": slots,
      ...none(
        ["connections_count", "aborted_connects_count", "conn_pool/pending_connections", "conn_pool/avg_wait_time", "conn_pool/threads"].map(
          (name) => `cloudsql.googleapis.com/database/mysql/${name}`,
        ),
      ),
    },
    example: (instance) => `cloudsql.googleapis.com/database/${isPostgresInstance(instance) ? "postgresql/num_backends" : "network/connections"}`,
  },
  [RUN_SERVICE]: {
    family: /run[._]googleapis|cloud_run_revision/,
    label: "service_name",
    labels: ["project_id", "location", "revision_name", "configuration_name"],
    metrics: {
      ...Object.fromEntries(["cpu", "memory"].map((part) => [`run.googleapis.com/container/${part}/utilizations`, share])),
      "run.googleapis.com/container/instance_count": instances,
      ...none(
        [
          "request_count",
          "request_latencies",
          "request_latency/pending",
          "request_latency/e2e_latencies",
          "pending_queue/pending_requests",
          "container/startup_latencies",
          "container/instance_count_with_readiness",
          "container/completed_probe_count",
          "container/completed_probe_attempt_count",
          "container/probe_latencies",
          "container/probe_attempt_latencies",
          "container/max_request_concurrencies",
          "container/billable_instance_time",
          "container/cpu/allocation_time",
          "container/memory/allocation_time",
          "container/network/sent_bytes_count",
          "container/network/received_bytes_count",
          "container/network/throttled_inbound_bytes_count",
          "container/network/throttled_inbound_packets_count",
          "container/network/throttled_outbound_bytes_count",
          "container/network/throttled_outbound_packets_count",
          "infrastructure/cloudsql/connection_latencies",
          "infrastructure/cloudsql/connection_request_count",
          "infrastructure/cloudsql/connection_refused_count",
        ].map((name) => `run.googleapis.com/${name}`),
      ),
    },
    example: () => "run.googleapis.com/container/startup_latencies",
  },
};

/** Metrics that only one engine has. */
const isOfOtherEngine = (metric: string, instance: Resource) =>
  (metric.includes("/database/postgresql/") && !isPostgresInstance(instance)) ||
  (/\/database\/(mysql\/|network\/connections$)/.test(metric) && isPostgresInstance(instance));

/** The metric that a condition compares, where it is one of the resource's kind. */
function metricOf({ text = "", isThreshold }: AlertCondition, { family }: Watched): string | undefined {
  const metric = isThreshold ? /metric\.type\s*=\s*["']([^"']+)["']/.exec(text)?.[1] : undefined;
  return metric !== undefined && family.test(metric) ? metric : undefined;
}

/** The metric of a condition that watches something else of the resource than what it can be short of, or nothing. */
export function otherMetric(condition: AlertCondition, watched: Watched, resource: Resource): string | undefined {
  const metric = metricOf(condition, watched);
  const isKnown = metric === undefined || Object.hasOwn(watched.metrics, metric);
  return isKnown && !(resource.type === SQL_INSTANCE && metric !== undefined && isOfOtherEngine(metric, resource)) ? undefined : metric;
}

/**
 * Why a condition on a metric of the resource's capacity never tells that it runs out: it compares the wrong way, restricts
 * another label, or waits for more than there can be. `undefined`: it does tell, or nothing says that it does not.
 */
export function blindness(condition: AlertCondition, watched: Watched, resource: Resource): Problem | undefined {
  const { text = "", inputs } = condition;
  const metric = metricOf(condition, watched);
  if (metric === undefined) return undefined;
  const wrong = (field: string, value: unknown, must: string, because: string, fix: string | number) =>
    problem({ setting: inputs.at(field), value, must, because, fix });
  const label = [...text.matchAll(/resource\.labels?\.["']?(\w+)/g)]
    .map(([, name = ""]) => name)
    .find((name) => ![watched.label, ...watched.labels].includes(name));
  if (label !== undefined)
    return wrong(
      "filter",
      `resource.labels.${label}`,
      `restrict ${watched.label}`,
      "the monitored resource has no other label with its name",
      `one with resource.labels.${watched.label}`,
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
  const comparison = inputs.text("comparison");
  if (comparison === "COMPARISON_LT") return wrong("comparison", comparison, "be COMPARISON_GT", `${metric} rises as capacity runs out`, "COMPARISON_GT");
  return unreachable(condition, metric, watched, resource);
}

/** Aligners and reducers after which a value still is one of the metric's own. */
const KEEPS_VALUES = /^(ALIGN|REDUCE)_(NONE|NEXT_OLDER|INTERPOLATE|MEAN|MIN|MAX|PERCENTILE_\d+)$/;

function unreachable({ inputs }: AlertCondition, metric: string, { metrics }: Watched, resource: Resource): Problem | undefined {
  const threshold = inputs.knownOnly().number("thresholdValue");
  const bound = ifReadable(() => metrics[metric]?.(resource));
  if (threshold === undefined || bound === undefined || inputs.has("denominatorFilter")) return undefined;
  const aggregations = inputs.list("aggregations");
  const steps = aggregations.flatMap((step) => [step.text("perSeriesAligner"), step.text("crossSeriesReducer")]).filter((step) => step);
  const isCount = bound.most !== 1;
  // Counts of several series are added up; shares of several are no share.
  const keeps = steps.every((step) => step !== undefined && (KEEPS_VALUES.test(step) || (isCount && step === "REDUCE_SUM")));
  if (aggregations.length > 1 || !keeps || (isCount ? threshold < bound.most : threshold <= bound.most)) return undefined;
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
