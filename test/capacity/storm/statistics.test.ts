import { describe, expect, it } from "vitest";
import { Draws } from "../../../capacity/storm/engine/random";
import { differenceInterval, leastStorms, meanInterval, quantile } from "../../../capacity/storm/statistics";

const ones = (n: number) => new Float64Array(n).fill(1);

describe("the interval on a mean", () => {
  it("does not take a sample without failures for certainty", () => {
    expect(meanInterval(ones(1000)).mean).toBe(1);
    // Half of the capital bets all of it, and m ** -n of that alone exceeds 20 below this mean.
    expect(meanInterval(ones(1000)).lower).toBeGreaterThanOrEqual(40 ** (-1 / 1000));
    expect(meanInterval(ones(1000)).lower).toBeCloseTo(0.996475, 6);
    expect(meanInterval(ones(1000)).upper).toBe(1);
    expect(meanInterval(ones(1)).lower).toBeLessThan(0.05);
  });

  it("stays between 0 and 1", () => {
    for (const values of [[0], [1], [0, 1], [0.5]]) {
      const { lower, mean, upper } = meanInterval(Float64Array.from(values));
      expect([0, lower, mean, upper, 1]).toEqual([0, lower, mean, upper, 1].toSorted((a, b) => a - b));
    }
  });

  it("treats a storm as one observation, however many starts it has", () => {
    // Half of the storms fail whole: as wide as a coin, not as 40 times as many coins.
    const storms = Float64Array.from({ length: 1000 }, (_, i) => i % 2);
    const { lower, upper } = meanInterval(storms);
    expect(upper - lower).toBeGreaterThan(2 * 1.645 * Math.sqrt(0.25 / 1000));
  });

  it.each([
    // The share of starts: all or nothing, one of eight in twenty storms, anything.
    ["rare whole failures", (u: number) => (u < 0.01 ? 0 : 1), 0.99],
    ["single failures", (u: number) => (u < 0.05 ? 7 / 8 : 1), 1 - 0.05 / 8],
    ["anything", (u: number) => Math.round(8 * u) / 8, 0.5],
  ])("covers the truth as often as stated, at whichever look one stops: %s", (_, shareOf, truth) => {
    const draws = new Draws();
    const repetitions = 300;
    let [above, below] = [0, 0];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      draws.select(3, repetition);
      const values = Float64Array.from({ length: 320 }, (_, i) => shareOf(draws.uniform(i, 0)));
      // Whoever looks again and again, and stops as soon as the bound is wrong, must not find that more often.
      const looks = [5, 20, 80, 160, 320].map((count) => meanInterval(values.subarray(0, count)));
      if (looks.some(({ lower }) => lower > truth)) above++;
      if (looks.some(({ upper }) => upper < truth)) below++;
    }
    expect(above / repetitions).toBeLessThanOrEqual(0.05);
    expect(below / repetitions).toBeLessThanOrEqual(0.05);
  });
});

describe("the difference of two plans over the same storms", () => {
  it("finds a difference that lies within both intervals", () => {
    const worse = Float64Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 0 : 1));
    const better = worse.map((share, i) => (i % 20 === 0 ? 1 : share));
    expect(meanInterval(better).lower).toBeLessThan(meanInterval(worse).upper);
    const { mean, lower } = differenceInterval(better, worse);
    expect(mean).toBeCloseTo(0.05, 12);
    expect(lower).toBeGreaterThan(0);
  });

  it("finds none between equals", () => {
    const { mean, lower, upper } = differenceInterval(ones(1000), ones(1000));
    expect(mean).toBe(0);
    expect(lower).toBeLessThan(0);
    expect(upper).toBeGreaterThan(0);
  });
});

describe("the fewest storms for a target", () => {
  it.each([0.5, 0.9, 0.95, 0.99, 0.995, 0.999])("of %d is exactly that", (target) => {
    const least = leastStorms(target);
    expect(meanInterval(ones(least)).lower).toBeGreaterThanOrEqual(target);
    expect(meanInterval(ones(least - 1)).lower).toBeLessThan(target);
  });

  it("is below 1,000 for staging's 0.99", () => expect(leastStorms(0.99)).toBe(352));
});

describe("a quantile", () => {
  it("is one of the values", () => {
    const values = Float64Array.from([1, 2, 3, 4]);
    expect([0, 0.25, 0.5, 0.51, 0.95, 1].map((q) => quantile(values, q))).toEqual([1, 1, 2, 3, 4, 4]);
  });
  it("of nothing is nothing", () => expect(quantile(new Float64Array(0), 0.95)).toBeNull());
});
