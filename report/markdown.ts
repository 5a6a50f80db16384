import { markdownTable } from "markdown-table";
import type { Problem } from "../capacity/problem";
import type { Size, SizedPlan, Sizing } from "../capacity/sizing";
import type { Sensitivity, StormDetail } from "../capacity/storms";
import type { Verdict } from "./verdict";

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
export function headline(verdict: Verdict): string {
  const { budget } = verdict;
  const storms = verdict.storms.length > 0 ? `at least ${percent(Math.min(...verdict.storms.map(({ success }) => success.lower)))} of starts succeed, ` : "";
  const sum = `${budget.demand} of ${budget.limit} connections, ${storms}${usd(verdict.cost.usdPerMonth)} a month`;
  if (verdict.ok) return `${verdict.stack}: the plan is sound: ${sum}`;
  const count = problemsOf(verdict).length + refusals(verdict).length;
  return `${verdict.stack}: the plan is REFUSED, ${count} ${count === 1 ? "finding" : "findings"}: ${sum}`;
}

const page = (sections: readonly string[]) => `${sections.filter((section) => section !== "").join("\n\n")}\n`;
/** Rounded down, so that no report claims more than was found. */
const percent = (share: number) => `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;
const usd = (amount: number) => `${amount.toFixed(2)} USD`;
const problemsOf = (verdict: Verdict) => verdict.checks.flatMap((check) => check.problems);
const refusals = (verdict: Verdict) => verdict.violations.filter(({ level }) => level === "mandatory");

function findings(verdict: Verdict): string {
  const problems = problemsOf(verdict).map(({ message }) => `- ${message}`);
  const violations = verdict.violations.map(({ policy, level, resource, message }) => `- [${level}] **${policy}** on ${resource}: ${indented(message)}`);
  const waived = verdict.waived.map(({ policy, resource, reason }) => `- **${policy}** on ${resource}: ${reason}`);
  return [
    ["## What the plan must change", problems],
    ["## What the policy pack says", violations],
    ["## Waived", waived],
  ]
    .filter(([, lines]) => lines?.length)
    .map(([title, lines]) => `${title}\n\n${[lines].flat().join("\n")}`)
    .join("\n\n");
}

const indented = (message: string) => message.replaceAll("\n", "\n  ");

/** The connection budget as a table that adds up. Also the README's table. */
export function budgetTable({ budget }: Pick<Verdict, "budget">): string {
  const lines = budget.lines.map(({ label, instances, overlap, perInstance, connections }) => [
    label,
    `(${instances} + ${overlap}) x ${perInstance}`,
    String(connections),
  ]);
  return markdownTable(
    [
      ["service", "(instances + those of the revision before) x connections each", "connections"],
      ...lines,
      ["reserved and migrations", "", String(budget.reserved)],
      ["**sum**", "", `**${budget.demand} of ${budget.limit}**`],
    ],
    { align: ["l", "l", "r"] },
  );
}

function budgetSection(verdict: Verdict): string {
  return `## Connection budget\n\n${budgetTable(verdict)}`;
}

function checksSection({ checks }: Verdict): string {
  const lines = checks.map(({ title, arithmetic, problems }) =>
    [`- ${problems.length === 0 ? "ok" : "REFUSED"}: ${title}`, ...arithmetic.map((line) => `  - ${line}`)].join("\n"),
  );
  return `## Checks of the plan\n\n${lines.join("\n")}`;
}

function stormSection({ storms }: Pick<Verdict, "storms">): string {
  return storms.length === 0 ? "" : `## Start-up storms\n\n${stormTable(storms)}`;
}

/** One line a scenario. */
export function stormTable(storms: Verdict["storms"]): string {
  const seconds = (value: number | null) => (value === null ? "-" : value.toFixed(1));
  const rows = storms.map(({ scenario, starts, success, readySeconds: { p50, p95, p99 }, peakConnections, refusals, timeouts, bottleneck }) => [
    scenario,
    String(starts),
    percent(success.mean),
    percent(success.lower),
    [p50, p95, p99].map(seconds).join(" / "),
    String(peakConnections),
    `${Number(refusals.toFixed(1))} / ${Number(timeouts.toFixed(1))}`,
    bottleneck,
  ]);
  return markdownTable(
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
    { align: ["l", "r", "r", "r", "r", "r", "r", "l"] },
  );
}

/** What of a storm no table line holds: what ended the failed starts, and what each relief would bring. */
export function stormDetailText({ meaning, replications, seed, failedBy, dialFailures, adminApiWaits, queues, reliefs }: StormDetail): string {
  const rows = reliefs.map(({ resource, gain, timeGone }) => [resource, `${(gain.mean * 100).toFixed(2)} points`, `${(timeGone * 100).toFixed(1)} %`]);
  return [
    `${meaning} ${replications} storms, seed ${seed}.`,
    `Starts that failed, per storm: ${failedBy.attempts} used up their attempts, ${failedBy.initTimeout} their initialisation, ${failedBy.probeWindow} the probe window. Dials that failed: ${dialFailures}; waits for the Admin API: ${adminApiWaits}.`,
    `Longest queues: connector ${queues.connector}, postmaster ${queues.postmaster}, database CPU ${queues.databaseCpu}.`,
    markdownTable([["unlimited", "starts gained", "p95 to ready saved"], ...rows], { align: ["l", "r", "r"] }),
  ].join("\n\n");
}

/** What each assumption decides, the one that moves the success share most first. */
export function sensitivityTable(rows: readonly Sensitivity[]): string {
  const at = ({ value, success, readyP95Seconds }: Sensitivity["low"]) =>
    `${Number(value.toPrecision(3))}: ${percent(success.mean)}, p95 ${readyP95Seconds === null ? "-" : `${readyP95Seconds.toFixed(1)} s`}`;
  return `## Sensitivity\n\nOne assumption at a time at its low and at its high value, all others likely.\n\n${markdownTable([
    ["assumption", "unit", "at low", "at high"],
    ...rows.map(({ name, unit, low, high }) => [name, unit, at(low), at(high)]),
  ])}`;
}

/** Problems as a list; empty where there are none. */
export const problemList = (problems: readonly Problem[]) => problems.map(({ message }) => `- ${message}`).join("\n");

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
    plan.worst ? percent(plan.worst.success.lower) : "-",
    plan.fails.join("; ") || "passes",
  ];
  const heads = ["connector", "tier", "max_connections", "USD a month", "lower bound of the worst storm", "verdict"];
  const align = ["l", "l", "r", "r", "r", "l"];
  const cheaper = rejected.map(({ fails, plans: count, cheapest: from, dearest: to }) => [
    String(count),
    size(from).join(", "),
    `${from.usdPerMonth.toFixed(2)} to ${to.usdPerMonth.toFixed(2)}`,
    fails.join("; "),
  ]);
  return [
    `## Cost against success\n\n${markdownTable([heads, ...frontier.map(sized)], { align })}`,
    `## Cheaper plans, by what they fail on\n\n${markdownTable([["plans", "the cheapest of them", "USD a month", "fails on"], ...cheaper], { align: ["r", "l", "r", "l"] })}`,
    `## Today's plan\n\n${markdownTable([heads, sized(today)], { align })}`,
    cheapest
      ? `# Of ${plans} plans the cheapest that passes: ${size(cheapest).join(", ")}, ${usd(cheapest.usdPerMonth)} a month`
      : `# None of ${plans} plans passes: the services themselves must ask for less`,
  ].join("\n\n");
}

function costSection({ cost }: Verdict): string {
  const rows = cost.items.map(({ item, usdPerMonth, arithmetic }) => [item, usdPerMonth === undefined ? "not priced" : usdPerMonth.toFixed(2), arithmetic]);
  const table = markdownTable(
    [["item", "USD a month", "how"], ...rows, ["**sum**", `**${cost.usdPerMonth.toFixed(2)}**`, "list prices, us-central1, without traffic"]],
    {
      align: ["l", "r", "l"],
    },
  );
  return `## Cost\n\n${table}`;
}

function resourceTable({ resources }: Verdict): string {
  return markdownTable([["type", "name", "protected"], ...resources.map(({ type, name, options }) => [type, name, options.protect ? "yes" : ""])]);
}

function assumptionSection({ assumptions }: Verdict): string {
  const rows = assumptions.map(({ name, low, likely, high, unit, why }) => [
    name,
    ...[low, likely, high].map((value) => String(Number(value.toPrecision(3)))),
    unit,
    why,
  ]);
  return `## Assumptions\n\nNobody publishes these; the likely value decides.\n\n${markdownTable([["assumption", "low", "likely", "high", "unit", "why"], ...rows])}`;
}
