import type { Alert, Condition } from "../../../capacity/monitoring/alert";
import type { Aligner, Reducer } from "../../../capacity/monitoring/alignment";
import { restrictionsOf } from "../../../capacity/monitoring/filters";

/*
 * What Cloud Monitoring makes of a condition, minute by minute: it aligns each series over the period that ends now,
 * reduces what has a value to one, and holds it against the threshold for the duration. A series without points in the
 * period has no value.
 * Source: docs.cloud.google.com/monitoring/alerts/concepts-indepth.
 */

/** One series: its labels as filters name them, and a value for each minute; `undefined`: no point. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  at(minute: number): number | boolean | undefined;
}

type Value = number | boolean;
const sum = (values: readonly Value[]) => values.reduce<number>((all, value) => all + Number(value), 0);

const ALIGNERS: Readonly<Partial<Record<Aligner, (values: readonly Value[], seconds: number) => Value | undefined>>> = {
  ALIGN_SUM: sum,
  ALIGN_RATE: (values, seconds) => sum(values) / seconds,
  ALIGN_MAX: (values) => Math.max(...values.map(Number)),
  ALIGN_COUNT_TRUE: (values) => values.filter((value) => value === true).length,
  ALIGN_NEXT_OLDER: (values) => values.at(-1),
};
const REDUCERS: Readonly<Partial<Record<Reducer, (values: readonly Value[]) => number>>> = {
  REDUCE_SUM: sum,
  REDUCE_MAX: (values) => Math.max(...values.map(Number)),
  REDUCE_COUNT_FALSE: (values) => values.filter((value) => value === false).length,
};

function selects(filter: string, { labels }: Series): boolean {
  return restrictionsOf(filter).every(({ path, values }) => values.includes(labels[path] ?? ""));
}

/** The number that a condition compares, for each minute of a span. */
function numbersOf({ filter, aggregation }: Condition, all: readonly Series[], minutes: number) {
  if (!aggregation) throw new Error(`${filter} has no aggregation`);
  const { alignmentSeconds, aligner, reducer } = aggregation;
  const [align, reduce] = [ALIGNERS[aligner], REDUCERS[reducer]];
  if (!align || !reduce) throw new Error(`${aligner} and ${reducer} are not evaluated here`);
  const period = alignmentSeconds / 60;
  const selected = all
    .filter((series) => selects(filter, series))
    .map((series) => Array.from({ length: period + minutes }, (_, i) => series.at(i + 1 - period)));
  return Array.from({ length: minutes }, (_, minute) => {
    const aligned = selected.flatMap((points) => {
      const values = points.slice(minute, minute + period).filter((value) => value !== undefined);
      return values.length === 0 ? [] : (align(values, alignmentSeconds) ?? []);
    });
    return aligned.length === 0 ? undefined : reduce(aligned);
  });
}

/** The minutes of a span at which the alert is open. */
export function openMinutes({ conditions, combiner }: Alert, all: readonly Series[], minutes: number): number[] {
  const met = conditions.map((condition) => {
    let since = 0;
    return numbersOf(condition, all, minutes).map((value, minute) => {
      const holds =
        value !== undefined &&
        (condition.comparison === "COMPARISON_GT" ? value > condition.threshold : value < condition.threshold);
      if (!holds) since = minute + 1;
      return holds && (minute - since) * 60 >= condition.durationSeconds;
    });
  });
  const isOpen = (minute: number) =>
    combiner === "OR" ? met.some((each) => each[minute]) : met.every((each) => each[minute]);
  return Array.from({ length: minutes }, (_, minute) => minute).filter(isOpen);
}
