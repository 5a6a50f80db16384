/**
 * GitHub's limit of a comment's and an issue's body, in characters. Source: the API's own answer to a longer one (422).
 */
const BODY_LIMIT = 65_536;

/** A text longer than this is cut: no message of this project's comes near it. */
const TEXT_LIMIT = 4000;

/**
 * A text of unknown origin as Markdown that shows just this text: no markup, no HTML, no mention of people or issues,
 * no
 * link. Bars are the table's to escape.
 */
export function literal(text: string): string {
  const cut = text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)} ...` : text;
  return (
    cut
      // Ends of lines and other controls; U+202A and those after it turn around what follows them.
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ")
      .trim() // four spaces in front would be a block of code
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll(/[\\`*_{}[\]~]/g, "\\$&")
      .replaceAll("$", "&dollar;") // GitHub's mathematics
      // A list, heading or rule begins a line; what would be linked gets a space of no width.
      .replace(/^(\s*\d*)([#+=.)-])/, "$1\\$2")
      .replaceAll(/@|#(?=\d)|\bGH-(?=\d)|:(?=\/\/)|\bwww(?=\.)/gi, "$&\u200b")
  );
}

/** Lines as a list. */
export const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n");

/** The sections that fit into one body, in their order; which were left out stands at the end. */
export function withinLimit(sections: readonly Section[], limit = BODY_LIMIT): string {
  const shown: Section[] = [];
  const left: string[] = [];
  const note = (titles: readonly string[]) =>
    titles.length > 0 ? `\n\nLeft out, because a comment has ${limit} characters: ${titles.join(", ")}.` : "";
  const size = (parts: readonly Section[], titles: readonly string[]) =>
    parts.map(({ text }) => text).join("\n\n").length + note(titles).length + 1;
  const all = sections.map(({ title }) => title);
  for (const section of sections.filter(({ text }) => text !== "")) {
    // The note may have to name every section that is still to come.
    if (size([...shown, section], all) <= limit) shown.push(section);
    else left.push(section.title);
  }
  return `${shown.map(({ text }) => text).join("\n\n")}${note(left)}\n`;
}

/** A part of a body. Empty ones are skipped. */
export interface Section {
  /** How the reader is told that it was left out. */
  readonly title: string;
  readonly text: string;
}
