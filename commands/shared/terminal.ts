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
