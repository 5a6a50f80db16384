import { median } from "../../capacity/storm/statistics";
import { table } from "../../report/table";
import { type CellResult, type Errors, mean, type Seen, WANTED } from "./comparison";
import type { Rehearsal } from "./rehearsal";

/* What a rehearsal found, for people: in a terminal, and as the page that says how right the model is. */

/** The verdict in one sentence. */
export function rehearsalHeadline({ ok, cells, errors }: Rehearsal): string {
  const outside = cells.filter(({ within }) => !within).length;
  if (ok) return `The model is within the wanted error in all ${cells.length} cells.`;
  return outside > 0
    ? `The model is outside the wanted error in ${outside} of ${cells.length} cells.`
    : `The model's median error of p95 time to ready, ${percent(errors.readyP95.median)}, is above the wanted ${percent(WANTED.readyP95Median)}.`;
}

export function rehearsalText(rehearsal: Rehearsal): string {
  return `${[conditions(rehearsal), cellTable(rehearsal.cells), errorList(rehearsal.errors), disturbed(rehearsal), rehearsalHeadline(rehearsal)].filter(Boolean).join("\n\n")}\n`;
}

/** The sections of the HTML page. */
export function rehearsalSections(rehearsal: Rehearsal): string {
  return [
    conditions(rehearsal),
    disturbed(rehearsal),
    "## Errors",
    errorList(rehearsal.errors),
    biases(rehearsal.cells),
    "## Cells",
    cellTable(rehearsal.cells),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** `docs/accuracy.md`. */
export function accuracyMarkdown(rehearsal: Rehearsal, date: string): string {
  const { machine, seconds } = rehearsal;
  return `# How right the storm model is

Written by \`npm run rehearse -- --grid --write\`. Storms were run on a real PostgreSQL by real clients and simulated by the model that
judges plans. ${rehearsalHeadline(rehearsal)}

- Date: ${date}; ${Math.round(seconds / 60)} minutes.
- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}.
- ${sentence(machine.division)}

${conditions(rehearsal)}

${disturbed(rehearsal) || "The machine was quiet: what a connect alone costs is known within 15 % for nine cells of ten."}

## Errors

${errorList(rehearsal.errors)}

${biases(rehearsal.cells)}

## Cells

One line a cell: starts x connections of each within max_connections. Refused: connects that got SQLSTATE 53300, mean of a storm.

${cellTable(rehearsal.cells)}
`;
}

function conditions({ calibration: c, timeScale, cells, machine }: Rehearsal): string {
  const storms = [...new Set(cells.map(({ storms }) => storms))].join(" or ");
  return `PostgreSQL 14 with TLS and SCRAM; ${machine.division}. ${storms} storms a cell. Nothing is fitted but what one client at a time measured (${c.connects} connects, medians): ${c.connectCpuMs.toFixed(2)} ms of the server's CPU for a connect, ${c.refusalCpuMs.toFixed(2)} for a refused one, ${c.closeCpuMs.toFixed(2)} for closing, ${c.postmasterMs.toFixed(2)} of the postmaster; ${c.clientConnectMs.toFixed(2)} and ${c.clientRefusalMs.toFixed(2)} ms of CPU of the client, ${c.relayMs.toFixed(2)} of the relay that only the scenarios go through; a sigma of ${c.sigma.toFixed(2)} between connects. A connect alone took ${c.connectMs.toFixed(1)} ms. A machine's speed drifts: each cell is predicted with these costs times what eight connects alone took before each of its storms (median), and its queries are as long as the server needs for the plan's CPU at that moment. Waits outside the database (boots, back-off, restarts) are 1/${Math.round(1 / timeScale)} of the plan's in prediction and run alike, time-outs are the plan's own; the plan's scenarios have one core in place of the tier's vCPUs, and no load of requests.`;
}

function disturbed({ disturbances }: Rehearsal): string {
  return disturbances.length === 0
    ? ""
    : `**The machine was not quiet**, so that the errors may be the machine's: ${disturbances.join("; ")}.`;
}

function cellTable(cells: readonly CellResult[]): string {
  const seen = ({ success, readyP95Seconds, refusals }: Seen) => [
    percent(success),
    time(readyP95Seconds),
    refusals.toFixed(1),
  ];
  return table(
    [
      ["cell", "predicted ready", "p95", "refused", "measured ready", "p95", "refused", "error", "p95 error", ""],
      ...cells.map((cell) => [
        cell.name,
        ...seen(cell.predicted),
        `${percent(cell.measured.success)} ± ${percent(cell.measured.successMargin)}`,
        ...seen(cell.measured).slice(1),
        points(cell.successError),
        cell.readyP95Error === null ? "-" : signed(cell.readyP95Error),
        cell.within ? "" : "outside",
      ]),
    ],
    ["l", "r", "r", "r", "r", "r", "r", "r", "r", "l"],
  );
}

function errorList({ success, readyP95 }: Errors): string {
  return [
    `- Success share: median ${points(success.median, false)}, worst ${points(success.worst, false)} (wanted in every cell: ${points(WANTED.successPoints, false)} and the measurement's interval).`,
    `- p95 time to ready: median ${percent(readyP95.median)}, worst ${percent(readyP95.worst)} (wanted: ${percent(WANTED.readyP95Median)} in the median, ${percent(WANTED.readyP95)} in every cell).`,
  ].join("\n");
}

/** Where the model is wrong and in which direction: signed errors by what the cells differ in. */
function biases(cells: readonly CellResult[]): string {
  const groups: readonly (readonly [string, (cell: CellResult) => boolean])[] = [
    ["no connect was refused", ({ measured }) => measured.refusals === 0],
    ["connects were refused and not tried again", ({ measured, retries }) => measured.refusals > 0 && !retries],
    ["connects were refused and tried again", ({ measured, retries }) => measured.refusals > 0 && retries],
  ];
  const lines = groups.flatMap(([where, belongs]) => {
    const own = cells.filter(belongs);
    if (own.length === 0) return [];
    const p95 = median(own.flatMap(({ readyP95Error }) => (readyP95Error === null ? [] : [readyP95Error])));
    const share = mean(own.map(({ successError }) => successError));
    const times =
      p95 === null
        ? ""
        : `, and its p95 time to ready is ${percent(Math.abs(p95))} too ${p95 < 0 ? "short" : "long"} in the median`;
    return [
      `Where ${where} (${own.length} cells), the model promises ${points(Math.abs(share), false)} too ${share < 0 ? "little" : "much"} success in the mean${times}.`,
    ];
  });
  const worst = cells.toSorted((a, b) => Math.abs(b.successError) - Math.abs(a.successError))[0];
  const slowest = cells.toSorted((a, b) => Math.abs(b.readyP95Error ?? 0) - Math.abs(a.readyP95Error ?? 0))[0];
  return [
    ...lines,
    ...(worst ? [`The share is most wrong in ${worst.name} (${points(worst.successError)}),`] : []),
    ...(slowest
      ? [`the time in ${slowest.name} (${slowest.readyP95Error === null ? "-" : signed(slowest.readyP95Error)}).`]
      : []),
  ].join(" ");
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const percent = (value: number | null) => (value === null ? "-" : `${Number((value * 100).toFixed(1))} %`);
const sign = (value: number) => (value > 0 ? "+" : "");
const signed = (value: number) => `${sign(value)}${Math.round(value * 100)} %`;
const points = (value: number, withSign = true) =>
  `${withSign ? sign(value) : ""}${Number((value * 100).toFixed(1))} points`;
const time = (seconds: number | null) => (seconds === null ? "-" : `${seconds.toFixed(2)} s`);
