import type { Problem } from "../../capacity/problem";

/** Something that a rule found, as data; {@link messageOf} prints it. */
export interface Finding {
  /** The rule's name. */
  readonly rule: string;
  /** `mandatory` stops a preview. */
  readonly level: "mandatory" | "advisory";
  /** `cannot-evaluate`: the rule cannot tell, which is reported at the rule's own level and never passes. */
  readonly outcome: "refused" | "cannot-evaluate";
  /** The resource to blame; absent: the whole stack. */
  readonly resource?: { readonly name: string; readonly urn: string } | undefined;
  /** What is wrong, or why the rule cannot tell, as a sentence. */
  readonly text: string;
  /** The same in its parts; absent where a property cannot be read. */
  readonly problem?: Problem | undefined;
  /** Why the finding was accepted: by a waiver, or by the program itself. */
  readonly waived?: string | undefined;
}

/** How the messages of the two outcomes that are no plain refusal begin. */
const CANNOT_EVALUATE = "cannot evaluate: ";
const WAIVED = "waived: ";

/** The finding as the pack prints it. */
export function messageOf({ outcome, text, waived }: Pick<Finding, "outcome" | "text" | "waived">): string {
  const sentence = outcome === "cannot-evaluate" ? `${CANNOT_EVALUATE}${text}` : text;
  return waived === undefined ? sentence : `${WAIVED}${waived}\n${sentence}`;
}
