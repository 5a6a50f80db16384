import type { SuccessByStarts } from "../../capacity/storm/starts";
import { CONFIDENCE_TEXT } from "../../capacity/storm/statistics";
import { INK, LIMIT, SERIES } from "../palette";
import { goal, PADDING, type Plot, plot, SIZE } from "./draw";

/** Room for the axes; with it the drawing is as wide as all others. */
const FRAME = { left: 44, right: 10, top: 26, bottom: 40 };
const WIDTH = SIZE.width + 2 * PADDING - FRAME.left - FRAME.right;

/** The success share of a scenario against the number of starts that coincide, with the last number that passes. */
export function successByStartsPlot(
  { points, lastPassing, firstFailing }: SuccessByStarts,
  { scenario, planned, target }: { readonly scenario: string; readonly planned: number; readonly target: number },
): Promise<Plot> {
  const last = points.at(-1)?.starts ?? planned;
  const passing = firstFailing ? `${lastPassing} pass, ${firstFailing} fail` : `${lastPassing} pass`;
  const inPlan = `${planned} in the plan`;
  const samePlace = lastPassing === planned;
  return plot(
    `${scenario}: ${most(lastPassing, firstFailing === lastPassing + 1)}, the plan has ${planned}`,
    `${firstFailing ? `With ${firstFailing} ${firstFailing === 1 ? "start" : "starts"} the lower bound (${CONFIDENCE_TEXT}) is under the target of ${goal(target)}.` : `No number up to ${last} is under the target of ${goal(target)}.`}`,
    {
      width: WIDTH,
      autosize: "none",
      padding: FRAME,
      title: `starts that succeed, lower bound (${CONFIDENCE_TEXT})`,
      data: { values: [...points] },
      layer: [
        {
          mark: { type: "area", color: SERIES[0], opacity: 0.25 },
          encoding: { x: starts, y: share("lower"), y2: { field: "upper" } },
        },
        {
          mark: { type: "line", color: SERIES[0], point: { color: SERIES[0] } },
          encoding: { x: starts, y: share("lower") },
        },
        ...horizontal(target, `target ${goal(target)}`),
        ...vertical(planned, samePlace ? `${inPlan}: ${passing}` : inPlan, { color: INK, y: 0.75, most: last }),
        ...(samePlace || lastPassing === 0 ? [] : vertical(lastPassing, passing, { color: LIMIT, y: 0.5, most: last })),
      ],
    },
  );
}

function most(lastPassing: number, isExact: boolean): string {
  if (lastPassing === 0) return "not even one start passes";
  return `${isExact ? "" : "at least "}${lastPassing} ${lastPassing === 1 ? "start passes" : "starts at once pass"}`;
}

const starts = { field: "starts", type: "quantitative", title: "starts at the same time" } as const;
const share = (field: string) =>
  ({
    field,
    type: "quantitative",
    title: null,
    scale: { domain: [0, 1] },
    axis: { format: "%" },
  }) as const;

function vertical(
  value: number,
  label: string,
  { color, y, most }: { readonly color: string; readonly y: number; readonly most: number },
): object[] {
  // On the side that has more room.
  const beside = value > most / 2 ? { align: "right", dx: -6 } : { align: "left", dx: 6 };
  return named({ x: { datum: value } }, label, color, { ...beside, y: SIZE.height * y });
}

const horizontal = (value: number, label: string): object[] =>
  named({ y: { datum: value } }, label, LIMIT, { align: "right", dx: -4, dy: 11, x: WIDTH });

/** A line with its name beside it. */
const named = (encoding: object, label: string, color: string, place: object): object[] => [
  { data: { values: [{}] }, mark: { type: "rule", color, strokeDash: [5, 3] }, encoding },
  { data: { values: [{}] }, mark: { type: "text", color, text: label, ...place }, encoding },
];
