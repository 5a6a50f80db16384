import { expect, test } from "vitest";
import { judge } from "../commands/check/judge";
import { readStackFile } from "../commands/shared/stack-file";
import { readSettings } from "../config/read";

/* The one test, beside that of the generated files, that reads the live stack file: every other runs on the reference. */

test("Pulumi.staging.yaml is sound, to its plan and to the rules of the pack", async () => {
  const configuration = readStackFile("staging");
  const { ok, checks, violations } = await judge({
    stack: "staging",
    configuration,
    settings: readSettings(configuration),
  });
  expect(checks.flatMap(({ problems }) => problems.map(({ message }) => message))).toEqual([]);
  expect(violations.filter(({ level }) => level === "mandatory").map(({ message }) => message)).toEqual([]);
  expect(ok).toBe(true);
});
