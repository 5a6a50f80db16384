import { median } from "../../capacity/storm/statistics";
import { table } from "../../report/table";
import { ACCEPTED, type CellResult, type Errors, mean, type StormFigures } from "./comparison";
import type { Rehearsal } from "./rehearsal";

/* The results of a rehearsal as text for the terminal, as an HTML page, and as docs/accuracy.md. */

/** The verdict in one sentence. */
export function rehearsalHeadline({ ok, cells, errors }: Rehearsal): string {
  const outside = cells.filter(({ within }) => !within).length;
  if (ok) return `The model stays within the accepted error in all ${cells.length} cells.`;
  return outside > 0
    ? `The model exceeds the accepted error in ${outside} of ${cells.length} cells.`
    : `The model's median error of p95 time to ready, ${percent(errors.readyP95.median)}, exceeds the accepted ${percent(ACCEPTED.readyP95Median)}.`;
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
  return `# Accuracy of the storm model

Written by \`npm run rehearse -- --grid --write\`. Real clients ran storms on a real PostgreSQL, and the model that judges
plans simulated the same storms. ${rehearsalHeadline(rehearsal)}

- Date: ${date}; ${Math.round(seconds / 60)} minutes.
- Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}.
- ${sentence(machine.division)}

${conditions(rehearsal)}

${disturbed(rehearsal) || "The machine was quiet: the cost of a single connect is known within 15 % for nine of ten cells."}

## Errors

${errorList(rehearsal.errors)}

${biases(rehearsal.cells)}

## Cells

One line per cell: starts x connections of each in max_connections. Refused: connects with SQLSTATE 53300, mean per storm.

${cellTable(rehearsal.cells)}
`;
}

function conditions({ calibration: c, timeScale, cells, machine }: Rehearsal): string {
  const storms = [...new Set(cells.map(({ storms }) => storms))].join(" or ");
  return `PostgreSQL 14 with TLS and SCRAM; ${machine.division}. ${storms} storms a cell. Only costs measured with one client at a time are fitted (${c.connects} connects, medians): ${c.connectCpuMs.toFixed(2)} ms of the server's CPU for a connect, ${c.refusalCpuMs.toFixed(2)} for a refused one, ${c.closeCpuMs.toFixed(2)} for closing, ${c.postmasterMs.toFixed(2)} of the postmaster; ${c.clientConnectMs.toFixed(2)} and ${c.clientRefusalMs.toFixed(2)} ms of CPU of the client, ${c.relayMs.toFixed(2)} of the relay, which only the scenarios use; a sigma of ${c.sigma.toFixed(2)} between connects. A single connect took ${c.connectMs.toFixed(1)} ms. The speed of a machine drifts: before each storm eight single connects are measured, and the cell is predicted with these costs scaled by their median. The length of queries is adjusted in the same way, so that they take the plan's CPU time. Waits outside the database (boots, back-off, restarts) are 1/${Math.round(1 / timeScale)} of the plan's in both prediction and run; time-outs are the plan's own. The plan's scenarios run on one core instead of the tier's vCPUs, and without requests.`;
}

function disturbed({ disturbances }: Rehearsal): string {
  return disturbances.length === 0
    ? ""
    : `**The machine was not quiet**, so the errors may come from the machine: ${disturbances.join("; ")}.`;
}

function cellTable(cells: readonly CellResult[]): string {
  const seen = ({ success, readyP95Seconds, refusals }: StormFigures) => [
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
    `- Success share: median ${points(success.median, false)}, worst ${points(success.worst, false)} (accepted in every cell: ${points(ACCEPTED.successPoints, false)} plus the interval of the measurement).`,
    `- p95 time to ready: median ${percent(readyP95.median)}, worst ${percent(readyP95.worst)} (accepted: ${percent(ACCEPTED.readyP95Median)} in the median, ${percent(ACCEPTED.readyP95)} in every cell).`,
  ].join("\n");
}

/** The mean signed errors by kind of cell. */
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
      `If ${where} (${own.length} cells), the model predicts ${points(Math.abs(share), false)} too ${share < 0 ? "little" : "much"} success in the mean${times}.`,
    ];
  });
  const worst = cells.toSorted((a, b) => Math.abs(b.successError) - Math.abs(a.successError))[0];
  const slowest = cells.toSorted((a, b) => Math.abs(b.readyP95Error ?? 0) - Math.abs(a.readyP95Error ?? 0))[0];
  return [
    ...lines,
    ...(worst ? [`The largest error of the share is in ${worst.name} (${points(worst.successError)}),`] : []),
    ...(slowest
      ? [
          `the largest error of the time in ${slowest.name} (${slowest.readyP95Error === null ? "-" : signed(slowest.readyP95Error)}).`,
        ]
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
