import { accessSync, constants, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { inputError } from "../capacity/problem";

/**
 * Makes the directory that `--report` names, before the work: one that cannot be written is known at once, and what was
 * found is not lost over it. `undefined` stays so. @throws InputError
 */
export function reportDirectory(asked: string | undefined): string | undefined {
  if (asked === undefined) return undefined;
  const directory = resolve(asked);
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return directory;
  } catch {
    throw inputError("--report", `(${directory}) must be a directory that can be written because the report goes there; give another one`);
  }
}
