import type { TopLevelSpec } from "vega-lite";
import { GRID, INK, LIMIT, MUTED, SERIES } from "./palette";

/*
 * The plots of the HTML reports. Vega-Lite draws them to SVG without a browser; colours are CSS variables of the page,
 * so that one drawing serves light and dark.
 */

/** A drawing and its text alternative. */
export interface Plot {
  readonly title: string;
  readonly svg: string;
  readonly alternative: string;
}

// Narrow enough to keep its text readable when a phone scales it down.
const SIZE = { width: 380, height: 240 };

/**
 * Success share against the number of starts that coincide; `planned` is what the plan allows, `target` and shares are
 * 0..1.
 */
export function successByStarts(
  points: readonly { starts: number; mean: number; lower: number; upper: number }[],
  planned: number,
  target: number,
): Promise<Plot> {
  const broken = points.find(({ lower }) => lower < target);
  return plot(
    "Success against coinciding starts",
    `The plan lets ${planned} starts coincide. ${broken ? `From ${broken.starts} starts on, the lower bound is under the target of ${goal(target)}.` : `Up to ${points.at(-1)?.starts} starts the lower bound stays above the target of ${goal(target)}.`}`,
    {
      data: { values: [...points] },
      layer: [
        {
          mark: { type: "area", color: SERIES[0], opacity: 0.25 },
          encoding: { x: starts, y: share("lower"), y2: { field: "upper" } },
        },
        {
          mark: { type: "line", color: SERIES[0], point: { color: SERIES[0] } },
          encoding: { x: starts, y: share("mean") },
        },
        ...rule("x", planned, `${planned} in the plan`),
        ...rule("y", target, `target ${goal(target)}`),
      ],
    },
  );
}

const starts = { field: "starts", type: "quantitative", title: "starts at the same time" } as const;
const share = (field: string) =>
  ({
    field,
    type: "quantitative",
    title: "starts that succeed",
    scale: { domain: [0, 1] },
    axis: { format: "%" },
  }) as const;

/** Time to ready as the share of starts that are ready by then, per scenario. */
export function timeToReady(
  points: readonly { scenario: string; seconds: number; share: number }[],
  windowSeconds: number,
): Promise<Plot> {
  const last = (scenario: string) => points.findLast((point) => point.scenario === scenario);
  const scenarios = [...new Set(points.map(({ scenario }) => scenario))];
  return plot(
    "Time to ready",
    `${scenarios.map((scenario) => `${scenario}: ${percent(last(scenario)?.share ?? 0)} ready after ${seconds(last(scenario)?.seconds ?? 0)}`).join("; ")}. The shortest start-up window closes at ${seconds(windowSeconds)}.`,
    {
      data: { values: [...points] },
      layer: [
        {
          mark: { type: "line", interpolate: "step-after" },
          encoding: {
            x: { field: "seconds", type: "quantitative", title: "seconds since the start" },
            y: {
              field: "share",
              type: "quantitative",
              title: "starts that are ready",
              axis: { format: "%" },
              scale: { domain: [0, 1] },
            },
            color: {
              field: "scenario",
              type: "nominal",
              scale: { range: SERIES },
              legend: { title: null, orient: "bottom", columns: 2, labelLimit: 180 },
            },
          },
        },
        ...rule("x", windowSeconds, `window ${seconds(windowSeconds)}`, true),
      ],
    },
  );
}

/** Open connections over time: mean and highest over storms, against max_connections. */
export function connectionsOverTime(
  points: readonly { seconds: number; mean: number; highest: number }[],
  maxConnections: number,
  scenario: string,
): Promise<Plot> {
  const peak = Math.max(...points.map(({ highest }) => highest));
  return plot(
    `Connections over time: ${scenario}`,
    `The highest of all storms is ${Math.round(peak)} of ${maxConnections} connections.`,
    {
      data: { values: [...points] },
      layer: [
        {
          mark: { type: "area", color: SERIES[0], opacity: 0.25 },
          encoding: { x: time, y: connections("mean"), y2: { field: "highest" } },
        },
        { mark: { type: "line", color: SERIES[0] }, encoding: { x: time, y: connections("mean") } },
        ...rule("y", maxConnections, `max_connections ${maxConnections}`),
      ],
    },
  );
}

const time = { field: "seconds", type: "quantitative", title: "seconds since the storm began" } as const;
const connections = (field: string) =>
  ({ field, type: "quantitative", title: "connections, mean to highest" }) as const;

/** What a plan costs against what it reaches; today's plan is marked. */
export function costFrontier(
  points: readonly { usdPerMonth: number; success: number; tier: string }[],
  today: { usdPerMonth: number; success: number },
  target: number,
): Promise<Plot> {
  const enough = points.find(({ success }) => success >= target);
  return plot(
    "Cost against success",
    `Today's plan costs ${today.usdPerMonth.toFixed(0)} USD a month for connector and database and reaches ${percent(today.success)}.${enough ? ` The cheapest tier that reaches ${goal(target)} is ${enough.tier}, at ${enough.usdPerMonth.toFixed(0)} USD.` : ` No tier shown reaches ${goal(target)}.`}`,
    {
      layer: [
        {
          data: { values: [...points] },
          mark: { type: "line", color: SERIES[0], interpolate: "step-after", point: { color: SERIES[0] } },
          encoding: { x: usd, y: lower },
        },
        {
          data: { values: [today] },
          mark: { type: "point", shape: "diamond", size: 140, filled: true, color: LIMIT, opacity: 1 },
          encoding: { x: usd, y: lower },
        },
        {
          data: { values: [today] },
          mark: { type: "text", dy: 16, dx: 8, align: "left", color: LIMIT, text: "today's plan" },
          encoding: { x: usd, y: lower },
        },
      ],
    },
  );
}

const usd = {
  field: "usdPerMonth",
  type: "quantitative",
  title: "USD a month, connector and database",
  scale: { zero: false },
} as const;
const lower = {
  field: "success",
  type: "quantitative",
  title: "success, lower bound",
  axis: { format: "%" },
  scale: { domain: [0, 1] },
} as const;

/** What a rehearsal shows of one cell. */
interface Compared {
  readonly name: string;
  readonly retries: boolean;
  readonly predicted: Readonly<Record<ComparedField, number | null>>;
  readonly measured: Readonly<Record<ComparedField, number | null>>;
}
type ComparedField = keyof typeof COMPARED;

const COMPARED = {
  success: {
    title: "Success, predicted and measured",
    of: "success share",
    axis: { format: "%" },
    wanted: "5 points",
    off: (x: number, y: number) => Math.abs(x - y) > 0.05,
  },
  readyP95Seconds: {
    title: "p95 time to ready, predicted and measured",
    of: "p95, s",
    axis: {},
    wanted: "25 %",
    off: (x: number, y: number) => Math.abs(x / y - 1) > 0.25,
  },
} as const;

/** One point a cell of a rehearsal; a model that is right has them on the diagonal. */
export function predictedBesideMeasured(cells: readonly Compared[], field: ComparedField): Promise<Plot> {
  const { title, of, axis, wanted, off } = COMPARED[field];
  const points = cells.flatMap(({ name, retries, predicted, measured }) => {
    const [x, y] = [predicted[field], measured[field]];
    return x === null || y === null
      ? []
      : [{ name, retries: retries ? "with retries" : "without retries", predicted: x, measured: y }];
  });
  const outside = points.filter((point) => off(point.predicted, point.measured)).map(({ name }) => name);
  const most = Math.max(0.1, ...points.flatMap((point) => [point.predicted, point.measured]));
  const scale = { domain: [0, most] };
  return plot(
    title,
    `${points.length} cells; the line is where both agree. ${outside.length === 0 ? `All are within ${wanted}.` : `More than ${wanted} apart: ${outside.join("; ")}.`}`,
    {
      layer: [
        {
          data: { values: [{ at: 0 }, { at: most }] },
          mark: { type: "line", color: LIMIT, strokeDash: [5, 3] },
          encoding: {
            x: { field: "at", type: "quantitative", scale },
            y: { field: "at", type: "quantitative", scale },
          },
        },
        {
          data: { values: points },
          mark: { type: "point", filled: true, opacity: 0.7, size: 50 },
          encoding: {
            x: { field: "predicted", type: "quantitative", title: `predicted ${of}`, axis },
            y: { field: "measured", type: "quantitative", title: `measured ${of}`, axis },
            color: {
              field: "retries",
              type: "nominal",
              scale: { range: SERIES },
              legend: { title: null, orient: "bottom" },
            },
          },
        },
      ],
    },
  );
}

/** A line at a limit, with its name beside it. */
function rule(axis: "x" | "y", value: number, label: string, atEdge = false): object[] {
  const at = { [axis]: { datum: value } };
  // Beside the line, where the curves seldom are; a limit at the right edge has its name to the left.
  const text =
    axis === "x"
      ? { align: atEdge ? "right" : "left", dx: atEdge ? -6 : 6, y: SIZE.height * 0.6 }
      : { align: "right", dx: -4, dy: 11, x: SIZE.width };
  return [
    { data: { values: [{}] }, mark: { type: "rule", color: LIMIT, strokeDash: [5, 3] }, encoding: at },
    { data: { values: [{}] }, mark: { type: "text", color: LIMIT, text: label, ...text }, encoding: at },
  ];
}

/** Draws a specification of Vega-Lite; its width and height are those of all plots unless it has its own. */
export async function plot(title: string, alternative: string, spec: object): Promise<Plot> {
  // Vega is an ES module that waits for others while it loads: only a dynamic import can fetch it from here.
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const compiled = compile({ ...SIZE, padding: 6, config, ...spec } as TopLevelSpec).spec; // the layers are built above
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

/** Rounded down, so that no plot claims more than was found. */
const percent = (value: number) => `${Math.floor(value * 1000) / 10} %`;
/** A target as it was set. */
const goal = (target: number) => `${Number((target * 100).toFixed(4))} %`;
const seconds = (value: number) => `${Number(value.toFixed(value < 10 ? 1 : 0))} s`;
