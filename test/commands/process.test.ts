import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { FEW_STORMS, onReference } from "../stack-settings";
import { COMMAND_LINE, runningProcesses } from "./child";
import { stackFiles } from "./stack-files";

/* What the system does to a command: signals, and output that has no room. */

const stackFile = stackFiles();
/** The reference, whose check is shorter. */
const fewStorms = () => ["--config-file", stackFile("few-storms", FEW_STORMS)];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-process-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a signal that npm alone receives", () => {
  test.each([
    ["SIGINT", "evaluating the program", onReference],
    ["SIGTERM", "simulating the start-up storms", onReference],
    ["SIGINT", "drawing the report", (args: readonly string[]) => [...fewStorms(), ...args]],
  ])("%s ends a check within a second while it is %s", async (signal, step, onStack) => {
    const report = mkdtempSync(join(folder, "report-"));
    const npm = spawn("npm", ["run", "check", "--", ...onStack(["--report", report])], {
      cwd: PROJECT_ROOT,
      detached: true, // a process group of its own, in which nothing may be left
      // Only a terminal is shown the steps.
      env: { ...process.env, NODE_OPTIONS: "--import=data:text/javascript,process.stderr.isTTY=true" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const { pid = 0, stderr } = npm;
    const ended = new Promise((resolve) => npm.once("exit", (code, by) => resolve(code ?? by)));
    await new Promise<void>((resolve, reject) => {
      let shown = "";
      stderr.on("data", (text) => {
        shown += text;
        if (shown.includes(step)) resolve();
      });
      stderr.once("end", () => reject(new Error(`the check ended before it was ${step}: ${shown}`)));
    });
    const start = performance.now();
    process.kill(pid, signal);
    expect(await ended).toBe(signal); // 130 and 143 to a shell
    while (runningProcesses().some(({ group }) => group === pid) && performance.now() - start < 5000)
      await setTimeout(20);
    expect(performance.now() - start).toBeLessThan(3000); // a second, on a machine that is not busy
    expect(readdirSync(report)).toEqual([]);
  });
});

describe("output that has no room", () => {
  /** Runs a command whose stream ends on a full disk. */
  async function onFullDisk(stream: "stdout" | "stderr", ...args: readonly string[]) {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [...COMMAND_LINE, ...args], {
      cwd: PROJECT_ROOT,
      stdio: stream === "stdout" ? ["ignore", full, "pipe"] : ["ignore", "ignore", full],
    });
    const printed = { stderr: "" };
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (printed.stderr += text));
    const started = new Set<number>();
    const watching = setInterval(() => {
      for (const pid of childrenOf(child.pid)) started.add(pid);
    }, 20);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearInterval(watching);
    closeSync(full);
    return { code, ...printed, started: [...started] };
  }

  const noRoom = {
    code: 2,
    stderr:
      "'standard output' must be a file that can be written because the answer goes there (ENOSPC); make room, or redirect it elsewhere\n",
  };

  // The first run after a change makes the bundle, in a process of esbuild's.
  beforeAll(() => void spawnSync(process.execPath, [...COMMAND_LINE, "check", "--help"], { cwd: PROJECT_ROOT }));

  test("is one line and exit code 2, and a check starts no process, so that none stays behind when it is killed", async () => {
    expect(await onFullDisk("stdout", "check", "--json", ...fewStorms())).toEqual({ ...noRoom, started: [] });
  });

  test.each([["--help"], ["size", "--help"]])("is one line and exit code 2: %s %s", async (...args) => {
    expect(await onFullDisk("stdout", ...args)).toMatchObject(noRoom);
  });

  test("is exit code 2 on standard error, too", async () => {
    expect(await onFullDisk("stderr", "check", "--stack", "nowhere")).toMatchObject({ code: 2 });
  });
});

/** Processes that a process has started, by Linux's own list. */
function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
