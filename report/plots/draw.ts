import type { TopLevelSpec } from "vega-lite";
import { GRID, INK, LIMIT, MUTED, PAPER } from "../palette";

/*
 * What the plots share. Vega-Lite draws them to SVG without a browser; colours are CSS variables of the page, so that
 * one drawing serves light and dark.
 */

/** A drawing whose title says what it shows, and its text alternative. */
export interface Plot {
  readonly title: string;
  readonly svg: string;
  readonly alternative: string;
}

/** Rows of a plot; of more the most important ones are drawn, and the plot says how many there are. */
export const MOST_ROWS = 12;

// Narrow enough to keep its text readable when a phone scales it down.
export const SIZE = { width: 380, height: 240 };
export const PADDING = 6;

/** Draws a specification of Vega-Lite; its width and height are those of all plots unless it has its own. */
export async function plot(title: string, alternative: string, spec: object): Promise<Plot> {
  // Vega is an ES module that waits for others while it loads: only a dynamic import can fetch it from here.
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const compiled = compile({ ...SIZE, padding: PADDING, config, ...spec } as TopLevelSpec).spec; // built by the caller
  const svg = await new View(parse(compiled), { renderer: "none" }).toSVG();
  return { title, alternative, svg: responsive(svg) };
}

const config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "transparent" },
  axis: {
    labelColor: INK,
    titleColor: MUTED,
    domainColor: MUTED,
    tickColor: MUTED,
    gridColor: GRID,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
  },
  title: { color: MUTED, fontSize: 12, fontWeight: "normal", anchor: "start", frame: "group" },
  legend: { labelColor: INK, labelFontSize: 12 },
  text: { color: INK, fontSize: 12 },
};

/**
 * Fills its figure at any width: the viewBox keeps the proportions. The drawing has one text alternative, so that those
 * of its parts go.
 */
function responsive(svg: string): string {
  return svg
    .replace(/ width="[\d.]+" height="[\d.]+"/, "")
    .replaceAll(/ (class|role|aria-[a-z]+|xmlns:xlink|version)="[^"]*"/g, "")
    .replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}

/*
 * A plot of marks at fixed places, in pixels. Without a browser the width of a text is a guess, so that none is asked
 * for it.
 */

export const fixedPlot = (
  title: string,
  alternative: string,
  height: number,
  layer: readonly object[],
  width = SIZE.width,
) => plot(title, alternative, { width, height, autosize: "none", layer });

export interface Extent {
  readonly top: number;
  readonly bottom: number;
}

export const rect = (from: number, to: number, { top, bottom }: Extent, color: string, more: object = {}) =>
  mark({ type: "rect", color, ...more }, { x: from, x2: to, y: top, y2: bottom });

export const text = (x: number, y: number, text: string, more: object = {}) =>
  mark({ type: "text", text, align: "left", baseline: "middle", ...more }, { x, y });

export const point = (x: number, y: number, color: string) =>
  mark({ type: "point", filled: true, size: 90, opacity: 1, color, stroke: PAPER }, { x, y });

/** A vertical line. */
export const line = (x: number, { top, bottom }: Extent, color: string = LIMIT) =>
  mark({ type: "rule", color, strokeWidth: 2 }, { x, x2: x, y: top, y2: bottom });

const mark = (mark: object, pixels: Readonly<Record<string, number>>) => ({
  data: { values: [{}] },
  mark,
  encoding: Object.fromEntries(Object.entries(pixels).map(([channel, value]) => [channel, { value }])),
});

/** A target as it was set. */
export const goal = (target: number) => `${Number((target * 100).toFixed(4))} %`;
export const seconds = (value: number) => `${Number(value.toFixed(value < 10 ? 1 : 0))} s`;
