import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  concurrencyProblems,
  cpuMemoryProblems,
  jobTaskProblems,
  manualScalingProblems,
  type ProbeTiming,
  portProblems,
  probeProblems,
  probeWindowSeconds,
  quantityProblems,
  requestTimeoutProblems,
  scalingProblems,
  startupWindowProblems,
  trafficProblems,
} from "../../../capacity/constraints/cloudrun";
import { parseMemoryMib } from "../../../capacity/units";
import { proposedFix, proposedNumber } from "../proposed-fix";

const probe = (changes: Partial<ProbeTiming> = {}): ProbeTiming => ({
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 12,
  ...changes,
});

describe("cpu and memory", () => {
  test.each([
    [0.08, 128, 512],
    [0.49, 128, 512],
    [0.5, 128, 1024],
    [0.99, 128, 1024],
    [1, 128, 4096],
    [2, 128, 8192],
    [4, 2048, 16_384],
    [6, 4096, 24_576],
    [8, 4096, 32_768],
  ])("%d vCPU takes %i to %i MiB", (cpu, least, most) => {
    expect(cpuMemoryProblems({ cpu, memoryMib: least })).toEqual([]);
    expect(cpuMemoryProblems({ cpu, memoryMib: most })).toEqual([]);
    expect(cpuMemoryProblems({ cpu, memoryMib: least - 1 })).toHaveLength(1);
    expect(cpuMemoryProblems({ cpu, memoryMib: most + 1 })).toHaveLength(1);
  });

  test.each([
    [3, "4"],
    [1.5, "2"],
    [0.05, "1"],
    [0, "1"],
    [16, "8"],
    [Number.NaN, "8"],
  ])("refuses %d vCPU and proposes %s", (cpu, fix) => {
    const [problem] = cpuMemoryProblems({ cpu, memoryMib: 2048 });
    expect(problem && proposedFix(problem)).toBe(fix);
  });

  test("what is proposed passes", () => {
    fc.assert(
      fc.property(fc.constantFrom(0.08, 0.5, 1, 2, 4, 6, 8), fc.integer({ min: 1, max: 65_536 }), (cpu, memoryMib) => {
        for (const problem of cpuMemoryProblems({ cpu, memoryMib })) {
          const fixed = parseMemoryMib(proposedFix(problem));
          expect(fixed === undefined ? ["no quantity"] : cpuMemoryProblems({ cpu, memoryMib: fixed })).toEqual([]);
        }
      }),
    );
  });

  test.each([
    ["4GB", "memory", '"4Gi"'],
    ["512mb", "memory", '"512Mi"'],
    ["0", "memory", '"512Mi"'],
    ["two", "cpu", '"1"'],
    ["2 cores", "cpu", '"2"'],
  ] as const)("refuses the quantity %j for %s and proposes %s", (text, kind, fix) => {
    const [problem] = quantityProblems(kind, text, kind);
    expect(problem && proposedFix(problem)).toBe(fix);
    expect(quantityProblems(kind, fix.replaceAll('"', ""), kind)).toEqual([]);
  });
});

describe("concurrency", () => {
  test("is 1 to 1000, and 1 below one vCPU", () => {
    for (const concurrency of [1, 80, 1000]) expect(concurrencyProblems({ concurrency, cpu: 1 })).toEqual([]);
    for (const concurrency of [0, 1001, 2.5, -1, Number.NaN])
      expect(concurrencyProblems({ concurrency, cpu: 1 })).toHaveLength(1);
    expect(concurrencyProblems({ concurrency: 1, cpu: 0.5 })).toEqual([]);
    expect(concurrencyProblems({ concurrency: 80, cpu: 0.5 }).map((p) => p.message)).toEqual([
      "'concurrency' (80) must be 1 because an instance with 0.5 vCPU takes one request at a time; set 'concurrency' to 1",
    ]);
  });

  test("what is proposed passes", () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 3000 }), fc.constantFrom(0.5, 1, 8), (concurrency, cpu) => {
        for (const problem of concurrencyProblems({ concurrency, cpu }))
          expect(concurrencyProblems({ concurrency: proposedNumber(problem), cpu })).toEqual([]);
      }),
    );
  });
});

describe("scaling", () => {
  const count = fc.option(fc.oneof(fc.integer({ min: -3, max: 40 }), fc.double({ min: -3, max: 40, noNaN: true })), {
    nil: undefined,
  });

  test("accepts exactly a whole maximum from 1 and a whole minimum from 0 up to it; no minimum is 0", () => {
    fc.assert(
      fc.property(count, count, (minInstances, maxInstances) => {
        const min = minInstances ?? 0;
        const legal =
          maxInstances !== undefined &&
          Number.isInteger(maxInstances) &&
          maxInstances >= 1 &&
          Number.isInteger(min) &&
          min >= 0 &&
          min <= maxInstances;
        expect(scalingProblems({ minInstances, maxInstances }).length === 0).toBe(legal);
      }),
    );
  });

  test("what is proposed, taken until nothing is, passes", () => {
    fc.assert(
      fc.property(fc.integer({ min: -3, max: 40 }), count, (minInstances, maxInstances) => {
        let scaling = { minInstances, maxInstances };
        for (let round = 0; round < 2; round++)
          for (const problem of scalingProblems(scaling))
            scaling = { ...scaling, [problem.setting]: proposedNumber(problem) };
        expect(scalingProblems(scaling)).toEqual([]);
      }),
    );
  });

  test("a missing maximum says what it costs", () => {
    expect(scalingProblems({ minInstances: 2 }).map((p) => p.message)).toEqual([
      "'maxInstances' (not set) must be stated and at least 1 because Cloud Run otherwise scales to 100 or to the project's quota, and every instance brings its connection pool; set 'maxInstances' to 2",
    ]);
  });

  test("by hand needs a whole number from 1; a job's tasks too", () => {
    expect(manualScalingProblems(1)).toEqual([]);
    for (const wrong of [undefined, 0, -1, 1.5])
      expect(
        manualScalingProblems(wrong)
          .map(proposedNumber)
          .every((fix) => fix >= 1),
      ).toBe(true);
    expect(jobTaskProblems({})).toEqual([]);
    expect(jobTaskProblems({ taskCount: 10, parallelism: 0 })).toEqual([]);
    expect(jobTaskProblems({ taskCount: 0, parallelism: -1 }).map((p) => [p.setting, proposedNumber(p)])).toEqual([
      ["taskCount", 1],
      ["parallelism", 0],
    ]);
  });
});

describe("time-outs, ports and traffic", () => {
  test("a request lasts 1 s to an hour", () => {
    expect([1, 300, 3600].flatMap((seconds) => requestTimeoutProblems(seconds))).toEqual([]);
    expect([0, 4000, Number.NaN].flatMap((seconds) => requestTimeoutProblems(seconds)).map(proposedNumber)).toEqual([
      1, 3600, 1,
    ]);
    const [written] = requestTimeoutProblems(4000, undefined, (seconds) => `${seconds}s`);
    expect(written?.message).toBe(
      "'timeoutSeconds' (4000s) must be from 1 to 3600 seconds because Cloud Run ends every request after an hour at the latest; set 'timeoutSeconds' to 3600s",
    );
  });

  test("a port is 1 to 65535", () => {
    expect([1, 8080, 65_535].flatMap((port) => portProblems(port, "port"))).toEqual([]);
    expect([0, 70_000, 80.5].flatMap((port) => portProblems(port, "port"))).toHaveLength(3);
  });

  test("shares of traffic add up to 100", () => {
    const name = { all: "traffics", one: (index: number) => `traffics[${index}].percent` };
    expect(trafficProblems([], name)).toEqual([]);
    expect(trafficProblems([100, undefined], name)).toEqual([]);
    expect(trafficProblems([50], name).map((p) => p.setting)).toEqual(["traffics"]);
    expect(trafficProblems([150, -50], name).map((p) => p.setting)).toEqual([
      "traffics[0].percent",
      "traffics[1].percent",
    ]);
  });
});

describe("probes", () => {
  test.each([
    ["startup", "periodSeconds", 1, 600],
    ["startup", "timeoutSeconds", 1, 600],
    ["startup", "initialDelaySeconds", 0, 600],
    ["liveness", "periodSeconds", 1, 3600],
    ["liveness", "initialDelaySeconds", 0, 600],
  ] as const)("%s: %s is %i to %i", (kind, field, least, most) => {
    const timing = (value: number) =>
      probe({
        periodSeconds: kind === "startup" ? 600 : 3600,
        [field]: value,
        ...(field === "periodSeconds" ? { timeoutSeconds: 1 } : {}),
      });
    expect(probeProblems(kind, timing(least))).toEqual([]);
    expect(probeProblems(kind, timing(most))).toEqual([]);
    for (const wrong of [least - 1, most + 1, least + 0.5, Number.NaN]) {
      const [problem] = probeProblems(kind, timing(wrong));
      expect(problem?.setting).toBe(field);
      expect(probeProblems(kind, timing(problem ? proposedNumber(problem) : wrong))).toEqual([]);
    }
  });

  test("a probe ends before the next one begins", () => {
    expect(probeProblems("liveness", probe({ timeoutSeconds: 10 }))).toEqual([]);
    expect(probeProblems("liveness", probe({ timeoutSeconds: 11 })).map(proposedNumber)).toEqual([10]);
  });

  test("the window is delay + period x threshold", () => {
    expect(probeWindowSeconds(probe({ initialDelaySeconds: 5 }))).toBe(125);
  });

  test("accepts a window that covers the start and is at most 600 s, after whatever delay, and 1800 s with a GPU", () => {
    expect(startupWindowProblems(probe(), 90)).toEqual([]);
    expect(startupWindowProblems(probe({ failureThreshold: 60 }), 600)).toEqual([]);
    expect(startupWindowProblems(probe({ failureThreshold: 60, initialDelaySeconds: 300 }), 900)).toEqual([]);
    expect(startupWindowProblems(probe({ failureThreshold: 180 }), 1800, undefined, true)).toEqual([]);
  });

  test("refuses a window that is too short, or longer than Cloud Run allows", () => {
    expect(startupWindowProblems(probe({ failureThreshold: 3 }), 90).map((p) => p.message)).toEqual([
      "'failureThreshold' (3) must give the start at least 90 s (it gives 0 + 10 s x 3 = 30 s) because Cloud Run kills the container when the window closes, while boot and database initialisation may still be running; set 'failureThreshold' to 9",
    ]);
    expect(startupWindowProblems(probe({ failureThreshold: 61 }), 90).map((p) => p.message)).toEqual([
      "'failureThreshold' (61) must keep the start-up window within 600 s (it is 10 s x 61 = 610 s) because Cloud Run refuses the probe otherwise, after the preview; set 'failureThreshold' to 60",
    ]);
    expect(startupWindowProblems(probe({ failureThreshold: 181 }), 90, undefined, true).map(proposedNumber)).toEqual([
      180,
    ]);
  });

  test("what is proposed passes, or says what else to change", () => {
    const timing = fc.record({
      initialDelaySeconds: fc.nat(300),
      periodSeconds: fc.integer({ min: 1, max: 600 }),
      timeoutSeconds: fc.constant(1),
      failureThreshold: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(timing, fc.nat(1000), (given, needed) => {
        for (const problem of startupWindowProblems(given, needed)) {
          const fix = proposedFix(problem);
          if (/^\d+$/.test(fix))
            expect(startupWindowProblems({ ...given, failureThreshold: Number(fix) }, needed)).toEqual([]);
          const period = /with a period of (\d+) s and no initial delay$/.exec(fix)?.[1];
          if (period)
            expect(
              startupWindowProblems(
                {
                  ...given,
                  initialDelaySeconds: 0,
                  periodSeconds: Number(period),
                  failureThreshold: proposedNumber(problem),
                },
                needed,
              ),
            ).toEqual([]);
          if (needed > 600 && !/^\d+$/.test(fix)) expect(fix).toContain("shorten boot and database initialisation");
        }
      }),
    );
  });
});
