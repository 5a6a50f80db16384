import { spawnSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { held, problemsOf } from "./held";
import { broken, edited, GARBAGE, NAMED, SECRETS } from "./mutations";
import { round } from "./run";
import { targets } from "./targets";

/* A short run of `npm run fuzz`, with a fixed seed; and what the fuzzer itself would miss. */

const all = targets();
afterAll(() => {
  for (const { close } of all) close?.();
});

const RUNS: Readonly<Record<string, number>> = {
  "pack inputs": 1,
  processes: 1,
  "standard input": 1,
  bundle: 1,
  "stack files": 5,
  previews: 12,
  "files of the pipelines": 10,
  "gcloud files": 1,
};

test.each(all.map((target) => [target.name, target] as const))("%s", async (name, target) => {
  expect(await round(target, 1, 60_000, RUNS[name] ?? 2)).toEqual({ tried: RUNS[name] ?? 2 });
});

test("breaks what it is held to: garbage that passes, traces, secrets, other exit codes", async () => {
  const guard = { command: "way-back", args: [], env: { STEPS: "{}", GITHUB_SHA: "d".repeat(40) } };
  await held(guard);
  await expect(held({ ...guard, isGarbage: true })).rejects.toThrow("garbage passes: exit 0");
  expect(problemsOf("Error: x\n    at read (/a/b.ts:1:2)\n", 70, [0, 1, 2])).toEqual([
    "exit 70",
    "a stack trace (at read (/a/b.ts:1:2))",
  ]);
  expect(problemsOf(`x ${SECRETS.MY_TOKEN}, cannot evaluate: the rule itself failed: x`, 0, [0])).toEqual([
    "a rule failed",
    expect.stringContaining("it shows a secret: x "),
  ]);
});

test("ends, and prints its round, when an input never does", () => {
  const { stdout, signal } = spawnSync(
    process.execPath,
    [
      "--import",
      "tsx",
      "--eval",
      `require("./test/fuzz/watchdog.ts").watchdog(0.1)("stack files, seed 7"); setTimeout(() => { for (;;); }, 200)`,
    ],
    { cwd: PROJECT_ROOT, encoding: "utf8" },
  );
  expect([signal, stdout]).toEqual(["SIGKILL", "BROKEN stack files, seed 7: an input has not ended in 0.1 s\n"]);
});

test("edits values and texts as drawn", () => {
  const original = { a: [{ name: "MY_TOKEN", value: NAMED }], b: { c: 1 } };
  const of = (what: Parameters<typeof edited>[1][number]["do"], ...at: number[]) =>
    edited(original, [{ do: what, at, value: 0 }]);
  expect(of("remove", 1, 0).value).toEqual({ a: original.a, b: {} });
  expect(of("spoil", 1)).toEqual({ value: { a: original.a, b: GARBAGE }, isSpoilt: true });
  expect(of("copy", 0, 0).value).toEqual({ a: [original.a[0], original.a[0]], b: { c: 1 } });
  // What has lost its name is no secret.
  expect(of("set", 0, 0, 0).value).toEqual({ a: [{ name: null, value: "lost" }], b: { c: 1 } });
  expect(broken("0123456789", { from: 0.5, length: 2, instead: "x" })).toBe("01234x789");
});
