import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  connectorFloorProblems,
  connectorMbps,
  connectorNameProblems,
  connectorOverlapProblems,
  connectorRangeProblems,
  instanceCountProblems,
  isMachineType,
  machineTypeProblems,
} from "../../../capacity/constraints/connector";
import { overlap } from "../../../capacity/constraints/ranges";
import { connectorLimits } from "../../../capacity/limits";
import { proposedFix, proposedNumber } from "../proposed-fix";

const machineTypes = Object.keys(connectorLimits.machineTypes.value);
const count = fc.oneof(
  fc.integer({ min: -5, max: 130 }),
  fc.double({ min: -5, max: 130, noNaN: true }),
  fc.constant(undefined),
);

describe("throughput", () => {
  test.each([
    ["f1-micro", 50],
    ["e2-micro", 100],
    ["e2-standard-4", 1600],
  ])("%s carries %i Mbps per instance, of the connector's table", (machineType, perInstance) => {
    for (let instances = 2; instances <= 10; instances++)
      expect(connectorMbps(machineType, instances)).toBeCloseTo(instances * perInstance, 9);
  });

  test("is 0 for a machine type that does not exist, whatever its name", () => {
    for (const machineType of ["e2-standard-8", "", "constructor", "toString", "__proto__"]) {
      expect(connectorMbps(machineType, 3)).toBe(0);
      expect(isMachineType(machineType)).toBe(false);
    }
  });
});

describe("machine type", () => {
  test.each(machineTypes)("accepts %s", (machineType) => expect(machineTypeProblems(machineType)).toEqual([]));

  test.each([
    ["e2-standard-8", "e2-standard-4"],
    ["e2-small", "e2-micro"],
    ["", "e2-micro"],
  ])("refuses %j and proposes %s", (machineType, fix) => {
    const [problem] = machineTypeProblems(machineType);
    expect(problem && proposedFix(problem)).toBe(fix);
    expect(machineTypeProblems(fix)).toEqual([]);
  });

  test("names the legal ones", () => {
    expect(machineTypeProblems("n1-standard-1").map((p) => p.message)).toEqual([
      "'machineType' (n1-standard-1) must be one of f1-micro, e2-micro, e2-standard-4 because a Serverless VPC Access connector runs on no other machine type; set 'machineType' to e2-micro",
    ]);
  });
});

describe("instance counts", () => {
  test("accepts exactly 2..9 with 3..10, the minimum below the maximum", () => {
    for (let minInstances = 0; minInstances <= 12; minInstances++)
      for (let maxInstances = 0; maxInstances <= 12; maxInstances++) {
        const legal =
          minInstances >= 2 &&
          minInstances <= 9 &&
          maxInstances >= 3 &&
          maxInstances <= 10 &&
          minInstances < maxInstances;
        expect(instanceCountProblems({ minInstances, maxInstances }).length === 0).toBe(legal);
      }
  });

  test("what is proposed, taken until nothing is, is a legal connector", () => {
    fc.assert(
      fc.property(count, count, (minInstances, maxInstances) => {
        let counts: { minInstances?: number | undefined; maxInstances?: number | undefined } = {
          minInstances,
          maxInstances,
        };
        // Twice for two counts out of range, and once more for a minimum that is then not below the maximum.
        for (let round = 0; round < 3; round++)
          for (const problem of instanceCountProblems(counts))
            counts = { ...counts, [problem.setting]: proposedNumber(problem) };
        expect(instanceCountProblems(counts)).toEqual([]);
      }),
    );
  });

  test("refuses counts that are not stated", () => {
    expect(instanceCountProblems({}).map((p) => p.message)).toEqual([
      "'minInstances' (not set) must be stated, from 2 to 9 because Google no longer has a default and throughput settings force replacements; set 'minInstances' to 3",
      "'maxInstances' (not set) must be stated, from 3 to 10 because Google no longer has a default and throughput settings force replacements; set 'maxInstances' to 10",
    ]);
  });

  test("names the settings as their owner does", () => {
    const settings = instanceCountProblems(
      { minInstances: 12, maxInstances: 120 },
      (field) => `netra:connector.${field}`,
    ).map((p) => p.setting);
    expect(settings).toEqual(["netra:connector.minInstances", "netra:connector.maxInstances"]);
  });
});

describe("name", () => {
  test.each(["staging-connector", "a", "abcdefghijklmnopqrst", "a-b-c-d-e-f-g"])("accepts %s", (name) =>
    expect(connectorNameProblems(name)).toEqual([]),
  );

  test.each([
    ["abcdefghijklmnopqrstu", "21 characters"],
    ["netra-staging-connect", "23 with each hyphen counted twice"],
    ["staging-connector-a1", "22 with each hyphen counted twice"],
    ["Staging", "a capital"],
    ["1st", "a digit first"],
    ["ends-", "a hyphen last"],
    ["under_score", "an underscore"],
    ["", "empty"],
  ])("refuses %j: %s", (name) => expect(connectorNameProblems(name)).toHaveLength(1));

  test("counts every hyphen twice and says so", () => {
    const [problem] = connectorNameProblems("netra-staging-connector");
    expect(problem?.message).toContain(
      "at most 20 characters with each hyphen counted as two because this one counts 25 characters",
    );
  });
});

describe("range", () => {
  test("accepts a /28 without host bits", () => expect(connectorRangeProblems("10.1.0.16/28")).toEqual([]));

  test.each([
    ["10.1.0.0/24", "10.1.0.0/28"],
    ["10.1.0.0/29", "10.1.0.0/28"],
    ["10.1.0.1/28", "10.1.0.0/28"],
  ])("refuses %s and proposes %s", (cidr, fix) => {
    const [problem] = connectorRangeProblems(cidr);
    expect(problem && proposedFix(problem)).toBe(fix);
    expect(connectorRangeProblems(fix)).toEqual([]);
  });

  test("refuses a range that touches one of those that are taken, and proposes one that touches none", () => {
    const taken = ["10.0.0.0/24", "10.1.0.0/16", "10.27.0.0/16"];
    const [problem, ...others] = connectorOverlapProblems("10.1.7.0/28", taken);
    expect(others).toEqual([]);
    const free = /10\.\d+\.\d+\.\d+\/28$/.exec(problem?.message ?? "")?.[0] ?? "";
    expect(connectorRangeProblems(free)).toEqual([]);
    expect(taken.some((other) => overlap(free, other))).toBe(false);
  });
});

describe("floor", () => {
  const floor = { machineType: "e2-micro", minInstances: 3, maxInstances: 10 };

  test("accepts the floor and anything larger", () => {
    expect(connectorFloorProblems(floor, floor)).toEqual([]);
    expect(connectorFloorProblems({ machineType: "e2-standard-4", minInstances: 9, maxInstances: 10 }, floor)).toEqual(
      [],
    );
  });

  test("refuses each way to be smaller, and proposes the floor", () => {
    const problems = connectorFloorProblems({ machineType: "f1-micro", minInstances: 2, maxInstances: 9 }, floor);
    expect(problems.map((p) => [p.setting, proposedFix(p)])).toEqual([
      ["machineType", "e2-micro"],
      ["minInstances", "3"],
      ["maxInstances", "10"],
    ]);
  });

  test("never refuses a connector that is at least as large in everything", () => {
    const size = fc.record({
      machineType: fc.constantFrom(...machineTypes),
      minInstances: fc.integer({ min: 2, max: 9 }),
      maxInstances: fc.integer({ min: 3, max: 10 }),
    });
    fc.assert(
      fc.property(size, size, (a, b) => {
        const larger = {
          machineType:
            connectorMbps(a.machineType, 2) >= connectorMbps(b.machineType, 2) ? a.machineType : b.machineType,
          minInstances: Math.max(a.minInstances, b.minInstances),
          maxInstances: Math.max(a.maxInstances, b.maxInstances),
        };
        expect(connectorFloorProblems(larger, b)).toEqual([]);
      }),
    );
  });
});
