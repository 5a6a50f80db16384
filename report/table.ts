import { markdownTable } from "markdown-table";

/** A Markdown table of any texts: a bar or a line break in a value must not become a cell or a row of its own. */
export function table(rows: readonly (readonly string[])[], align: readonly ("l" | "r")[] = []): string {
  return markdownTable(
    rows.map((cells) => cells.map((text) => oneLine(text.replaceAll("|", "\\|")))),
    { align: [...align] },
  );
}

/** A value with line breaks must not become a line, a heading or a row of its own. */
export const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ");
