import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REFERENCE } from "../../stack-settings";
import { commandNamed } from "../child";

const redeploy = commandNamed("redeploy");

let file = "";
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), "netra-redeploy-")), "Pulumi.staging.yaml");
  copyFileSync(REFERENCE, file);
});
afterAll(() => rmSync(join(file, ".."), { recursive: true }));

test("raises the counts of all services that it names", async () => {
  expect(await redeploy("--config-file", file, "auth", "backend")).toEqual({
    code: 0,
    stdout: ["auth", "backend"]
      .map((service) => `${file}: ${service} now has redeploy 1; \`npm run up\` makes the revision\n`)
      .join(""),
    stderr: "",
  });
  expect(readFileSync(file, "utf8").match(/^ {6}redeploy: 1$/gm)).toHaveLength(2);
});

test("bad names change nothing: exit 2, all problems, no stack trace; no name is one", async () => {
  const before = readFileSync(file, "utf8");
  const { code, stdout, stderr } = await redeploy("--config-file", file, "web", "auth", "api");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.split("\n").map((line) => line.split(" must ")[0])).toEqual(["'SERVICE' (web)", "'SERVICE' (api)", ""]);
  expect(await redeploy("--config-file", file)).toMatchObject({ code: 2 });
  expect(readFileSync(file, "utf8")).toBe(before);
});
