import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { COMMAND_LINE, commandNamed } from "../child";
import { digest } from "../guard/previews";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-input-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `drift` prints to standard error where both files are standard input: a pipe, or what is open here. */
function driftOf(stdin: "pipe" | number) {
  const child = spawn(process.execPath, [...COMMAND_LINE, "drift", "--refresh", "-", "--diagnosis", "-"], {
    cwd: PROJECT_ROOT,
    stdio: [stdin, "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr?.on("data", (text) => (stderr += text));
  return new Promise<string>((resolve) => child.once("close", () => resolve(stderr)));
}

const REPEATED =
  "'--diagnosis' (-) must be a file because standard input is already read as another input; save it to a file and name that\n";

test("waits for a standard input that does not block, and reads it only once", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reading = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  // Somebody may still write: without that, it would be at its end.
  const writing = openSync(pipe, constants.O_WRONLY);
  const ended = driftOf(reading);
  closeSync(reading);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  writeFileSync(writing, digest({ steps: [] }));
  closeSync(writing);
  expect(await ended).toBe(REPEATED);
});

test("a standard input that cannot be read is called that", async () => {
  const directory = openSync(folder, "r");
  expect(await driftOf(directory)).toBe(
    `'--refresh' (-) must be a file that can be read because the drift report combines both files; pipe it into the command, or redirect it from a file\n${REPEATED}`,
  );
  closeSync(directory);
});

test("what is edited cannot be standard input", async () => {
  expect(await commandNamed("redeploy")("auth", "--config-file", "-")).toEqual({
    code: 2,
    stdout: "",
    stderr: "'--config-file' (-) must be a file because it is written to; name a stack file that exists\n",
  });
});
