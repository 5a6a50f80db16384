import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { stringify } from "yaml";
import { type Changes, stagingConfiguration } from "../stack-settings";

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
