import * as random from "@pulumi/random";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stagingConfiguration } from "../stack-settings";
import { Environment, PACK } from "./environment";
import { enableApis } from "./examples/sound";
import { type StackExample, soundStack, stackExamples } from "./examples/stack-rules";
import { findingsIn } from "./findings";

/* Rules that judge the stack as a whole: they see it once everything is registered, so they stop a preview only. */

let environment: Environment;
let program: () => void = soundStack;

beforeAll(async () => {
  environment = await Environment.of(async () => program(), stagingConfiguration());
  enableApis(environment.cloud);
  await environment.startPack();
});

afterAll(() => environment?.remove());

const runsWith = (next: () => void) => {
  program = next;
  return environment;
};

const UNKNOWN =
  /^cannot evaluate: '(.+)' is not known at preview; give it a plain value instead of another resource's output$/;

const made = () =>
  environment.cloud
    .calls()
    .filter(({ method, phase }) => method === "create" && phase === "end")
    .map(({ name }) => name);

test("the sound stack passes", async () => {
  const { code, stdout } = await runsWith(() => soundStack()).preview("--policy-pack", PACK);
  expect(findingsIn(stdout)).toEqual([]);
  expect(code).toBe(0);
});

describe("a preview stops", () => {
  test.each(Object.entries<StackExample>(stackExamples))(
    "at the example of %s",
    async (rule, { program: example, blamed, says, also = [] }) => {
      const { code, stdout } = await runsWith(example).preview("--policy-pack", PACK);
      const findings = findingsIn(stdout);
      expect(findings.filter((finding) => finding.rule === rule)[0]).toEqual({
        rule,
        resource: blamed,
        level: "mandatory",
        message: expect.stringContaining(says),
      });
      expect([...new Set(findings.map((finding) => finding.rule))].toSorted()).toEqual([rule, ...also].toSorted());
      expect(code).toBe(1);
    },
  );

  test("at capacity that is not known before an update", async () => {
    const unknown = () => {
      const number = new random.RandomInteger("number", { min: 4, max: 5 }).result;
      soundStack({
        connector: { maxInstances: number.apply((value) => value + 5) },
        settings: { tier: number.apply((value) => `db-custom-1-${value * 1024}`) },
        backend: {
          args: { scaling: { maxInstanceCount: number } },
          variables: { DB_POOL_SIZE: { value: number.apply(String) } },
        },
      });
    };
    const { code, stdout } = await runsWith(unknown).preview("--policy-pack", PACK);
    const rulesBySetting: Record<string, string[]> = {};
    for (const { rule, resource, level, message } of findingsIn(stdout)) {
      expect([rule, level, message]).toEqual([rule, "mandatory", expect.stringMatching(UNKNOWN)]);
      const setting = `${UNKNOWN.exec(message)?.[1]} of ${resource}`;
      rulesBySetting[setting] = [...(rulesBySetting[setting] ?? []), rule].toSorted();
    }
    // The rules that count and simulate stay silent about what a rule on the resource itself reports.
    expect(rulesBySetting).toEqual({
      "maxInstances of connector": ["connector-floor", "connector-instance-counts"],
      "settings.tier of database": [
        "connection-budget",
        "database-dedicated-core",
        "database-max-connections",
        "database-tier",
      ],
      "scaling.maxInstanceCount of backend": ["service-scaling"],
      "template.containers[0].envs[DB_POOL_SIZE] of backend": ["service-database-variables"],
    });
    expect(code).toBe(1);
  });
});

describe("an update", () => {
  const { program: overdrawn = soundStack } = stackExamples["connection-budget"] ?? {};

  test("has made everything by the time a rule on the stack fails it", async () => {
    const { code, stdout } = await runsWith(overdrawn).up("--policy-pack", PACK);
    expect(
      findingsIn(stdout).map(({ rule, level }) => [rule, level]),
      stdout,
    ).toEqual([["connection-budget", "mandatory"]]);
    expect(code).toBe(1);
    expect(made()).toEqual(expect.arrayContaining(["database", "connector", "auth", "backend"]));
  });

  test("of the corrected program repairs it in place", async () => {
    environment.cloud.forgetCalls();
    const { code, stdout } = await runsWith(() => soundStack()).up("--policy-pack", PACK);
    expect(findingsIn(stdout)).toEqual([]);
    expect(code).toBe(0);
    expect(environment.cloud.calls().map(({ method, name, phase }) => `${method} ${name} ${phase}`)).toEqual([
      "update backend start",
      "update backend end",
    ]);
  });
});
