import { COMMANDS } from "../../commands/cli";
import type { Runnable } from "../../commands/shared/command";
import { type Ended, ended } from "../commands/child";
import { CANARY, NAMED } from "./mutations";
import { finished } from "./watchdog";

/* What every command is held to, whatever it reads. */

const LONGEST_SECONDS = 30;

export interface Run {
  readonly command: string;
  /** Default: the command as it is. */
  readonly built?: Runnable;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Whether what it reads cannot be valid, so that it must not pass. */
  readonly isGarbage?: boolean;
  /** Exit codes that are the command's too: of a program that it runs. */
  readonly alsoExits?: readonly number[];
}

/** What a command printed. */
type Printed = Pick<Ended, "code" | "stdout">;

/** How often each command ended how: shows that the inputs are neither all sound nor all garbage. */
export const endings = new Map<string, number>();

/** Runs a command in this process. Returns what it printed. @throws what it breaks. */
export async function held(run: Run): Promise<Printed> {
  const { command, args, env = {}, isGarbage = false, alsoExits = [] } = run;
  const before = performance.now();
  const definition = COMMANDS[command];
  if (!definition) throw new Error(`there is no command ${command}`);
  const built = run.built ?? (await definition.load(args));
  const [{ code, stdout, stderr }, uncaught] = await asProcess(() => ended(built, args, { HOME: "/nowhere", ...env }));
  const key = `${command} ${code}`;
  endings.set(key, (endings.get(key) ?? 0) + 1);
  const broken = [
    ...problemsOf(stdout + stderr, code, [0, 1, 2, ...alsoExits]),
    ...uncaught,
    ...secondsSince(before),
    ...(isGarbage && code === 0 ? ["garbage passes: exit 0"] : []),
  ];
  if (broken.length > 0)
    throw new Error(`${command} ${args.join(" ")}: ${broken.join("; ")}\n${`${stdout}${stderr}`.slice(-3000)}`);
  return { code, stdout };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a command as if the process were its own: returns errors that nothing caught; its listeners go with it. */
async function asProcess<T>(run: () => Promise<T>): Promise<[T, string[]]> {
  const uncaught: string[] = [];
  const note = (error: unknown) => uncaught.push(`nothing catches ${error instanceof Error ? error.stack : error}`);
  const listeners = SIGNALS.map((signal) => process.listeners(signal));
  process.on("uncaughtException", note);
  try {
    return [await run(), uncaught];
  } finally {
    process.off("uncaughtException", note);
    for (const [i, signal] of SIGNALS.entries())
      for (const listener of process.listeners(signal))
        if (!listeners[i]?.includes(listener)) process.off(signal, listener);
  }
}

/** What a text that was printed or written breaks, and an exit code. */
export function problemsOf(text: string, code: number, allowed: readonly number[]): string[] {
  const [trace] = /^\s+at .+:\d+:\d+\)?$/m.exec(text) ?? [];
  const leak = Math.max(text.indexOf(CANARY), text.indexOf(NAMED));
  return [
    ...(allowed.includes(code) ? [] : [`exit ${code}`]),
    ...(trace === undefined ? [] : [`a stack trace (${trace.trim()})`]),
    ...(/the rule itself failed/.test(text) ? ["a rule failed"] : []),
    ...(leak < 0 ? [] : [`it shows a secret: ${text.slice(Math.max(0, leak - 60), leak + 40)}`]),
  ];
}

/** Ends an input that has taken since `before`. */
export function secondsSince(before: number): string[] {
  Atomics.add(finished, 0, 1);
  const seconds = (performance.now() - before) / 1000;
  return seconds > LONGEST_SECONDS ? [`${seconds.toFixed(0)} s`] : [];
}
