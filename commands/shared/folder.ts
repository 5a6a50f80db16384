import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { inputError } from "../../capacity/problem";

/**
 * Makes a folder and those above it. Node's own `recursive` never ends in a folder that lets nobody make another one,
 * such as /proc.
 */
export function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/**
 * Makes the directory that `--report` names, before the work: one that cannot be written is known at once, and what was
 * found is not lost over it. `undefined` stays so. @throws InputError
 */
export function reportDirectory(asked: string | undefined): string | undefined {
  if (asked === undefined) return undefined;
  const directory = resolve(asked);
  try {
    makeFolder(directory);
    accessSync(directory, constants.W_OK);
    return directory;
  } catch {
    throw inputError(
      "--report",
      `(${directory}) must be a directory that can be written because the report goes there; give another one`,
    );
  }
}
