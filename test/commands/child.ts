import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { stringify } from "yaml";
import { COMMANDS } from "../../commands/cli";
import { type Host, run } from "../../commands/shared/command";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { type Changes, onReference, stagingConfiguration } from "../stack-settings";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process, with streams of its own; `terminal`: what they are, default a pipe. */
export const commandNamed =
  (name: string, env: NodeJS.ProcessEnv = process.env, terminal: Pick<Host["stdout"], "columns" | "isTTY"> = {}) =>
  async (...args: readonly string[]): Promise<Ended> => {
    const written = { stdout: "", stderr: "" };
    const into = (stream: keyof typeof written) => ({
      ...terminal,
      write: (text: string) => (written[stream] += text),
    });
    const command = COMMANDS[name];
    if (!command) throw new Error(`there is no command ${name}`);
    const code = await run(await command.load(args), args, { stdout: into("stdout"), stderr: into("stderr"), env });
    return { code, ...written };
  };

/** Starts a command in a process of its own, for what only a process shows: signals, pipes, standard input. */
export const processOf =
  (name: string, env: NodeJS.ProcessEnv = process.env) =>
  (...args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [...COMMAND_LINE, name, ...args],
        { cwd: PROJECT_ROOT, env, maxBuffer: 2 ** 26 },
        (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
      );
    });

/** What Node starts for `npm run netra`. */
export const COMMAND_LINE = ["--import", "tsx", "commands/cli.ts"] as const;

/** The same for a command that reads a stack file: the reference, unless the arguments name another. */
export const stackCommand =
  (name: string) =>
  (...args: readonly string[]): Promise<Ended> =>
    commandNamed(name)(...onReference(args));

/** Writes stack files into a folder that is gone after the tests of the file that asks for it. */
export function stackFiles(): (name: string, changes: Changes) => string {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "netra-stack-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  return (name, changes) => {
    const file = join(directory, `Pulumi.${name}.yaml`);
    writeFileSync(file, stringify({ config: stagingConfiguration(changes) }));
    return file;
  };
}
