import type { ConnectionBudget, DatabaseSlots } from "../capacity/budget";
import { GRID, INK, LIMIT, MUTED, PAPER, SERIES } from "./palette";
import { type Plot, plot } from "./plots";

const BAR = { top: 40, bottom: 76 };
const KEY = { top: BAR.bottom + 22, row: 20, indent: 30 };
/** In pixels; a narrower segment has no room for its number. */
const NARROWEST_LABELLED = 20;

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
export function budgetBar(budget: ConnectionBudget, slots: DatabaseSlots, width = 380): Promise<Plot> {
  const rows = rowsOf(budget, slots);
  const scale = width / Math.max(slots.maxConnections, budget.demand);
  const limits = [slots.maxConnections, budget.limit].map((value) => value * scale);
  const verdict = budget.headroom >= 0 ? `${budget.headroom} left` : `${-budget.headroom} too many`;
  const sumTop = KEY.top + rows.length * KEY.row;
  const sum = { fontWeight: "bold", color: budget.headroom < 0 ? LIMIT : INK };
  return plot(
    `A rollout needs ${budget.demand} of ${budget.limit} connections`,
    `${rows.map(({ label, sum }) => `${label}: ${sum}`).join("; ")}. Sum: ${budget.demand} of ${budget.limit}, ${verdict}; max_connections ${slots.maxConnections}.`,
    {
      width,
      height: sumTop + KEY.row / 2,
      layer: [
        rect(Math.min(budget.demand, slots.maxConnections) * scale, slots.maxConnections * scale, GRID),
        ...stacked(rows, scale).flatMap(({ from, to, colour, old, connections }) => [
          rect(from, to, colour, old),
          ...(to - from < NARROWEST_LABELLED
            ? []
            : [
                text(besideLimits((from + to) / 2, limits), (BAR.top + BAR.bottom) / 2, String(connections), {
                  align: "center",
                  color: old ? INK : PAPER,
                }),
              ]),
        ]),
        ...limit(slots.maxConnections * scale, `max_connections ${slots.maxConnections}`, 0),
        ...limit(
          budget.limit * scale,
          `allowed ${budget.limit} (${Number((slots.usableShare * 100).toFixed(2))} %)`,
          20,
        ),
        ...rows.flatMap(({ label, sum, segments }, i) => {
          const y = KEY.top + i * KEY.row;
          return [
            ...segments.map(({ colour, old }, j) =>
              rect(j * 12, j * 12 + 11, colour, old, { top: y - 6, bottom: y + 5 }),
            ),
            text(KEY.indent, y, label),
            text(width, y, sum, { align: "right" }),
          ];
        }),
        text(KEY.indent, sumTop, `sum, ${verdict}`, sum),
        text(width, sumTop, `${budget.demand} of ${budget.limit}`, { align: "right", ...sum }),
      ],
    },
  );
}

function rowsOf({ lines }: ConnectionBudget, slots: DatabaseSlots): Row[] {
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
  return rows.filter(({ segments }) => segments.some(({ connections }) => connections > 0));
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

/** A number that the line of a limit would cross moves to its side. */
const besideLimits = (middle: number, limits: readonly number[]) =>
  limits.some((at) => Math.abs(at - middle) < 14) ? middle - 20 : middle;

const rect = (from: number, to: number, color: string, old = false, { top, bottom } = BAR) =>
  mark({ type: "rect", color, opacity: old ? 0.4 : 1 }, { x: from, x2: to, y: top, y2: bottom });

const text = (x: number, y: number, text: string, more: object = {}) =>
  mark({ type: "text", text, align: "left", baseline: "middle", ...more }, { x, y });

/** Its name is to the left of its line: both limits are far to the right. */
const limit = (at: number, label: string, top: number) => [
  mark({ type: "rule", color: LIMIT, strokeWidth: 2 }, { x: at, x2: at, y: top, y2: BAR.bottom + 6 }),
  text(at - 5, top + 6, label, { align: "right", color: LIMIT }),
];

const mark = (mark: object, pixels: Readonly<Record<string, number>>) => ({
  data: { values: [{}] },
  mark,
  encoding: Object.fromEntries(Object.entries(pixels).map(([channel, value]) => [channel, { value }])),
});
