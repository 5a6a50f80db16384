import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandNamed } from "../commands/child";
import { REFERENCE } from "../stack-settings";
import { type Ended, Environment, UNMONITORED } from "./environment";

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.ofStaging(UNMONITORED);
});
afterAll(() => environment?.remove());

const refused = (line: string): Ended => ({ code: 2, stdout: "", stderr: `${line}\n` });

test("a backend that is not there, is no folder, or cannot be written", async () => {
  const paths = ["/nonexistent/state", join(environment.project, "Pulumi.yaml"), "/proc"];
  const ran = await Promise.all(
    paths.map((path) => environment.npmRun(["preview"], { PULUMI_BACKEND_URL: `file://${path}` })),
  );
  for (const { code, stdout, stderr } of ran) {
    expect([code, stdout]).toEqual([2, ""]);
    // In the middle is what pulumi says itself.
    expect(stderr).toMatch(
      /^the backend must be accessible because it holds the stack's state \(.+\); log in with 'pulumi login', or set PULUMI_BACKEND_URL\n$/,
    );
  }
});

test("a passphrase that is missing, or whose file is", async () => {
  const unset = { PULUMI_CONFIG_PASSPHRASE: undefined };
  expect(
    await Promise.all([
      environment.npmRun(["up", "--yes"], unset),
      environment.npmRun(["preview"], { ...unset, PULUMI_CONFIG_PASSPHRASE_FILE: "none" }),
    ]),
  ).toEqual([
    refused(
      "'PULUMI_CONFIG_PASSPHRASE' must be set because the secrets of stack 'staging' are encrypted with a passphrase; set it, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it",
    ),
    refused(
      "'PULUMI_CONFIG_PASSPHRASE_FILE' (none) must be a readable file because the secrets of stack 'staging' are encrypted with the passphrase in it; set it to the right file",
    ),
  ]);
});

test("no stack selected, and an output that would show secrets", async () => {
  const PULUMI_HOME = mkdtempSync(join(environment.folder, "home-"));
  expect(
    await Promise.all([environment.npmRun(["preview"], { PULUMI_HOME }), environment.npmRun(["up", "--json"])]),
  ).toEqual([
    refused(
      "a stack must be selected because the run compares with its state (no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one); run 'pulumi stack select', or add '--stack staging'",
    ),
    refused(
      "'--json' must not be given with pulumi's event stream because the stream shows secrets in plain text; leave it out",
    ),
  ]);
});

test("none of that has started anything", () => {
  expect(environment.cloud.calls()).toEqual([]);
});

test("passes options on, and ends with pulumi's own exit code", async () => {
  const { code, stderr } = await environment.npmRun(["preview", "--stack", "nope"]);
  expect(code).toBe(6);
  expect(stderr).toContain("error: no stack named 'nope' found");
});

test("runs pulumi with the pack", async () => {
  const { code, stdout } = await environment.npmRun(["preview", "--message", "a trial"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Policies:\n.*staging-capacity@v0\.1\.0/);
  expect(stdout).toMatch(/Resources:\n {4}\+ \d+ to create\n/);
});

test("a stack file that `pulumi stack init` has written anew is the same to `check` and `image`, and `image` changes one line of it", async () => {
  const before = readFileSync(REFERENCE, "utf8");
  const file = join(environment.project, "Pulumi.renewed.yaml");
  writeFileSync(file, before);
  expect(await environment.run(["stack", "init", "renewed"])).toMatchObject({ code: 0 });
  const after = readFileSync(file, "utf8");
  expect(after).toMatch(/^encryptionsalt: /m);
  // More than the salt: it writes comments and maps in a way of its own.
  expect(after.split("\n").filter((line) => !before.split("\n").includes(line)).length).toBeGreaterThan(1);

  const judged = await Promise.all(
    [file, REFERENCE].map((path) => commandNamed("check")("--config-file", path, "--json")),
  );
  const [renewed, reference] = judged.map(({ code, stdout }) => ({
    code,
    verdict: { ...JSON.parse(stdout), stack: "" },
  }));
  expect(renewed).toEqual(reference);
  expect(renewed?.code).toBe(0);

  const digest = `us-central1-docker.pkg.dev/netra-staging/netra/backend@sha256:${"ab".repeat(32)}`;
  expect(await commandNamed("image")("--config-file", file, "backend", digest)).toMatchObject({ code: 0 });
  const changed = readFileSync(file, "utf8").split("\n");
  expect(changed.filter((line, i) => line !== after.split("\n")[i])).toEqual([
    expect.stringContaining(`image: ${digest}`),
  ]);
});
