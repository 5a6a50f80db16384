import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../capacity/problem";
import { redeployed } from "../../../commands/pipeline/redeploy";
import { REFERENCE } from "../../stack-settings";

const STAGING = readFileSync(REFERENCE, "utf8");

function problems(text: string, ...services: readonly string[]): string[] {
  try {
    redeployed(text, "Pulumi.staging.yaml", services);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

describe("the stack file", () => {
  test("gets a count behind each image, then a higher one in its place, and no other line changes", () => {
    const once = redeployed(STAGING, "f", ["backend", "auth", "backend"]);
    expect(once.counts).toEqual({ backend: 1, auth: 1 });
    const lines = STAGING.split("\n");
    const expected = lines.flatMap((line) =>
      /^ {6}image: .*\/(backend|auth):/.test(line) ? [line, "      redeploy: 1"] : [line],
    );
    expect(once.text.split("\n")).toEqual(expected);
    const twice = redeployed(once.text, "f", ["auth"]);
    expect(twice.counts).toEqual({ auth: 2 });
    const [before, after] = [once.text.split("\n"), twice.text.split("\n")];
    expect(after.filter((line, i) => line !== before[i])).toEqual(["      redeploy: 2"]);
  });

  test.each([
    [
      "a comment behind the image",
      "config:\n  netra:services:\n    a:\n      image: x/y:1 # why\n",
      "# why\n",
      "# why\n      redeploy: 1\n",
    ],
    ["braces", "config: { netra:services: { a: { image: x/y:1, port: 1 } } }", "1, port", "1, redeploy: 1, port"],
    ["JSON", '{"config":{"netra:services":{"a":{"image":"x/y:1"}}}}', '"x/y:1"', '"x/y:1", "redeploy": 1'],
    [
      "carriage returns",
      "config:\r\n  netra:services:\r\n    a:\r\n      image: x/y:1\r\n",
      ":1\r\n",
      ":1\r\n      redeploy: 1\r\n",
    ],
    ["no last line end", "config:\n  netra:services:\n    a:\n      image: x/y:1", ":1", ":1\n      redeploy: 1"],
    ["a count with a comment", "config:\n  netra:services:\n    a: { image: x/y:1, redeploy: 41 } # why", "41", "42"],
  ])("is kept as it is written: %s", (_, text, old, now) => {
    expect(redeployed(text, "f", ["a"]).text).toBe(text.replace(old, now));
  });
});

describe("what is wrong", () => {
  test("reports it together with all names", () => {
    expect(problems(STAGING, "backnd", "auth", "web")).toEqual([
      "'SERVICE' (backnd) must be one of auth, backend, frontend because 'netra:services' of Pulumi.staging.yaml has no other service; set 'SERVICE' to backend",
      "'SERVICE' (web) must be one of auth, backend, frontend because 'netra:services' of Pulumi.staging.yaml has no other service; set 'SERVICE' to auth",
    ]);
  });

  test("with a count", () => {
    expect(
      problems(
        'config: { netra:services: { a: { image: x, redeploy: "one" }, b: { image: x, redeploy: -1 } } }',
        "a",
        "b",
      ),
    ).toEqual(
      ["a", "b"].map(
        (service) =>
          `'netra:services.${service}.redeploy' must be a whole number because it is raised by one; write one into Pulumi.staging.yaml, or remove it`,
      ),
    );
  });

  test("with how it is written: a count that others share, an image that stands elsewhere, no services", () => {
    expect(
      problems(
        "config:\n  netra:services:\n    a: { image: x, redeploy: &n 1 }\n    b: { image: x, redeploy: *n }\n",
        "a",
      ),
    ).toEqual([
      "'netra:services.a.redeploy' must be a plain value because it is replaced; write it into Pulumi.staging.yaml on one line, without an anchor or a merge",
    ]);
    expect(problems("config:\n  x: &i a/b:1\n  netra:services:\n    a: { <<: { image: *i } }\n", "a")).toEqual([
      "'netra:services.a.image' must be a plain value because 'redeploy' is added after it; write it into Pulumi.staging.yaml on one line, without an anchor or a merge",
    ]);
    // Pulumi reads the first of two documents only.
    for (const text of ["config: {}", "config: { netra:services: { a: { image: x } } }\n---\nb: 1\n"])
      expect(problems(text, "a")).toEqual([
        "'Pulumi.staging.yaml' must be a stack file with a section 'netra:services' because it holds the service's settings; run `npm run check` to see what is wrong with it",
      ]);
  });
});
