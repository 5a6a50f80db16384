import { expect, test } from "vitest";
import { planChecks } from "../capacity/checks";
import { InputError, type InputProblem } from "../capacity/problem";
import { planOf, readSettings } from "../config";
import { stagingConfiguration } from "./stack-settings";

/*
 * What a message proposes must pass: every number of the stack file is set to something foolish, and each number that is then
 * proposed is set in turn. Storms have their own proposals (test/capacity/storms.test.ts).
 */

type Path = readonly (string | number)[];

/** A CPU count or an amount of memory, which the file writes as text. */
const QUANTITY = /^(\d+(?:\.\d+)?)(m|[KMGT]i)?$/;

/** The paths of all numbers and quantities. */
function numbersIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === "number" || (typeof value === "string" && QUANTITY.test(value))) return [path];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) => numbersIn(item, [...path, Array.isArray(value) ? Number(key) : key]));
}

const at = (root: unknown, path: Path): unknown => path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), root);

/** The configuration with another value at a path. */
function withValue(configuration: object, path: Path, value: unknown): Record<string, unknown> {
  const copy = structuredClone(configuration) as Record<string, unknown>;
  Reflect.set(Object(at(copy, path.slice(0, -1))), path.at(-1) ?? "", value);
  return copy;
}

function problemsOf(configuration: Record<string, unknown>): readonly InputProblem[] {
  try {
    return planChecks(planOf(readSettings(configuration))).flatMap(({ problems }) => problems);
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
}

/** `netra:services.auth.cpu` as a path of the configuration. */
const pathOf = (setting: string): Path => {
  const [section = "", ...rest] = setting.split(".");
  return [section, ...rest];
};

/** The number or quantity that a message proposes alone: not one that takes another change beside it. */
const proposed = ({ setting, message }: InputProblem): number | string | undefined => {
  const [, written, unit] = new RegExp(`; set '${setting.replaceAll(/[[\].]/g, "\\$&")}' to (-?\\d+(?:\\.\\d+)?(m|[KMGT]i)?)(?=$|, or )`).exec(message) ?? [];
  return written === undefined || unit !== undefined ? written : Number(written);
};

/** Staging's, with the numbers that may be left out. */
const configuration = stagingConfiguration({
  "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 64 } },
  "netra:secrets": { JWT_SECRET_KEY: { version: 2, rotation: 2, disabledThroughRotation: 1 } },
});

test.each(numbersIn(configuration).map((path) => [path.join("."), path] as const))("a foolish %s is answered with numbers that pass", (_, path) => {
  const stated = at(configuration, path);
  const [, digits, unit = ""] = QUANTITY.exec(String(stated)) ?? [];
  const value = Number(digits);
  const foolish = [-1, 0, 1, 1.5, value - 1, value + 1, 2 * value, 10 * value, value / 10, 1e9, 1e300].map((number) => (unit ? `${number}${unit}` : number));
  for (const other of [...foolish, `${value}`, `${value} seconds`, ...(unit.endsWith("i") ? ["2GB"] : []), "many", null, ""]) {
    const wrong = withValue(configuration, path, other);
    for (const problem of problemsOf(wrong)) {
      const number = proposed(problem);
      if (number === undefined) continue;
      const mended = problemsOf(withValue(wrong, pathOf(problem.setting), number));
      expect(
        mended.filter(({ setting }) => setting === problem.setting),
        problem.message,
      ).toEqual([]);
    }
  }
});

test("the numbers are those of a whole stack file", () => expect(numbersIn(configuration).length).toBeGreaterThan(100));
