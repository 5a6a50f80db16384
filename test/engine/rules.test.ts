import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rules } from "../../policy/rules";
import { stagingConfiguration } from "../stack-settings";
import { type Ended, Environment, PACK } from "./environment";
import { resourceExamples } from "./examples/resource-rules";
import { enableApis, network } from "./examples/sound";
import { stackExamples } from "./examples/stack-rules";
import { type Finding, findingsIn, packWith } from "./findings";

/*
 * Rules on single resources. One preview shows all examples side by side, since a finding names its resource. An `up`
 * ends at the first one that is refused, so each needs its own; the engine stops at every mandatory finding alike, so
 * some do. Rules on the stack: stack-rules.test.ts.
 */

const resourceRules = rules.filter((rule) => rule.kind === "resource").map(({ name }) => name);
const UPDATED_EVERY = 10;
const updatedRules = resourceRules.filter(
  (name, i) => i % UPDATED_EVERY === 0 || resourceExamples[name]?.also !== undefined,
);
const stackRules = rules.filter((rule) => rule.kind === "stack").map(({ name }) => name);
const withoutStackRules = Object.fromEntries(stackRules.map((name) => [name, "disabled"]));

let environment: Environment;
/** What the next run registers, each example under its rule's name, beside a network that nothing refuses. */
let registered: readonly string[] = [];

beforeAll(async () => {
  const program = async () => {
    network();
    for (const rule of registered) resourceExamples[rule]?.program(rule);
  };
  environment = await Environment.of(program, stagingConfiguration());
  enableApis(environment.cloud);
  await environment.startPack();
});

afterAll(() => environment?.remove());

const runsWith = (...names: string[]) => {
  registered = names;
  return environment;
};

/** What the pack must say of an example, and nothing else. */
function expected(rule: string): Finding[] {
  const { says = "", also = {} } = resourceExamples[rule] ?? {};
  return [
    ...Object.entries(also).map(([other, message]) => ({ rule: other, resource: rule, level: "mandatory", message })),
    { rule, resource: rule, level: "mandatory", message: says },
  ];
}

const byName = (a: string, b: string) => (a < b ? -1 : 1);
const inOrder = (findings: readonly Finding[]) =>
  findings.toSorted((a, b) => byName(`${a.resource} ${a.rule}`, `${b.resource} ${b.rule}`));

test("every rule has an example", () => {
  expect(Object.keys(resourceExamples).toSorted(byName)).toEqual(resourceRules.toSorted(byName));
  expect(Object.keys(stackExamples).toSorted(byName)).toEqual(stackRules.toSorted(byName));
});

describe("a preview stops", () => {
  let preview: Ended;
  let findings: readonly Finding[] = [];
  beforeAll(async () => {
    preview = await runsWith(...resourceRules).preview(...packWith(environment, withoutStackRules));
    findings = findingsIn(preview.stdout);
  });

  test.each(resourceRules)("at the example of %s, which no other rule refuses", (rule) => {
    expect(inOrder(findings.filter(({ resource }) => resource === rule))).toEqual(expected(rule));
  });

  test("with exit 1, no finding on anything else, and no value of a secret", () => {
    expect(preview.code).toBe(1);
    expect(findings.filter(({ resource }) => !resourceRules.includes(resource))).toEqual([]);
    expect(preview.stdout).not.toMatch(/sk-example|10\.166\.204\.83/);
  });
});

describe("an update", () => {
  test("makes what nothing refuses", async () => {
    const { code, stdout } = await runsWith().up("--policy-pack", PACK);
    expect(code).toBe(0);
    expect(findingsIn(stdout)).toEqual([]);
    expect(environment.cloud.ofType("gcp:compute/network:Network")).toHaveLength(1);
  });

  test.each(updatedRules)("makes nothing of the example of %s", async (rule) => {
    environment.cloud.forgetCalls();
    const { code, stdout, stderr } = await runsWith(rule).up("--policy-pack", PACK);
    expect(inOrder(findingsIn(stdout)), stdout + stderr).toEqual(expected(rule));
    expect(code).toBe(1);
    expect(environment.cloud.calls()).toEqual([]);
  });

  test("has left none of them in the state", async () => {
    // the engine's own format
    const { deployment } = JSON.parse(await environment.state()) as { deployment: { resources: { type: string }[] } };
    expect(deployment.resources.map(({ type }) => type)).toEqual([
      "pulumi:pulumi:Stack",
      "pulumi:providers:gcp",
      "gcp:compute/network:Network",
    ]);
  });
});

describe("a configuration of the pack", () => {
  const waivers = [{ resource: "connector-floor", reason: "removed with ticket 1301" }];
  const waived = (rule: string): Finding => ({
    ...(expected(rule)[0] as Finding), // every rule has an example
    level: "advisory",
    message: `waived: removed with ticket 1301\n${resourceExamples[rule]?.says}`,
  });

  test("waives one finding with its reason and no other", async () => {
    const configuration = { ...withoutStackRules, "connector-floor": { waivers } };
    const { code, stdout } = await runsWith("connector-floor", "connector-machine-type").preview(
      ...packWith(environment, configuration),
    );
    expect(inOrder(findingsIn(stdout))).toEqual([waived("connector-floor"), ...expected("connector-machine-type")]);
    expect(code).toBe(1);
  });

  test("lets what is waived or advisory through, and still shows it", async () => {
    // The examples have no alerts.
    const configuration = { "connector-floor": { waivers }, "redis-auth": "advisory", "capacity-alerts": "disabled" };
    const { code, stdout } = await runsWith("connector-floor", "redis-auth").up(
      ...packWith(environment, configuration),
    );
    expect(inOrder(findingsIn(stdout))).toEqual([
      waived("connector-floor"),
      ...expected("redis-auth").map((finding) => ({ ...finding, level: "advisory" })),
    ]);
    expect(code).toBe(0);
    expect(environment.cloud.ofType("gcp:vpcaccess/connector:Connector")).toHaveLength(1);
    expect(environment.cloud.ofType("gcp:redis/instance:Instance")).toHaveLength(1);
  });
});
