import type { Problem } from "../../capacity/problem";

/** What a problem says to write instead: the text after `set '<setting>' to`. Every message of this project has one. */
export function proposedFix({ setting, message }: Problem): string {
  const start = `; set '${setting}' to `;
  const at = message.lastIndexOf(start);
  if (at < 0) throw new Error(`no fix for '${setting}' in: ${message}`);
  return message.slice(at + start.length);
}

/** The same, for a fix that is a number (what else would do may follow it after a comma). */
export const proposedNumber = (problem: Problem): number => Number(/^-?\d+(\.\d+)?/.exec(proposedFix(problem))?.[0]);
