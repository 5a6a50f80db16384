import { median } from "../../capacity/storm/statistics";
import { table } from "../../report/table";
import { type Terminal, textTable, wrapped } from "../../report/terminal";
import type { Calibration } from "./calibration";
import { ACCEPTED, type CellResult, mean, type StormFigures, undisturbed } from "./comparison";
import { MOST_TAKEN, takenText } from "./quiet";
import { type Rehearsal, UNSTEADY } from "./rehearsal";

/* The results of a rehearsal as text for the terminal, as an HTML page, and as docs/accuracy.md. */

/** The verdict in one sentence, and how many cells it is not about. */
export function rehearsalHeadline({ ok, cells, errors }: Rehearsal): string {
  const judged = undisturbed(cells);
  if (judged.length === 0)
    return "Every cell was disturbed, so nothing is known of the model; rehearse on a quiet machine.";
  const outside = judged.filter(({ verdict }) => verdict === "outside").length;
  const disturbed = cells.length - judged.length;
  const rest =
    disturbed > 0
      ? ` ${counted(disturbed, "cell")} ${disturbed === 1 ? "was" : "were"} disturbed and ${disturbed === 1 ? "says" : "say"} nothing.`
      : "";
  if (ok)
    return `The model stays within the accepted error in all ${disturbed > 0 ? "other " : ""}${judged.length} cells.${rest}`;
  return outside > 0
    ? `The model exceeds the accepted error in ${outside} of ${judged.length} cells.${rest}`
    : `The model's median error of p95 time to ready, ${percent(errors.readyP95.median)}, exceeds the accepted ${percent(ACCEPTED.readyP95Median)}.${rest}`;
}

/** For the terminal. */
export function rehearsalText(rehearsal: Rehearsal, terminal: Terminal): string {
  const list = (items: readonly string[]) => items.map((item) => wrapped(item, terminal, "- ")).join("\n");
  const { calibration, cells } = rehearsal;
  return `${[
    list(conditions(rehearsal)),
    wrapped(fittedText(calibration), terminal),
    textTable(costRows(calibration), COST_ALIGN, terminal),
    list(quietness(rehearsal)),
    wrapped("The predicted share of ready starts and p95 time to ready, each beside what was measured:", terminal),
    textTable(
      [
        ["cell", "ready", "measured", "points", "p95", "measured", "error", ""],
        ...cells.map((cell) => [
          cell.name,
          percent(cell.predicted.success),
          percent(cell.measured.success),
          signedPoints(cell.successError),
          time(cell.predicted.readyP95Seconds),
          time(cell.measured.readyP95Seconds),
          timeError(cell),
          verdictText(cell),
        ]),
      ],
      ["l", "r", "r", "r", "r", "r", "r", "l"],
      terminal,
    ),
    list(errorList(rehearsal)),
    wrapped(rehearsalHeadline(rehearsal), terminal),
  ].join("\n\n")}\n`;
}

/** The sections of the HTML page. */
export function rehearsalSections(rehearsal: Rehearsal): string {
  return [
    "## Conditions",
    markdownList(conditions(rehearsal)),
    costs(rehearsal),
    markdownList(quietness(rehearsal)),
    "## Errors",
    markdownList(errorList(rehearsal)),
    biases(rehearsal.cells),
    "## Cells",
    cellTable(rehearsal.cells),
  ].join("\n\n");
}

/** `docs/accuracy.md`. */
export function accuracyMarkdown(rehearsal: Rehearsal, date: string): string {
  const { machine, seconds } = rehearsal;
  return `# Accuracy of the storm model

Written by \`npm run rehearse -- --grid --write\`. Real clients ran storms on a real PostgreSQL, and the model that judges
plans simulated the same storms. ${rehearsalHeadline(rehearsal)}

## Conditions

- Date: ${date}; ${Math.round(seconds / 60)} minutes.
- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}.
${markdownList(conditions(rehearsal))}

${costs(rehearsal)}

${markdownList(quietness(rehearsal))}

## Errors

${markdownList(errorList(rehearsal))}

${biases(rehearsal.cells)}

## Cells

One line per cell: starts x connections of each in max_connections. Refused: connects with SQLSTATE 53300, mean per storm.
The p95 is that of a storm, and the median over the storms.
In range: whether the measured share and p95 lie in the ranges in which the model expects 95 of 100 such measurements.

${cellTable(rehearsal.cells)}
`;
}

const markdownList = (items: readonly string[]) => items.map((item) => `- ${item}`).join("\n");

function conditions({ timeScale, cells, machine }: Rehearsal): string[] {
  const storms = [...new Set(cells.map(({ storms }) => storms))].join(" or ");
  return [
    `PostgreSQL 14 with TLS and SCRAM; ${machine.division}.`,
    `${storms} storms a cell.`,
    `Waits outside the database (boots, back-off, restarts) are 1/${Math.round(1 / timeScale)} of the plan's, in prediction and run; time-outs are the plan's own.`,
    "The plan's scenarios run on one core instead of the tier's vCPUs, and without requests. Only they use the relay.",
    "The speed of a machine drifts: before each storm eight single connects are measured, and the cell is predicted with the costs below times their median. The length of queries is adjusted in the same way.",
  ];
}

const fittedText = ({ connects, connectMs, sigma }: Calibration) =>
  `Only these costs are fitted. Each is the median of connects by one client at a time (${connects}), which took ${connectMs.toFixed(1)} ms; their sigma is ${sigma.toFixed(2)}.`;

function costRows(c: Calibration): string[][] {
  const ms = (value: number) => value.toFixed(2);
  return [
    ["CPU, ms", "connect", "refused connect", "close"],
    ["server", ms(c.connectCpuMs), ms(c.refusalCpuMs), ms(c.closeCpuMs)],
    ["of that, postmaster", ms(c.postmasterMs), ms(c.postmasterMs), "-"],
    ["client", ms(c.clientConnectMs), ms(c.clientRefusalMs), "-"],
    ["relay", ms(c.relayMs), "-", "-"],
  ];
}
const COST_ALIGN = ["l", "r", "r", "r"] as const;

const costs = ({ calibration }: Rehearsal) =>
  `${fittedText(calibration)}\n\n${table(costRows(calibration), COST_ALIGN)}`;

/** What else ran on the cores, and what was done about it. */
function quietness({ quiet: { taken, storms, disturbed, unsteadyCells }, cells }: Rehearsal): string[] {
  return [
    `Others took ${takenText(taken)} during the storms, in the mean.`,
    `Of ${counted(storms, "storm")}, ${disturbed} ${disturbed === 1 ? "was" : "were"} disturbed: others took more than ${percent(MOST_TAKEN)} of a core. Such a storm is repeated, and a cell that keeps one is called disturbed and is not counted below.`,
    `In ${unsteadyCells} of ${counted(cells.length, "cell")} the cost of single connects varied so much that its mean is uncertain by more than ${percent(UNSTEADY)}.`,
  ];
}

function cellTable(cells: readonly CellResult[]): string {
  const seen = ({ success, readyP95Seconds, refusals }: StormFigures) => [
    percent(success),
    time(readyP95Seconds),
    refusals.toFixed(1),
  ];
  return table(
    [
      [
        "cell",
        "predicted ready",
        "p95",
        "refused",
        "measured ready",
        "p95",
        "refused",
        "error",
        "p95 error",
        "in range",
        "",
      ],
      ...cells.map((cell) => [
        cell.name,
        ...seen(cell.predicted),
        `${percent(cell.measured.success)} ± ${percent(cell.measured.successMargin)}`,
        ...seen(cell.measured).slice(1),
        points(cell.successError),
        timeError(cell),
        inRange(cell),
        verdictText(cell),
      ]),
    ],
    ["l", "r", "r", "r", "r", "r", "r", "r", "r", "l", "l"],
  );
}

function inRange({ successCovered, readyP95Covered }: CellResult): string {
  if (successCovered && readyP95Covered !== false) return "yes";
  if (!successCovered && readyP95Covered !== true) return "no";
  return successCovered ? "share only" : "p95 only";
}

const timeError = ({ readyP95Error }: CellResult) => (readyP95Error === null ? "-" : signed(readyP95Error));
const verdictText = ({ verdict }: CellResult) => (verdict === "within" ? "" : verdict);

function errorList({ errors: { success, readyP95 }, cells }: Rehearsal): string[] {
  return [
    `Success share: median ${points(success.median, false)}, worst ${points(success.worst, false)} (accepted in every cell: ${points(ACCEPTED.successPoints, false)} plus the interval of the measurement).`,
    `p95 time to ready, of which a cell has the median over its storms: in the median ${percent(readyP95.median)}, at worst ${percent(readyP95.worst)} (accepted: ${percent(ACCEPTED.readyP95Median)} in the median, ${percent(ACCEPTED.readyP95)} in every cell).`,
    `Coverage: ${coverage(cells)}`,
  ];
}

/** How often the measured values lie where the model expects them in 95 of 100 cases. */
function coverage(cells: readonly CellResult[]): string {
  const judged = undisturbed(cells);
  const shares = judged.map(({ successCovered }) => successCovered);
  const p95s = judged.flatMap(({ readyP95Covered }) => readyP95Covered ?? []);
  const of = (covered: readonly boolean[]) => `${covered.filter(Boolean).length} of ${counted(covered.length, "cell")}`;
  return `the measured share lies within the model's own 95 % interval in ${of(shares)}, and the measured p95 in ${of(p95s)}.`;
}

/** The mean signed errors by kind of cell, and the largest ones. */
function biases(all: readonly CellResult[]): string {
  const cells = undisturbed(all);
  const kinds: readonly (readonly [string, (cell: CellResult) => boolean])[] = [
    ["fewer than ten starts, none refused", ({ starts, measured }) => measured.refusals === 0 && starts < 10],
    ["ten starts or more, none refused", ({ starts, measured }) => measured.refusals === 0 && starts >= 10],
    ["refused and not tried again", ({ measured, retries }) => measured.refusals > 0 && !retries],
    ["refused and tried again", ({ measured, retries }) => measured.refusals > 0 && retries],
  ];
  const rows = kinds.flatMap(([kind, belongs]) => {
    const own = cells.filter(belongs);
    const p95 = median(own.flatMap(({ readyP95Error }) => readyP95Error ?? []));
    return own.length === 0
      ? []
      : [
          [
            kind,
            String(own.length),
            points(mean(own.map(({ successError }) => successError))),
            p95 === null ? "-" : signed(p95),
          ],
        ];
  });
  const largest = (of: (cell: CellResult) => number) => cells.toSorted((a, b) => Math.abs(of(b)) - Math.abs(of(a)))[0];
  const share = largest(({ successError }) => successError);
  const p95 = largest(({ readyP95Error }) => readyP95Error ?? 0);
  return `Predicted minus measured; a negative p95 error is a time that is predicted too short.

${table([["connects", "cells", "share, mean", "p95, median"], ...rows], ["l", "r", "r", "r"])}

The largest error of the share is in ${share?.name ?? "-"} (${share ? points(share.successError) : "-"}), the largest of the p95 in ${p95?.name ?? "-"} (${p95 ? timeError(p95) : "-"}).`;
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const percent = (value: number | null) => (value === null ? "-" : `${Number((value * 100).toFixed(1))} %`);
const sign = (value: number) => (value > 0 ? "+" : "");
const signed = (value: number) => `${sign(value)}${Math.round(value * 100)} %`;
const inPoints = (value: number) => String(Number((value * 100).toFixed(1)));
const signedPoints = (value: number) => `${sign(value)}${inPoints(value)}`;
const points = (value: number, withSign = true) => `${withSign ? signedPoints(value) : inPoints(value)} points`;
const time = (seconds: number | null) => (seconds === null ? "-" : `${seconds.toFixed(2)} s`);
