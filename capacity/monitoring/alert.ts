import { type Aggregation, aggregationFaults } from "./alignment";
import { readFilter } from "./filters";
import type { Metric } from "./metrics";

/** One comparison of an alert. */
export interface Condition {
  readonly title: string;
  readonly filter: string;
  /** Absent where the filter selects a burn rate, which comes aggregated. */
  readonly aggregation?: Aggregation;
  readonly comparison: "COMPARISON_GT" | "COMPARISON_LT";
  /** In the metric's unit. */
  readonly threshold: number;
  /** How long it must hold. */
  readonly durationSeconds: number;
}

/** A setting of the stack file, and what stands there now. */
export interface NamedSetting {
  readonly name: string;
  readonly value: string | number;
}

export type DashboardRow = "connector" | "database" | "start-up" | "requests";

/** An alert with the content of its text: the origin of its threshold and the settings to change. */
export interface Alert {
  /** The resource's name in the program. */
  readonly key: string;
  readonly title: string;
  readonly severity: "CRITICAL" | "ERROR" | "WARNING";
  /** Any condition opens it (OR), or only all of them together (AND). */
  readonly combiner: "OR" | "AND";
  readonly conditions: readonly Condition[];
  /** The threshold as a sum that a person can redo. */
  readonly arithmetic: string;
  /** What to change, first what helps first. */
  readonly settings: readonly NamedSetting[];
  /** The section of docs/runbook.md. */
  readonly runbook: string;
  /** Where the dashboard shows it. Default: nowhere. */
  readonly row?: DashboardRow;
  /** What lies beyond the threshold, drawn on the dashboard: where the resource itself ends. */
  readonly limit?: { readonly label: string; readonly value: number };
}

/** Google's limit. Source: cloud.google.com/monitoring/quotas, "Conditions per alerting policy". */
const MAX_CONDITIONS = 6;
/** Google's limit for alerts. Source: google/monitoring/v3/common.proto, Aggregation.alignment_period. */
const MAX_ALIGNMENT_SECONDS = 90_000;

/** The filter of a metric on one resource, with further restrictions in the filter language. */
export const filterOf = (
  { type, resources: [resource] }: Pick<Metric, "type" | "resources">,
  ...restrictions: readonly string[]
): string => [`metric.type="${type}"`, `resource.type="${resource}"`, ...restrictions].join(" AND ");

/** The alert's text: what its threshold is made of, the settings and their values, the section of the runbook. */
export function textOf({ arithmetic, settings, runbook }: Alert): string {
  return [
    `Threshold: ${arithmetic}.`,
    `Settings, first the one to change: ${settings.map(({ name, value }) => `\`${name}\` (now ${value})`).join(", ")}.`,
    `Runbook: docs/runbook.md#${runbook}`,
  ].join("\n\n");
}

/**
 * What a preview lets through in silence although Google refuses it or the alert never fires. `known`: the metrics
 * there are.
 */
export function alertFaults(alert: Alert, known: readonly Metric[]): string[] {
  const { conditions, settings } = alert;
  return [
    ...(conditions.length < 1 || conditions.length > MAX_CONDITIONS
      ? [`has ${conditions.length} conditions, not 1 to ${MAX_CONDITIONS}`]
      : []),
    ...(settings.length === 0 ? ["names no setting"] : []),
    ...conditions.flatMap((condition) =>
      conditionFaults(condition, known).map((fault) => `${condition.title}: ${fault}`),
    ),
  ].map((fault) => `${alert.key} ${fault}`);
}

function conditionFaults(
  { filter, aggregation, threshold, durationSeconds }: Condition,
  known: readonly Metric[],
): string[] {
  const numbers = [
    ...(Number.isFinite(threshold) ? [] : [`the threshold is ${threshold}`]),
    ...(durationSeconds % 60 === 0 ? [] : [`${durationSeconds} s is no whole number of minutes`]),
  ];
  if (filter.startsWith("select_slo_burn_rate("))
    return aggregation ? [...numbers, "a burn rate is not aggregated again"] : numbers;
  return [...numbers, ...(aggregation ? queryFaults({ filter, aggregation }, known) : ["has no aggregation"])];
}

/** Series that are selected and aggregated to one number each, for a condition or a chart. */
export interface Query {
  readonly filter: string;
  readonly aggregation: Aggregation;
}

/** What Google refuses of a query, or why it never has a point. */
export function queryFaults({ filter, aggregation }: Query, known: readonly Metric[]): string[] {
  const { alignmentSeconds, groupBy } = aggregation;
  const { metric, faults } = readFilter(filter, groupBy, known);
  const isWhole = alignmentSeconds >= 60 && alignmentSeconds % 60 === 0 && alignmentSeconds <= MAX_ALIGNMENT_SECONDS;
  return [
    ...faults,
    ...(metric ? aggregationFaults(metric, aggregation) : []),
    ...(isWhole ? [] : [`an alignment of ${alignmentSeconds} s is no whole number of minutes up to 25 hours`]),
  ];
}
