import { percentText } from "../../capacity/storm/statistics";
import { table } from "../../report/table";
import type { ShownStorm } from "../../report/verdict";
import type { ReadVerdict } from "./verdict-file";

/** A figure that differs between base and head. */
export interface Difference {
  readonly what: string;
  /** Absent if it is new. */
  readonly base?: string;
  /** Absent if it is removed. */
  readonly head?: string;
}

/**
 * The differences in capacity, storms, resources and cost. Of two shares of successful starts only those whose
 * intervals do not overlap differ; times to ready and bottlenecks only where both sides simulated the same storms.
 */
export function differences(base: ReadVerdict, head: ReadVerdict): Difference[] {
  const [before, after] = [figures(base, head), figures(head, base)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((what) => {
    const [one, other] = [before.get(what), after.get(what)];
    if (one === other) return [];
    return [{ what, ...(one === undefined ? {} : { base: one }), ...(other === undefined ? {} : { head: other }) }];
  });
}

/** The differences as a table, or a sentence if there are none. */
export function differencesTable(found: readonly Difference[]): string {
  if (found.length === 0) return "No differences: capacity, storms, resources and cost are unchanged.";
  return table(
    [["what", "base", "this change"], ...found.map(({ what, base = "-", head = "-" }) => [what, base, head])],
    ["l", "r", "r"],
  );
}

/** Everything of a verdict that is compared with the other, as displayed, so that equal texts count as equal. */
function figures(verdict: ReadVerdict, other: ReadVerdict): Map<string, string> {
  const { budget, storms, resources, cost } = verdict;
  return new Map([
    ["connections of the plan", `${budget.demand} of ${budget.limit}`],
    ...budget.lines.map(
      ({ label, instances, overlap, perInstance, connections }): Figure => [
        `connections of ${label}`,
        `(${instances} + ${overlap}) x ${perInstance} = ${connections}`,
      ],
    ),
    ["connections reserved", String(budget.reserved)],
    ...checkFigures(verdict),
    ...storms.flatMap((storm) =>
      stormFigures(
        storm,
        other.storms.find(({ scenario }) => scenario === storm.scenario),
      ),
    ),
    ...resources.map(({ type, name }): Figure => [`resource ${name} (${type})`, "there"]),
    ...cost.items.map(({ item, usdPerMonth }): Figure => [`cost of ${item}`, usd(usdPerMonth)]),
    ["cost a month", usd(cost.usdPerMonth)],
  ] satisfies Figure[]);
}

/** Without the checks of the budget and of the storms, whose figures are compared already. */
function checkFigures({ checks, budget, storms }: ReadVerdict): Figure[] {
  const isBudget = ({ demand, limit }: Readonly<Record<string, number>>) =>
    demand === budget.demand && limit === budget.limit;
  const scenarios = new Set(storms.map(({ scenario }) => scenario));
  return checks
    .filter(({ figures }) => !isBudget(figures) && !Object.keys(figures).some((name) => scenarios.has(name)))
    .flatMap(({ title, figures }) =>
      Object.entries(figures).map(([name, value]): Figure => [`${title}: ${name}`, rounded(value)]),
    );
}

function stormFigures(storm: ShownStorm, other: ShownStorm | undefined): Figure[] {
  const { scenario, starts, success, readySeconds, bottleneck } = storm;
  const differs = other && (success.lower > other.success.upper || success.upper < other.success.lower);
  const isComparable = other === undefined || other.replications === storm.replications;
  return [
    [`${scenario}: starts at once`, String(starts)],
    ...(differs || other === undefined
      ? [[`${scenario}: ready at the first try (95 % confidence)`, interval(success)] satisfies Figure]
      : []),
    ...(isComparable
      ? ([
          [
            `${scenario}: p95 to ready`,
            readySeconds.p95 === null ? "none is ready" : `${readySeconds.p95.toFixed(1)} s`,
          ],
          [`${scenario}: bottleneck`, bottleneck],
        ] satisfies Figure[])
      : []),
  ];
}

const interval = ({ lower, upper }: ShownStorm["success"]) => `${percentText(lower)} to ${percentText(upper)}`;

type Figure = [what: string, value: string];

const usd = (amount: number | undefined) => (amount === undefined ? "not priced" : `${amount.toFixed(2)} USD`);
const rounded = (value: number) => String(Number(value.toFixed(2)));
