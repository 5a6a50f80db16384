import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a server's folder has its data. */
export const dataIn = (folder: string): string => join(folder, "data");

/** The lines of the lock file of the server in that folder; none where none runs. */
export function lockFile(folder: string): readonly string[] {
  try {
    return readFileSync(join(dataIn(folder), "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}

/** The process of the server in that folder; left out where none runs. */
export function postmasterOf(folder: string): number | undefined {
  const pid = Number(lockFile(folder)[0]);
  return pid > 0 ? pid : undefined;
}
