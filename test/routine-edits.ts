import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { type Document, parse, parseDocument } from "yaml";
import { generatedFiles } from "../commands/generate";
import { PROJECT_ROOT, projectText } from "../commands/stack-file";
import { blocksIn } from "./fenced-blocks";

/*
 * `npm run test:edits`: applies each routine edit of the stack file to a copy of the tree, runs `npm run generate` once and
 * the unit tests. Every edit must keep everything green. A second `generate` must change nothing.
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
  "an image digest": config(["netra:services.backend.image", `us-central1-docker.pkg.dev/netra-staging/netra/backend@${DIGEST}`]),
  "a JWT rotation": config(["netra:secrets.JWT_SECRET_KEY.rotation", 2], ["netra:secrets.JWT_SECRET_KEY.version", 2]),
  "a smaller pool": config(["netra:services.backend.database.poolSize", 2]),
  "a fourth service": (file) => {
    const frontend = (file.toJS() as { config: { "netra:services": { frontend: object } } }).config["netra:services"].frontend; // the live file has it
    const image = "us-central1-docker.pkg.dev/netra-staging/netra/docs:1.0.0";
    const docs = { ...frontend, name: "netra-docs-staging", account: "netra-docs", image, maxInstances: 1 };
    file.setIn(["config", "netra:services", "docs"], file.createNode(docs));
  },
};

/** The edits of the runbook: the `pulumi config` commands of each of its sections. */
function runbookEdits(): Record<string, Edit> {
  const sections = projectText("docs/runbook.md").split(/^## /m).slice(1);
  return Object.fromEntries(
    sections.flatMap((section) => {
      const lines = blocksIn(section, "sh").join("").split("\n");
      const entries = lines.flatMap((line) => {
        const [, path = "", value = ""] = /^pulumi config set --path (\S+) "?([^"]*)"?$/.exec(line) ?? [];
        return path === "" ? [] : [[path, parse(value) as unknown] as const];
      });
      return entries.length > 0 ? [[`runbook: ${section.split("\n")[0]}`, config(...entries)]] : [];
    }),
  );
}

const edits: Readonly<Record<string, Edit>> = { ...COMMON, ...runbookEdits() };

/** A copy of what git tracks, and of what it does not ignore. */
function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), "netra-edit-"));
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: PROJECT_ROOT, encoding: "utf8" });
  for (const file of files
    .trim()
    .split("\n")
    .filter((name) => name !== "node_modules"))
    cpSync(join(PROJECT_ROOT, file), join(folder, file));
  symlinkSync(join(PROJECT_ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** What an edit brings, in one line; whether everything stays green. */
function tried(edit: Edit, filters: readonly string[]): { readonly line: string; readonly isGreen: boolean } {
  const folder = copied();
  try {
    const file = join(folder, "Pulumi.staging.yaml");
    const document = parseDocument(readFileSync(file, "utf8"));
    edit(document);
    writeFileSync(file, String(document));
    const generate = () => {
      execFileSync(process.execPath, ["--import", "tsx", "commands/generate.ts"], { cwd: folder });
      return Object.keys(generatedFiles())
        .map((name) => readFileSync(join(folder, name), "utf8"))
        .join();
    };
    const [first, second] = [generate(), generate()];
    const isFixed = first === second;
    const run = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", ...filters], { cwd: folder, encoding: "utf8" });
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(join(folder, ".reports/vitest.json"), "utf8"));
    const isGreen = run.status === 0 && failed === 0 && passed > 0 && isFixed;
    const names = isGreen
      ? ""
      : `\n${run.stdout
          .split("\n")
          .filter((text) => text.includes("FAIL"))
          .join("\n")}`;
    return { isGreen, line: `${passed} passed, ${failed} failed; generate ${isFixed ? "is at its fixed point" : "is NOT at its fixed point"}${names}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const options = new Command("npm run test:edits --")
  .argument("[filters...]", "test files to run (default: all unit tests)")
  .option("--only <name...>", "edits to try (default: all)")
  .option("--list", "print the edits' names")
  .parse();
const { only, list } = options.opts<{ only?: string[]; list?: true }>();
const chosen = Object.entries(edits).filter(([name]) => only === undefined || only.includes(name));
for (const [name, edit] of chosen) {
  if (list) {
    process.stdout.write(`${name}\n`);
    continue;
  }
  const { line, isGreen } = tried(edit, options.args);
  process.stdout.write(`${name}: ${line}\n`);
  if (!isGreen) process.exitCode = 1;
}
if (chosen.length === 0) throw new Error("no edit has that name: --list prints them");
