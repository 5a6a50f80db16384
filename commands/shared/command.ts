import { Command, CommanderError } from "commander";
import { InputError, type InputProblem } from "../../capacity/problem";
import { type OwnOption, refuseSwallowedOptions } from "./swallowed";

/** Exit codes of every command: sound, refused, bad input. */
export const EXIT = { sound: 0, refused: 1, badInput: 2 } as const;

/** A command of this project: what it prints on bad input, and the exit codes, are the same everywhere. */
export function command(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .exitOverride()
    .allowExcessArguments(false)
    .showHelpAfterError(`(npm run ${name} -- --help lists the options)`);
}

/**
 * Runs a command whose action returns the exit code. A user's mistake prints its problems and exits 2 without a stack
 * trace; a bug keeps its trace and exits 70. `handedOn`: options that it hands on to another
 * program. `args`: what was written behind its name.
 */
export async function run(
  command: Command,
  action: () => Promise<number>,
  {
    handedOn = [],
    args = process.argv.slice(2),
  }: { readonly handedOn?: readonly OwnOption[]; readonly args?: readonly string[] } = {},
): Promise<void> {
  command.action(async () => {
    try {
      process.exitCode = await action();
    } finally {
      announce("");
    }
  });
  // Who reads only the beginning (`| head`) has got what they wanted: the exit code stays the verdict's.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  try {
    refuseSwallowedOptions({
      command: command.name().split(" ")[2] ?? "",
      options: [...command.options.map(ownOption), ...handedOn, ...OF_MOST],
      expected: command.registeredArguments.map((argument) => argument.name()),
      args,
      environment: process.env,
    });
    await command.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

/** Whoever gives one of these to a command that does not have it must be told. */
const OF_MOST: readonly OwnOption[] = [
  { name: "stack", value: "name" },
  { name: "config-file", value: "file" },
  { name: "json" },
];

const ownOption = ({ long, required, flags }: Command["options"][number]): OwnOption => ({
  name: (long ?? flags).replace(/^-+/, ""),
  ...(required ? { value: /<(.+)>/.exec(flags)?.[1] ?? "value" } : {}),
});

/** Runs an action; what is wrong with its input is also an object on standard output, where JSON was asked for. */
export async function answering(
  { stack, json }: { readonly stack?: string; readonly json?: true },
  action: () => number | Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (json && error instanceof InputError)
      process.stdout.write(`${JSON.stringify({ stack, ok: false, problems: error.problems }, null, 2)}\n`);
    throw error;
  }
}

/**
 * Reads one of several inputs: what is wrong with it joins the problems of the others, so that all are told at once.
 */
export async function collecting<T>(problems: InputProblem[], read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own message already; help is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.sound : EXIT.badInput;
  if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.badInput;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 70; // EX_SOFTWARE: ours, not the user's
}

/** Says on a terminal what is being done, over the line before; a pipe sees nothing. */
export function announce(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${step}${step ? " ..." : ""}`);
}
