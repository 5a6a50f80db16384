import { markdownTable } from "markdown-table";
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
    checksSection(verdict),
    costSection(verdict),
    `<details><summary>${verdict.resources.length} resources</summary>\n\n${resourceTable(verdict)}\n\n</details>`,
    assumptionSection(verdict),
  ]);
}

/** For a terminal: the verdict last, where the eye is when the command ends. */
export function terminalText(verdict: Verdict): string {
  return page([
    `## Resources\n\n${resourceTable(verdict)}`,
    costSection(verdict),
    checksSection(verdict),
    budgetSection(verdict),
    findings(verdict),
    `# ${headline(verdict)}`,
  ]);
}

/** The verdict in a sentence. */
export function headline(verdict: Verdict): string {
  const { budget } = verdict;
  const sum = `${budget.demand} of ${budget.limit} connections, ${usd(verdict.cost.usdPerMonth)} a month`;
  if (verdict.ok) return `${verdict.stack}: the plan is sound: ${sum}`;
  const count = problemsOf(verdict).length + refusals(verdict).length;
  return `${verdict.stack}: the plan is REFUSED, ${count} ${count === 1 ? "finding" : "findings"}: ${sum}`;
}

const page = (sections: readonly string[]) => `${sections.filter((section) => section !== "").join("\n\n")}\n`;
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
  const lines = checks.map(({ title, arithmetic, problems }) => [`- ${problems.length === 0 ? "ok" : "REFUSED"}: ${title}`, ...arithmetic.map((line) => `  - ${line}`)].join("\n"));
  return `## Checks of the plan\n\n${lines.join("\n")}`;
}

function costSection({ cost }: Verdict): string {
  const rows = cost.items.map(({ item, usdPerMonth, arithmetic }) => [item, usdPerMonth === undefined ? "not priced" : usdPerMonth.toFixed(2), arithmetic]);
  const table = markdownTable([["item", "USD a month", "how"], ...rows, ["**sum**", `**${cost.usdPerMonth.toFixed(2)}**`, "list prices, us-central1, without traffic"]], {
    align: ["l", "r", "l"],
  });
  return `## Cost\n\n${table}`;
}

function resourceTable({ resources }: Verdict): string {
  return markdownTable([["type", "name", "protected"], ...resources.map(({ type, name, options }) => [type, name, options.protect ? "yes" : ""])]);
}

function assumptionSection({ assumptions }: Verdict): string {
  const rows = assumptions.map(({ name, low, likely, high, unit, why }) => [name, ...[low, likely, high].map((value) => String(Number(value.toPrecision(3)))), unit, why]);
  return `## Assumptions\n\nNobody publishes these; the likely value decides.\n\n${markdownTable([["assumption", "low", "likely", "high", "unit", "why"], ...rows])}`;
}
