import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Command } from "commander";
import type { JsonTestResults } from "vitest/node";
import { type Document, parse, parseDocument } from "yaml";
import { generatedFiles } from "../commands/generate";
import { PROJECT_ROOT, projectText } from "../commands/shared/stack-file";
import { blocksIn } from "./fenced-blocks";

/*
 * `npm run test:edits`: applies each routine edit of the stack file to a copy of the tree, runs `npm run generate` once
 * and the unit tests. Every edit must keep everything green. A second `generate` must change nothing.
 */

type Edit = (file: Document) => void;

const config =
  (...entries: readonly (readonly [path: string, value: unknown])[]): Edit =>
  (file) => {
    for (const [path, value] of entries) {
      const keys = ["config", ...path.split(".")];
      if (value === undefined) file.deleteIn(keys);
      else file.setIn(keys, file.createNode(value));
    }
  };

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** The edits that pipelines and people make most, beside the runbook's. */
const COMMON: Readonly<Record<string, Edit>> = {
  "an image digest": config([
    "netra:services.backend.image",
    `us-central1-docker.pkg.dev/netra-staging/netra/backend@${DIGEST}`,
  ]),
  "a JWT rotation": config(["netra:secrets.JWT_SECRET_KEY.rotation", 2], ["netra:secrets.JWT_SECRET_KEY.version", 2]),
  "a smaller pool": config(["netra:services.backend.database.poolSize", 2]),
  "a fourth service": (file) => {
    const frontend = (file.toJS() as { config: { "netra:services": { frontend: object } } }).config["netra:services"]
      .frontend; // the live file has it
    const image = "us-central1-docker.pkg.dev/netra-staging/netra/docs:1.0.0";
    const docs = { ...frontend, name: "netra-docs-staging", account: "netra-docs", image, maxInstances: 1 };
    file.setIn(["config", "netra:services", "docs"], file.createNode(docs));
  },
};

/**
 * A command of the runbook that changes the stack file, as a pair of path and value; no value where it removes the
 * setting.
 */
function changeOf(line: string): readonly [path: string, value: unknown] {
  const [, command, path, value] = /^pulumi config (set --path|rm) (\S+)(?: "?([^"]*)"?)?$/.exec(line) ?? [];
  if (path === undefined || (command === "rm") !== (value === undefined))
    throw new Error(`docs/runbook.md: cannot apply: ${line}`);
  return [path, value === undefined ? undefined : parse(value)];
}

/**
 * The edits of the runbook: each block of `pulumi config` commands of a section, after those of the blocks before it.
 */
function runbookEdits(): Record<string, Edit> {
  const sections = projectText("docs/runbook.md").split(/^## /m).slice(1);
  const recipes = sections.flatMap((section) => {
    const blocks = blocksIn(section, "sh").map((block) =>
      block
        .split("\n")
        .filter((line) => line.startsWith("pulumi config "))
        .map(changeOf),
    );
    const steps = blocks.filter((changes) => changes.length > 0);
    const [heading = ""] = section.split("\n");
    return steps.map(
      (_, index) =>
        [
          `runbook: ${heading}${index > 0 ? `, step ${index + 1}` : ""}`,
          config(...steps.slice(0, index + 1).flat()),
        ] as const,
    );
  });
  return Object.fromEntries(recipes);
}

const edits: Readonly<Record<string, Edit>> = { ...COMMON, ...runbookEdits() };

/** A copy of what git tracks, and of what it does not ignore. */
function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), "netra-edit-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: PROJECT_ROOT,
    encoding: "utf8",
  });
  for (const file of files
    .trim()
    .split("\n")
    .filter((name) => name !== "node_modules"))
    cpSync(join(PROJECT_ROOT, file), join(folder, file));
  symlinkSync(join(PROJECT_ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** What an edit brings: one line, and the tests that fail. */
interface Result {
  readonly line: string;
  readonly isGreen: boolean;
}

function tried(edit: Edit, filters: readonly string[]): Result {
  const folder = copied();
  try {
    const file = join(folder, "Pulumi.staging.yaml");
    const document = parseDocument(readFileSync(file, "utf8"));
    edit(document);
    writeFileSync(file, String(document));
    const node = (...args: readonly string[]) =>
      spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 });
    const generate = () => {
      const { status, stderr } = node("commands/start.mjs", "generate");
      return status === 0
        ? Object.keys(generatedFiles).map((name) => readFileSync(join(folder, name), "utf8"))
        : stderr;
    };
    const generated = generate();
    if (typeof generated === "string") return { isGreen: false, line: `generate fails: ${generated}` };
    const isFixed = isDeepStrictEqual(generate(), generated);
    const { status, stdout, stderr } = node("node_modules/vitest/vitest.mjs", "run", "--project", "unit", ...filters);
    const report = join(folder, ".reports/vitest.json");
    if (!existsSync(report)) return { isGreen: false, line: `the tests do not run: ${stdout}${stderr}` };
    const {
      numPassedTests: passed,
      numFailedTests: failed,
      testResults,
    }: JsonTestResults = JSON.parse(readFileSync(report, "utf8"));
    const failures = testResults.flatMap(({ name, message, assertionResults }) => {
      const tests = assertionResults
        .filter((test) => test.status === "failed")
        .map(({ fullName }) => `\n  ${relative(folder, name)}: ${fullName}`);
      return tests.length === 0 && message ? [`\n  ${relative(folder, name)}: ${message}`] : tests;
    });
    const fixedPoint = isFixed ? "" : "; a second generate changes something";
    return {
      isGreen: status === 0 && passed > 0 && isFixed,
      line: `${passed} passed, ${failed} failed${fixedPoint}${failures.join("")}`,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const options: Command = new Command("npm run test:edits --")
  .argument("[filters...]", "test files to run (default: all unit tests)")
  .option(
    "--only <name>",
    "an edit to try, may be given again (default: all)",
    (name: string, others: readonly string[] = []) => [...others, name],
  )
  .option("--list", "print the edits' names")
  .parse();
const { only = Object.keys(edits), list } = options.opts<{ only?: readonly string[]; list?: true }>();
for (const name of only) {
  const edit = edits[name];
  if (!edit)
    options.error(`'--only' (${name}) must name an edit because nothing else can be tried; --list prints them`);
  if (list) process.stdout.write(`${name}\n`);
  else {
    const { line, isGreen } = tried(edit, options.args);
    process.stdout.write(`${name}: ${line}\n`);
    if (!isGreen) process.exitCode = 1;
  }
}
