import { expect, test } from "vitest";
import { FEW_STORMS } from "../stack-settings";
import { stackCommand } from "./child";
import { stackFiles } from "./stack-files";

/* `size` as people start it. What it can be asked for stands in storm.test.ts, what it finds in capacity/sizing.test.ts. */

const stackFile = stackFiles();
const size = stackCommand("size");

test("finds the cheapest plan that is no smaller than the live connector: one object with --json, the answer last without", async () => {
  const file = ["--config-file", stackFile("few", FEW_STORMS)];
  const [json, again, text] = await Promise.all([
    size(...file, "--json"),
    size(...file, "--json", "--seed", "1"),
    size(...file),
  ]);
  expect([json.code, json.stderr, text.code, text.stderr]).toEqual([0, "", 0, ""]);
  expect(again.stdout).toBe(json.stdout);
  const { cheapest, plans } = JSON.parse(json.stdout);
  expect(cheapest).toMatchObject({
    connector: { machineType: "e2-micro", minInstances: 3, maxInstances: 10 },
    tier: "db-custom-1-3840",
    fails: [],
  });
  expect(text.stdout.trimEnd().split("\n\n").at(-1)?.replaceAll("\n", " ")).toBe(
    `CHEAPEST of ${plans} plans that passes: e2-micro 3..10, db-custom-1-3840, 150, ${cheapest.usdPerMonth.toFixed(2)} USD a month.`,
  );
});

test("exit 1 where no size helps, with what each plan fails on", async () => {
  const { code, stdout, stderr } = await size(
    "--config-file",
    stackFile("path", { "netra:services": { backend: { probe: { failureThreshold: 3 } } } }),
  );
  expect([code, stderr]).toEqual([1, ""]);
  expect(stdout).not.toContain("Cost against success");
  expect(stdout).toContain("Plans, by what they fail on");
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("start-up probe window");
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^NONE of \d+ plans passes: /);
});

test("bad input: exit 2, every problem, an object where JSON was asked for", async () => {
  const file = stackFile("bad", { "netra:database": { tier: "db-huge" } });
  const [text, json, option] = await Promise.all([
    size("--config-file", file),
    size("--config-file", file, "--json"),
    size("--scenario", "cold-start"),
  ]);
  const message =
    "'netra:database.tier' (db-huge) must be a tier such as db-custom-1-3840 because a storm needs to know its vCPUs; set 'netra:database.tier' to db-custom-1-3840";
  expect([text.code, text.stdout]).toEqual([2, ""]);
  expect(text.stderr).toBe(`${message}\n`);
  expect(json.code).toBe(2);
  expect(JSON.parse(json.stdout)).toMatchObject({
    stack: "staging",
    ok: false,
    problems: [{ setting: "netra:database.tier", message }],
  });
  expect([option.code, option.stdout]).toEqual([2, ""]);
  expect(option.stderr).toMatch(/^error: unknown option '--scenario'\n/);
});

test("sizes a plan without database clients by its checks alone", async () => {
  const { code, stdout, stderr } = await size(
    "--config-file",
    stackFile("frontend", { "netra:services": { auth: undefined, backend: undefined } }),
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).not.toContain("Cost against success");
  expect(stdout).toMatch(/^CHEAPEST of \d+ plans that passes: e2-micro 3\.\.10, db-custom-1-3840,/m);
});
