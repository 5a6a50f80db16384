/** What was found out about one thing that an update needs. */
export interface Answer {
  /** `open`: it could not be read, and is never taken for fine. */
  readonly status: "fine" | "wrong" | "open";
  /** What it is about; empty where the text says it. */
  readonly about: string;
  readonly text: string;
  /** Commands and settings that mend it, or the line that reads what is missing, in their order. */
  readonly mend: readonly string[];
}

export const fine = (text: string, mend: readonly string[] = []): Answer => ({ status: "fine", about: "", text, mend });
export const wrong = (text: string, mend: readonly string[]): Answer => ({ status: "wrong", about: "", text, mend });

/** Something that is not known. A reason that ends with a command of its own needs no other one. */
export function open(about: string, reason: string, line: string): Answer {
  const [text = "", command = line] = reason.split(/: (?=gcloud )/);
  return { status: "open", about, text, mend: command === "" ? [] : [command] };
}

/** As many names as one reads at a glance. */
export function nameList(names: readonly string[]): string {
  const shown = names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names;
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : (shown[0] ?? "");
}
