import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  freeRange,
  isPrivateAddress,
  overlap,
  overlapProblem,
  overlaps,
  parseRange,
  rangeProblems,
} from "../../../capacity/constraints/ranges";
import { proposedFix } from "../proposed-fix";

const octet = fc.nat(255);
const prefixes = fc.integer({ min: 8, max: 30 });
const numberOf = (cidr: string) =>
  (cidr.split("/")[0] ?? "").split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const network = fc.tuple(octet, octet, octet, octet, prefixes).map(([a, b, c, d, prefix]) => {
  const size = 2 ** (32 - prefix);
  const start = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
  return `${Math.floor(start / 2 ** 24)}.${Math.floor(start / 2 ** 16) % 256}.${Math.floor(start / 256) % 256}.${start % 256}/${prefix}`;
});

describe("reading", () => {
  test("any network in CIDR form", () => {
    fc.assert(
      fc.property(network, (cidr) => {
        expect(parseRange(cidr)?.prefix).toBe(Number(cidr.split("/")[1]));
      }),
    );
  });

  test.each([
    "",
    "10.0.0.0",
    "10.0.0.1/24",
    "10.0.0/24",
    "10.0.0.256/32",
    "10.0.0.0/33",
    "010.0.0.0/8",
    "::/0",
    "fd00::/8",
    "10.0.0.0/24 ",
    "ten/8",
  ])("nothing in %j", (cidr) => {
    expect(parseRange(cidr)).toBeUndefined();
    expect(rangeProblems("cidr", cidr)).toHaveLength(1);
    expect(overlap(cidr, "0.0.0.0/0")).toBe(false);
  });
});

describe("overlap", () => {
  test.each([
    ["10.0.0.0/24", "10.0.0.0/24", true],
    ["10.0.0.0/24", "10.0.0.240/28", true],
    ["10.0.0.0/16", "10.0.255.0/24", true],
    ["10.0.0.0/24", "10.0.1.0/24", false],
    ["10.1.0.0/28", "10.1.0.16/28", false],
    ["10.166.204.80/29", "10.166.204.88/29", false],
    ["0.0.0.0/0", "192.168.0.0/16", true],
  ])("of %s and %s: %s", (a, b, expected) => expect(overlap(a, b)).toBe(expected));

  test("is symmetric, holds for a range with itself, and is what the bounds say", () => {
    fc.assert(
      fc.property(network, network, (a, b) => {
        expect(overlap(a, a)).toBe(true);
        expect(overlap(a, b)).toBe(overlap(b, a));
        const [startA, startB] = [numberOf(a), numberOf(b)];
        const end = (start: number, cidr: string) => start + 2 ** (32 - Number(cidr.split("/")[1]));
        expect(overlap(a, b)).toBe(startA < end(startB, b) && startB < end(startA, a));
      }),
    );
  });

  test("finds each pair once", () => {
    const ranges = ["10.0.0.0/24", "10.0.0.0/28", "10.9.0.0/16", "10.0.0.16/28"].map((cidr) => ({ label: cidr, cidr }));
    expect(overlaps(ranges).map(({ a, b }) => [a.label, b.label])).toEqual([
      ["10.0.0.0/24", "10.0.0.0/28"],
      ["10.0.0.0/24", "10.0.0.16/28"],
    ]);
  });

  test("proposes a range of the same size that overlaps none", () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), fc.integer({ min: 16, max: 30 }), (cidrs, prefix) => {
        const taken = cidrs.map((cidr) => ({ label: cidr, cidr }));
        const free = freeRange(prefix, taken);
        if (free.includes("outside")) return;
        expect(parseRange(free)?.prefix).toBe(prefix);
        expect(cidrs.some((cidr) => overlap(free, cidr))).toBe(false);
      }),
    );
    expect(freeRange(28, [{ label: "all", cidr: "10.0.0.0/8" }])).toBe("172.16.0.0/28");
  });

  test("names the first of a pair", () => {
    const pair = { a: { label: "connector", cidr: "10.0.0.0/28" }, b: { label: "subnet", cidr: "10.0.0.0/24" } };
    expect(overlapProblem(pair, [pair.a, pair.b])).toMatchObject({
      setting: "connector",
      message:
        "'connector' (10.0.0.0/28) must not overlap 'subnet' (10.0.0.0/24) because Google refuses a range that is in use, and routes between overlapping ranges are undefined; set 'connector' to 10.1.0.0/28",
    });
  });
});

describe("one range", () => {
  test("what is proposed for host bits or another size passes", () => {
    fc.assert(
      fc.property(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }), (a, b, c, d, prefix) => {
        for (const size of [{}, { exactly: 28 }]) {
          let cidr = `${a}.${b}.${c}.${d}/${prefix}`;
          for (let round = 0; round < 3; round++)
            for (const problem of rangeProblems("cidr", cidr, size)) cidr = proposedFix(problem);
          expect(rangeProblems("cidr", cidr, size)).toEqual([]);
        }
      }),
    );
  });

  test("refuses a private services range below a /24", () => {
    expect(rangeProblems("range", "10.107.0.0/16", { maxPrefix: 24 })).toEqual([]);
    expect(rangeProblems("range", "10.107.0.0/25", { maxPrefix: 24 }).map((p) => p.message)).toEqual([
      "'range' (10.107.0.0/25) must be a /24 or larger because Google's managed services need at least that many addresses; set 'range' to a /24, or better a /16",
    ]);
  });
});

test.each([
  ["10.0.0.1", true],
  ["172.16.0.1", true],
  ["172.32.0.1", false],
  ["192.168.1.1", true],
  ["203.0.113.7", false],
  ["", false],
  ["host", false],
])("%j is a private address: %s", (address, expected) => expect(isPrivateAddress(address)).toBe(expected));
