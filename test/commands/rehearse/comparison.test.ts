import { describe, expect, test } from "vitest";
import type { StormRun } from "../../../capacity/storm/model";
import { gridCell } from "../../../commands/rehearse/cells";
import { type CellResult, compare, errorsOf, isWithin } from "../../../commands/rehearse/comparison";
import type { StormOutcome } from "../../../commands/rehearse/stage";
import { stagingPlan } from "../../capacity/staging-plan";

const cell = gridCell(stagingPlan(), { starts: 10, connections: 4, maxConnections: 25, retries: true });

/** What the model gave: that share, all ready after so many seconds. */
const predicted = (share: number, seconds: number): StormRun => ({
  starts: 10,
  shares: new Float64Array([share]),
  readyByGroup: [],
  readySeconds: share > 0 ? new Float64Array([seconds]) : new Float64Array(0),
  refusals: 3,
  peakConnections: 0,
  timeouts: 0,
  dialFailures: 0,
  adminApiWaits: 0,
  failedBy: { attempts: 0, initTimeout: 0, probeWindow: 0 },
  queues: { connector: 0, postmaster: 0, databaseCpu: 0 },
  stormSeconds: 1,
  events: 0,
});

/** A storm of ten starts of which so many were ready, each after one second. */
const storm = (ready: number): StormOutcome => ({
  starts: Array.from({ length: 10 }, (_, i) => (i < ready ? { readySeconds: 1 } : { failedBy: "attempts" })),
  errors: ready < 10 ? { "53300": 10 - ready, timeout: 1 } : {},
});

describe("a cell's prediction beside its measurement", () => {
  test("has the means over storms, the interval, and signed errors", () => {
    expect(compare(cell, [[predicted(0.5, 1.2)]], [storm(4), storm(6), storm(8), storm(10)], false)).toEqual({
      name: "10 x 4 in 25, retries",
      starts: 10,
      connectionsPerStart: 4,
      maxConnections: 25,
      retries: true,
      storms: 4,
      predicted: {
        success: 0.5,
        successRange: [0.5, 0.5],
        readyP95Seconds: 1.2,
        readyP95Range: [1.2, 1.2],
        refusals: 3,
      },
      measured: {
        success: 0.7,
        readyP95Seconds: 1,
        refusals: 3,
        successMargin: expect.closeTo(1.96 * Math.sqrt(0.2 / 3 / 4), 12),
        errors: { "53300": 3, timeout: 0.75 },
      },
      successError: expect.closeTo(-0.2, 12),
      readyP95Error: expect.closeTo(0.2, 12),
      successCovered: false,
      readyP95Covered: false,
      verdict: "within",
    });
  });

  test("has the mean and the middle 95 % of what the model gives for as many storms", () => {
    // A hundred predictions: shares from 0.505 to 1, times from 1.01 to 2 s.
    const runs = Array.from({ length: 100 }, (_, i) => [predicted(0.505 + i / 200, 1.01 + i / 100)]);
    const { predicted: model } = compare(cell, runs, [storm(8), storm(8)], false);
    expect(model.success).toBeCloseTo(0.7525, 9);
    expect(model.readyP95Seconds).toBeCloseTo(1.505, 9);
    expect(model.successRange).toEqual([expect.closeTo(0.515, 9), expect.closeTo(0.99, 9)]);
    expect(model.readyP95Range).toEqual([expect.closeTo(1.03, 9), expect.closeTo(1.98, 9)]);
  });

  test("compares the storm in the middle: one slow storm of several does not stand for the cell", () => {
    const slow: StormOutcome = { ...storm(10), starts: storm(10).starts.map(() => ({ readySeconds: 9 })) };
    const outcomes = [storm(10), slow, storm(10)];
    const runs = [predicted(1, 1), predicted(1, 0.9), predicted(1, 5)];
    expect(compare(cell, [runs], outcomes, false)).toMatchObject({
      predicted: { readyP95Seconds: 1 },
      measured: { readyP95Seconds: 1 },
      readyP95Error: 0,
    });
  });

  test.each([
    ["in both ranges", 8, [0.7, 0.9], [0.9, 1.1], true, true],
    ["with a share above its range", 8, [0.7, 0.75], [0.9, 1.1], false, true],
    ["with a share at the end of its range, and times below theirs", 8, [0.8, 0.9], [1.01, 1.1], true, false],
    ["of too few starts for a 95th percentile", 2, [0.1, 0.3], [2, 3], true, null],
  ])("is covered or not: %s", (_, ready, shares, times, successCovered, readyP95Covered) => {
    const runs = shares.map((share, i) => [predicted(share, times[i] ?? 0)]);
    const outcomes = Array.from({ length: 4 }, () => storm(ready));
    expect(compare(cell, runs, outcomes, false)).toMatchObject({ successCovered, readyP95Covered });
  });

  test("is disturbed if a storm was, however small the errors are", () => {
    const outcomes = [storm(8), storm(8)];
    expect(compare(cell, [[predicted(0.8, 1)]], outcomes, true).verdict).toBe("disturbed");
    expect(compare(cell, [[predicted(0.8, 1)]], outcomes, false).verdict).toBe("within");
  });

  test.each([
    ["5 points too much", 0.85, 1, true],
    ["more", 0.86, 1, false],
    ["5 points too little", 0.75, 1, true],
    ["25 % too slow", 0.8, 1.25, true],
    ["slower", 0.8, 1.26, false],
    ["25 % too fast", 0.8, 0.75, true],
    ["faster", 0.8, 0.74, false],
  ])("%s: predicted %d after %d s", (_, share, seconds, within) => {
    expect(
      compare(
        cell,
        [[predicted(share, seconds)]],
        Array.from({ length: 4 }, () => storm(8)),
        false,
      ).verdict,
    ).toBe(within ? "within" : "outside");
  });

  test("compares no 95th percentile of a few starts", () => {
    expect(compare(cell, [[predicted(0.9, 9)]], [storm(9), storm(9)], false).readyP95Error).toBeNull();
    expect(compare(cell, [[predicted(0, 9)]], [storm(0), storm(0)], false)).toMatchObject({
      readyP95Error: null,
      verdict: "within",
    });
  });
});

describe("the errors of all cells", () => {
  test("leave disturbed cells out", () => {
    const cells = results([
      [0.5, 0.9],
      [0.01, 0.1],
    ]).map((result, i) => ({ ...result, verdict: i > 0 ? ("within" as const) : ("disturbed" as const) }));
    const errors = errorsOf(cells);
    expect(errors).toEqual({ success: { median: 0.01, worst: 0.01 }, readyP95: { median: 0.1, worst: 0.1 } });
    expect(isWithin(cells, errors)).toBe(true);
  });

  const results = (errors: readonly (readonly [number, number | null])[]): CellResult[] =>
    errors.map(([successError, readyP95Error]) => ({
      ...compare(cell, [[predicted(0.8, 1)]], [storm(8), storm(8)], false),
      successError,
      readyP95Error,
    }));

  test("are absolute: the median and the worst", () => {
    expect(
      errorsOf(
        results([
          [-0.04, -0.2],
          [0.01, 0.1],
          [0.02, null],
        ]),
      ),
    ).toEqual({
      success: { median: 0.02, worst: 0.04 },
      readyP95: { median: expect.closeTo(0.15, 12), worst: 0.2 },
    });
    expect(errorsOf(results([[0, null]]))).toEqual({
      success: { median: 0, worst: 0 },
      readyP95: { median: null, worst: null },
    });
  });

  test("are too large when the median of p95 is above 15 %, though every cell is within", () => {
    const slow = results([
      [0, 0.2],
      [0, 0.16],
      [0, 0],
    ]);
    expect(isWithin(slow, errorsOf(slow))).toBe(false);
    const fine = results([
      [0, 0.2],
      [0, 0.15],
      [0, 0],
    ]);
    expect(isWithin(fine, errorsOf(fine))).toBe(true);
    expect(
      isWithin(
        fine.map((result, i) => ({ ...result, verdict: i > 0 ? ("within" as const) : ("outside" as const) })),
        errorsOf(fine),
      ),
    ).toBe(false);
  });
});
