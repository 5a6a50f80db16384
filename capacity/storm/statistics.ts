/*
 * Statistics over storms. The starts of one storm fail together, so one storm is one observation: its share of starts
 * that succeeded. The bounds are the empirical Bernstein bounds of Maurer and Pontil ("Empirical Bernstein bounds and
 * sample variance penalization", COLT 2009, theorem 4), which hold for any distribution on [0, 1] and any sample size:
 * no failure in the sample is not taken for certainty.
 */

/** Each bound by itself holds with this confidence. The gate uses only the lower one. */
const CONFIDENCE = 0.95;

/** A mean with bounds, all between 0 and 1. */
export interface Interval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** The mean of values between 0 and 1, with bounds that each hold with `confidence`. Needs two values at least. */
export function meanInterval(values: Float64Array, confidence = CONFIDENCE): Interval {
  const mean = meanOf(values);
  const margin = bernsteinMargin(values.length, varianceOf(values, mean), confidence);
  return { mean, lower: Math.max(0, mean - margin), upper: Math.min(1, mean + margin) };
}

/**
 * The mean of a - b over storms with the same draws (common random numbers), with bounds that each hold with
 * `confidence`; between -1 and 1. An interval that excludes 0 shows which of two plans is better.
 */
export function differenceInterval(a: Float64Array, b: Float64Array, confidence = CONFIDENCE): Interval {
  const scaled = a.map((value, i) => (value - (b[i] ?? 0) + 1) / 2);
  const { mean, lower, upper } = meanInterval(scaled, confidence);
  return { mean: 2 * mean - 1, lower: 2 * lower - 1, upper: 2 * upper - 1 };
}

/** The fewest storms whose lower bound reaches `target` when not one start fails. `target` is below 1. */
export function leastStorms(target: number, confidence = CONFIDENCE): number {
  const least = Math.ceil((7 * logTerm(confidence)) / (3 * (1 - target))) + 1;
  // One less may do when the quotient is whole but for rounding.
  return 1 - bernsteinMargin(least - 1, 0, confidence) >= target ? least - 1 : least;
}

/**
 * The smallest of the ascending values that is not below the share `q` (0 to 1) of them; `null` where there are none.
 */
export function quantile(ascending: Float64Array, q: number): number | null {
  return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)] ?? null;
}

/** The median: between the two in the middle where their number is even; `null` where there are none. */
export function median(values: readonly number[]): number | null {
  const ascending = values.toSorted((a, b) => a - b);
  const [low, high] = [ascending[Math.floor((ascending.length - 1) / 2)], ascending[Math.floor(ascending.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function bernsteinMargin(n: number, variance: number, confidence: number): number {
  const log = logTerm(confidence);
  return Math.sqrt((2 * variance * log) / n) + (7 * log) / (3 * (n - 1));
}

const logTerm = (confidence: number) => Math.log(2 / (1 - confidence));

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function varianceOf(values: Float64Array, mean: number): number {
  let sum = 0;
  for (const value of values) sum += (value - mean) * (value - mean);
  return sum / (values.length - 1);
}

/** A share as a text, rounded down, so that no report claims more than was found. */
export const percentText = (share: number): string => `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;
