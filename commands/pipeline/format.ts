import { maskedText } from "../../capacity/secrecy";

/** GitHub's limit for the body of a comment or an issue, in characters. Source: the API's 422 for a longer one. */
const BODY_LIMIT = 65_536;

/** Longer texts are cut; this project's messages are far shorter. */
const TEXT_LIMIT = 4000;

/**
 * Escapes a text of unknown origin as literal Markdown: no secrets of a known form, no markup, no HTML, no mentions of people or issues, no links.
 * Tables escape bars themselves.
 */
export function literal(text: string): string {
  const safe = maskedText(text);
  const cut = safe.length > TEXT_LIMIT ? `${safe.slice(0, TEXT_LIMIT)} ...` : safe;
  return (
    cut
      // Line ends and other control characters; those from U+202A on change the direction of the text.
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ")
      .trim() // four leading spaces would be a code block
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll(/[\\`*_{}[\]~]/g, "\\$&")
      .replaceAll("$", "&dollar;") // GitHub's mathematics
      // Lists, headings and rules begin a line; a zero-width space prevents links.
      .replace(/^(\s*\d*)([#+=.)-])/, "$1\\$2")
      .replaceAll(/@|#(?=\d)|\bGH-(?=\d)|:(?=\/\/)|\bwww(?=\.)/gi, "$&\u200b")
  );
}

export const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n");

/** The sections that fit into one body, in order; a note at the end names the omitted ones. */
export function withinLimit(sections: readonly Section[], limit = BODY_LIMIT): string {
  const shown: Section[] = [];
  const left: string[] = [];
  const note = (titles: readonly string[]) =>
    titles.length > 0 ? `\n\nOmitted, because a comment is limited to ${limit} characters: ${titles.join(", ")}.` : "";
  const size = (parts: readonly Section[], titles: readonly string[]) =>
    parts.map(({ text }) => text).join("\n\n").length + note(titles).length + 1;
  const all = sections.map(({ title }) => title);
  for (const section of sections.filter(({ text }) => text !== "")) {
    // The note may have to name every remaining section.
    if (size([...shown, section], all) <= limit) shown.push(section);
    else left.push(section.title);
  }
  return `${shown.map(({ text }) => text).join("\n\n")}${note(left)}\n`;
}

/** A part of a body; empty ones are skipped. */
export interface Section {
  /** Its name in the note about omitted sections. */
  readonly title: string;
  readonly text: string;
}
