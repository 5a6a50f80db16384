import type { Size, SizedPlan, Sizing } from "../capacity/sizing";
import { CONFIDENCE_TEXT, percentText } from "../capacity/storm/statistics";
import { paint, type Terminal, textTable, wrapped } from "./terminal";

/* What `size` prints. */

/**
 * The frontier, what the cheaper plans fail on, today's plan, and the cheapest that passes. `stackUsdPerMonth`: what the
 * whole stack costs with today's plan; `undefined` where prices are not known.
 */
export function sizingText(
  { plans, cheapest, today, frontier, rejected }: Sizing,
  stackUsdPerMonth: number | undefined,
  terminal: Terminal,
): string {
  const colours = paint(terminal);
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
  const heads = ["connector", "tier", "max_connections", "USD a month", "worst storm, at least", "verdict"];
  const align = ["l", "l", "r", "r", "r", "l"] as const;
  const titled = (title: string, rows: readonly (readonly string[])[], columns: readonly ("l" | "r")[] = align) =>
    `${colours.bold(title)}\n\n${textTable(rows, columns, terminal)}`;
  const cheaper = rejected.map(({ fails, plans: count, cheapest: from, dearest: to }) => [
    String(count),
    size(from).join(", "),
    `${from.usdPerMonth.toFixed(2)} to ${to.usdPerMonth.toFixed(2)}`,
    fails.join("; "),
  ]);
  const whole =
    stackUsdPerMonth === undefined
      ? "the rest of the stack has no known price in this region"
      : `with the rest of the stack, as \`npm run check\` adds it up, today's plan costs ${stackUsdPerMonth.toFixed(2)} USD`;
  return [
    // Without a simulated plan there is no frontier: nothing passes the checks, or nothing uses the database.
    ...(frontier.length > 0 ? [titled("Cost against success", [heads, ...frontier.map(sized)])] : []),
    ...(cheaper.length > 0
      ? [
          titled(
            `${cheapest ? "Cheaper plans" : "Plans"}, by what they fail on`,
            [["plans", "the cheapest of them", "USD a month", "fails on"], ...cheaper],
            ["r", "l", "r", "l"],
          ),
        ]
      : []),
    titled("Today's plan", [heads, sized(today)]),
    wrapped(
      `These sums are of the connector, the database and its disk; ${whole}. Bounds hold with ${CONFIDENCE_TEXT}.`,
      terminal,
    ),
    wrapped(
      cheapest
        ? `${colours.green("CHEAPEST")} of ${plans} plans that passes: ${size(cheapest).join(", ")}, ${cheapest.usdPerMonth.toFixed(2)} USD a month.`
        : `${colours.red("NONE")} of ${plans} plans passes: the services themselves must ask for less.`,
      terminal,
    ),
  ].join("\n\n");
}
