import { describe, expect, it } from "vitest";
import { Draws, normalQuantile } from "../../../../capacity/storm/engine/random";

/** The double that two words of the generator make. */
const double = (a: number, b: number) => ((a >>> 5) * 2 ** 26 + (b >>> 6) + 0.5) / 2 ** 53;

describe("draws by index", () => {
  it.each([
    // Threefry-2x32, 13 rounds: the known answers of Random123 (kat_vectors).
    [0, 0, 0, 0, 0x9d1c5ec6, 0x8bd50731],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xfd36d048, 0x2d17272c],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xba3e4725, 0xf27d669e],
  ])("are Threefry's for key %i %i and counter %i %i", (seed, storm, start, purpose, a, b) => {
    const draws = new Draws();
    draws.select(seed, storm);
    expect(draws.uniform(start, purpose)).toBe(double(a, b));
  });

  it("do not depend on the order in which they are asked for", () => {
    const draws = new Draws();
    draws.select(7, 3);
    const forwards = [0, 1, 2].map((start) => draws.uniform(start, 5));
    const backwards = [2, 1, 0].map((start) => draws.uniform(start, 5)).reverse();
    expect(backwards).toEqual(forwards);
  });

  it("are uniform and independent over neighbouring indices", () => {
    const draws = new Draws();
    const n = 200_000;
    let [sum, squares, products] = [0, 0, 0];
    for (let storm = 0; storm < n; storm++) {
      draws.select(1, storm);
      const [x, y] = [draws.uniform(0, 0), draws.uniform(1, 0)];
      sum += x;
      squares += x * x;
      products += x * y;
    }
    // Four standard errors around 1/2, 1/3 and 1/4.
    expect(Math.abs(sum / n - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / n));
    expect(Math.abs(products / n - 1 / 4)).toBeLessThan(4 * Math.sqrt(7 / 144 / n));
  });
});

describe("the normal quantile", () => {
  it.each([
    [0.5, 0],
    [0.841344746, 1],
    [0.975, 1.959963985],
    [0.99, 2.326347874],
    [0.999, 3.090232306],
    [1e-10, -6.361340902],
    [1e-15, -7.941345326],
  ])("of %d is %d", (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 5);
  });
});
