import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { UNKNOWN } from "../../../policy/framework/unknown";
import type { Verdict } from "../../../report/verdict";
import { outage } from "../../fixtures/incidents";
import { type Changes, FEW_STORMS, stagingConfiguration } from "../../stack-settings";
import { type Ended, stackCommand } from "../child";

/*
 * `check` as people and CI start it. What it judges is tested in process (judge.test.ts); here it is about what it
 * prints where, and the exit codes.
 */

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "netra-check-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const check = stackCommand("check");

function written(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}
const stackFile = (name: string, changes: Changes) =>
  written(`Pulumi.${name}.yaml`, stringify({ config: stagingConfiguration(changes) }));
const packFile = (name: string, content: object) => written(`${name}.json`, JSON.stringify(content));
const verdictOf = ({ stdout }: Ended) => JSON.parse(stdout) as Verdict; // the contract, checked by the first test

test("judges staging sound: exit 0, the whole contract as one JSON object and nothing else, and the report", async () => {
  const reports = join(directory, "made", "for", "it");
  const ended = await check("--json", "--report", reports);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
  const verdict = verdictOf(ended);
  expect(verdict).toMatchObject({
    stack: "staging",
    ok: true,
    violations: [],
    waived: [],
    budget: {
      lines: [
        { label: "auth", instances: 3, overlap: 3, perInstance: 3, connections: 18 },
        { label: "backend", instances: 5, overlap: 5, perInstance: 5, connections: 50 },
        { label: "database-roles", instances: 1, overlap: 0, perInstance: 1, connections: 1 },
      ],
      reserved: 23,
      demand: 92,
      limit: 120,
      headroom: 28,
    },
  });

  const connector = verdict.resources.find(({ name }) => name === "staging-connector");
  expect(connector).toMatchObject({
    type: "gcp:vpcaccess/connector:Connector",
    urn: "urn:pulumi:staging::netra::netra:staging:Connector$gcp:vpcaccess/connector:Connector::staging-connector",
    parent: "urn:pulumi:staging::netra::netra:staging:Connector::connector",
    options: { protect: true, import: "", ignoreChanges: [] },
    inputs: { machineType: "e2-micro", minInstances: 3, maxInstances: 10 },
  });
  expect(connector?.dependencies.length).toBeGreaterThan(0);
  expect(JSON.stringify(verdict.resources.find(({ name }) => name === "netra-auth-service")?.inputs)).toContain(
    `{"name":"POSTGRES_HOST","value":"${UNKNOWN}"}`,
  );

  for (const { title, arithmetic, problems } of verdict.checks)
    expect({ title, lines: arithmetic.length > 0, problems }).toEqual({ title, lines: true, problems: [] });
  expect(verdict.storms.length).toBeGreaterThan(0);
  for (const { scenario, starts, success, readySeconds, peakConnections, bottleneck } of verdict.storms) {
    expect(starts, scenario).toBeGreaterThan(0);
    expect([success.lower >= 0.99, success.lower <= success.mean, success.mean <= success.upper], scenario).toEqual([
      true,
      true,
      true,
    ]);
    const { p50, p95, p99 } = readySeconds;
    expect([p50, p95, p99], scenario).toEqual([p50, p95, p99].toSorted((a, b) => Number(a) - Number(b)));
    expect(peakConnections, scenario).toBeLessThanOrEqual(verdict.budget.limit);
    expect(bottleneck, scenario).toEqual(expect.any(String));
  }
  const priced = verdict.cost.items.reduce((sum, { usdPerMonth = 0 }) => sum + usdPerMonth, 0);
  expect(verdict.cost.usdPerMonth).toBeCloseTo(priced, 6);
  expect(verdict.cost.items.find(({ item }) => item === "database backups")).toEqual({
    item: "database backups",
    arithmetic: expect.stringMatching(/^not priced: /),
  });
  for (const { low, likely, high, why } of verdict.assumptions)
    expect([low <= likely, likely <= high, why !== ""]).toEqual([true, true, true]);

  expect(JSON.parse(readFileSync(join(reports, "report.json"), "utf8"))).toEqual(verdict);
  expect(readFileSync(join(reports, "report.md"), "utf8")).toMatch(
    /^# staging: the plan is sound: 92 of 120 connections, .*\d+\.\d\d USD a month\n/,
  );
});

test("refuses the outage: exit 1, every fault with what to set, in text with the verdict last", async () => {
  const { code, stdout, stderr } = await check(
    "--stack",
    "outage",
    "--config-file",
    stackFile("outage", { ...outage, ...FEW_STORMS }),
  );
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  for (const text of [
    "'netra:database.maxConnections' (100) must cover 2324 connections with 0.8 of its slots (it covers 80)",
    "Fix: set 'netra:database.tier' to db-custom-1-3840",
    "[service-image]",
  ])
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(text);
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^REFUSED: outage has \d+ problems; their fixes are above\.$/);
});

test("refuses the connector of the incident's last fix with the same findings in JSON", async () => {
  const changes = { "netra:connector": { minInstances: 12, maxInstances: 120, machineType: "e2-standard-8" } };
  const ended = await check("--json", "--config-file", stackFile("fix", changes));
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 1, stderr: "" });
  const { ok, checks, violations } = verdictOf(ended);
  expect(ok).toBe(false);
  expect(checks.flatMap(({ problems }) => problems.map(({ setting }) => setting))).toEqual(
    ["machineType", "minInstances", "maxInstances"].map((field) => `netra:connector.${field}`),
  );
  expect(violations).toContainEqual({
    problem: expect.objectContaining({
      setting: "maxInstances",
      value: "120",
      fix: "set 'maxInstances' to 10",
      ways: [[["maxInstances", 10]]],
    }),
    policy: "connector-instance-counts",
    level: "mandatory",
    resource: "staging-connector",
    message:
      "'maxInstances' (120) must be a whole number from 3 to 10 because a connector has at most 10 instances and at least 2; set 'maxInstances' to 10",
    outcome: "refused",
    repeats: expect.stringMatching(/^'netra:connector\.maxInstances' \(120\) must /),
  });
});

test("lets a waived finding and an advisory rule through, shows both, and a waiver that waives nothing", async () => {
  const changes = { "netra:services": { frontend: { port: 8002 } } };
  const configuration = packFile("waived", {
    "connector-floor": { minInstances: 4, waivers: [{ resource: "staging-connector", reason: "until the load test" }] },
    "service-port-8002": "advisory",
    "redis-auth": { waivers: [{ resource: "old-redis", reason: "until it is gone" }] },
  });
  const ended = await check(
    "--json",
    "--config-file",
    stackFile("waived", changes),
    "--policy-pack-config",
    configuration,
  );
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
  const { ok, violations, waived } = verdictOf(ended);
  expect(ok).toBe(true);
  expect(waived).toEqual([{ policy: "connector-floor", resource: "staging-connector", reason: "until the load test" }]);
  expect(new Set(violations.map(({ policy, level }) => `${policy} ${level}`))).toEqual(
    new Set(["service-port-8002 advisory", "redis-auth advisory"]),
  );
  expect(violations.find(({ policy }) => policy === "redis-auth")?.message).toBe(
    "the waiver for 'old-redis' waives nothing, because this rule has no finding there; remove it, or mend its 'resource'",
  );
});

test("bad input: exit 2, every problem in JSON on standard output and in lines on standard error", async () => {
  const changes = {
    "netra:connector": { minInstances: "3x" },
    "netra:conector": {},
    "netra:services": { backend: { memory: "4GB" } },
  };
  const { code, stdout, stderr } = await check("--json", "--stack", "bad", "--config-file", stackFile("bad", changes));
  const messages = [
    "'netra:connector.minInstances' (3x) must be a whole number of instances, at least 1 because it is VMs that are always there: what carries a storm (2 to 9); set 'netra:connector.minInstances' to 3",
    "'netra:services.backend.memory' (4GB) must be a quantity in Mi or Gi like 512Mi or 4Gi because it is the memory of one instance; set 'netra:services.backend.memory' to 4Gi",
    "'netra:conector' must not be set because there is no such setting; rename it to 'netra:connector', or remove it",
  ];
  const settings = ["netra:connector.minInstances", "netra:services.backend.memory", "netra:conector"];
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    stack: "bad",
    ok: false,
    problems: messages.map((message, i) => ({ setting: settings[i], message })),
  });
  expect(stderr).toBe(`${messages.join("\n")}\n`);
});

test("bad input without --json: exit 2, nothing on standard output, no stack trace", async () => {
  const ended = await Promise.all([
    check("--stack", "nowhere"),
    check("--config-file", written("Pulumi.broken.yaml", "config: {a: 1")),
    check("--report", join(written("in-the-way", ""), "report")),
    check("--stack", "nowhere", "--report", "/proc/report"),
  ]);
  expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual(Array(4).fill([2, ""]));
  expect(ended.map(({ stderr }) => stderr.replaceAll(directory, ""))).toEqual([
    "'--stack' must name a stack with a file of its own because Pulumi.nowhere.yaml does not exist; use staging\n",
    expect.stringMatching(
      /^'\/Pulumi\.broken\.yaml' must be YAML because Pulumi reads it as such; .* at line 1, column 14:?\n$/,
    ),
    "'--report' (/in-the-way/report) must be a directory that can be written because the report goes there; give another one\n",
    "'--stack' must name a stack with a file of its own because Pulumi.nowhere.yaml does not exist; use staging\n" +
      "'--report' (/proc/report) must be a directory that can be written because the report goes there; give another one\n",
  ]);
});

test("an option that does not exist: exit 2 with the way to the list of options; help is no mistake", async () => {
  const [unknown, extra, help] = await Promise.all([check("--stak", "staging"), check("staging"), check("--help")]);
  expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
  expect(unknown.stderr).toBe(
    "error: unknown option '--stak'\n(Did you mean --stack?)\n(npm run check -- --help lists the options)\n",
  );
  expect([extra.code, extra.stdout]).toEqual([2, ""]);
  expect(extra.stderr).toMatch(/^error: too many arguments/);
  expect([help.code, help.stderr]).toEqual([0, ""]);
  for (const option of ["--stack", "--json", "--report", "--config-file", "--policy-pack-config"])
    expect(help.stdout).toContain(option);
});

test("a pack configuration that the pack would not take: exit 2, all problems", async () => {
  const configuration = packFile("wrong", {
    "connector-flor": "advisory",
    "connector-floor": { waivers: [{ resource: "staging-connector" }] },
  });
  const { code, stdout, stderr } = await check("--json", "--policy-pack-config", configuration);
  expect(code).toBe(2);
  expect(stderr.replaceAll(configuration, "FILE")).toBe(
    [
      "'connector-flor' in FILE must be the name of a rule because only rules can be configured; did you mean 'connector-floor'?",
      "'connector-floor.waivers.0' in FILE must have required property 'reason'; see the rule's settings in the policy pack's README",
      "",
    ].join("\n"),
  );
  expect(JSON.parse(stdout)).toMatchObject({
    stack: "staging",
    ok: false,
    problems: [{ setting: "connector-flor" }, { setting: "connector-floor.waivers.0" }],
  });
});
