import { memoized } from "../memoized";
import type { SimulationOptions, StormInput, StormRun } from "./model";
import { simulate } from "./simulation";

/** Numbers that the kept runs hold together: 32 MB. */
const MOST_NUMBERS = 4_000_000;

/** A run, and the text that stands for its input and options. */
export type KeptRun = readonly [key: string, run: StormRun];

const runs = new Map<string, StormRun>();
let numbers = 0;

/** The text of an input, the same for inputs that differ in the names of services. */
export const inputText = memoized((input: StormInput) =>
  JSON.stringify(
    { ...input, groups: input.groups.map(({ service: _, ...group }) => group) },
    // JSON has no infinity.
    (_, value) => (value === Number.POSITIVE_INFINITY ? "unlimited" : value),
  ),
);

/**
 * The storms of an input. The same input and options always give the same run, so it is kept: `check` asks for the
 * storms of the plan once for the plan and once for the policy pack.
 */
export function stormRun(input: StormInput, options: SimulationOptions): StormRun {
  const key = `${options.replications} ${options.seed} ${inputText(input)}`;
  const kept = runs.get(key);
  if (kept) return kept;
  const run = simulate(input, options);
  keepRuns([[key, run]]);
  return run;
}

/** The runs that this thread keeps. */
export const keptRuns = (): KeptRun[] => [...runs];

/** Keeps runs of another thread, so that {@link stormRun} finds them. */
export function keepRuns(more: readonly KeptRun[]): void {
  for (const [key, run] of more) {
    if (runs.has(key)) continue;
    runs.set(key, run);
    numbers += sizeOf(run);
  }
  for (const [oldest, run] of runs) {
    if (numbers <= MOST_NUMBERS) break;
    runs.delete(oldest);
    numbers -= sizeOf(run);
  }
}

const sizeOf = ({ shares, readySeconds }: StormRun) => shares.length + 2 * readySeconds.length;
