import { readFileSync } from "node:fs";
import { inputError } from "../../capacity/problem";

/** A file that a command was pointed at. */
interface Asked {
  /** Completes "because": what stands there. */
  readonly because: string;
  readonly fix: string;
  /** The option that names the file. Default: the file is an argument of its own. */
  readonly option?: string;
}

/** Reads it; `-` is standard input. @throws InputError where it cannot be read. */
export function textIn(file: string, { because, fix, option }: Asked): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw inputError(
      option ?? file,
      `${option === undefined ? "" : `(${file}) `}must be a file that can be read because ${because}; ${fix}`,
    );
  }
}
