import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { CONNECTOR, RUN_SERVICE, SQL_INSTANCE } from "../../../config/resource-types";
import type { RegisteredResource } from "../../../engine/evaluate";
import { type Diagnostic, defaultsOf, PackServer } from "../../../engine/pack-client";
import { UNKNOWN } from "../../../policy/framework/unknown";
import { rules } from "../../../policy/rules";
import { stagingConfiguration } from "../../stack-settings";

const STACK = { name: "staging", configuration: stagingConfiguration() };
const PROVIDER = { project: "netra-staging", region: "us-central1" };

let pack: PackServer;
/** What the pack finds before anything configures it. */
let unconfigured: Diagnostic[] = [];
beforeAll(async () => {
  pack = await PackServer.start(join(PROJECT_ROOT, "policy"), STACK);
  unconfigured = await judge(connector({ minInstances: 2 }));
});
beforeEach(() => pack.configure());
afterAll(() => pack?.stop());

const children = () => process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;

const resource = (type: string, inputs: Record<string, unknown>, outputs = inputs): RegisteredResource => ({
  type,
  name: "subject",
  urn: `urn:pulumi:staging::netra::${type}::subject`,
  parent: "",
  dependencies: [],
  propertyDependencies: {},
  options: {
    protect: true,
    import: "",
    ignoreChanges: [],
    deleteBeforeReplace: false,
    additionalSecretOutputs: [],
    retainOnDelete: false,
  },
  custom: true,
  inputs,
  outputs,
});
const connector = (changes: Record<string, unknown> = {}) =>
  resource(CONNECTOR, {
    name: "staging-connector",
    region: "us-central1",
    ipCidrRange: "10.1.0.0/28",
    network: "staging-vpc",
    machineType: "e2-micro",
    minInstances: 3,
    maxInstances: 10,
    ...changes,
  });
/** Without the finding that nothing watches the resource, which every resource alone has. */
const judge = async (...resources: RegisteredResource[]): Promise<Diagnostic[]> =>
  (await pack.judge(resources, PROVIDER)).filter(({ policy }) => policy !== "capacity-alerts");

test("describes every rule with its level and what can be configured", () => {
  expect(pack.rules.map(({ name }) => name).toSorted()).toEqual(rules.map(({ name }) => name).toSorted());
  for (const rule of pack.rules) {
    expect(defaultsOf(rule), rule.name).toMatchObject({ waivers: [] });
  }
  const floor = pack.rules.find(({ name }) => name === "connector-floor");
  // The stack's plan decides them, and the engine would fill a default in.
  expect(floor && defaultsOf(floor)).toEqual({ waivers: [] });
});

test("judges before anything configures it as it does with its defaults", async () => {
  expect(await judge(connector())).toEqual([]);
  expect(unconfigured).toEqual(await judge(connector({ minInstances: 2 })));
  expect(unconfigured).toHaveLength(1);
});

test("reports which rule refuses which resource at which level", async () => {
  expect(await judge(connector({ minInstances: 2 }))).toEqual([
    {
      policy: "connector-floor",
      level: "mandatory",
      urn: `urn:pulumi:staging::netra::${CONNECTOR}::subject`,
      message:
        "'minInstances' (2) must be at least 3 because a storm is over before the connector scales out, so its minimum is what carries every start at once; set 'minInstances' to 3",
    },
  ]);
});

test("merges what is configured over a rule's defaults, rule by rule", async () => {
  await pack.configure({ "connector-floor": { maxInstances: 5 } });
  expect(await judge(connector({ maxInstances: 5 }))).toEqual([]);
  expect(
    (await judge(connector({ minInstances: 2, maxInstances: 4 }))).map(({ message }) => message.split(" must ")[0]),
  ).toEqual(["'minInstances' (2)", "'maxInstances' (4)"]);
  await pack.configure();
  expect(await judge(connector({ maxInstances: 5 }))).toHaveLength(1);
});

test("sets the level of all rules at once, a rule's own going first", async () => {
  await pack.configure({ all: "advisory", "connector-floor": { enforcementLevel: "mandatory" } });
  const found = await judge(connector({ minInstances: 2, name: "a-name-that-is-much-too-long" }));
  expect(found.map(({ policy, level }) => [policy, level]).toSorted()).toEqual([
    ["connector-floor", "mandatory"],
    ["connector-name", "advisory"],
  ]);
  await pack.configure({ all: { enforcementLevel: "disabled" } });
  expect(await judge(connector({ minInstances: 2 }))).toEqual([]);
});

test("reports a count that a preview cannot know as mandatory, never as a pass", async () => {
  const found = await judge(connector({ minInstances: UNKNOWN }));
  const counts = found.find(({ policy }) => policy === "connector-instance-counts");
  expect(counts).toMatchObject({
    level: "mandatory",
    message:
      "cannot evaluate: 'minInstances' is not known at preview; give it a plain value instead of another resource's output",
  });
});

test("a waiver lowers its finding and carries the reason", async () => {
  await pack.configure({ "connector-floor": { waivers: [{ resource: "subject", reason: "until the load test" }] } });
  const [finding, ...others] = await judge(connector({ minInstances: 2 }));
  expect(others).toEqual([]);
  expect(finding?.level).toBe("advisory");
  expect(finding?.message).toMatch(/^waived: until the load test\n'minInstances' \(2\) must be at least 3 /);
});

test.each([
  ["texts for numbers", connector({ minInstances: "three", maxInstances: [] })],
  ["an object for a text", connector({ name: {}, ipCidrRange: 28, machineType: [null] })],
  [
    "null everywhere",
    resource(CONNECTOR, { name: null, ipCidrRange: null, machineType: null, minInstances: null, maxInstances: null }),
  ],
  ["a template that is a text", resource(RUN_SERVICE, { name: "x", location: "us-central1", template: "oops" })],
  [
    "containers that are no list",
    resource(RUN_SERVICE, { name: "x", template: { containers: { image: "x" }, scaling: 3 } }),
  ],
  [
    "a list with null in it",
    resource(RUN_SERVICE, { name: "x", template: { containers: [null, { envs: [null, 1] }] } }),
  ],
  [
    "settings that are a list",
    resource(SQL_INSTANCE, { databaseVersion: "POSTGRES_14", settings: ["db-custom-1-3840"] }),
  ],
  [
    "flags without names",
    resource(SQL_INSTANCE, {
      databaseVersion: 14,
      settings: { tier: 5, databaseFlags: [{}, { name: null, value: {} }] },
    }),
  ],
  ["nothing at all", resource(RUN_SERVICE, {})],
])("outlives %s, and refuses it", async (_, malformed) => {
  const found = await judge(malformed);
  expect(found.filter(({ level }) => level === "mandatory").length).toBeGreaterThan(0);
  for (const { message } of found) expect(message).not.toContain("the rule itself failed");
  // Still there, and still right.
  expect(await judge(connector())).toEqual([]);
});

test("judges hundreds of resources in one go", async () => {
  const many = Array.from({ length: 300 }, (_, i) =>
    connector({ minInstances: 2, ipCidrRange: `10.${2 + Math.floor(i / 16)}.0.${(i % 16) * 16}/28` }),
  );
  expect((await judge(...many)).filter(({ policy }) => policy === "connector-floor")).toHaveLength(300);
});

test("does not come up from a folder without a pack, and reports why", async () => {
  const empty = mkdtempSync(join(tmpdir(), "netra-no-pack-"));
  try {
    await expect(PackServer.start(empty)).rejects.toThrow(
      /^the policy pack did not start \(exit 32\)\nWe failed to locate the entry point for your program/,
    );
  } finally {
    rmSync(empty, { recursive: true });
  }
});

/* The last test: nothing can be asked afterwards. */
test("stops its process, so that nothing stays behind", async () => {
  const running = children();
  pack.stop();
  await expect.poll(children, { timeout: 10_000 }).toBe(running - 1);
  await expect(judge(connector())).rejects.toThrow();
});
