import type { ServiceStarts, StormResult } from "../../capacity/storm/results";
import { percentText } from "../../capacity/storm/statistics";
import { GRID, LIMIT, MUTED, SERIES } from "../palette";
import { fixedPlot, line, type Plot, rect, SIZE, seconds, text } from "./draw";

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
  const rows = worstOf(storms);
  const scale = SIZE.width / Math.max(...rows.map(({ windowSeconds }) => windowSeconds));
  const late = rows.filter((row) => !isInTime(row, target)).map(({ service }) => service);
  return fixedPlot(
    late.length === 0 ? "Every service is ready inside its probe window" : `Not ready in time: ${late.join(", ")}`,
    `${rows.map((row) => `${row.service}: ${figures(row)}, slowest in ${row.scenario}`).join("; ")}.`,
    rows.length * ROW,
    rows.flatMap((row, i) => {
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
        text(0, y + BAR.bottom + 10, `slowest in ${scenario}`, { color: MUTED }),
      ];
    }),
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

const isInTime = ({ readyShare, readySeconds: { p99 }, windowSeconds }: Row, target: number) =>
  readyShare >= target && p99 !== null && p99 <= windowSeconds;

function figures({ readyShare, readySeconds: { p50, p99 }, windowSeconds }: Row): string {
  if (p50 === null || p99 === null) return `none ready, window ${seconds(windowSeconds)}`;
  const share = readyShare < 1 ? `${percentText(readyShare)} ready, ` : "";
  return `${share}p50 ${seconds(p50)}, p99 ${seconds(p99)}, window ${seconds(windowSeconds)}`;
}
