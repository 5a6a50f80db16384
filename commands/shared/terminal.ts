import type { Terminal } from "../../report/terminal";
import type { Host } from "./command";

/** Columns of a pipe or a file, which have no width of their own. */
const PIPE_WIDTH = 80;

/**
 * What standard output is: a terminal's own width, and colour unless the variable NO_COLOR forbids it. FORCE_COLOR asks
 * for colour in a pipe, too; 0 and false forbid it (force-color.org, no-color.org).
 */
export function terminalOf({ stdout, env }: Host): Terminal {
  return { width: stdout.columns ?? PIPE_WIDTH, colour: isColoured(stdout.isTTY === true, env) };
}

function isColoured(isTerminal: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return isTerminal && TERM !== "dumb";
}

/** A text from outside without line ends and other control characters: it must not move the cursor or end a comment. */
export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ");

/**
 * A command in lines that fit, each but the last ending with a backslash, so that a shell takes them as one line. What
 * stands in quotes stays whole, and a file with its `>`.
 */
export function continued(command: string, { width }: Pick<Terminal, "width">): string[] {
  const words = command.match(/(?:> )?(?:\\.|[^\s'"\\]|'[^']*'|"(?:\\.|[^"\\])*"|['"\\])+/g) ?? [];
  const lines: string[] = [];
  let line = "";
  for (const [i, word] of words.entries()) {
    const isLast = i === words.length - 1;
    const fits = line.length + 1 + word.length + (isLast ? 0 : 2) <= width;
    if (line === "" || fits) line += line === "" ? word : ` ${word}`;
    else {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    }
  }
  return [...lines, line];
}
