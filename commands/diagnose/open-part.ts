import type { Gap } from "../shared/cloud/classify";

/** A part of a question that is not answered. */
export interface OpenPart {
  /** What it is about; empty where the reason contains it. */
  readonly subject: string;
  readonly why: string;
  /** Subject, reason and command as one sentence. */
  readonly missing: string;
  /** What would answer it; empty: nothing that is known. */
  readonly answeredBy: string;
  /** The same, where it is a command. */
  readonly command?: string;
}

/** What answers it unless the gap has a command of its own. */
type AnsweredBy = { readonly command: string } | { readonly advice: string };

export function openPart(subject: string, { why, mend }: Gap, by: AnsweredBy = { advice: "" }): OpenPart {
  const command = mend ?? ("command" in by ? by.command : undefined);
  return {
    subject,
    why,
    missing: `${subject === "" ? "" : `${subject}: `}${why}${mend === undefined ? "" : `: ${mend}`}`,
    answeredBy: command ?? ("advice" in by ? by.advice : ""),
    ...(command === undefined ? {} : { command }),
  };
}
