import { Command } from "commander";
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
  readonly seed: string;
  readonly seconds: string;
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

async function main(): Promise<number> {
  const { seed, seconds, only } = new Command("npm run fuzz --")
    .option("--seed <number>", "what is drawn", "1")
    .option("--seconds <number>", "how long", "60")
    .option("--only <target>", "one target")
    .parse()
    .opts<Options>();
  if (!(Number(seconds) > 0) || !Number.isSafeInteger(Number(seed)))
    throw new Error("'--seconds' and '--seed' must be numbers because nothing is tried otherwise");
  const end = performance.now() + Number(seconds) * 1000;
  const all = targets().filter(({ name }) => only === undefined || name === only);
  const begin = watchdog();
  const tried = new Map<string, number>();
  let count = 0;
  for (let i = 0; performance.now() < end; i++) {
    const target = all[i % all.length];
    if (!target) throw new Error(`there is no target ${only}`);
    const roundSeed = Number(seed) * 100_000 + i;
    begin(`${target.name}, seed ${roundSeed}`);
    const found = await round(target, roundSeed, ROUND_MS);
    tried.set(target.name, (tried.get(target.name) ?? 0) + found.tried);
    if (found.broken !== undefined) {
      count++;
      process.stdout.write(`BROKEN ${found.broken}\n\n`);
    }
  }
  for (const { close } of all) close?.();
  process.stdout.write(`${[...tried].map(([name, number]) => `${name} ${number}`).join(", ")}; ${count} broken\n`);
  process.stdout.write(
    `${[...endings]
      .toSorted()
      .map(([ending, number]) => `${ending}: ${number}`)
      .join(", ")}\n`,
  );
  return count === 0 ? 0 : 1;
}

if (require.main === module) void main().then((code) => process.exit(code));
