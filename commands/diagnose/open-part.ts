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
}

/** `collects`: what answers it unless the gap has a command of its own. */
export const openPart = (subject: string, { why, mend }: Gap, collects = ""): OpenPart => ({
  subject,
  why,
  missing: `${subject === "" ? "" : `${subject}: `}${why}${mend === undefined ? "" : `: ${mend}`}`,
  answeredBy: mend ?? collects,
});
