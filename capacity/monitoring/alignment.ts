import type { Metric, MetricKind, ValueType } from "./metrics";

/*
 * Which aligner and reducer a metric can have. Nothing checks that before `up`: an illegal one is a 400 from Google, or
 * an alert that never fires. Source: google/monitoring/v3/common.proto, Aggregation.Aligner and Aggregation.Reducer.
 */

type Percentile = 50 | 95 | 99;
export type Aligner =
  | "ALIGN_DELTA"
  | "ALIGN_RATE"
  | "ALIGN_COUNT_TRUE"
  | "ALIGN_NEXT_OLDER"
  | "ALIGN_MAX"
  | "ALIGN_MEAN"
  | "ALIGN_SUM"
  | `ALIGN_PERCENTILE_${Percentile}`;
export type Reducer =
  | "REDUCE_MAX"
  | "REDUCE_MIN"
  | "REDUCE_SUM"
  | "REDUCE_COUNT_FALSE"
  | `REDUCE_PERCENTILE_${Percentile}`;

/** How a metric's series become the one that is compared. */
export interface Aggregation {
  readonly alignmentSeconds: number;
  readonly aligner: Aligner;
  readonly reducer: Reducer;
  /** Labels that keep series apart. */
  readonly groupBy: readonly string[];
}

type Shape = Pick<Metric, "kind" | "valueType">;

/** What an aligner takes: kinds and types. */
const aligners: Readonly<
  Record<
    Aligner,
    { readonly kinds: readonly MetricKind[]; readonly types: readonly ValueType[]; readonly result: ValueType | "same" }
  >
> = {
  ALIGN_DELTA: { kinds: ["DELTA", "CUMULATIVE"], types: ["INT64", "DOUBLE", "DISTRIBUTION"], result: "same" },
  ALIGN_RATE: { kinds: ["DELTA", "CUMULATIVE"], types: ["INT64", "DOUBLE"], result: "DOUBLE" },
  ALIGN_COUNT_TRUE: { kinds: ["GAUGE"], types: ["BOOL"], result: "INT64" },
  ALIGN_NEXT_OLDER: { kinds: ["GAUGE"], types: ["BOOL", "INT64", "DOUBLE", "DISTRIBUTION"], result: "same" },
  ALIGN_MAX: { kinds: ["GAUGE", "DELTA"], types: ["INT64", "DOUBLE"], result: "same" },
  ALIGN_MEAN: { kinds: ["GAUGE", "DELTA"], types: ["INT64", "DOUBLE"], result: "DOUBLE" },
  ALIGN_SUM: { kinds: ["GAUGE", "DELTA"], types: ["INT64", "DOUBLE", "DISTRIBUTION"], result: "same" },
  ALIGN_PERCENTILE_50: { kinds: ["GAUGE", "DELTA"], types: ["DISTRIBUTION"], result: "DOUBLE" },
  ALIGN_PERCENTILE_95: { kinds: ["GAUGE", "DELTA"], types: ["DISTRIBUTION"], result: "DOUBLE" },
  ALIGN_PERCENTILE_99: { kinds: ["GAUGE", "DELTA"], types: ["DISTRIBUTION"], result: "DOUBLE" },
};

/** What a reducer takes, and whether it makes a plain number of it. */
const reducers: Readonly<Record<Reducer, readonly ValueType[]>> = {
  REDUCE_MAX: ["INT64", "DOUBLE"],
  REDUCE_MIN: ["INT64", "DOUBLE"],
  REDUCE_SUM: ["INT64", "DOUBLE", "DISTRIBUTION"],
  REDUCE_COUNT_FALSE: ["BOOL"],
  REDUCE_PERCENTILE_50: ["INT64", "DOUBLE", "DISTRIBUTION"],
  REDUCE_PERCENTILE_95: ["INT64", "DOUBLE", "DISTRIBUTION"],
  REDUCE_PERCENTILE_99: ["INT64", "DOUBLE", "DISTRIBUTION"],
};

/** Why a threshold cannot be compared with the metric so aggregated; empty: it can. */
export function aggregationFaults(
  metric: Shape,
  { aligner, reducer }: Pick<Aggregation, "aligner" | "reducer">,
): string[] {
  const { kinds, types, result } = aligners[aligner];
  if (!kinds.includes(metric.kind) || !types.includes(metric.valueType))
    return [`${aligner} does not take a ${metric.kind} ${metric.valueType}`];
  const aligned = result === "same" ? metric.valueType : result;
  if (!reducers[reducer].includes(aligned)) return [`${reducer} does not take a ${aligned}, which ${aligner} makes`];
  const isNumber = reducer !== "REDUCE_SUM" || aligned !== "DISTRIBUTION";
  return isNumber ? [] : [`${reducer} of a DISTRIBUTION is no number to compare with`];
}

/** A distribution's percentile, of the worst series; a cumulative one has no percentile before it is a delta. */
export function percentileOf(metric: Shape, percentile: Percentile): Pick<Aggregation, "aligner" | "reducer"> {
  return metric.kind === "CUMULATIVE"
    ? { aligner: "ALIGN_DELTA", reducer: `REDUCE_PERCENTILE_${percentile}` }
    : { aligner: `ALIGN_PERCENTILE_${percentile}`, reducer: "REDUCE_MAX" };
}

/** The aggregation as Google's API spells it, without the empty list that it drops. */
export const spelledOut = ({ alignmentSeconds, aligner, reducer, groupBy }: Aggregation) => ({
  alignmentPeriod: `${alignmentSeconds}s`,
  perSeriesAligner: aligner,
  crossSeriesReducer: reducer,
  ...(groupBy.length > 0 ? { groupByFields: [...groupBy] } : {}),
});
