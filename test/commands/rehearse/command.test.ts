import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { onReference } from "../../stack-settings";
import { COMMAND_LINE, stackCommand } from "../child";
import { TemporaryFolder } from "./left-behind";

const rehearse = stackCommand("rehearse");

describe("rehearse", () => {
  test("reports all that is wrong with what it was asked for", async () => {
    expect(await rehearse("--write", "--storms", "many", "--report", "/dev/null/report")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "'--write' (without --grid) must come with '--grid' because docs/accuracy.md shows every cell; set '--write' to nothing, or add --grid\n" +
        "'--storms' (many) must be a whole number of at least 2 because one storm has no interval; set '--storms' to 3\n" +
        "'--report' (/dev/null/report) must be a directory that can be written because the report goes there; give another one\n",
    });
  });

  test("an option that does not exist is bad input", async () => {
    const { code, stderr } = await rehearse("--gird");
    expect([code, stderr]).toEqual([
      2,
      "error: unknown option '--gird'\n(Did you mean --grid?)\n(npm run rehearse -- --help lists the options)\n",
    ]);
  });

  describe("ended from outside", () => {
    const temporary = new TemporaryFolder();
    afterAll(() => temporary.remove());

    function started() {
      const child = spawn(process.execPath, [...COMMAND_LINE, "rehearse", ...onReference([])], {
        cwd: PROJECT_ROOT,
        env: { ...process.env, TMPDIR: temporary.path },
        stdio: ["ignore", "ignore", "pipe"],
      });
      // Closed, not only ended: what it wrote has been read by then, and everything that it started is gone.
      const ended = { stderr: "", code: new Promise((resolve) => child.once("close", resolve)) };
      child.stderr.on("data", (text) => {
        ended.stderr += text;
      });
      return { child, ended };
    }

    test("interrupted, and once more while it cleans up, it leaves nothing behind", async () => {
      const { child, ended } = started();
      while (temporary.processes().length === 0) await sleep(50);
      child.kill("SIGINT");
      await sleep(100);
      child.kill("SIGTERM");
      expect([await ended.code, ended.stderr]).toEqual([130, "interrupted; nothing is left behind\n"]);
      expect(temporary.contents()).toEqual([]);
    });

    test("killed, it leaves nothing behind either", async () => {
      const { child, ended } = started();
      while (!temporary.hasServer()) await sleep(50);
      child.kill("SIGKILL");
      await ended.code;
      expect(temporary.contents()).toEqual([]);
    });
  });
});
