import { type CostItem, PRICED_REGION } from "../capacity/cost";
import { CONFIDENCE_TEXT, percentText } from "../capacity/storm/statistics";
import { lowestBound, stormList } from "./storm-text";
import { oneLine } from "./table";
import { paint, type Terminal, textTable, wrapped } from "./terminal";
import { findingsOf, refusalCount, type Verdict, type Violation } from "./verdict";

/*
 * What `check` prints: arithmetic, cost and what must change on one screen, the verdict last, where the eye is when the
 * command ends. Longer lists are printed only when asked for.
 */

export interface CheckTextOptions {
  /** Every check with its arithmetic, every storm, every item of the cost. */
  readonly details?: true;
  /** Every resource. */
  readonly resources?: true;
}

export function checkText(verdict: Verdict, options: CheckTextOptions, terminal: Terminal): string {
  return [
    ...(options.resources ? [resourceList(verdict, terminal)] : []),
    ...(options.details ? detailSections(verdict, terminal) : []),
    summary(verdict, options, terminal),
    ...numbered(verdict, terminal),
    wrapped(verdictSentence(verdict, terminal), terminal),
  ]
    .map((section) => `${section}\n`)
    .join("\n");
}

/** Where the text of a summary's line begins. */
const TEXT_COLUMN = 13;

function summary(verdict: Verdict, { details, resources }: CheckTextOptions, terminal: Terminal): string {
  const failed = verdict.checks.filter(({ problems }) => problems.length > 0);
  const advice = [
    ...verdict.checks.flatMap((check) => check.advice ?? []),
    ...findingsOf(verdict).byRulesAlone.filter(isAdvice).map(ruleText),
  ];
  const lines: [string, string][] = [
    ["Connections", connectionsText(verdict)],
    ["Starts", startsText(verdict)],
    ["Cost", costText(verdict)],
    [
      "Checks",
      failed.length === 0
        ? `all ${verdict.checks.length} hold`
        : `${verdict.checks.length - failed.length} of ${verdict.checks.length} hold`,
    ],
    ...verdict.waived.map(({ policy, resource, reason }): [string, string] => [
      "Waived",
      `${policy} on ${resource}: ${reason}`,
    ]),
    // Advice can wait until the plan is sound.
    ...(verdict.ok || details ? advice : []).map((text): [string, string] => ["Advice", text]),
    ...(verdict.ok && !resources ? [["Resources", countText(verdict)] satisfies [string, string]] : []),
  ];
  const { bold } = paint(terminal);
  return lines.map(([label, text]) => wrapped(oneLine(text), terminal, bold(label), TEXT_COLUMN)).join("\n");
}

function connectionsText({ budget: { lines, reserved, demand, limit } }: Verdict): string {
  const parts = lines.map(
    ({ label, instances, overlap, perInstance, connections }) =>
      `${label} (${instances} + ${overlap}) x ${perInstance} = ${connections}`,
  );
  return `${demand} of ${limit}: ${[...parts, `reserved and migrations ${reserved}`].join(", ")}`;
}

function startsText({ storms, checks }: Verdict): string {
  const [worst] = storms.toSorted(
    (a, b) => a.success.lower - b.success.lower || (b.readySeconds.p95 ?? 0) - (a.readySeconds.p95 ?? 0),
  );
  if (!worst) return checks.at(-1)?.arithmetic.join(", ") ?? "no storms";
  const { scenario, starts, success, readySeconds } = worst;
  const p95 = readySeconds.p95 === null ? "" : `, p95 ${readySeconds.p95.toFixed(1)} s`;
  return `${percentText(success.mean)} ready at the first try, at least ${percentText(success.lower)} (${CONFIDENCE_TEXT}); hardest storm: ${scenario}, ${starts} at once${p95}`;
}

/** As many items as fit into two lines. */
const NAMED_ITEMS = 2;

function costText({ cost: { usdPerMonth, items } }: Verdict): string {
  if (usdPerMonth === undefined) return `not known: prices are known for ${PRICED_REGION} only`;
  const priced = items
    .filter((item): item is Required<CostItem> => (item.usdPerMonth ?? 0) > 0)
    .toSorted((a, b) => b.usdPerMonth - a.usdPerMonth);
  const rest = priced.slice(NAMED_ITEMS);
  const parts = [
    ...priced.slice(0, NAMED_ITEMS).map((item) => `${item.item} ${item.usdPerMonth.toFixed(2)}`),
    ...(rest.length > 0 ? [`others ${rest.reduce((sum, item) => sum + item.usdPerMonth, 0).toFixed(2)}`] : []),
  ];
  return `${usdPerMonth.toFixed(2)} USD a month without traffic: ${parts.join("; ")}`;
}

const NAMED_KINDS = 5;

/** How many of each kind: `66 monitoring`. The kind is the service of the type: `gcp:monitoring/alertPolicy:...`. */
function countText({ resources }: Verdict): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) {
    const kind = kindOf(type);
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const kinds = [...counts].toSorted(([, a], [, b]) => b - a);
  const sum = (some: readonly [string, number][]) => some.reduce((total, [, count]) => total + count, 0);
  const others = kinds.slice(NAMED_KINDS);
  return [
    `${sum(kinds)}: ${kinds
      .slice(0, NAMED_KINDS)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", ")}`,
    ...(others.length > 0 ? [`${sum(others)} others`] : []),
  ].join(", ");
}

/** `undefined` for a component, which only groups others. */
function kindOf(type: string): string | undefined {
  const [packageName, module = ""] = type.split(":");
  if (packageName === "pulumi" || packageName === "netra") return undefined;
  return packageName === "gcp" ? (module.split("/")[0] ?? module) : packageName;
}

/** What must change, each mistake once, with its fix on a line of its own. */
function numbered(verdict: Verdict, terminal: Terminal): string[] {
  const { inPlan, byRulesAlone } = findingsOf(verdict);
  const texts = [
    ...inPlan.map(({ problem, policies }) => {
      const rules = policies.length > 0 ? ` [${policies.join(", ")}]` : "";
      const head = problem.message.slice(0, problem.message.length - problem.fix.length).replace(/; $/, ".");
      return [`${oneLine(head)}${rules}`, problem.fix];
    }),
    ...byRulesAlone.filter((violation) => !isAdvice(violation)).map((violation) => [ruleText(violation)]),
  ];
  const { bold } = paint(terminal);
  return texts.map(([head = "", fix], i) => {
    const indent = `${i + 1}. `;
    return [
      wrapped(head, terminal, indent),
      ...(fix === undefined ? [] : [wrapped(`${bold("Fix:")} ${oneLine(fix)}`, terminal, " ".repeat(indent.length))]),
    ].join("\n");
  });
}

const isAdvice = ({ level }: Violation) => level !== "mandatory";
const ruleText = ({ policy, resource, message }: Violation) => oneLine(`${resource}: ${message} [${policy}]`);

function verdictSentence(verdict: Verdict, terminal: Terminal): string {
  const { green, red } = paint(terminal);
  const { stack, cost, storms } = verdict;
  if (!verdict.ok) {
    const count = refusalCount(verdict);
    return `${red("REFUSED")}: ${stack} has ${count === 1 ? "1 problem; its fix is" : `${count} problems; their fixes are`} above.`;
  }
  const starts =
    storms.length > 0 ? `at least ${lowestBound(storms)} of starts succeed` : "no start needs the database";
  const price = cost.usdPerMonth === undefined ? "an unknown sum" : `${cost.usdPerMonth.toFixed(2)} USD a month`;
  return `${green("SOUND")}: ${starts}; ${stack} costs ${price}.`;
}

function detailSections({ checks, storms, cost }: Verdict, terminal: Terminal): string[] {
  const { bold, green, red } = paint(terminal);
  const checked = checks.flatMap((check) => [
    wrapped(check.title, terminal, check.problems.length === 0 ? `${green("ok")}       ` : `${red("REFUSED")}  `),
    // The last check is that of the storms, which have a section of their own.
    ...(check === checks.at(-1) && storms.length > 0 ? [] : check.arithmetic).map((line) =>
      wrapped(oneLine(line), terminal, " ".repeat(9), 11),
    ),
  ]);
  const items = cost.items.map(({ item, usdPerMonth, arithmetic }) => [
    item,
    usdPerMonth?.toFixed(2) ?? "-",
    arithmetic,
  ]);
  return [
    `${bold("Checks")}\n\n${checked.join("\n")}`,
    ...(storms.length > 0 ? [`${bold("Storms")}\n\n${stormList(storms, terminal)}`] : []),
    `${bold("Cost")}\n\n${textTable([["item", "USD a month", "how"], ...items], ["l", "r", "l"], terminal)}`,
  ];
}

/** The names under each type: both together are wider than most terminals. */
function resourceList({ resources }: Verdict, terminal: Terminal): string {
  const byType = new Map<string, string[]>();
  for (const { type, name, options } of resources)
    byType.set(type, [...(byType.get(type) ?? []), options.protect ? `${name} (protected)` : name]);
  const { bold } = paint(terminal);
  return [...byType].map(([type, names]) => `${bold(type)}\n${wrapped(names.join(", "), terminal, "  ")}`).join("\n");
}
