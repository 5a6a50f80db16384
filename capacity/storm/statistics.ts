/*
 * Statistics over storms. The starts of one storm fail together, so one storm is one observation: its share of starts
 * that succeeded. The bounds are those of a bet against each possible mean (Waudby-Smith and Ramdas, "Estimating means of
 * bounded random variables by betting", JRSS B 2024): whoever bets that the mean is above m multiplies his capital with
 * each storm, and if the mean is m at most, it exceeds 20 at any time in at most one of 20 cases (Ville's inequality).
 * The bounds hold for any distribution on [0, 1], for any number of storms, and whenever one stops to look: a test may
 * end as soon as they are clear. No failure in the sample is not taken for certainty.
 */

/** Each bound by itself holds with this confidence. The gate uses only the lower one. */
const CONFIDENCE = 0.95;

/** How texts state it. */
export const CONFIDENCE_TEXT = `${100 * CONFIDENCE} % confidence`;

/** A mean with bounds, all between 0 and 1. */
export interface Interval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** The mean of values between 0 and 1, with bounds that each hold with `confidence`. Needs one value at least. */
export function meanInterval(values: Float64Array, confidence = CONFIDENCE): Interval {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const observed = [...counts];
  return {
    mean: meanOf(values),
    lower: lowerBound(observed, confidence),
    upper:
      1 -
      lowerBound(
        observed.map(([value, count]) => [1 - value, count] as const),
        confidence,
      ),
  };
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
  let [fewer, enough] = [0, 1];
  const suffices = (storms: number) => isAbove([[1, storms]], target, confidence);
  while (!suffices(enough)) [fewer, enough] = [enough, 2 * enough];
  while (enough - fewer > 1) {
    const middle = Math.floor((fewer + enough) / 2);
    if (suffices(middle)) enough = middle;
    else fewer = middle;
  }
  return enough;
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

type Observed = readonly (readonly [value: number, count: number])[];

/**
 * The stakes, as shares of the capital, and how the first capital is divided among them. Half of it bets everything,
 * which shows fastest that nothing fails; the others survive failures, the small ones even frequent ones.
 */
const STAKES: readonly (readonly [stake: number, part: number])[] = [
  [1, 0.5],
  ...[0.9, 0.7, 0.4, 0.2, 0.1, 0.05, 0.025, 0.0125].map((stake) => [stake, 1 / 16] as const),
];

/** The largest mean that the bet refutes, and with it every smaller one; 0 if it refutes none. */
function lowerBound(observed: Observed, confidence: number): number {
  let [refuted, possible] = [0, 1];
  for (let step = 0; step < BISECTIONS; step++) {
    const mean = (refuted + possible) / 2;
    if (isAbove(observed, mean, confidence)) refuted = mean;
    else possible = mean;
  }
  return refuted;
}

/** Halvings of [0, 1]: to less than 1e-9. */
const BISECTIONS = 30;

/** Whether the bet that the mean is above `mean` (between 0 and 1) has won. */
function isAbove(observed: Observed, mean: number, confidence: number): boolean {
  const wanted = Math.log(1 / (1 - confidence));
  const logs = STAKES.map(([stake, part]) =>
    observed.reduce((sum, [value, count]) => sum + count * Math.log1p(stake * (value / mean - 1)), Math.log(part)),
  );
  const largest = Math.max(...logs);
  // The sum of the capitals, whose logarithms may be too large for a number.
  return largest > wanted || largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0)) >= wanted;
}

/** The mean. Needs one value at least. */
export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** A share as a text, rounded down, so that no report claims more than was found. */
export const percentText = (share: number): string => `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;
