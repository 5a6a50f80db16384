import pc from "picocolors";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** Where a text is shown. */
export interface Terminal {
  /** Columns. */
  readonly width: number;
  readonly colour: boolean;
}

/** Colours of a terminal, or none. */
export const paint = ({ colour }: Pick<Terminal, "colour">) => pc.createColors(colour);

/**
 * The text in lines that fit, each below the first indented by `hanging` columns. A word that does not fit, such as a
 * command or a setting, stays whole, so that it can be copied.
 */
export function wrapped(
  text: string,
  { width }: Pick<Terminal, "width">,
  first = "",
  hanging = stringWidth(first),
): string {
  return linesOf(text, width - hanging)
    .map((line, i) => `${i === 0 ? padded(first, hanging) : " ".repeat(hanging)}${line}`.trimEnd())
    .join("\n");
}

const linesOf = (text: string, width: number) =>
  wrapAnsi(withUnits(text), Math.max(1, width), { hard: false }).replaceAll(NO_BREAK, " ").split("\n");

const NO_BREAK = "\u00a0";
/** Keeps a number and its unit on one line. */
const withUnits = (text: string) => text.replaceAll(/(\d) (%|s|MiB|GiB|USD|vCPU)(?!\w)/g, `$1${NO_BREAK}$2`);

function padded(text: string, width: number, align: "l" | "r" = "l"): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(text)));
  return align === "l" ? `${text}${space}` : `${space}${text}`;
}

const GAP = "  ";

/**
 * Rows in columns, the first row as their heads. Cells wrap, the widest column first, until the lines fit. A word and a
 * number are never cut, so that a terminal that is too narrow for them gets longer lines.
 */
export function textTable(
  rows: readonly (readonly string[])[],
  align: readonly ("l" | "r")[],
  { width, colour }: Terminal,
): string {
  const [heads = [], ...body] = rows.map((cells) => cells.map((text) => text.replaceAll(/\s+/g, " ")));
  const widths = columnWidths([heads, ...body], align, width);
  const line = (cells: readonly string[]) => {
    const columns = cells.map((text, i) => linesOf(text, widths[i] ?? 1));
    return Array.from({ length: Math.max(...columns.map(({ length }) => length)) }, (_, row) =>
      columns
        .map((lines, i) => padded(lines[row] ?? "", widths[i] ?? 1, align[i]))
        .join(GAP)
        .trimEnd(),
    );
  };
  return [...line(heads).map(paint({ colour }).bold), ...body.flatMap(line)].join("\n");
}

/** Narrows the widest column that can be narrowed, one character at a time, until all fit. */
function columnWidths(rows: readonly (readonly string[])[], align: readonly ("l" | "r")[], width: number): number[] {
  const [heads = []] = rows;
  const most = (measure: (text: string, isNumber: boolean) => number) =>
    heads.map((_, i) => Math.max(...rows.map((cells, row) => measure(cells[i] ?? "", row > 0 && align[i] === "r"))));
  const widths = most((text) => stringWidth(text));
  const least = most((text, isNumber) =>
    isNumber ? stringWidth(text) : Math.max(...text.split(" ").map((word) => stringWidth(word))),
  );
  const total = () => widths.reduce((sum, columns) => sum + columns, GAP.length * (widths.length - 1));
  while (total() > width) {
    const narrowable = widths.flatMap((columns, i) => (columns > (least[i] ?? 0) ? [i] : []));
    const widest = narrowable.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
