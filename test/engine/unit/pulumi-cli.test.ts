import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pulumiProblem, runProblem } from "../../../engine/pulumi-cli";
import { commandNamed } from "../../commands/child";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-pulumi-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A PATH on which `pulumi` answers as the script does. */
function pathWith(script: string): string {
  const directory = mkdtempSync(join(folder, "path-"));
  writeFileSync(join(directory, "pulumi"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, "pulumi"), 0o755);
  return directory;
}

const INSTALL = "install Pulumi 3.252 or newer (pulumi.com/docs/install) and put it on the PATH";
const MISSING = `'pulumi' must be on the PATH because previews and updates run its engine; ${INSTALL}`;
const tooOld = (version: string) =>
  `'pulumi' (${version}) must be at least 3.252 because an older one can delete an imported resource; ${INSTALL}`;

test.each([
  ["v3.251.9", tooOld("v3.251.9")],
  ["2.300.0", tooOld("2.300.0")],
  ["v3.252.0", undefined],
  ["3.260.0-dev", undefined],
  ["v4.0.0", undefined],
])("pulumi %s", async (version, problem) => {
  expect(await pulumiProblem({ PATH: pathWith(`echo ${version}`) })).toBe(problem);
});

test("reports how to get a pulumi where there is none, or none that runs", async () => {
  expect(await pulumiProblem({ PATH: folder })).toBe(MISSING);
  expect(await pulumiProblem({ PATH: pathWith("exit 1") })).toBe(MISSING);
});

test("refuses a file backend without a place to write", async () => {
  const PATH = pathWith(
    `case "$1" in version) echo v3.259.0;; *) echo '{"url": "file://${folder}/none?no_tmp_dir=true"}';; esac`,
  );
  expect(await runProblem({ operation: "up", options: [], environment: { PATH }, folder })).toBe(
    `the backend (file://${folder}/none?no_tmp_dir=true) must be a writable folder because an update stores its lock and the state there; grant yourself write access, or choose another backend with 'pulumi login' or PULUMI_BACKEND_URL`,
  );
});

test.each(["null", "{}", "not JSON", '{"url": 1}'])("a backend that pulumi tells as %s", async (told) => {
  const PATH = pathWith(`case "$1" in version) echo v3.259.0;; *) echo '${told}';; esac`);
  expect(await runProblem({ operation: "up", options: [], environment: { PATH }, folder })).toBe(
    "the backend must be accessible because it holds the stack's state (its answer has an unexpected form); log in with 'pulumi login', or set PULUMI_BACKEND_URL",
  );
});

test.each(["preview", "up"])("npm run %s prints the one line, exits 2, and starts nothing", async (operation) => {
  const PATH = pathWith(`test "$1" = version && echo v3.100.0 || touch ${folder}/started`);
  expect(await commandNamed(operation, { ...process.env, PATH })()).toEqual({
    code: 2,
    stdout: "",
    stderr: `${tooOld("v3.100.0")}\n`,
  });
});
