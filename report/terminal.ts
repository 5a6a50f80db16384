import wrapAnsi from "wrap-ansi";

/** Where a text is shown: how wide it may be, and whether in colour. */
export interface Terminal {
  /** Columns. */
  readonly width: number;
  readonly colour: boolean;
}

/**
 * The text in lines that fit, each below the first indented by `hanging` columns. A word that does not fit, such as a
 * command or a setting, stays whole, so that it can be copied.
 */
export function wrapped(text: string, { width }: Pick<Terminal, "width">, first = "", hanging = first.length): string {
  const lines = wrapAnsi(text, Math.max(1, width - hanging), { hard: false }).split("\n");
  return lines.map((line, i) => `${i === 0 ? first.padEnd(hanging) : " ".repeat(hanging)}${line}`.trimEnd()).join("\n");
}
