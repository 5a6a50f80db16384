/** The result of one check. */
export interface Answer {
  /** `open`: it could not be read, which never counts as fine. */
  readonly status: "fine" | "wrong" | "open";
  /** The subject; empty where the text contains it. */
  readonly about: string;
  readonly text: string;
  /** Commands and settings that fix it, or the command that reads what is missing, in their order. */
  readonly mend: readonly string[];
}

export const fine = (text: string, mend: readonly string[] = []): Answer => ({ status: "fine", about: "", text, mend });
export const wrong = (text: string, mend: readonly string[]): Answer => ({ status: "wrong", about: "", text, mend });

/** An unknown result, with the command that reads what is missing; empty: none does. */
export const open = (about: string, text: string, line: string): Answer => ({
  status: "open",
  about,
  text,
  mend: line === "" ? [] : [line],
});

/** At most five names. */
export function nameList(names: readonly string[]): string {
  const shown = names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names;
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : (shown[0] ?? "");
}
