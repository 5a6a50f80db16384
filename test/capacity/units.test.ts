import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMemory, parseCpu, parseMemoryMib, parseSeconds } from "../../capacity/units";

test.each([
  ["1", 1],
  ["0.08", 0.08],
  ["500m", 0.5],
  ["1000m", 1],
  ["2.5", 2.5],
  ["", undefined],
  ["1 ", undefined],
  ["two", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  [".5", undefined],
  ["1000M", undefined],
])("%j is %s vCPU", (text, expected) => expect(parseCpu(text)).toBe(expected));

test.each([
  ["512Mi", 512],
  ["4Gi", 4096],
  ["0.5Gi", 512],
  ["1048576Ki", 1024],
  ["1Ti", 1024 ** 2],
  ["536870912", 512],
  ["1G", 1e9 / 2 ** 20],
  ["500M", 500e6 / 2 ** 20],
  ["4GB", undefined],
  ["4gi", undefined],
  ["4 Gi", undefined],
  ["Gi", undefined],
  ["", undefined],
  ["-1Gi", undefined],
])("%j is %s MiB", (text, expected) => expect(parseMemoryMib(text)).toBe(expected));

test.each([
  ["600s", 600],
  ["3.5s", 3.5],
  ["0.000000001s", 1e-9],
  ["600", undefined],
  ["10m", undefined],
  ["600 s", undefined],
  ["1.0000000001s", undefined],
  ["", undefined],
])("%j is %s seconds", (text, expected) => expect(parseSeconds(text)).toBe(expected));

test("memory that is written is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (mib) => {
      expect(parseMemoryMib(formatMemory(mib))).toBe(mib);
    }),
  );
  expect([512, 4096, 1536].map(formatMemory)).toEqual(["512Mi", "4Gi", "1536Mi"]);
});

test("no text that is no quantity is read as one", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseCpu, parseMemoryMib, parseSeconds]) {
        const value = parse(text);
        if (value !== undefined) expect(text).toMatch(/^\d/);
        expect(Number.isNaN(value)).toBe(false);
      }
    }),
  );
});
