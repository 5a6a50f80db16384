import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../commands/generate";
import { PROJECT_ROOT } from "../commands/shared/stack-file";

const files = Object.entries(generatedFiles);

test("derives the schema, the READMEs' tables and the picture", () => {
  expect(files.map(([file]) => file)).toEqual([
    "stack.schema.json",
    "README.md",
    "policy/README.md",
    "docs/images/budget.svg",
  ]);
});

test.each(files)("%s is what `npm run generate` writes", async (file, content) => {
  expect(readFileSync(join(PROJECT_ROOT, file), "utf8")).toBe(await content());
});
