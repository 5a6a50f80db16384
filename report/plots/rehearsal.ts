import { LIMIT, SERIES } from "../palette";
import { type Plot, plot } from "./draw";

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
