import { describe, expect, test } from "vitest";
import { failedStep, rollbackInstructions } from "../../../commands/pipeline/rollback";

const steps = (outcomes: Readonly<Record<string, string>>) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(outcomes).map(([id, outcome]) => [id, { outcome, conclusion: outcome, outputs: {} }]),
    ),
  );
const back = { stack: "staging", commit: "c".repeat(40), wasCancelled: false };

describe("the step that failed", () => {
  test("is the first that did not succeed", () => {
    expect(failedStep(steps({ check: "success", preview: "success", guard: "failure", up: "skipped" }))).toBe("guard");
    expect(failedStep(steps({ up: "success", diagnose: "failure", verify: "failure" }))).toBe("diagnose");
    expect(failedStep(steps({ up: "cancelled" }))).toBe("up");
  });

  test("is none where one without an id failed before", () => {
    expect(failedStep("{}")).toBeUndefined();
    expect(rollbackInstructions(undefined, back)).toContain(
      "# staging: the update failed at a set-up step\n\nNothing was changed",
    );
  });
});

describe("the rollback instructions", () => {
  test.each([
    ["check", "Nothing was changed: staging runs as before."],
    ["preview", "Nothing was changed: staging runs as before."],
    ["guard", "Nothing was changed: staging runs as before."],
    ["preflight", "Nothing was changed: staging runs as before."],
    ["up", "The update stopped half-way. Completed changes remain; services that had not rolled out run as before."],
    ["diagnose", "The update is applied, but the environment is not sound."],
    ["verify", "The update is applied, but the environment is not sound."],
  ] as const)("from %s says what is changed, and how to revert", (step, state) => {
    const text = rollbackInstructions(step, back);
    expect(text.split("\n").slice(0, 4)).toEqual([`# staging: the update failed at ${step}`, "", state, ""]);
    expect(text).toContain(`\`git revert --mainline 1 ${"c".repeat(40)}\``);
    expect(text.includes("npm run --silent recover -- --stack staging")).toBe(step === "up");
  });

  test("from an update that failed distinguishes an interruption from a refusal", () => {
    expect(rollbackInstructions("up", back)).toContain(
      "\n1. If the log ends with an API's error, nothing needs repair. If it ends without an error, or reports that the engine or a provider died, the update was interrupted. First, on your machine, run `npm run --silent recover -- --stack staging`: it prints ",
    );
  });

  test("from an update that was cancelled begins with what it left behind", () => {
    expect(rollbackInstructions("up", { ...back, wasCancelled: true })).toMatch(
      /^# staging: the update was cancelled at up\n\nThe update was interrupted: resources may exist that are not in the state\.\n\n1\. First, on your machine, run `npm run --silent recover -- --stack staging`: it prints /,
    );
  });
});
