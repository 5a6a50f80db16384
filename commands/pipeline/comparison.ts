import { percentText } from "../../capacity/storm/statistics";
import { table } from "../../report/table";
import type { ReadVerdict } from "./verdict-file";

/** A figure that differs between base and head. */
export interface Difference {
  readonly what: string;
  /** Absent if it is new. */
  readonly base?: string;
  /** Absent if it is removed. */
  readonly head?: string;
}

/** The differences in capacity, storms, resources and cost. */
export function differences(base: ReadVerdict, head: ReadVerdict): Difference[] {
  const [before, after] = [figures(base), figures(head)];
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

/** Everything that is compared, as displayed, so that equal texts count as equal. */
function figures({ budget, checks, storms, resources, cost }: ReadVerdict): Map<string, string> {
  return new Map([
    ["connections of the plan", `${budget.demand} of ${budget.limit}`],
    ...budget.lines.map(
      ({ label, instances, overlap, perInstance, connections }): Figure => [
        `connections of ${label}`,
        `(${instances} + ${overlap}) x ${perInstance} = ${connections}`,
      ],
    ),
    ["connections reserved", String(budget.reserved)],
    ...checks.flatMap(({ title, figures }) =>
      Object.entries(figures).map(([name, value]): Figure => [`${title}: ${name}`, rounded(value)]),
    ),
    ...storms.flatMap(({ scenario, starts, success, readySeconds, bottleneck }): Figure[] => [
      [`${scenario}: starts at once`, String(starts)],
      [`${scenario}: ready, lower bound`, percentText(success.lower)],
      [`${scenario}: p95 to ready`, readySeconds.p95 === null ? "none is ready" : `${readySeconds.p95.toFixed(1)} s`],
      [`${scenario}: bottleneck`, bottleneck],
    ]),
    ...resources.map(({ type, name }): Figure => [`resource ${name} (${type})`, "there"]),
    ...cost.items.map(({ item, usdPerMonth }): Figure => [`cost of ${item}`, usd(usdPerMonth)]),
    ["cost a month", usd(cost.usdPerMonth)],
  ] satisfies Figure[]);
}

type Figure = [what: string, value: string];

const usd = (amount: number | undefined) => (amount === undefined ? "not priced" : `${amount.toFixed(2)} USD`);
const rounded = (value: number) => String(Number(value.toFixed(2)));
