import { markdownTable } from "markdown-table";

/** A Markdown table of any texts: a bar or a line break in a value must not become a cell or a row of its own. */
export function table(rows: readonly (readonly string[])[], align: readonly ("l" | "r")[] = []): string {
  return markdownTable(
    rows.map((cells) => cells.map((text) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " "))),
    { align: [...align] },
  );
}
