import type { ConnectionBudget, DatabaseSlots } from "../../capacity/budget";
import { GRID, INK, LIMIT, MUTED, PAPER, SERIES } from "../palette";
import { fixedPlot, line, MOST_ROWS, type Plot, rect, SIZE, text } from "./draw";

const BAR = { top: 40, bottom: 76 };
const KEY = { top: BAR.bottom + 22, row: 20, indent: 30 };
/** In pixels; a narrower segment has no room for its number. */
const NARROWEST_LABELLED = 22;

/** A line of the key: what its segments are, and their sum. */
interface Row {
  readonly label: string;
  readonly sum: string;
  readonly segments: readonly Segment[];
}

interface Segment {
  readonly colour: string;
  /** The old revision's pools, which it holds during a rollout. */
  readonly old: boolean;
  readonly connections: number;
}

/**
 * The connection budget as one stacked bar against the share that the plan may use and against max_connections, with
 * its sum as the key.
 */
export function budgetBar(budget: ConnectionBudget, slots: DatabaseSlots, width = SIZE.width): Promise<Plot> {
  const rows = rowsOf(budget, slots);
  const scale = width / Math.max(slots.maxConnections, budget.demand);
  const limits = [slots.maxConnections, budget.limit].map((value) => value * scale);
  const verdict = budget.headroom >= 0 ? `${budget.headroom} left` : `${-budget.headroom} too many`;
  const sumTop = KEY.top + rows.length * KEY.row;
  const sum = { fontWeight: "bold", color: budget.headroom < 0 ? LIMIT : INK };
  return fixedPlot(
    `A rollout needs ${budget.demand} of ${budget.limit} connections`,
    `${rows.map(({ label, sum }) => `${label}: ${sum}`).join("; ")}. Sum: ${budget.demand} of ${budget.limit}, ${verdict}; max_connections ${slots.maxConnections}.`,
    sumTop + KEY.row / 2,
    [
      rect(Math.min(budget.demand, slots.maxConnections) * scale, slots.maxConnections * scale, BAR, GRID),
      ...stacked(rows, scale).flatMap(({ from, to, colour, old, connections }) => [
        rect(from, to, BAR, colour, opacityOf(old)),
        ...numberIn({ from, to }, limits, String(connections), old ? INK : PAPER),
      ]),
      ...limit(slots.maxConnections * scale, `max_connections ${slots.maxConnections}`, 0, width),
      ...limit(
        budget.limit * scale,
        `allowed ${budget.limit} (${Number((slots.usableShare * 100).toFixed(2))} %)`,
        20,
        width,
      ),
      ...rows.flatMap(({ label, sum, segments }, i) => {
        const y = KEY.top + i * KEY.row;
        return [
          ...segments.map(({ colour, old }, j) =>
            rect(j * 12, j * 12 + 11, { top: y - 6, bottom: y + 5 }, colour, opacityOf(old)),
          ),
          text(KEY.indent, y, label),
          text(width, y, sum, { align: "right" }),
        ];
      }),
      text(KEY.indent, sumTop, `sum, ${verdict}`, sum),
      text(width, sumTop, `${budget.demand} of ${budget.limit}`, { align: "right", ...sum }),
    ],
    width,
  );
}

function rowsOf({ lines }: ConnectionBudget, slots: DatabaseSlots): readonly Row[] {
  const single = (label: string, connections: number, colour: string): Row => ({
    label,
    sum: String(connections),
    segments: [{ colour, old: false, connections }],
  });
  const rows = [
    single("reserved for PostgreSQL and people", slots.reservedConnections, MUTED),
    single("migrations", slots.migrationConnections, colourOf(0)),
    ...lines.map(({ label, instances, overlap, perInstance, connections }, i): Row => {
      const colour = colourOf(i + 1);
      if (overlap === 0) return single(label, connections, colour);
      return {
        label: `${label}, new and old revision`,
        sum: `(${instances} + ${overlap}) x ${perInstance} = ${connections}`,
        segments: [
          { colour, old: false, connections: instances * perInstance },
          { colour, old: true, connections: overlap * perInstance },
        ],
      };
    }),
  ];
  return summed(rows.filter(({ segments }) => segments.some(({ connections }) => connections > 0)));
}

/** The largest rows; the others as one. */
function summed(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_ROWS) return rows;
  const total = ({ segments }: Row) => segments.reduce((sum, { connections }) => sum + connections, 0);
  const largest = rows.toSorted((a, b) => total(b) - total(a)).slice(0, MOST_ROWS - 1);
  const others = rows.filter((row) => !largest.includes(row));
  const segments = [false, true].map((old) => ({
    colour: MUTED,
    old,
    connections: others
      .flatMap((row) => row.segments)
      .reduce((sum, segment) => sum + (segment.old === old ? segment.connections : 0), 0),
  }));
  return [
    ...rows.filter((row) => largest.includes(row)),
    {
      label: `${others.length} others, each with no more`,
      sum: String(others.reduce((sum, row) => sum + total(row), 0)),
      segments,
    },
  ];
}

const colourOf = (i: number) => SERIES[i % SERIES.length] ?? MUTED;

function stacked(rows: readonly Row[], scale: number) {
  let to = 0;
  return rows
    .flatMap(({ segments }) => segments)
    .map((segment) => {
      const from = to;
      to += segment.connections * scale;
      return { ...segment, from, to };
    });
}

/** A segment's number: in its middle, or beside the line of a limit that would cross it there. */
function numberIn(
  { from, to }: { readonly from: number; readonly to: number },
  limits: readonly number[],
  number: string,
  color: string,
): object[] {
  const isFree = (x: number) => limits.every((limit) => Math.abs(limit - x) > 14);
  const middle = (from + to) / 2;
  const x = [middle, middle - 20, middle + 20].find(
    (x) => isFree(x) && x - from >= NARROWEST_LABELLED / 2 && to - x >= NARROWEST_LABELLED / 2,
  );
  return x === undefined ? [] : [text(x, (BAR.top + BAR.bottom) / 2, number, { align: "center", color })];
}

const opacityOf = (old: boolean) => ({ opacity: old ? 0.4 : 1 });

/** Its name is on the side that has more room. */
function limit(at: number, label: string, top: number, width: number) {
  const beside = at > width / 2 ? { x: at - 5, align: "right" } : { x: at + 5, align: "left" };
  return [
    line(at, { top, bottom: BAR.bottom + 6 }),
    text(beside.x, top + 6, label, { align: beside.align, color: LIMIT }),
  ];
}
