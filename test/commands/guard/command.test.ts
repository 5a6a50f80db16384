import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { CONNECTOR, NETWORK } from "../../../config/resource-types";
import { COMMAND_LINE, commandNamed, type Ended } from "../child";
import { digest, stream, type TestStep, urnOf } from "./previews";

/* What guard says is tested in test/guard; a child shows what is printed where, and the exit code. */

const guard = commandNamed("guard");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-guard-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const grows: TestStep = {
  op: "update",
  type: CONNECTOR,
  name: "staging-connector",
  old: { minInstances: 3 },
  new: { minInstances: 4 },
};
const deleted: TestStep = { op: "delete", type: NETWORK, name: "staging-vpc", old: {} };

test("a preview that passes: exit 0", async () => {
  const ended = await guard(file("passes.json", digest({ steps: [grows] })));
  expect(ended).toEqual({ code: 0, stdout: "PASSED: nothing is refused. Steps: 1 update.\n", stderr: "" });
});

test("a preview that is refused: exit 1, from the stream, too, and as one object with --json", async () => {
  const [text, json] = await Promise.all([
    guard(file("refused.json", digest({ steps: [deleted] }))),
    guard(file("refused.jsonl", stream({ steps: [deleted] })), "--json"),
  ]);
  expect(text).toMatchObject({
    code: 1,
    stderr: "",
    stdout: expect.stringMatching(
      /^1\. 'staging-vpc' \(VPC\) must not be deleted[\s\S]*\n\nREFUSED: 1 change must not be applied\. Steps: 1 delete\.\n$/,
    ),
  });
  expect(json).toMatchObject({ code: 1, stderr: "" });
  const because = "connector, database, cache and subnet are in it and are deleted with it";
  expect(JSON.parse(json.stdout)).toEqual({
    ok: false,
    refused: [
      {
        resource: "staging-vpc",
        type: NETWORK,
        urn: urnOf(deleted),
        change: "delete",
        reason: because,
        message: `'staging-vpc' (VPC) must not be deleted because ${because}; restore it in the program; if it is intended, record the decision: 'netra:acknowledge' {staging-vpc: {change: delete, reason: ...}}`,
      },
    ],
    announced: [],
    warnings: [],
    unusedAcknowledgements: [],
    changes: { delete: 1 },
  });
});

test("standard input, and the preview of any stack", async () => {
  const ended = await new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, [...COMMAND_LINE, "guard", "-"], { cwd: PROJECT_ROOT });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.end(digest({ steps: [grows], stack: "production" }));
  });
  expect(ended).toEqual({ code: 0, stdout: "PASSED: nothing is refused. Steps: 1 update.\n", stderr: "" });
});

test("bad input: exit 2, one line, no stack trace", async () => {
  const missing = join(folder, "missing.json");
  const [none, empty, other, withoutFile] = await Promise.all([
    guard(missing),
    guard(file("empty.json", "")),
    guard(file("other.json", digest({ steps: [grows], stack: "production" })), "--json", "--stack", "staging"),
    guard(),
  ]);
  expect(none).toEqual({
    code: 2,
    stdout: "",
    stderr: `'${missing}' must be a file that can be read because the preview stands there; run \`pulumi preview --json > ${missing}\`\n`,
  });
  expect(empty.code).toBe(2);
  expect(empty.stderr).toMatch(/^'[^']+empty\.json' must hold a preview because it is empty: [^\n]+\n$/);
  expect(other.code).toBe(2);
  expect(JSON.parse(other.stdout)).toMatchObject({
    stack: "staging",
    ok: false,
    problems: [{ message: expect.stringMatching(/set '--stack' to production$/) }],
  });
  expect(withoutFile).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^error: missing required argument 'preview'\n/),
  });
});
