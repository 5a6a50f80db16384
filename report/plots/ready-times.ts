import type { ServiceStarts, StormResult } from "../../capacity/storm/results";
import { percentText } from "../../capacity/storm/statistics";
import { GRID, LIMIT, MUTED, SERIES } from "../palette";
import { fixedPlot, line, MOST_ROWS, type Plot, rect, SIZE, seconds, text } from "./draw";

const ROW = 64;
const BAR = { top: 16, bottom: 32 };

/** One service in the storm in which it fares worst. */
interface Row extends ServiceStarts {
  readonly scenario: string;
}

/** When each service is ready, p50 to p99, inside the window of its own start-up probe. `target` is from 0 to 1. */
export function readyTimes(
  storms: readonly Pick<StormResult, "scenario" | "services">[],
  target: number,
): Plot | Promise<Plot> {
  const all = worstOf(storms);
  const rows = slowestOf(all);
  const isWhole = rows.length === all.length;
  const scale = SIZE.width / Math.max(...rows.map(({ windowSeconds }) => windowSeconds));
  const late = all.filter((row) => !isInTime(row, target)).map(({ service }) => service);
  return fixedPlot(
    late.length === 0 ? "Every service is ready inside its probe window" : `Not ready in time: ${listed(late)}`,
    `${rows.map((row) => `${row.service}: ${figures(row)}, slowest in ${shortened(row.scenario)}`).join("; ")}.${isWhole ? "" : ` These are the slowest of ${all.length} services.`}`,
    rows.length * ROW + (isWhole ? 0 : 16),
    [
      ...(isWhole
        ? []
        : [text(0, rows.length * ROW + 8, `the ${rows.length} slowest of ${all.length} services`, { color: MUTED })]),
      ...rows.flatMap((row, i) => {
        const {
          service,
          scenario,
          windowSeconds,
          readySeconds: { p50, p99 },
        } = row;
        const y = i * ROW;
        const bar = { top: y + BAR.top, bottom: y + BAR.bottom };
        const color = isInTime(row, target) ? undefined : LIMIT;
        return [
          text(0, y + 6, service, { fontWeight: "bold" }),
          text(SIZE.width, y + 6, figures(row), { align: "right", ...(color ? { color } : {}) }),
          rect(0, windowSeconds * scale, bar, GRID),
          ...(p50 === null || p99 === null
            ? []
            : [rect(p50 * scale, Math.max(p99, p50 + 1 / scale) * scale, bar, color ?? SERIES[0] ?? LIMIT)]),
          line(windowSeconds * scale, { top: bar.top, bottom: bar.bottom + 4 }),
          text(0, y + BAR.bottom + 10, `slowest in ${shortened(scenario)}`, { color: MUTED }),
        ];
      }),
    ],
  );
}

function worstOf(storms: readonly Pick<StormResult, "scenario" | "services">[]): Row[] {
  const all = storms.flatMap(({ scenario, services }) => services.map((service) => ({ ...service, scenario })));
  const worstFirst = all.toSorted(
    (a, b) => a.readyShare - b.readyShare || (b.readySeconds.p99 ?? 0) - (a.readySeconds.p99 ?? 0),
  );
  return [...new Set(all.map(({ service }) => service))].flatMap(
    (name) => worstFirst.find(({ service }) => service === name) ?? [],
  );
}

/** Those that use most of their window, in the plan's order. */
function slowestOf(rows: readonly Row[]): readonly Row[] {
  const used = ({ readySeconds: { p99 }, windowSeconds }: Row) => (p99 ?? Number.POSITIVE_INFINITY) / windowSeconds;
  const slowest = rows.toSorted((a, b) => a.readyShare - b.readyShare || used(b) - used(a)).slice(0, MOST_ROWS);
  return rows.filter((row) => slowest.includes(row));
}

const listed = (services: readonly string[]) =>
  services.length <= MOST_ROWS
    ? services.join(", ")
    : `${services.slice(0, MOST_ROWS).join(", ")} and ${services.length - MOST_ROWS} others`;

/** A scenario in which hundreds roll out has all their names. */
const shortened = (scenario: string) => (scenario.length > 40 ? `${scenario.slice(0, 37)}...` : scenario);

const isInTime = ({ readyShare, readySeconds: { p99 }, windowSeconds }: Row, target: number) =>
  readyShare >= target && p99 !== null && p99 <= windowSeconds;

function figures({ readyShare, readySeconds: { p50, p99 }, windowSeconds }: Row): string {
  if (p50 === null || p99 === null) return `none ready, window ${seconds(windowSeconds)}`;
  const share = readyShare < 1 ? `${percentText(readyShare)} ready, ` : "";
  return `${share}p50 ${seconds(p50)}, p99 ${seconds(p99)}, window ${seconds(windowSeconds)}`;
}
