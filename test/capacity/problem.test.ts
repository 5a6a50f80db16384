import { expect, test } from "vitest";
import { clamp, InputError, identity, problem } from "../../capacity/problem";

test("a problem is one sentence: what stands there, what must, why, and what to write", () => {
  expect(
    problem({ setting: "minInstances", value: 12, must: "be at most 9", because: "there are no more", fix: 9 }),
  ).toMatchObject({
    setting: "minInstances",
    message: "'minInstances' (12) must be at most 9 because there are no more; set 'minInstances' to 9",
  });
});

test.each([
  [undefined, "not set"],
  [null, "not set"],
  ["", "empty"],
  [0, "0"],
  [false, "false"],
])("a value of %j is shown as %s", (value, shown) => {
  expect(problem({ setting: "x", value, must: "m", because: "b", fix: "f" }).message).toBe(
    `'x' (${shown}) must m because b; set 'x' to f`,
  );
});

test("the nearest whole number within a range, also of no number", () => {
  const range = { min: 2, max: 9 };
  expect([-1, 2, 2.6, 9, 120, Number.NaN, Number.POSITIVE_INFINITY].map((value) => clamp(value, range))).toEqual([
    2, 2, 3, 9, 9, 2, 2,
  ]);
});

test("an input error carries every problem, one a line", () => {
  const problems = ["one", "two"].map((setting) => ({ setting, message: `about ${setting}` }));
  expect(new InputError(problems).message).toBe("about one\nabout two");
  expect(identity("field")).toBe("field");
});
