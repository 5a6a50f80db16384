import { expect, test } from "vitest";
import { planChecks } from "../capacity/checks";
import { InputError, type Problem } from "../capacity/problem";
import { planOf, readSettings } from "../config";
import { stagingConfiguration } from "./stack-settings";

/*
 * What a message proposes must pass: every number of the stack file is set to something foolish, and each number that is then
 * proposed is set in turn. Storms have their own proposals (test/capacity/storms.test.ts).
 */

type Path = readonly (string | number)[];

/** The paths of all numbers. */
function numbersIn(value: unknown, path: Path = []): Path[] {
  if (typeof value === "number") return [path];
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

function problemsOf(configuration: Record<string, unknown>): readonly Problem[] {
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

/** The number that a message proposes alone: not one that takes another change beside it. */
const proposed = ({ setting, message }: Problem): number | undefined => {
  const [, number] = new RegExp(`; set '${setting}' to (-?\\d+(?:\\.\\d+)?)(?=$|, or )`).exec(message) ?? [];
  return number === undefined ? undefined : Number(number);
};

const configuration = stagingConfiguration();

test.each(numbersIn(configuration).map((path) => [path.join("."), path] as const))("a foolish %s is answered with numbers that pass", (_, path) => {
  const value = Number(at(configuration, path));
  const foolish = [-1, 0, 1, 1.5, value - 1, value + 1, 2 * value, 10 * value, value / 10, 1e9];
  for (const other of foolish) {
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

test("the numbers are those of a whole stack file", () => expect(numbersIn(configuration).length).toBeGreaterThan(90));
