import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { type Invocation, refuseSwallowedOptions } from "../../../commands/shared/swallowed";
import { commandNamed, type Ended } from "../child";

/*
 * What npm does with options before `--` is npm's: its real program runs, as people start it. Most commands then run in
 * this process, with the arguments and the environment that npm hands them.
 */

let npmrc = "";
let shell = "";
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-npm-"));
  npmrc = join(folder, ".npmrc");
  writeFileSync(npmrc, "json=true\nyes=true\nstack=production\n");
  shell = join(folder, "shell");
  // Called as `shell -c "exec node commands/start.mjs COMMAND ..."`
  const print = "console.log(JSON.stringify({ args: process.argv.slice(4), env: process.env }))";
  writeFileSync(shell, `#!/bin/sh\neval "set -- $2"\nexec node -e '${print}' -- "$@"\n`, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `npm run ...`, without what the npm that runs the tests has set. */
function npmRun(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return new Promise((resolve) => {
    const options = { cwd: PROJECT_ROOT, env: { ...inherited, ...environment } };
    execFile("npm", ["run", "--silent", ...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

/** The same, but for the process that npm starts. */
async function npmRunHere(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { stdout } = await npmRun(args, { NPM_CONFIG_SCRIPT_SHELL: shell, ...environment });
  const { args: given, env } = JSON.parse(stdout) as { args: string[]; env: NodeJS.ProcessEnv }; // printed by `shell`
  const [name = "", ...rest] = given;
  return commandNamed(name, env)(...rest);
}

describe("an option before `--` is refused, in one line with the command that was meant", () => {
  /** What the command prints: it names the options that stand before `--` in what was typed. */
  const refusal = (options: readonly string[], meant: string) => ({
    code: 2,
    stderr: `${options.map((option) => `'${option}'`).join(", ")} must come after '--' because npm keeps what stands before it; run \`npm run ${meant}\`\n`,
  });

  test.each<[string, string[], string]>([
    ["check --stack=production", ["--stack"], "check -- --stack=production"],
    ["check --stack production", ["--stack"], "check -- --stack production"],
    [
      "bootstrap --dry-run -- --project=p --repository=a/b",
      ["--dry-run"],
      "bootstrap -- --dry-run --project=p --repository=a/b",
    ],
    ["preview --target=a --target=b", ["--target"], "preview -- --target=a --target=b"],
    ["up --yes --stack=production", ["--stack", "--yes"], "up -- --stack=production --yes"],
  ])("npm run %s", async (typed, options, meant) => {
    expect(await npmRunHere(typed.split(" "))).toMatchObject(refusal(options, meant));
  });

  /* As npm passes them on in the cases above. */
  test.each<[string, Readonly<Record<string, string>>, string[], string[], string]>([
    [
      "check",
      { npm_config_config_file: "Pulumi.other.yaml" },
      [],
      ["--config-file"],
      "check -- --config-file=Pulumi.other.yaml",
    ],
    ["guard", { npm_config_stack: "x" }, ["preview.json"], ["--stack"], "guard -- --stack=x preview.json"],
    ["guard", { npm_config_stack: "true" }, ["x"], ["--stack"], "guard -- --stack x <preview>"],
    // npm does not pass on which of them is the stack.
    ["guard", { npm_config_stack: "true" }, ["x", "preview.json"], ["--stack"], "guard -- --stack <name> <preview>"],
    ["generate", { npm_config_stack: "production" }, [], ["--stack"], "generate -- --stack=production"],
    ["preview", { npm_config_stack: "true" }, ["production"], ["--stack"], "preview -- --stack production"],
  ])("%s with %o and %j", async (name, settings, args, options, meant) => {
    const ended = await commandNamed(name, { npm_lifecycle_event: name, ...settings })(...args);
    expect(ended).toMatchObject(refusal(options, meant));
  });

  test("npm run check --json: npm adds an object of its own to standard output, without a verdict", async () => {
    const { code, stdout, stderr } = await npmRun(["check", "--json"]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "'--json' must come after '--' because npm keeps what stands before it; run `npm run check -- --json`\n",
    });
    expect(stdout).not.toContain('"ok"');
  });
});

describe("nothing is refused", () => {
  const passes = ["image", "--", "--stack=nowhere", "backend", "registry/image:1"];
  // the command's own answer
  const reached = expect.objectContaining({ code: 2, stderr: expect.stringContaining("Pulumi.nowhere.yaml") });

  test("where the setting stands in an .npmrc, even under a name that a command knows", async () => {
    expect(await npmRunHere(passes, { NPM_CONFIG_USERCONFIG: npmrc })).toEqual(reached);
  });

  test("after `--`, and where npm's own options are given: --silent, --no-fund, --loglevel", async () => {
    const [command = "", ...rest] = passes;
    expect(await npmRunHere([command, "--no-fund", "--loglevel=silent", ...rest])).toEqual(reached);
  });

  test("where another script of npm's has started the command", () => {
    const invocation: Invocation = {
      command: "check",
      options: [{ name: "json" }],
      expected: [],
      args: [],
      environment: { npm_lifecycle_event: "test", npm_config_json: "true" },
    };
    expect(() => refuseSwallowedOptions(invocation)).not.toThrow();
    expect(() =>
      refuseSwallowedOptions({
        ...invocation,
        environment: { ...invocation.environment, npm_lifecycle_event: "check" },
      }),
    ).toThrow("'--json' must");
  });
});
