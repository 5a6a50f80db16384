import { decisiveStorms } from "./gate";
import { attemptsIn, type StormInput } from "./model";
import { DEFAULT_SEED } from "./results";
import { stormRun } from "./runs";
import type { Scenario } from "./scenarios";
import { type Interval, meanInterval } from "./statistics";

/* How many starts of a scenario may coincide: for people, who want to know how far a plan is from its limit. */

/** The success share when another number of starts coincides, the groups in their proportions. */
interface StartsPoint extends Interval {
  readonly starts: number;
}

export interface SuccessByStarts {
  /** By ascending number of starts. */
  readonly points: readonly StartsPoint[];
  /** The most starts up to which every number that was tried reaches the target; 0: none does. */
  readonly lastPassing: number;
  /** The fewest starts that were tried and do not reach it; absent: none was found. */
  readonly firstFailing?: number;
}

/** Multiples of the plan's own number of starts; the last ones are left out once most starts fail, or storms get huge. */
const MULTIPLES = [0.5, 1, 2, 4, 8, 16];

/** Attempts to connect in a storm above which no larger number than the plan's own is tried. */
const MOST_ATTEMPTS = 10_000;

/** `target` is above 0 and below 1. */
export function successByStarts(scenario: Scenario, target: number): SuccessByStarts {
  const points = new Map<number, StartsPoint>();
  const passes = (starts: number) => {
    const input = withStarts(scenario.input, starts);
    const replications = decisiveStorms({ ...scenario, input }, target);
    const point = { starts, ...meanInterval(stormRun(input, { replications, seed: DEFAULT_SEED }).shares) };
    points.set(starts, point);
    return point.lower >= target;
  };
  let lastPassing = 0;
  let firstFailing = Number.POSITIVE_INFINITY;
  for (const starts of new Set(MULTIPLES.map((multiple) => Math.max(1, Math.round(multiple * scenario.starts))))) {
    if (starts > scenario.starts && attemptsIn(withStarts(scenario.input, starts)) > MOST_ATTEMPTS) break;
    if (!passes(starts)) firstFailing = Math.min(firstFailing, starts);
    else if (firstFailing === Number.POSITIVE_INFINITY) lastPassing = starts;
    if ((points.get(starts)?.mean ?? 0) < 0.5 && starts > scenario.starts) break;
  }
  const found = firstFailing < Number.POSITIVE_INFINITY;
  while (found && firstFailing - lastPassing > precisionAt(lastPassing)) {
    const between = Math.floor((lastPassing + firstFailing) / 2);
    if (passes(between)) lastPassing = between;
    else firstFailing = between;
  }
  return {
    points: [...points.values()].toSorted((a, b) => a.starts - b.starts),
    lastPassing,
    ...(found ? { firstFailing } : {}),
  };
}

/** To one start, or to a fifth of many: next to the limit a number takes most storms to decide. */
const precisionAt = (starts: number) => (starts < 100 ? 1 : starts / 5);

/** As many starts as asked, shared out in the groups' proportions by largest remainders. */
function withStarts(input: StormInput, starts: number): StormInput {
  const planned = input.groups.reduce((sum, group) => sum + group.starts, 0);
  const exact = input.groups.map((group) => (group.starts * starts) / planned);
  const missing = starts - exact.reduce((sum, share) => sum + Math.floor(share), 0);
  const first = exact
    .map((share, i) => ({ i, rest: share - Math.floor(share) }))
    .toSorted((a, b) => b.rest - a.rest)
    .slice(0, missing)
    .map(({ i }) => i);
  const startsOf = (i: number) => Math.floor(exact[i] ?? 0) + (first.includes(i) ? 1 : 0);
  // A user's limit follows from its service's instances, so a plan with more starts has a higher one.
  const larger = Math.max(1, starts / planned);
  // A group keeps its place when it is empty: its place is where its draws are.
  return {
    ...input,
    groups: input.groups.map((group, i) => ({
      ...group,
      starts: startsOf(i),
      userLimit: Math.ceil(group.userLimit * larger),
    })),
  };
}
