import type { InputProblem } from "../capacity/problem";
import type { Sensitivity, StormDetail, StormResult } from "../capacity/storm/results";
import { CONFIDENCE_TEXT, percentText } from "../capacity/storm/statistics";
import { paint, type Terminal, textTable, wrapped } from "./terminal";

/* What `storm` prints. */

/** The storms as a table, what must change, and the verdict in a sentence. `target`: the share that must be ready. */
export function stormsText(
  storms: readonly StormResult[],
  problems: readonly InputProblem[],
  target: number,
  terminal: Terminal,
  details: readonly string[] = [],
): string {
  if (storms.length === 0) return "No service of the plan uses the database: it has no start-up storms.";
  return [
    stormList(storms, terminal),
    ...details,
    ...problems.map(({ message }, i) => wrapped(message, terminal, `${i + 1}. `)),
    wrapped(sentence(storms, target, terminal), terminal),
  ].join("\n\n");
}

/** A paragraph a storm. */
export function stormList(storms: readonly StormResult[], terminal: Terminal): string {
  const { bold } = paint(terminal);
  const column = Math.max(...storms.map(({ scenario }) => scenario.length)) + 2;
  return storms.map((storm) => wrapped(stormText(storm), terminal, bold(storm.scenario), column)).join("\n");
}

function stormText({ starts, success, readySeconds, peakConnections, refusals, timeouts, bottleneck }: StormResult) {
  const { p50, p95, p99 } = readySeconds;
  const times = [p50, p95, p99].map((seconds) => seconds?.toFixed(1) ?? "-").join(", ");
  return [
    `${starts} ${starts === 1 ? "start" : "starts"}: ${percentText(success.mean)} ready, at least ${percentText(success.lower)}`,
    `after ${times} s (p50, p95, p99)`,
    `at most ${peakConnections} connections`,
    `per storm ${perStorm(refusals)} refused, ${perStorm(timeouts)} timed out`,
    ...(bottleneck === "none" ? [] : [`bottleneck: ${bottleneck}`]),
  ].join("; ");
}

/** A mean per storm: what is not 0 must not read as 0. */
export const perStorm = (value: number): string =>
  String(Number(value < 0.05 ? value.toPrecision(1) : value.toFixed(1)));

/** The share of starts that every storm is shown to reach. */
export const lowestBound = (storms: readonly Pick<StormResult, "success">[]): string =>
  percentText(Math.min(...storms.map(({ success }) => success.lower)));

function sentence(storms: readonly StormResult[], target: number, terminal: Terminal): string {
  const colours = paint(terminal);
  const failing = storms.filter(({ success }) => success.lower < target);
  const [share, wanted] = [lowestBound(storms), percentText(target)];
  return failing.length === 0
    ? `${colours.green("STARTS")}: in every storm at least ${share} of the starts are ready at the first try (${CONFIDENCE_TEXT}); the target is ${wanted}.`
    : `${colours.red("REFUSED")}: in ${failing.map(({ scenario }) => scenario).join(", ")} it is not shown that ${wanted} of the starts are ready at the first try; the lowest bound is ${share} (${CONFIDENCE_TEXT}).`;
}

/** What of a storm no row holds: what ended the failed starts, and what each relief would bring. */
export function stormDetailText(
  { meaning, replications, seed, failedBy, dialFailures, adminApiWaits, queues, reliefs }: StormDetail,
  terminal: Terminal,
): string[] {
  const rows = reliefs.map(({ resource, gain, timeGone }) => [
    resource,
    `${(gain.mean * 100).toFixed(2)} points`,
    `${(timeGone * 100).toFixed(1)} %`,
  ]);
  return [
    ...[
      `${meaning} ${replications} storms, seed ${seed}.`,
      `Starts that failed, per storm: ${perStorm(failedBy.attempts)} used up their attempts, ${perStorm(failedBy.initTimeout)} their initialisation, ${perStorm(failedBy.probeWindow)} the probe window. Dials that failed: ${perStorm(dialFailures)}; waits for the Admin API: ${perStorm(adminApiWaits)}.`,
      `Longest queues: connector ${queues.connector}, postmaster ${queues.postmaster}, database CPU ${queues.databaseCpu}.`,
    ].map((text) => wrapped(text, terminal)),
    textTable([["unlimited", "starts gained", "p95 to ready saved"], ...rows], ["l", "r", "r"], terminal),
  ];
}

/** What each assumption decides, the one that moves the success share most first. */
export function sensitivityText(rows: readonly Sensitivity[], terminal: Terminal): string[] {
  const at = ({ value, success, readyP95Seconds }: Sensitivity["low"]) =>
    `${Number(value.toPrecision(3))}: ${percentText(success.mean)}, p95 ${readyP95Seconds === null ? "-" : `${readyP95Seconds.toFixed(1)} s`}`;
  return [
    wrapped(
      "Sensitivity: one assumption at a time at its low and at its high value, all others at their likely one.",
      terminal,
    ),
    textTable(
      [
        ["assumption", "unit", "at low", "at high"],
        ...rows.map(({ name, unit, low, high }) => [name, unit, at(low), at(high)]),
      ],
      ["l", "l", "l", "l"],
      terminal,
    ),
  ];
}
