import { describe, expect, test } from "vitest";
import { InputError } from "../../capacity/problem";
import { type PlanOptions, readAsked } from "../../commands/shared/plan-options";
import { type Changes, REFERENCE } from "../stack-settings";
import { stackCommand } from "./child";
import { stackFiles } from "./stack-files";

/* What `storm` and `size` can be asked for is read in process; a child shows what is printed where, and the exit code. */

const stackFile = stackFiles();
const storm = stackCommand("storm");

const frontendOnly: Changes = { "netra:services": { auth: undefined, backend: undefined } };

describe("what storm and size can be asked for", () => {
  function problems(options: Partial<PlanOptions>, changes: Changes = {}): string[] {
    try {
      readAsked({ stack: "staging", configFile: stackFile("asked", changes), ...options });
      return [];
    } catch (error) {
      if (error instanceof InputError) return error.problems.map(({ message }) => message);
      throw error;
    }
  }

  const tooFew = (value: string) =>
    `'--replications' (${value}) must be a whole number of at least 1000 because fewer storms give no verdict; set '--replications' to 1000`;
  test.each([["999"], ["0"], ["-1000"], ["1000.5"], ["many"], ["NaN"], ["Infinity"], ["1e4"], ["0x7d0"], [""]])(
    "not %j replications",
    (value) => {
      expect(problems({ replications: value })).toEqual([tooFew(value === "" ? "empty" : value)]);
    },
  );

  test("not more replications than memory holds", () => {
    expect(problems({ replications: "200001" })).toEqual([
      "'--replications' (200001) must be at most 200000 because the results of all storms are kept in memory; set '--replications' to 200000",
    ]);
  });

  test.each([["1.5"], ["-1"], ["4294967296"], ["one"], ["1e2"], [""], [" "]])("not the seed %j", (value) => {
    expect(problems({ seed: value })).toEqual([
      `'--seed' (${value === "" ? "empty" : value}) must be a whole number from 0 to 4294967295 because the same seed gives the same storms on any machine; set '--seed' to 1`,
    ]);
  });

  test.each([["cold"], [""], ["rollout-frontend"], ["constructor"]])(
    "not the scenario %j: the ones that exist are listed",
    (scenario) => {
      expect(problems({ scenario })).toEqual([
        `'--scenario' (${scenario || "empty"}) must be one of cold-start, rollout-auth, rollout-backend, recovery, scale-out because the plan has no other storms; set '--scenario' to cold-start`,
      ]);
    },
  );

  test("no scenario of a plan without storms", () => {
    expect(problems({ scenario: "cold-start" }, frontendOnly)).toEqual([
      "'--scenario' (cold-start) must be left out because no service of the plan uses the database, so it has no storms; set '--scenario' to nothing",
    ]);
  });

  test("all that is wrong at once", () => {
    expect(problems({ replications: "1", seed: "x", scenario: "y" })).toHaveLength(3);
  });

  test("not fewer storms than the target takes", () => {
    expect(problems({ replications: "2000" }, { "netra:targets": { startupSuccessPercent: 99.9 } })).toEqual([
      "'--replications' (2000) must be a whole number of at least 3530 because with fewer storms the lower bound stays under 0.999 even when no start fails; set '--replications' to 7060",
    ]);
  });

  test.each([
    [0, "must be from 1 to below 100 percent"],
    [0.99, "must be from 1 to below 100 percent"],
    [100, "must be from 1 to below 100 percent"],
    [-5, "must be from 1 to below 100 percent"],
    ["99%", "must be from 1 to below 100 percent"],
    [99.999999, "must be at most 99.99 because"],
  ])("not a target of %s", (startupSuccessPercent, must) => {
    const [message, ...others] = problems({}, { "netra:targets": { startupSuccessPercent } });
    expect(others).toEqual([]);
    expect(message).toContain(`'netra:targets.startupSuccessPercent' (${startupSuccessPercent}) ${must}`);
    expect(message).toMatch(/; set 'netra:targets\.startupSuccessPercent' to 99(\.99)?$/);
  });

  test.each<[string, Changes]>([
    ["netra:connector.minInstances", { "netra:connector": { minInstances: 0 } }],
    ["netra:connector.minInstances", { "netra:connector": { minInstances: -3 } }],
    ["netra:database.maxConnections", { "netra:database": { maxConnections: 0 } }],
    ["netra:services.backend.maxInstances", { "netra:services": { backend: { maxInstances: 0 } } }],
    ["netra:services.backend.maxInstances", { "netra:services": { backend: { maxInstances: -5 } } }],
    ["netra:services.backend.minInstances", { "netra:services": { backend: { minInstances: 6 } } }],
    ["netra:services.backend.database.workers", { "netra:services": { backend: { database: { workers: 0 } } } }],
    ["netra:services.backend.database.poolSize", { "netra:services": { backend: { database: { poolSize: -1 } } } }],
    [
      "netra:services.backend.database.startupConnections",
      { "netra:services": { backend: { database: { startupConnections: -1 } } } },
    ],
    [
      "netra:services.backend.database.retry.attempts",
      { "netra:services": { backend: { database: { retry: { attempts: 0 } } } } },
    ],
    ["netra:services.backend.probe.periodSeconds", { "netra:services": { backend: { probe: { periodSeconds: -1 } } } }],
    ["netra:database.tier", { "netra:database": { tier: "db-n1-standard-1" } }],
    ["netra:connector.machineType", { "netra:connector": { machineType: "e2-huge" } }],
  ])("not a plan that cannot be simulated for its %s", (setting, changes) => {
    const found = problems({}, changes);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^'${setting}' \\(.+\\) must .+ because .+; set '${setting}' to .`));
  });

  test("the defaults, and anything in range", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ replications: "1000", seed: "0", scenario: "recovery" })).toEqual([]);
    expect(problems({ replications: " 200000 ", seed: "4294967295" })).toEqual([]);
    const { scenarios, storms } = readAsked({
      stack: "staging",
      configFile: REFERENCE,
      scenario: "scale-out",
      seed: "7",
    });
    expect(scenarios.map(({ name }) => name)).toEqual(["scale-out"]);
    expect(storms).toEqual({ replications: 1000, seed: 7 });
  });
});

describe("the command", () => {
  test("prints one object with --json: the same bytes for the same seed, others for another", async () => {
    const asked = ["--scenario", "rollout-auth", "--replications", "1000", "--json"];
    const [first, again, other] = await Promise.all([
      storm(...asked),
      storm(...asked, "--seed", "1"),
      storm(...asked, "--seed", "2"),
    ]);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(again.stdout).toBe(first.stdout);
    const { readySeconds, sensitivity, reliefs, ...result } = JSON.parse(first.stdout);
    expect(result).toMatchObject({
      scenario: "rollout-auth",
      starts: 3,
      replications: 1000,
      seed: 1,
      target: 0.99,
      ok: true,
      problems: [],
      success: { mean: 1 },
    });
    expect(sensitivity.length).toBeGreaterThan(0);
    expect(reliefs.length).toBeGreaterThan(0);
    expect(JSON.parse(other.stdout).readySeconds).not.toEqual(readySeconds);
  });

  test("refuses a plan below its target: exit 1, with the bottleneck and what to set", async () => {
    const backend = { maxInstances: 2, database: { startupQueryCpuMs: 60_000 } };
    const file = stackFile("slow", { "netra:services": { backend } });
    const [all, json] = await Promise.all([
      storm("--config-file", file, "--replications", "1000"),
      storm("--config-file", file, "--replications", "1000", "--json"),
    ]);
    expect([all.code, all.stderr, json.code, json.stderr]).toEqual([1, "", 1, ""]);
    expect(all.stdout).toMatch(/^1\. 'netra:database\.tier' \(db-custom-1-3840\) must let at least/m);
    expect(all.stdout).toMatch(/^REFUSED: /m);
    const { storms, ok, problems, target } = JSON.parse(json.stdout);
    expect([ok, target, storms.length, problems.length]).toEqual([false, 0.99, 5, 1]);
  });

  test("bad input: exit 2, the problems on standard error, and on standard output only as an object where JSON was asked for", async () => {
    const message =
      "'--seed' (x) must be a whole number from 0 to 4294967295 because the same seed gives the same storms on any machine; set '--seed' to 1";
    const [text, json, option] = await Promise.all([
      storm("--seed", "x"),
      storm("--seed", "x", "--json"),
      storm("--scenari", "recovery"),
    ]);
    expect(text).toEqual({ code: 2, stdout: "", stderr: `${message}\n` });
    expect([json.code, json.stderr]).toEqual([2, `${message}\n`]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      stack: "staging",
      ok: false,
      problems: [{ setting: "--seed", message }],
    });
    expect([option.code, option.stdout]).toEqual([2, ""]);
    expect(option.stderr).toMatch(/^error: unknown option '--scenari'\n/);
  });

  test("reports where the plan has no storms", async () => {
    const ended = await storm("--config-file", stackFile("frontend", frontendOnly));
    expect(ended).toEqual({
      code: 0,
      stdout: "No service of the plan uses the database: it has no start-up storms.\n",
      stderr: "",
    });
  });
});
