import { expect, test } from "vitest";
import { commandNamed, type Ended } from "../child";

const rollback = (variables: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ended> =>
  commandNamed("way-back", { ...process.env, ...variables })(...args);

test("reads the steps of the job, as GitHub hands them over", async () => {
  const STEPS = JSON.stringify({
    check: { outputs: {}, outcome: "success", conclusion: "success" },
    up: { outputs: {}, outcome: "cancelled", conclusion: "cancelled" },
  });
  const { code, stdout, stderr } = await rollback({ STEPS, GITHUB_SHA: "d".repeat(40) }, "--cancelled");
  expect({ code, stderr, title: stdout.split("\n")[0] }).toEqual({
    code: 0,
    stderr: "",
    title: "# staging: the update was cancelled at up",
  });
});

test("names everything that is missing", async () => {
  expect(await rollback({ STEPS: "{", GITHUB_SHA: "" })).toEqual({
    code: 2,
    stdout: "",
    stderr: [
      "'STEPS' must be the steps of the job as JSON because it shows which step failed; set it to toJSON(steps)",
      "'GITHUB_SHA' (not set) must be a commit because the rollback reverts it; set it to the commit that was applied",
      "",
    ].join("\n"),
  });
});
