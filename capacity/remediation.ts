import type { InputProblem, Way } from "./problem";

/*
 * A proposed fix must work when it is followed to the letter: each is applied and judged again before it is shown.
 */

/** How a proposal is tried. */
export interface Trial<Subject, Found extends InputProblem> {
  /** Everything that is wrong with a subject. */
  judge(subject: Subject): readonly Found[];
  /** The subject after a way has been followed; `undefined`: it cannot be. */
  apply(subject: Subject, way: Way): Subject | undefined;
}

/** A fix that needs more steps is not proposed. */
const MOST_STEPS = 3;
/** The fixes of further problems are shown untried, because nobody reads that many. */
const MOST_TRIED = 60;

/**
 * The ways of each problem that work: its problem is gone afterwards, and no other one has come. A way that leads to
 * another problem is completed with the first way of that one.
 */
export function workingWays<Subject, Found extends InputProblem>(
  subject: Subject,
  problems: readonly Found[],
  { judge, apply }: Trial<Subject, Found>,
): Map<Found, readonly Way[]> {
  const known = new Set(problems.map(kindOf));
  const completed = (found: Found, way: Way): Way | undefined => {
    let [tried, steps] = [way, 1];
    while (steps <= MOST_STEPS) {
      const after = apply(subject, tried);
      if (after === undefined) return undefined;
      const left = judge(after);
      if (left.some((other) => kindOf(other) === kindOf(found))) return undefined;
      const next = left.find((other) => !known.has(kindOf(other)));
      if (!next) return tried;
      const [further] = next.ways ?? [];
      // What has been set once is not set back.
      if (!further || further.some(([setting]) => tried.some(([other]) => other === setting))) return undefined;
      [tried, steps] = [[...tried, ...further], steps + 1];
    }
    return undefined;
  };
  return new Map(
    problems.map((found, i) => {
      const ways = found.ways ?? [];
      return [
        found,
        i < MOST_TRIED ? ways.map((way) => completed(found, way)).filter((way) => way !== undefined) : ways,
      ];
    }),
  );
}

/** The setting and its requirement, without the numbers. */
export const kindOf = ({ setting, message }: InputProblem) =>
  `${setting} ${(/ must (.*?) because /s.exec(message)?.[1] ?? message).replaceAll(/[\d.]+/g, "#")}`;
