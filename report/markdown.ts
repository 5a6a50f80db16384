import { PRICED_REGION } from "../capacity/cost";
import { CONFIDENCE_TEXT, percentText } from "../capacity/storm/statistics";
import { lowestBound, perStorm } from "./storm-text";
import { oneLine, table } from "./table";
import { findingsOf, refusalCount, type ShownStorm, type ShownVerdict, type Verdict } from "./verdict";

/* The report as Markdown: for a pull request, and for the HTML page. */

/** For a pull request: the verdict first, the long table folded away. */
export function pullRequestMarkdown(verdict: Verdict): string {
  return page([
    `# ${headline(verdict)}`,
    findings(verdict),
    budgetSection(verdict),
    stormSection(verdict),
    checksSection(verdict),
    costSection(verdict),
    `<details><summary>${verdict.resources.length} resources</summary>\n\n${resourceTable(verdict)}\n\n</details>`,
    assumptionSection(verdict),
  ]);
}

/** For the HTML page, which has headline, findings and plots of its own. */
export function pageSections(verdict: Verdict): string {
  return page([
    budgetSection(verdict),
    stormSection(verdict),
    checksSection(verdict),
    costSection(verdict),
    assumptionSection(verdict),
    `## Resources\n\n${resourceTable(verdict)}`,
  ]);
}

/** The verdict in a sentence. */
export function headline(verdict: ShownVerdict): string {
  const { budget } = verdict;
  const storms =
    // A refused plan makes no promise.
    verdict.ok && verdict.storms.length > 0
      ? `at least ${lowestBound(verdict.storms)} of starts succeed (${CONFIDENCE_TEXT}), `
      : "";
  const sum = `${budget.demand} of ${budget.limit} connections, ${storms}${verdict.cost.usdPerMonth === undefined ? "cost not known" : `${usd(verdict.cost.usdPerMonth)} a month`}`;
  if (verdict.ok) return `${verdict.stack}: the plan is sound: ${sum}`;
  const count = refusalCount(verdict);
  return `${verdict.stack}: the plan is REFUSED, ${count} ${count === 1 ? "finding" : "findings"}: ${sum}`;
}

const page = (sections: readonly string[]) => `${sections.filter((section) => section !== "").join("\n\n")}\n`;
const usd = (amount: number) => `${amount.toFixed(2)} USD`;
/** What is wrong, advised and waived; empty where there is nothing of it. */
export function findings(verdict: ShownVerdict): string {
  const { inPlan, byRulesAlone } = findingsOf(verdict);
  const problems = inPlan.map(
    ({ problem, policies }) =>
      `- ${oneLine(problem.message)}${policies.length > 0 ? ` (**${policies.join("**, **")}**)` : ""}`,
  );
  const violations = byRulesAlone.map(
    ({ policy, level, resource, message }) => `- [${level}] **${policy}** on ${resource}: ${oneLine(message)}`,
  );
  const waived = verdict.waived.map(
    ({ policy, resource, reason }) => `- **${policy}** on ${resource}: ${oneLine(reason)}`,
  );
  return [
    ["## What the plan must change", problems],
    ["## What only the policy pack finds", violations],
    ["## Waived", waived],
  ]
    .filter(([, lines]) => lines?.length)
    .map(([title, lines]) => `${title}\n\n${[lines].flat().join("\n")}`)
    .join("\n\n");
}

/** The connection budget as a table that adds up. Also the README's table. */
export function budgetTable({ budget }: Pick<Verdict, "budget">): string {
  const lines = budget.lines.map(({ label, instances, overlap, perInstance, connections }) => [
    label,
    `(${instances} + ${overlap}) x ${perInstance}`,
    String(connections),
  ]);
  return table(
    [
      ["service", "(instances + those of the revision before) x connections each", "connections"],
      ...lines,
      ["reserved and migrations", "", String(budget.reserved)],
      ["**sum**", "", `**${budget.demand} of ${budget.limit}**`],
    ],
    ["l", "l", "r"],
  );
}

/** The connection budget as arithmetic. */
export function budgetSection(verdict: Pick<Verdict, "budget">): string {
  return `## Connection budget\n\n${budgetTable(verdict)}`;
}

/** Every check with its sums. */
export function checksSection({ checks }: ShownVerdict): string {
  const lines = checks.map(({ title, arithmetic, problems, advice = [] }) =>
    [
      `- ${problems.length === 0 ? "ok" : "REFUSED"}: ${title}`,
      ...arithmetic.map((line) => `  - ${oneLine(line)}`),
      ...advice.map((line) => `  - advice: ${oneLine(line)}`),
    ].join("\n"),
  );
  return `## Checks of the plan\n\n${lines.join("\n")}`;
}

/** The storms as a section; empty where there are none. */
export function stormSection({ storms }: Pick<ShownVerdict, "storms">): string {
  return storms.length === 0 ? "" : `## Start-up storms\n\n${stormTable(storms)}`;
}

/** One line a scenario. */
export function stormTable(storms: readonly ShownStorm[]): string {
  const seconds = (value: number | null) => (value === null ? "-" : value.toFixed(1));
  const rows = storms.map(
    ({
      scenario,
      starts,
      success,
      readySeconds: { p50, p95, p99 },
      peakConnections,
      refusals,
      timeouts,
      bottleneck,
    }) => [
      scenario,
      String(starts),
      percentText(success.mean),
      percentText(success.lower),
      [p50, p95, p99].map(seconds).join(" / "),
      String(peakConnections),
      `${perStorm(refusals)} / ${perStorm(timeouts)}`,
      bottleneck,
    ],
  );
  return table(
    [
      [
        "scenario",
        "starts at once",
        "ready",
        `at least (${CONFIDENCE_TEXT})`,
        "ready after s (p50 / p95 / p99)",
        "peak connections",
        "refused / timed out per storm",
        "bottleneck",
      ],
      ...rows,
    ],
    ["l", "r", "r", "r", "r", "r", "r", "l"],
  );
}

/** The cost by item, and how each comes about. */
export function costSection({ cost }: ShownVerdict): string {
  const priced = (amount: number | undefined) => amount?.toFixed(2) ?? "not priced";
  const rows = cost.items.map(({ item, usdPerMonth, arithmetic }) => [item, priced(usdPerMonth), arithmetic]);
  const how =
    cost.usdPerMonth === undefined
      ? `prices are known for ${PRICED_REGION} only`
      : `list prices, ${PRICED_REGION}, without traffic`;
  const sum = ["**sum**", `**${priced(cost.usdPerMonth)}**`, how];
  return `## Cost\n\n${table([["item", "USD a month", "how"], ...rows, sum], ["l", "r", "l"])}`;
}

function resourceTable({ resources }: Verdict): string {
  return table([
    ["type", "name", "protected"],
    ...resources.map(({ type, name, options }) => [type, name, options.protect ? "yes" : ""]),
  ]);
}

function assumptionSection({ assumptions }: Verdict): string {
  const rows = assumptions.map(({ name, low, likely, high, unit, why }) => [
    name,
    ...[low, likely, high].map((value) => String(Number(value.toPrecision(3)))),
    unit,
    why,
  ]);
  return `## Assumptions\n\nNobody publishes these; the likely value decides.\n\n${table([["assumption", "low", "likely", "high", "unit", "why"], ...rows])}`;
}
