import type { SimulationOptions, StormInput, StormRun } from "./model";
import { simulate } from "./simulation";

/** Numbers that the kept runs hold together: 32 MB. */
const MOST_NUMBERS = 4_000_000;

const runs = new Map<string, StormRun>();
let numbers = 0;

/**
 * The storms of an input. The same input and options always give the same run, so it is kept: `check` asks for the
 * storms of the plan once for the plan and once for the policy pack, and names of services make no difference.
 */
export function stormRun(input: StormInput, options: SimulationOptions): StormRun {
  const key = JSON.stringify(
    [{ ...input, groups: input.groups.map(({ service: _, ...group }) => group) }, options],
    // JSON has no infinity.
    (_, value) => (value === Number.POSITIVE_INFINITY ? "unlimited" : value),
  );
  const kept = runs.get(key);
  if (kept) return kept;
  const run = simulate(input, options);
  runs.set(key, run);
  numbers += sizeOf(run);
  for (const [oldest, run] of runs) {
    if (numbers <= MOST_NUMBERS) break;
    runs.delete(oldest);
    numbers -= sizeOf(run);
  }
  return run;
}

const sizeOf = ({ shares, readySeconds }: StormRun) => shares.length + 2 * readySeconds.length;
