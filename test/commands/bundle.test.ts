import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandNamed } from "./child";

/* That the bundle says what the pack says is tested on the engine (test/engine/analyze.test.ts). */

const bundle = commandNamed("bundle");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-bundle-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = ["LICENSE", "PulumiPolicy.yaml", "README.md", "index.js", "package.json"];

test("writes a pack that needs Pulumi's two packages and nothing else, also over an older one", async () => {
  const pack = join(folder, "pack");
  const first = await bundle(pack);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toContain(`npm install --prefix ${pack}\n`);
  expect(readdirSync(pack)).toEqual(FILES);
  expect(readFileSync(join(pack, "PulumiPolicy.yaml"), "utf8")).toMatch(/^runtime: nodejs$/m);
  const { main, dependencies } = JSON.parse(readFileSync(join(pack, "package.json"), "utf8"));
  expect([main, Object.keys(dependencies)]).toEqual(["index.js", ["@pulumi/policy", "@pulumi/pulumi"]]);
  const required = [...readFileSync(join(pack, "index.js"), "utf8").matchAll(/\brequire\("([^"]+)"\)/g)].map(
    ([, name = ""]) => name,
  );
  expect(new Set(required.filter((name) => !isBuiltin(name)))).toEqual(new Set(["@pulumi/policy", "@pulumi/pulumi"]));

  writeFileSync(join(pack, "index.js"), "an older one");
  expect(await bundle(pack)).toMatchObject({ code: 0 });
  expect(readFileSync(join(pack, "index.js"), "utf8")).toContain("staging-capacity");
});

test("a folder with files of others is left as it is", async () => {
  const others = mkdtempSync(join(folder, "others-"));
  writeFileSync(join(others, "package.json"), '{"name": "their-own"}');
  expect(await bundle(others)).toEqual({
    code: 2,
    stdout: "",
    stderr: `'folder' (${others}) must be a folder of its own because files of others (package.json) could be written over; name a new one\n`,
  });
  expect(readdirSync(others)).toEqual(["package.json"]);
  expect(await bundle("policy")).toMatchObject({ code: 2, stdout: "" });
});

test("a file where the folder should be", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect((await bundle(file)).stderr).toBe(
    `'folder' (${file}) must be a folder because the bundle has several files, and it cannot be read as one (ENOTDIR); name a new one\n`,
  );
});

test.runIf(process.platform === "linux")("a folder in which none can be made", async () => {
  expect(await bundle("/proc/bundle")).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "'folder' (/proc/bundle) must be a folder that can be written because the bundle goes there (ENOENT); name another one\n",
  });
});
