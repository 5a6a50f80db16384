import { describe, expect, test } from "vitest";
import { outage } from "../fixtures/incidents";
import { type Changes, FEW_STORMS, onReference } from "../stack-settings";
import { commandNamed, type Ended } from "./child";
import { stackFiles } from "./stack-files";

/* What a person sees of the commands that judge a plan: in a pipe of 80 columns, with the verdict in the last line. */

const stackFile = stackFiles();
const WIDTH = 80;
/** Lines of a terminal, without npm's own four lines and the prompt. */
const HEIGHT = 24 - 5;

const lines = ({ stdout, stderr }: Ended) => `${stdout}${stderr}`.trimEnd().split("\n");

/** Lines that are too wide although they have a space to break at. */
const tooWide = (ended: Ended) =>
  lines(ended).filter(
    (line) =>
      line.length > WIDTH &&
      line
        .trimStart()
        .replace(/^(\d+\.|Fix:) /, "")
        .includes(" "),
  );

const plans: Readonly<Record<string, Changes>> = {
  sound: {},
  refused: { "netra:services": { auth: { database: { poolSize: 20 } } } },
  // The incident's faults, with storms of a few starts.
  incident: changedIn(outage, { backend: { maxInstances: 3 }, auth: { maxInstances: 2 } }),
};

function changedIn(changes: Changes, services: Readonly<Record<string, Changes>>): Changes {
  const stated = Object(changes["netra:services"]);
  const merged = Object.entries(services).map(([name, change]) => [name, { ...stated[name], ...change }]);
  return { ...changes, ...FEW_STORMS, "netra:services": { ...stated, ...Object.fromEntries(merged) } };
}

describe.each(["check", "storm", "size"])("%s", (name) => {
  const run = (changes: Changes, ...args: string[]) =>
    commandNamed(name, {})("--config-file", stackFile(name, changes), ...args);

  test.each(Object.keys(plans))("fits 80 columns and ends with its verdict: %s", async (kind) => {
    const ended = await run(plans[kind] ?? {});
    expect(tooWide(ended)).toEqual([]);
    const paragraphs = ended.stdout.trimEnd().split("\n\n");
    expect(paragraphs.at(-1)).toMatch(/^(SOUND|REFUSED|STARTS|CHEAPEST|NONE)\b/);
    expect(ended.code).toBe(/^(SOUND|STARTS|CHEAPEST)/.test(paragraphs.at(-1) ?? "") ? 0 : 1);
  });

  test("prints a line a problem, and nothing else, for a file that cannot be read as a plan", async () => {
    const ended = await run({ "netra:connector": { minInstances: "three" }, "netra:services": { auth: { port: {} } } });
    expect([ended.code, ended.stdout]).toEqual([2, ""]);
    expect(lines(ended)).toEqual([
      expect.stringMatching(/^'netra:connector\.minInstances' \(three\) must /),
      expect.stringMatching(/^'netra:services\.auth\.port' /),
    ]);
  });
});

test("a problem of the input fits the terminal, too", async () => {
  const file = stackFile("terminal", { "netra:connector": { minInstances: "three" } });
  const ended = await commandNamed("check", {}, { columns: WIDTH, isTTY: true })("--config-file", file);
  expect(ended.code).toBe(2);
  expect(ended.stderr.split("\n").length).toBeGreaterThan(2);
  expect(tooWide(ended)).toEqual([]);
});

test("the long lists of check fit, too", async () => {
  const ended = await commandNamed("check", {})(...onReference(["--details", "--resources"]));
  expect(lines(ended).length).toBeGreaterThan(HEIGHT);
  expect(lines(ended).filter((line) => line.length > WIDTH)).toEqual([]);
});

test.each(["sound", "refused"])("check fits one screen of 80 x 24: %s", async (kind) => {
  const ended = await commandNamed("check", {})("--config-file", stackFile(`screen-${kind}`, plans[kind] ?? {}));
  expect(lines(ended).length).toBeLessThanOrEqual(HEIGHT);
});

test("check, storm and size are as wide as their terminal, and coloured where that is wanted", async () => {
  const wide = await commandNamed("check", { FORCE_COLOR: "1" }, { columns: 120, isTTY: true })(...onReference([]));
  expect(Math.max(...lines(wide).map((line) => line.length))).toBeGreaterThan(WIDTH);
  expect(wide.stdout).toContain("\u001b[32mSOUND\u001b[39m");
});
