import { describe, expect, test } from "vitest";
import {
  type CoreTimes,
  idleSeconds,
  meanTaken,
  takenBetween,
  takenText,
  worstOf,
} from "../../../commands/rehearse/quiet";

const reading = (wall: number, idle: number, own: number, cores = [1]): CoreTimes => ({ cores, wall, idle, own });

describe("what others take of a core", () => {
  test.each([
    ["nothing, if the core was idle or ours", 0.3, 0.1, 0],
    ["what is neither", 0.1, 0.1, 0.5],
    ["all of it", 0, 0, 1],
    // Idle time is reported in ticks, and so is the CPU time of ended backends.
    ["nothing, if the counters are a tick apart", 0.31, 0.1, 0],
  ])("%s", (_, idle, own, share) => {
    expect(takenBetween([reading(10, 5, 2)], [reading(10.4, 5 + idle, 2 + own)])).toEqual([
      { cores: [1], share: expect.closeTo(share, 9) },
    ]);
  });

  test("of several cores, as a share of all of them; the worst group counts", () => {
    const taken = takenBetween(
      [reading(0, 0, 0), reading(0, 0, 0, [0, 2])],
      [reading(1, 0.9, 0.08), reading(1, 1, 0.6, [0, 2])],
    );
    expect(taken.map(({ share }) => share)).toEqual([expect.closeTo(0.02, 9), expect.closeTo(0.2, 9)]);
    expect(worstOf(taken)).toBeCloseTo(0.2, 9);
    expect(takenText(taken)).toBe("2 % of core 1 and 20 % of cores 0, 2");
  });

  test("in the mean of several storms", () => {
    const storm = (share: number) => [{ cores: [1], share }];
    expect(meanTaken([storm(0.1), storm(0.3)])).toEqual([{ cores: [1], share: expect.closeTo(0.2, 9) }]);
    expect(meanTaken([])).toEqual([]);
  });

  test("is read from the idle time of these cores; waiting for a disk is idle", () => {
    // In ticks of 10 ms: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice.
    const stat =
      "cpu  30 0 30 3000 300 0 0 9 0 0\ncpu0 10 0 10 1000 100 0 0 3 0 0\ncpu1 10 0 10 1500 50 0 0 3 0 0\ncpu10 10 0 10 500 150 0 0 3 0 0\nintr 1 2\n";
    expect(idleSeconds(stat, [1])).toBeCloseTo(15.5, 9);
    expect(idleSeconds(stat, [0, 10])).toBeCloseTo(17.5, 9);
    expect(idleSeconds(stat, [7])).toBeNaN();
  });
});
