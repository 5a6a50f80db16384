import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { announce, command, type Host, run } from "../../../commands/shared/command";
import { continued, terminalOf } from "../../../commands/shared/terminal";
import { wrapped } from "../../../report/terminal";

const silent = { write: () => true };
const host = (env: NodeJS.ProcessEnv, stdout: object = {}): Host => ({
  stdout: { ...silent, ...stdout },
  stderr: silent,
  env,
});

describe("standard output", () => {
  it("is as wide as its terminal, and 80 columns in a pipe", () => {
    expect(terminalOf(host({}, { isTTY: true, columns: 132 })).width).toBe(132);
    expect(terminalOf(host({})).width).toBe(80);
  });

  it.each<[NodeJS.ProcessEnv, boolean, boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
  ])("with %j and a terminal: %s, is in colour: %s", (env, isTTY, colour) => {
    expect(terminalOf(host(env, { isTTY })).colour).toBe(colour);
  });
});

describe("a wrapped text", () => {
  it("fits, indents what follows its first line, and keeps long words whole", () => {
    const text = `a few words and --a-command-that-is-longer-than-the-line and more`;
    expect(wrapped(text, { width: 24 }, "1. ")).toBe(
      ["1. a few words and", "   --a-command-that-is-longer-than-the-line", "   and more"].join("\n"),
    );
  });
});

describe("a command over several lines", () => {
  it("fits where its words do, and keeps a file beside its `>`", () => {
    expect(continued("gcloud secrets list --project=p --format=json > secrets.json", { width: 40 })).toEqual([
      "gcloud secrets list --project=p \\",
      "  --format=json > secrets.json",
    ]);
  });

  it("is the same to a shell, whatever is quoted", () => {
    const line = `printf '%s|' 'it'\\''s $&; id' "a b" --flag='x  y' \\'q\\ r "\\"" $(echo 'c  d')`;
    const inShell = (command: string) => execFileSync("sh", ["-c", command], { encoding: "utf8" });
    for (const width of [8, 20, 200]) expect(inShell(continued(line, { width }).join("\n"))).toBe(inShell(line));
  });
});

it("clears the step it shows before it prints, on a terminal only", async () => {
  const screenOf = async (isTTY: boolean) => {
    let screen = "";
    const stream = { write: (text: string) => (screen += text), isTTY };
    const action = (shown: Host) => {
      announce(shown, "one");
      announce(shown, "two");
      shown.stdout.write("result\n");
      shown.stdout.write("more\n");
      announce(shown, "three");
      return 0;
    };
    await run({ definition: command("check", "x"), action }, [], { stdout: stream, stderr: stream, env: {} });
    return screen;
  };
  const cleared = "\r\x1b[K";
  expect(await screenOf(true)).toBe(
    `${cleared}one ...${cleared}${cleared}two ...${cleared}result\nmore\n${cleared}three ...${cleared}`,
  );
  expect(await screenOf(false)).toBe("result\nmore\n");
});
