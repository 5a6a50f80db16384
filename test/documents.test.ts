import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { marked } from "marked";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { databaseVariables } from "../capacity/plan";
import { PROJECT_ROOT } from "../commands/shared/stack-file";
import { readSettings } from "../config/read";
import { LOCATION_VARIABLES } from "../config/references";
import { readPackConfiguration } from "../engine/pack-configuration";
import { rules } from "../policy/rules";
import { commandNamed } from "./commands/child";
import { stagingConfiguration } from "./stack-settings";

/* What the documents name exists. Their commands are run on the engine (test/engine). */

const textOf = (file: string) => readFileSync(join(PROJECT_ROOT, file), "utf8");
const documents = readdirSync(PROJECT_ROOT, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".md") && !/^(node_modules|\.git|\.reports)\b/.test(file),
);

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
const anchors = (file: string) =>
  marked.lexer(textOf(file)).flatMap((token) => (token.type === "heading" ? [anchorOf(token.text)] : []));

/** The links of a document, as they stand. */
function linksOf(file: string): string[] {
  const links: string[] = [];
  marked.walkTokens(marked.lexer(textOf(file)), (token) => {
    if (token.type === "link") links.push(token.href);
  });
  return links;
}

/** Addresses, and pages of the repository on GitHub. */
const ELSEWHERE = /^https?:|^\.\.\/\.\.\/actions\//;

const scripts = Object.keys(JSON.parse(textOf("package.json")).scripts);

describe.each(documents)("%s", (file) => {
  test("links to files and sections that exist", () => {
    for (const link of linksOf(file).filter((href) => !ELSEWHERE.test(href))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : relative(PROJECT_ROOT, join(PROJECT_ROOT, dirname(file), path));
      expect(() => textOf(target), `${link} in ${file}`).not.toThrow();
      if (anchor !== undefined) expect(anchors(target), `${link} in ${file}`).toContain(anchor);
    }
  });

  test("has no cell of a table that is longer than 160 characters", () => {
    const cells = marked
      .lexer(textOf(file))
      .flatMap((token) => (token.type === "table" ? [token.header, ...token.rows].flat() : []))
      .map(({ text }: { text: string }) => text);
    expect(cells.filter((text) => text.length > 160)).toEqual([]);
  });

  test("names commands that there are", () => {
    const named = [...textOf(file).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name]) => name);
    expect(named.filter((name) => !scripts.includes(String(name)))).toEqual([]);
  });
});

const fenced = (file: string, language: string) =>
  [...textOf(file).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, block = ""]) => block);

test("every guarantee names a test that there is", () => {
  const tables = marked.lexer(textOf("docs/guarantees.md")).flatMap((token) => (token.type === "table" ? [token] : []));
  const shown = tables.flatMap(({ rows }) => rows.map((row: { text: string }[]) => row.at(-1)?.text ?? ""));
  expect(shown.length).toBeGreaterThan(10);
  for (const text of shown) {
    const [, file = "", name = ""] = /^`(test\/[^`]+)`: (.+)$/.exec(text) ?? [];
    expect(file, text).not.toBe("");
    expect(textOf(file), file).toContain(`"${name}"`);
  }
});

test("the examples of docs/pulumi.md for the stack file are read as settings", () => {
  const examples = fenced("docs/pulumi.md", "yaml").map((block) => parse(block));
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(() => readSettings({ ...stagingConfiguration(), ...example })).not.toThrow();
});

test.each([
  ["passes", 0, /^PASSED: nothing is refused\. Steps: 2 update\.$/m],
  ["refused", 1, /^REFUSED: 1 change must not be applied\. Steps: 1 replace, 3 update\.$/m],
])("the sample preview %s is judged as its name says", async (name, code, verdict) => {
  const ended = await commandNamed("guard")(join(PROJECT_ROOT, `docs/examples/preview-${name}.json`));
  expect(ended.code).toBe(code);
  expect(ended.stdout).toMatch(verdict);
});

test("docs/your-project.md names every variable that the stack sets, and its samples no others", () => {
  const text = textOf("docs/your-project.md");
  const named = (part: string) =>
    new Set(part.match(/\b(DB|POSTGRES|REDIS)_[A-Z_]+\b|\b(PGSSLMODE|WEB_CONCURRENCY)\b/g));
  const table = named(text.slice(text.indexOf("| variable |"), text.indexOf("Four more conditions")));
  expect([...table]).toEqual(expect.arrayContaining([...Object.values(databaseVariables), ...LOCATION_VARIABLES]));
  for (const language of ["python", "js"])
    for (const sample of fenced("docs/your-project.md", language))
      expect([...named(sample)].filter((name) => !table.has(name))).toEqual([]);
});

test("the example of policy/README.md configures the pack", () => {
  const examples = fenced("policy/README.md", "json");
  expect(examples).toHaveLength(1);
  const file = join(mkdtempSync(join(tmpdir(), "netra-documents-")), "pack.json");
  writeFileSync(file, examples[0] ?? "");
  try {
    expect(() => readPackConfiguration(file, rules)).not.toThrow();
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
});
