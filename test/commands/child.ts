import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { COMMANDS } from "../../commands/cli";
import { type Host, type Runnable, run } from "../../commands/shared/command";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { onReference } from "../stack-settings";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command writes to; default: a pipe. */
type Terminal = Pick<Host["stdout"], "columns" | "isTTY">;

/** Runs a command in this process, with streams of its own. */
export const commandNamed =
  (name: string, env: NodeJS.ProcessEnv = process.env, terminal: Terminal = {}) =>
  async (...args: readonly string[]): Promise<Ended> => {
    const command = COMMANDS[name];
    if (!command) throw new Error(`there is no command ${name}`);
    return ended(await command.load(args), args, env, terminal);
  };

/** The same for a command that a test has built. */
export async function ended(
  command: Runnable,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  terminal: Terminal = {},
): Promise<Ended> {
  const written = { stdout: "", stderr: "" };
  const into = (stream: keyof typeof written) => ({
    ...terminal,
    write: (text: string) => (written[stream] += text),
  });
  const code = await run(command, args, { stdout: into("stdout"), stderr: into("stderr"), env });
  return { code, ...written };
}

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
export const COMMAND_LINE = ["commands/start.mjs"] as const;

/** The same for a command that reads a stack file: the reference, unless the arguments name another. */
export const stackCommand =
  (name: string) =>
  (...args: readonly string[]): Promise<Ended> =>
    commandNamed(name)(...onReference(args));

/**
 * The processes that run, by Linux's own list. A zombie is gone: some machines take seconds to reap the orphans of a
 * process that was killed.
 */
export function runningProcesses(): { readonly pid: number; readonly parent: number; readonly group: number }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, state, parent, group] =
        /^\d+ \(.*\) (\S) (\d+) (\d+) /s.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      return state === "Z" ? [] : [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
    } catch {
      return []; // ended meanwhile
    }
  });
}
