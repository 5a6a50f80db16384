import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { constraints } from "../../../commands/preflight/constraints";
import { PREFLIGHT_SOURCES } from "../../../commands/preflight/facts";
import { collectingLines } from "../../../commands/shared/cloud/sources";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { stackCommand } from "../child";
import { stackFiles } from "../stack-files";
import { freshProject, PREPARED, policyObject, save, settingsWith } from "./project";

const preflight = stackCommand("preflight");
const stackFile = stackFiles();
const settings = settingsWith();
const [ready, notReady] = [save(freshProject(settings), settings), save(freshProject(settings), settings)];
let config: string;
beforeAll(() => {
  config = stackFile("first", PREPARED);
  const policy = policyObject("run.managed.requireInvokerIam", { enforce: true });
  writeFileSync(join(notReady, "policy-run.managed.requireInvokerIam.json"), JSON.stringify(policy));
  rmSync(join(notReady, "routes.json"));
});
afterAll(() => {
  for (const folder of [ready, notReady]) rmSync(folder, { recursive: true });
});

test("a project that is ready: exit 0, a line for each check", async () => {
  const { code, stdout, stderr } = await preflight("--config-file", config, "--from", ready);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^Fine:\n- apis: [\s\S]*\n\nREADY: netra-staging in us-central1; of 8 checks 0 wrong, 0 open, 8 fine\.\n$/,
  );
});

describe("one that is not", () => {
  test("exit 1: what is wrong last, with the command that mends it, in 80 columns", async () => {
    const { code, stdout } = await preflight("--config-file", config, "--from", notReady);
    expect(code).toBe(1);
    expect(stdout).toContain(`
Open:
- ranges: routes: no file shows them
  gcloud compute routes list --project=netra-staging --format=json > routes.json

Wrong:
- policies: the organisation policy run.managed.requireInvokerIam must not be
  enforced because a service with the invoker iam-disabled turns that check off
  -> set netra:services.SERVICE.invoker to all-users or authenticated
  -> ask an administrator of the organisation for an exception for
     netra-staging; gcloud org-policies describe run.managed.requireInvokerIam
     --effective --project=netra-staging shows the effective policy

NOT READY: netra-staging in us-central1; of 8 checks 1 wrong, 1 open, 6 fine.
`);
    const long = stdout.split("\n").filter((line) => line.length > 80 && !line.startsWith("  gcloud "));
    expect(long).toEqual([]);
  });

  test("--allow-open lets a check stay open, and none be wrong; --json has all of it", async () => {
    const { code, stdout } = await preflight(
      "--config-file",
      config,
      "--from",
      notReady,
      "--allow-open",
      "ranges,images",
      "--json",
    );
    expect(code).toBe(1);
    const { ok, stack, checks, mayStayOpen } = JSON.parse(stdout);
    expect({ ok, stack, mayStayOpen }).toEqual({ ok: false, stack: "staging", mayStayOpen: ["ranges", "images"] });
    expect(checks.map(({ key, status }: { key: string; status: string }) => `${key} ${status}`)).toEqual([
      "apis fine",
      "policies wrong",
      "quotas fine",
      "agents fine",
      "ranges open",
      "existing fine",
      "secrets fine",
      "images fine",
    ]);
  });
});

test("without credentials every check is open: exit 1, no stack trace", async () => {
  const { code, stdout, stderr } = await preflightWithoutCredentials();
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  // The same reason is reported once.
  expect(stdout).toMatch(
    /^Open:\n- apis, policies, quotas, agents, [\s\S]*\n\nNOT KNOWN: netra-staging in us-central1; of 8 checks 0 wrong, 8 open, 0 fine\.\n$/,
  );
  expect(stdout.match(/^ {2}gcloud.*/gm)).toEqual(["  gcloud auth application-default login"]);
});

async function preflightWithoutCredentials() {
  const before = process.env.GOOGLE_APPLICATION_CREDENTIALS;
  process.env.GOOGLE_APPLICATION_CREDENTIALS = join(PROJECT_ROOT, "no-such-credentials.json");
  try {
    return await preflight("--config-file", config, "--project", "netra-staging");
  } finally {
    if (before === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
    else process.env.GOOGLE_APPLICATION_CREDENTIALS = before;
  }
}

test("bad input: all of it at once, exit 2", async () => {
  const { code, stdout, stderr } = await preflight(
    "--region",
    "us-central1-a",
    "--allow-open",
    "luck",
    "--preview",
    "none-such.json",
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr.split("\n")).toEqual([
    "'--project' and '--from' (neither given) must be exactly one option because it states where to look; give '--project ID' or '--from DIR'",
    "'--region' (us-central1-a) must be the name of a region, not of a zone because the names and addresses of the stack contain it; set '--region' to us-central1",
    "'--preview' (none-such.json) must be a file that can be read because the preview stands there; run `npm run --silent preview -- --json > none-such.json`",
    "'--allow-open' (luck) must name checks because only checks can stay open; use apis, policies, quotas, agents, ranges, existing, secrets, images",
    "",
  ]);
});

test("a file that is no preview: exit 2", async () => {
  const file = join(ready, "apis.json");
  const { code, stderr } = await preflight("--config-file", config, "--from", ready, "--preview", file);
  expect(code).toBe(2);
  expect(stderr).toContain(`'${file}' must be the output of \`pulumi preview --json\``);
});

test("the help and the documentation have the same collecting lines", async () => {
  const lines = collectingLines({ project: "$PROJECT", region: "$REGION" }, PREFLIGHT_SOURCES, {
    policies: constraints.map(({ name }) => name),
  });
  const { code, stdout } = await preflight("--help");
  expect(code).toBe(0);
  expect(stdout).toContain(lines.map((line) => `  ${line}\n`).join(""));
  expect(readFileSync(join(PROJECT_ROOT, "docs/preflight.md"), "utf8")).toContain(
    lines.map((line) => `${line}\n`).join(""),
  );
});
