import fc from "fast-check";
import { expect, test } from "vitest";
import { directSubnetProblems } from "../../../capacity/constraints/direct-vpc";
import { proposedFix } from "../proposed-fix";

test("a /26 has addresses for about 30 instances", () => {
  expect(directSubnetProblems("10.0.0.0/26", 30)).toEqual([]);
  expect(directSubnetProblems("10.0.0.0/26", 31)).toHaveLength(1);
});

test("what is proposed passes, and nothing smaller would", () => {
  fc.assert(
    fc.property(fc.integer({ min: 17, max: 30 }), fc.integer({ min: 1, max: 5000 }), (prefix, instances) => {
      for (const problem of directSubnetProblems(`10.0.0.0/${prefix}`, instances)) {
        const fix = Number(/\/(\d+)/.exec(proposedFix(problem))?.[1]);
        expect(directSubnetProblems(`10.0.0.0/${fix}`, instances)).toEqual([]);
        expect(directSubnetProblems(`10.0.0.0/${fix + 1}`, instances)).toHaveLength(1);
      }
    }),
  );
});

test("leaves a range that cannot be read to others", () => expect(directSubnetProblems("ten", 100)).toEqual([]));
