import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { stringify } from "yaml";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { type Changes, onReference, stagingConfiguration } from "../stack-settings";

/** How a command ended, started as people start it. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `commands/<name>.ts` in a process of its own. */
export const commandNamed =
  (name: string) =>
  (...args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        ["--import", "tsx", `commands/${name}.ts`, ...args],
        { cwd: PROJECT_ROOT, maxBuffer: 2 ** 26 },
        (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
      );
    });

/** The same for a command that reads a stack file: the reference, unless the arguments name another. */
export const stackCommand =
  (name: string) =>
  (...args: readonly string[]): Promise<Ended> =>
    commandNamed(name)(...onReference(args));

/** Writes stack files into a folder that is gone after the tests of the file that asks for it. */
export function stackFiles(): (name: string, changes: Changes) => string {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "netra-stack-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  return (name, changes) => {
    const file = join(directory, `Pulumi.${name}.yaml`);
    writeFileSync(file, stringify({ config: stagingConfiguration(changes) }));
    return file;
  };
}
