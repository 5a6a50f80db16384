import { PRICED_REGION } from "../capacity/cost";
import type { InputProblem } from "../capacity/problem";
import type { Size, SizedPlan, Sizing } from "../capacity/sizing";
import type { Sensitivity, StormDetail } from "../capacity/storm/results";
import { percentText } from "../capacity/storm/statistics";
import { table } from "./table";
import type { ShownStorm, ShownVerdict, Verdict } from "./verdict";

/*
 * The report as Markdown: for a pull request, and (aligned as it is) for a terminal. A pull request reads from the top,
 * a terminal from the bottom: the same sections in two orders.
 */

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

/** For the HTML page, which has headline and plots of its own. */
export function pageSections(verdict: Verdict): string {
  return page([
    findings(verdict),
    budgetSection(verdict),
    stormSection(verdict),
    checksSection(verdict),
    costSection(verdict),
    assumptionSection(verdict),
    `## Resources\n\n${resourceTable(verdict)}`,
  ]);
}

/** For a terminal: the verdict last, where the eye is when the command ends. */
export function terminalText(verdict: Verdict): string {
  return page([
    `## Resources\n\n${resourceTable(verdict)}`,
    costSection(verdict),
    checksSection(verdict),
    budgetSection(verdict),
    stormSection(verdict),
    findings(verdict),
    `# ${headline(verdict)}`,
  ]);
}

/** The verdict in a sentence. */
export function headline(verdict: ShownVerdict): string {
  const { budget } = verdict;
  const storms =
    verdict.storms.length > 0
      ? `at least ${percentText(Math.min(...verdict.storms.map(({ success }) => success.lower)))} of starts succeed, `
      : "";
  const sum = `${budget.demand} of ${budget.limit} connections, ${storms}${verdict.cost.usdPerMonth === undefined ? "cost not known" : `${usd(verdict.cost.usdPerMonth)} a month`}`;
  if (verdict.ok) return `${verdict.stack}: the plan is sound: ${sum}`;
  const count = problemsOf(verdict).length + refusals(verdict).length;
  return `${verdict.stack}: the plan is REFUSED, ${count} ${count === 1 ? "finding" : "findings"}: ${sum}`;
}

const page = (sections: readonly string[]) => `${sections.filter((section) => section !== "").join("\n\n")}\n`;
/** A mean per storm: what is not 0 must not read as 0. */
const mean = (value: number) => String(Number(value < 0.05 ? value.toPrecision(1) : value.toFixed(1)));
const usd = (amount: number) => `${amount.toFixed(2)} USD`;
const problemsOf = (verdict: ShownVerdict) => verdict.checks.flatMap((check) => check.problems);
const refusals = (verdict: ShownVerdict) => verdict.violations.filter(({ level }) => level === "mandatory");

/** What is wrong, advised and waived; empty where there is nothing of it. */
export function findings(verdict: ShownVerdict): string {
  const problems = problemsOf(verdict).map(({ message }) => `- ${oneLine(message)}`);
  const violations = verdict.violations.map(
    ({ policy, level, resource, message }) => `- [${level}] **${policy}** on ${resource}: ${oneLine(message)}`,
  );
  const waived = verdict.waived.map(
    ({ policy, resource, reason }) => `- **${policy}** on ${resource}: ${oneLine(reason)}`,
  );
  return [
    ["## What the plan must change", problems],
    ["## What the policy pack says", violations],
    ["## Waived", waived],
  ]
    .filter(([, lines]) => lines?.length)
    .map(([title, lines]) => `${title}\n\n${[lines].flat().join("\n")}`)
    .join("\n\n");
}

/** A value with line breaks must not become a heading or a paragraph of the report. */
const oneLine = (message: string) => message.replaceAll(/\s*\n\s*/g, " ");

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
  const lines = checks.map(({ title, arithmetic, problems }) =>
    [
      `- ${problems.length === 0 ? "ok" : "REFUSED"}: ${title}`,
      ...arithmetic.map((line) => `  - ${oneLine(line)}`),
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
  if (storms.length === 0) return "No service of the plan uses the database: it has no start-up storms.";
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
      `${mean(refusals)} / ${mean(timeouts)}`,
      bottleneck,
    ],
  );
  return table(
    [
      [
        "scenario",
        "starts at once",
        "ready",
        "lower bound",
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

/** What of a storm no table line holds: what ended the failed starts, and what each relief would bring. */
export function stormDetailText({
  meaning,
  replications,
  seed,
  failedBy,
  dialFailures,
  adminApiWaits,
  queues,
  reliefs,
}: StormDetail): string {
  const rows = reliefs.map(({ resource, gain, timeGone }) => [
    resource,
    `${(gain.mean * 100).toFixed(2)} points`,
    `${(timeGone * 100).toFixed(1)} %`,
  ]);
  return [
    `${meaning} ${replications} storms, seed ${seed}.`,
    `Starts that failed, per storm: ${mean(failedBy.attempts)} used up their attempts, ${mean(failedBy.initTimeout)} their initialisation, ${mean(failedBy.probeWindow)} the probe window. Dials that failed: ${mean(dialFailures)}; waits for the Admin API: ${mean(adminApiWaits)}.`,
    `Longest queues: connector ${queues.connector}, postmaster ${queues.postmaster}, database CPU ${queues.databaseCpu}.`,
    table([["unlimited", "starts gained", "p95 to ready saved"], ...rows], ["l", "r", "r"]),
  ].join("\n\n");
}

/** What each assumption decides, the one that moves the success share most first. */
export function sensitivityTable(rows: readonly Sensitivity[]): string {
  const at = ({ value, success, readyP95Seconds }: Sensitivity["low"]) =>
    `${Number(value.toPrecision(3))}: ${percentText(success.mean)}, p95 ${readyP95Seconds === null ? "-" : `${readyP95Seconds.toFixed(1)} s`}`;
  return `## Sensitivity\n\nOne assumption at a time at its low and at its high value, all others likely.\n\n${table([
    ["assumption", "unit", "at low", "at high"],
    ...rows.map(({ name, unit, low, high }) => [name, unit, at(low), at(high)]),
  ])}`;
}

/** Problems as a list; empty where there are none. */
export const problemList = (problems: readonly InputProblem[]) =>
  problems.map(({ message }) => `- ${oneLine(message)}`).join("\n");

/** The cheapest plan that passes, the frontier, and what the cheaper ones fail on. */
export function sizingText({ plans, cheapest, today, frontier, rejected }: Sizing): string {
  const size = ({ connector, tier, maxConnections }: Size) => [
    `${connector.machineType} ${connector.minInstances}..${connector.maxInstances}`,
    tier,
    String(maxConnections),
  ];
  const sized = (plan: SizedPlan) => [
    ...size(plan),
    plan.usdPerMonth.toFixed(2),
    plan.worst ? percentText(plan.worst.success.lower) : "-",
    plan.fails.join("; ") || "passes",
  ];
  const heads = ["connector", "tier", "max_connections", "USD a month", "lower bound of the worst storm", "verdict"];
  const align = ["l", "l", "r", "r", "r", "l"] as const;
  const cheaper = rejected.map(({ fails, plans: count, cheapest: from, dearest: to }) => [
    String(count),
    size(from).join(", "),
    `${from.usdPerMonth.toFixed(2)} to ${to.usdPerMonth.toFixed(2)}`,
    fails.join("; "),
  ]);
  return [
    // Without a simulated plan there is no frontier: nothing passes the checks, or nothing uses the database.
    ...(frontier.length > 0 ? [`## Cost against success\n\n${table([heads, ...frontier.map(sized)], align)}`] : []),
    ...(cheaper.length > 0
      ? [
          `## ${cheapest ? "Cheaper plans" : "Plans"}, by what they fail on\n\n${table([["plans", "the cheapest of them", "USD a month", "fails on"], ...cheaper], ["r", "l", "r", "l"])}`,
        ]
      : []),
    `## Today's plan\n\n${table([heads, sized(today)], align)}`,
    cheapest
      ? `# Of ${plans} plans the cheapest that passes: ${size(cheapest).join(", ")}, ${usd(cheapest.usdPerMonth)} a month`
      : `# None of ${plans} plans passes: the services themselves must ask for less`,
  ].join("\n\n");
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
