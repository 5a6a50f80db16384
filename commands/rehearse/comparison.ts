import type { StormRun } from "../../capacity/storm/model";
import { median, quantile } from "../../capacity/storm/statistics";
import type { Cell } from "./cells";
import { type ErrorCounts, sumOf } from "./protocol";
import type { StormOutcome } from "./stage";

/** The largest accepted errors of the model. */
export const ACCEPTED = { successPoints: 0.05, readyP95: 0.25, readyP95Median: 0.15 } as const;

/** The result of a cell, predicted or measured. */
export interface StormFigures {
  /** Share of the starts that are ready at the first try. */
  readonly success: number;
  /**
   * The 95th percentile of their time to ready in a storm, of which the median over storms: the slowest of ten storms is
   * the one in which the machine did something else. `null` if none was ready.
   */
  readonly readyP95Seconds: number | null;
  /** Connects refused with SQLSTATE 53300, mean per storm, including later tries. */
  readonly refusals: number;
}

/** What a comparison says: a disturbed one is about the machine and not about the model. */
type CellVerdict = "within" | "outside" | "disturbed";

/** Lowest and highest value. */
type Range = readonly [number, number];

export interface CellResult extends Omit<Cell, "storm" | "relay"> {
  /** Number of storms run. */
  readonly storms: number;
  readonly predicted: StormFigures & {
    /** In these ranges the model expects the measured values in 95 of 100 rehearsals with as many storms. */
    readonly successRange: Range;
    readonly readyP95Range: Range | null;
  };
  readonly measured: StormFigures & {
    /** Half of the 95 % confidence interval of the success share over storms (normal). */
    readonly successMargin: number;
    /** Failed connects by error code, mean per storm. */
    readonly errors: ErrorCounts;
  };
  /** Predicted minus measured, -1 to 1. */
  readonly successError: number;
  /** Predicted over measured minus 1; `null` if too few starts were ready for a 95th percentile. */
  readonly readyP95Error: number | null;
  /** Whether the measured values lie in the model's ranges; `null` where there is no error either. */
  readonly successCovered: boolean;
  readonly readyP95Covered: boolean | null;
  readonly verdict: CellVerdict;
}

/** With fewer ready starts over all storms, chance decides their times. */
const LEAST_READY = 20;

/**
 * Compares a measurement with its predictions. Each prediction has as many storms as were measured, a run each, so that
 * it gives the same statistics.
 */
export function compare(
  cell: Cell,
  predictions: readonly (readonly StormRun[])[],
  outcomes: readonly StormOutcome[],
  isDisturbed: boolean,
): CellResult {
  const { storm: _storm, relay: _relay, ...facts } = cell;
  const shares = outcomes.map(({ starts }) => starts.filter((start) => "readySeconds" in start).length / cell.starts);
  const ready = outcomes.map(({ starts }) =>
    Float64Array.from(starts.flatMap((start) => ("readySeconds" in start ? [start.readySeconds] : []))).sort(),
  );
  const total = sumOf(outcomes.map(({ errors }) => errors));
  const errors = Object.fromEntries(Object.entries(total).map(([code, count]) => [code, count / outcomes.length]));
  const measured = {
    success: mean(shares),
    readyP95Seconds: typicalP95(ready),
    refusals: errors["53300"] ?? 0,
    successMargin: margin(shares),
    errors,
  };
  const runShares = predictions.map((runs) => mean(runs.flatMap(({ shares }) => [...shares])));
  const runP95s = predictions.flatMap((runs) => typicalP95(runs.map(({ readySeconds }) => readySeconds)) ?? []);
  const predicted = {
    success: mean(runShares),
    successRange: rangeOf(runShares) ?? [0, 0],
    readyP95Seconds: median(runP95s),
    readyP95Range: rangeOf(runP95s),
    refusals: mean(predictions.flat().map((run) => run.refusals / run.shares.length)),
  };
  const successError = predicted.success - measured.success;
  const comparable =
    ready.reduce((sum, { length }) => sum + length, 0) >= LEAST_READY &&
    measured.readyP95Seconds !== null &&
    predicted.readyP95Seconds !== null;
  const readyP95Error = comparable ? (predicted.readyP95Seconds ?? 0) / (measured.readyP95Seconds ?? 1) - 1 : null;
  const isWithin =
    Math.abs(successError) <= ACCEPTED.successPoints + measured.successMargin + ROUNDING &&
    Math.abs(readyP95Error ?? 0) <= ACCEPTED.readyP95;
  return {
    ...facts,
    storms: outcomes.length,
    predicted,
    measured,
    successError,
    readyP95Error,
    successCovered: covers(predicted.successRange, measured.success),
    readyP95Covered:
      readyP95Error === null || !predicted.readyP95Range
        ? null
        : covers(predicted.readyP95Range, measured.readyP95Seconds ?? 0),
    verdict: isDisturbed ? "disturbed" : isWithin ? "within" : "outside",
  };
}

/** The median of the storms' 95th percentiles; `null` if nothing was ready in any. */
const typicalP95 = (ready: readonly Float64Array[]): number | null =>
  median(ready.flatMap((ascending) => quantile(ascending, 0.95) ?? []));

/** The middle 95 % of the values; `null` if there are none. */
function rangeOf(values: readonly number[]): Range | null {
  const ascending = Float64Array.from(values).sort();
  const [low, high] = [quantile(ascending, 0.025), quantile(ascending, 0.975)];
  return low === null || high === null ? null : [low, high];
}

const covers = ([low, high]: Range, value: number): boolean => low - ROUNDING <= value && value <= high + ROUNDING;

/** 0.95 - 0.9 is more than 0.05 in doubles. */
const ROUNDING = 1e-9;

/** Absolute errors over all cells that were not disturbed. */
export interface Errors {
  readonly success: { readonly median: number; readonly worst: number };
  readonly readyP95: { readonly median: number | null; readonly worst: number | null };
}

export function errorsOf(cells: readonly CellResult[]): Errors {
  const judged = undisturbed(cells);
  const success = judged.map(({ successError }) => Math.abs(successError));
  const readyP95 = judged.flatMap(({ readyP95Error }) => (readyP95Error === null ? [] : [Math.abs(readyP95Error)]));
  return {
    success: { median: median(success) ?? 0, worst: Math.max(0, ...success) },
    readyP95: { median: median(readyP95), worst: readyP95.length > 0 ? Math.max(...readyP95) : null },
  };
}

/** Whether the errors of every cell and the median error of p95 are accepted. */
export const isWithin = (cells: readonly CellResult[], errors: Errors): boolean =>
  cells.every(({ verdict }) => verdict !== "outside") && (errors.readyP95.median ?? 0) <= ACCEPTED.readyP95Median;

/** The cells that say something about the model. */
export const undisturbed = (cells: readonly CellResult[]): CellResult[] =>
  cells.filter(({ verdict }) => verdict !== "disturbed");

/** Half of the 95 % confidence interval of the mean (normal). */
export function margin(values: readonly number[]): number {
  const center = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / Math.max(1, values.length - 1);
  return 1.96 * Math.sqrt(variance / values.length);
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
