import type { Problem } from "../../capacity/problem";

/** A rule's finding as data; {@link messageOf} formats it. */
export interface Finding {
  /** The rule's name. */
  readonly rule: string;
  /** `mandatory` stops a preview. */
  readonly level: "mandatory" | "advisory";
  /** `cannot-evaluate`: the rule could not decide. It is reported at the rule's own level and never passes. */
  readonly outcome: "refused" | "cannot-evaluate";
  /** The resource at fault; absent: the whole stack. */
  readonly resource?: { readonly name: string; readonly urn: string } | undefined;
  /** The problem, or the reason why the rule could not decide, as a sentence. */
  readonly text: string;
  /** The problem in its parts; absent if a property could not be read. */
  readonly problem?: Problem | undefined;
  /** Why the finding was accepted: by a waiver, or by the program itself. */
  readonly waived?: string | undefined;
}

const CANNOT_EVALUATE = "cannot evaluate: ";
const WAIVED = "waived: ";

/** The finding as the pack prints it. */
export function messageOf({ outcome, text, waived }: Pick<Finding, "outcome" | "text" | "waived">): string {
  const sentence = outcome === "cannot-evaluate" ? `${CANNOT_EVALUATE}${text}` : text;
  return waived === undefined ? sentence : `${WAIVED}${waived}\n${sentence}`;
}
