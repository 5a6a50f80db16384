import { Command, CommanderError } from "commander";
import { InputError, type InputProblem } from "../../capacity/problem";
import { masked, maskedText } from "../../capacity/secrecy";
import { wrapped } from "../../report/terminal";
import { type OwnOption, refuseSwallowedOptions } from "./swallowed";

/** Exit codes of every command: sound, refused, bad input. */
export const EXIT = { sound: 0, refused: 1, badInput: 2 } as const;

/** A stream that a command writes to; a terminal has a width. */
interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** The part of Node's process that a command uses. Tests hand it another one. */
export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
}

/** A command as a value: how it is called, and what it does. */
export interface Runnable {
  readonly definition: Command;
  /** Runs once the definition has parsed the arguments. Returns the exit code. */
  readonly action: (host: Host) => number | Promise<number>;
  /** Options that the command passes on to another program. Default: none. */
  readonly passedOn?: readonly OwnOption[];
}

/** A definition with what is the same for every command of this project. */
export function command(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .exitOverride()
    .allowExcessArguments(false)
    .showHelpAfterError(`(npm run ${name} -- --help lists the options)`);
}

/**
 * Runs a command with the arguments that follow its name, and returns its exit code. A user's mistake prints its problems
 * and exits 2 without a stack trace; a bug keeps its trace and exits 70.
 */
export async function run(
  { definition, action, passedOn = [] }: Runnable,
  args: readonly string[],
  outer: Host,
): Promise<number> {
  const host = guarding(outer);
  let code: number = EXIT.sound;
  definition
    .configureOutput({ writeOut: (text) => host.stdout.write(text), writeErr: (text) => host.stderr.write(text) })
    .action(async () => {
      try {
        code = await action(host);
      } finally {
        host.clear();
      }
    });
  try {
    refuseSwallowedOptions({
      command: definition.name().split(" ")[2] ?? "",
      options: [...definition.options.map(ownOption), ...passedOn, ...OF_MOST],
      expected: definition.registeredArguments.map((argument) => argument.name()),
      args,
      environment: host.env,
    });
    await definition.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return exitCodeOf(error, host);
  }
}

/** Options of most commands: one that a command does not have must not be swallowed in silence. */
const OF_MOST: readonly OwnOption[] = [
  { name: "stack", value: "name" },
  { name: "config-file", value: "file" },
  { name: "json" },
];

const ownOption = ({ long, required, flags }: Command["options"][number]): OwnOption => ({
  name: (long ?? flags).replace(/^-+/, ""),
  ...(required ? { value: /<(.+)>/.exec(flags)?.[1] ?? "value" } : {}),
});

/** Runs an action. Where JSON was asked for, bad input is also reported as an object on standard output. */
export async function answering(
  { stdout }: Host,
  { stack, json }: { readonly stack?: string; readonly json?: true },
  action: () => number | Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (json && error instanceof InputError) stdout.write(jsonText({ stack, ok: false, problems: error.problems }));
    throw error;
  }
}

/** What `--json` prints, without secrets. */
export const jsonText = (value: object): string => `${JSON.stringify(masked(value), null, 2)}\n`;

/** Reads one of several inputs. Its problems join those of the others, so that all are reported at once. */
export async function collecting<T>(problems: InputProblem[], read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** The exit code of a command that failed; prints why, unless commander has. */
export function exitCodeOf(error: unknown, { stderr }: Host): number {
  // Commander has already printed its own message. Asking for help is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.sound : EXIT.badInput;
  if (error instanceof InputError) {
    // A pipe gets a line a problem, which programs can read; a terminal gets lines that fit.
    const { isTTY, columns } = stderr;
    const lines = error.message.split("\n");
    const text = isTTY && columns ? lines.map((line) => wrapped(line, { width: columns })) : lines;
    stderr.write(`${text.join("\n")}\n`);
    return EXIT.badInput;
  }
  stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 70; // EX_SOFTWARE: ours, not the user's
}

/** Shows the current step on a terminal, until the next output. A pipe gets nothing. */
export function announce({ stderr }: Host, step: string): void {
  if (!stderr.isTTY) return;
  stderr.write(`${CLEARED_LINE}${step} ...`);
  announced.add(stderr);
}

const CLEARED_LINE = "\r\x1b[K";
/** The terminals that show a step. */
const announced = new WeakSet<Output>();

/**
 * The same host, whose output has no secrets of a known form, and first clears a step that is shown: both streams may be
 * one terminal.
 */
function guarding({ stdout, stderr, env }: Host): Host & { clear(): void } {
  const clear = () => {
    if (announced.delete(guarded.stderr)) stderr.write(CLEARED_LINE);
  };
  const before = (stream: Output): Output => ({
    write: (text) => {
      clear();
      return stream.write(maskedText(text));
    },
    isTTY: stream.isTTY,
    columns: stream.columns,
  });
  const guarded = { stdout: before(stdout), stderr: before(stderr), env, clear };
  return guarded;
}
