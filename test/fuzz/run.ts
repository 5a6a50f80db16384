import { Command, InvalidArgumentError, Option } from "commander";
import fc from "fast-check";
import type { Target } from "./cases";
import { endings } from "./held";
import { targets } from "./targets";
import { watchdog } from "./watchdog";

/*
 * `npm run fuzz -- --seed 1 --seconds 60`: draws inputs until the time is over, target after target, and prints each
 * input that breaks what commands are held to, shrunk. The same seed draws the same inputs.
 */

interface Options {
  readonly seed: number;
  readonly seconds: number;
  readonly only?: string;
}

/** What one round found: how many inputs were tried, and what broke. */
interface Found {
  readonly tried: number;
  readonly broken?: string;
}

const MOST_RUNS = 500;
const ROUND_MS = 5000;
const SHRINKING_MS = 60_000;

/** Tries inputs for some time. */
export async function round(target: Target, seed: number, ms: number, numRuns = MOST_RUNS): Promise<Found> {
  const limits = { seed, numRuns, markInterruptAsFailure: false };
  const first = await fc.check(target.property(), {
    ...limits,
    endOnFailure: true,
    interruptAfterTimeLimit: ms,
  });
  // Interrupted before the first input.
  if (!first.failed || first.counterexample === null) return { tried: first.numRuns };
  const path = first.counterexamplePath ?? "0";
  const shrunk = await fc.check(target.property(), {
    ...limits,
    path,
    interruptAfterTimeLimit: SHRINKING_MS,
  });
  const { counterexample, errorInstance } = shrunk.failed ? shrunk : first;
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return {
    tried: first.numRuns,
    broken: `${target.name}, seed ${seed}: ${JSON.stringify(counterexample)}\n${message}`,
  };
}

const aNumber = (isWanted: (value: number) => boolean, what: string) => (text: string) => {
  const value = Number(text);
  if (!isWanted(value)) throw new InvalidArgumentError(`It must be ${what}.`);
  return value;
};

async function main(): Promise<number> {
  const known = targets();
  const { seed, seconds, only } = new Command("npm run fuzz --")
    .description(
      "Feeds the commands with damaged input, and prints each input, shrunk, that leads to a stack trace, another exit code than 0, 1, 2 or 130, more than 30 s, half a file, a secret that is shown, or garbage that passes.",
    )
    .option(
      "--seed <number>",
      "what is drawn: the same seed draws the same inputs",
      aNumber(Number.isSafeInteger, "a whole number"),
      1,
    )
    .option(
      "--seconds <number>",
      "how long",
      aNumber((value) => value > 0, "above 0"),
      60,
    )
    .addOption(
      new Option("--only <target>", "one target (default: all in turn)").choices(known.map(({ name }) => name)),
    )
    .parse()
    .opts<Options>();
  const end = performance.now() + seconds * 1000;
  const all = known.filter(({ name }) => only === undefined || name === only);
  // So that each target has its turn.
  const roundMs = Math.min(ROUND_MS, (seconds * 1000) / all.length);
  const begin = watchdog();
  const tried = new Map<string, number>();
  let count = 0;
  for (let i = 0; performance.now() < end; i++) {
    const target = all[i % all.length];
    if (!target) break;
    const roundSeed = seed * 100_000 + i;
    begin(`${target.name}, seed ${roundSeed}`);
    const found = await round(target, roundSeed, roundMs);
    tried.set(target.name, (tried.get(target.name) ?? 0) + found.tried);
    if (found.broken !== undefined) {
      count++;
      process.stdout.write(`BROKEN ${found.broken}\n\n`);
    }
  }
  for (const { close } of all) close?.();
  const codes: Record<string, string[]> = {};
  for (const [ending, number] of [...endings].toSorted()) {
    const [, command = "", code] = /^(.*) (\S+)$/.exec(ending) ?? [];
    codes[command] = [...(codes[command] ?? []), `${code} (${number})`];
  }
  const lines = [
    `${count} broken. Inputs of each target:`,
    ...all.map(({ name }) => `  ${name}: ${tried.get(name) ?? 0}`),
    "Exit codes of each command, and how often:",
    ...Object.entries(codes).map(([command, all]) => `  ${command}: ${all.join(", ")}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return count === 0 ? 0 : 1;
}

if (require.main === module) void main().then((code) => process.exit(code));
