import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The data directory in a server's folder. */
export const dataIn = (folder: string): string => join(folder, "data");

/** The lines of the server's lock file; empty if no server runs in the folder. */
export function lockFile(folder: string): readonly string[] {
  try {
    return readFileSync(join(dataIn(folder), "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}

/** The id of the postmaster process; undefined if no server runs in the folder. */
export function postmasterOf(folder: string): number | undefined {
  const pid = Number(lockFile(folder)[0]);
  return pid > 0 ? pid : undefined;
}
