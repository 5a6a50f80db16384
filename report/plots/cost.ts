import type { CostCurve, CostPoint } from "../../capacity/sizing";
import { CONFIDENCE_TEXT, percentText } from "../../capacity/storm/statistics";
import { GRID, LIMIT, MUTED, SOUND } from "../palette";
import { fixedPlot, goal, line, type Plot, point, rect, SIZE, text } from "./draw";

const ROW = 44;
const TOP = 24;
const TRACK = { from: 6, to: 300, top: 22, bottom: 26 };

/** What each tier costs with the connector, and which success it reaches in the worst storm; the cheapest first. */
export function costAgainstSuccess(
  { points, scenarios, simulated }: CostCurve,
  today: string,
  target: number,
): Promise<Plot> {
  const at = (share: number) => TRACK.from + share * (TRACK.to - TRACK.from);
  const bottom = TOP + points.length * ROW;
  const passing = points.find((found) => passes(found, target));
  return fixedPlot(
    passing
      ? `${passing.tier} is the cheapest tier that passes, at ${usd(passing)} a month with the connector`
      : `No tier up to ${points.at(-1)?.tier} passes`,
    `${points.map((found) => `${found.tier}, ${usd(found)}: ${percentText(found.success)}${remark(found, today)}`).join("; ")}. The share is the lower bound (${CONFIDENCE_TEXT}) of the worst storm${simulated < scenarios ? ` of the ${simulated} that have the most attempts to connect, of ${scenarios}` : ""}; the target is ${goal(target)}.`,
    bottom + (simulated < scenarios ? 34 : 16),
    [
      text(0, 4, `success, lower bound (${CONFIDENCE_TEXT})`, { color: MUTED }),
      text(SIZE.width, 4, "USD a month", { align: "right", color: MUTED }),
      line(at(target), { top: TOP, bottom }),
      ...points.flatMap((found, i) => {
        const y = TOP + i * ROW;
        const color = passes(found, target) ? SOUND : LIMIT;
        return [
          text(0, y + 8, `${found.tier}${remark(found, today)}`, found.tier === today ? { fontWeight: "bold" } : {}),
          text(SIZE.width, y + 8, usd(found), { align: "right", color: MUTED }),
          rect(TRACK.from, TRACK.to, { top: y + TRACK.top, bottom: y + TRACK.bottom }, GRID),
          point(at(found.success), y + (TRACK.top + TRACK.bottom) / 2, color),
          text(SIZE.width, y + (TRACK.top + TRACK.bottom) / 2, percentText(found.success), { align: "right", color }),
        ];
      }),
      text(at(target), bottom + 10, `target ${goal(target)}`, { align: "right", color: LIMIT }),
      ...(simulated < scenarios
        ? [text(0, bottom + 28, `the ${simulated} largest of ${scenarios} storms were simulated`, { color: MUTED })]
        : []),
    ],
  );
}

const passes = ({ success, refusedBy }: CostPoint, target: number) => success >= target && refusedBy.length === 0;

const usd = ({ usdPerMonth }: CostPoint) => `${usdPerMonth.toFixed(0)} USD`;

const remark = ({ tier, refusedBy }: CostPoint, today: string) =>
  [
    ...(tier === today ? [", the plan"] : []),
    ...(refusedBy.length > 0
      ? [`, refused by ${refusedBy.length === 1 ? "a check" : `${refusedBy.length} checks`}`]
      : []),
  ].join("");
