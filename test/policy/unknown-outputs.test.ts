import { beforeAll, describe, expect, test } from "vitest";
import { planOf, readSettings } from "../../config/read";
import { evaluate, type RegisteredResource } from "../../engine/evaluate";
import type { StackRule } from "../../policy/framework/rule";
import { linkResources } from "../../policy/framework/stack-resources";
import { rules } from "../../policy/rules";
import { configurationOfRun, declare } from "../../stack";
import { soundStack, stackExamples } from "../engine/examples/stack-rules";
import { soundShops } from "../fixtures/shop";
import { FEW_STORMS, stagingConfiguration, stagingSettings } from "../stack-settings";
import { judge } from "./harness";
import { type Chosen, leftOut, type Marking, previewOutputs } from "./preview-outputs";

/*
 * A preview does not know what the cloud fills in where a program leaves it out. Whatever of that is unknown, one
 * property or all, no stack rule may change its verdict.
 */

const stackRules = rules.filter((rule) => rule.kind === "stack");
const resourceRules = rules.filter((rule) => rule.kind === "resource");
const PROVIDER = { project: "netra-staging", region: "us-central1" };
const plan = planOf(stagingSettings(FEW_STORMS));

/** What is unknown: nothing, everything, or one property by its type and path. */
type Unknowns = "nothing" | "everything" | { readonly type: string; readonly path: string };
const chosenBy: Readonly<Record<string, Chosen>> = { nothing: () => false, everything: () => true };

const remembered = new WeakMap<RegisteredResource, Map<string, object>>();

/** A resource's outputs at a preview. Every rule reads the same ones: they are made once. */
function outputsOf(resource: RegisteredResource, unknowns: Unknowns, marking?: Marking): object {
  const { type, outputs } = resource;
  const ofType = typeof unknowns === "string" ? unknowns : unknowns.type === type ? unknowns.path : "nothing";
  const made = remembered.get(resource) ?? new Map<string, object>();
  remembered.set(resource, made);
  const key = `${ofType} ${marking}`;
  const known =
    made.get(key) ?? previewOutputs(type, outputs, marking, chosenBy[ofType] ?? ((path) => path === ofType));
  made.set(key, known);
  return known;
}

interface Judged {
  /** Whom the rule blames, and for what. */
  readonly findings: readonly string[];
  /** What it has read: `gcp:redis/instance:Instance host`. */
  readonly read: ReadonlySet<string>;
}

function judged(
  rule: StackRule,
  program: readonly RegisteredResource[],
  unknowns: Unknowns,
  marking?: Marking,
): Judged {
  const read = new Set<string>();
  const resources = program.map((resource) => ({
    ...resource,
    provider: PROVIDER,
    properties: recording(outputsOf(resource, unknowns, marking), "", (path) => read.add(`${resource.type} ${path}`)),
  }));
  const findings = rule
    .findings(linkResources(resources), { plan })
    .map(({ rule: name, resource, text }) => `${name} on ${resource?.name}: ${text}`);
  return { findings, read };
}

/** Passes on what stands below a path and notes what is read; a list's items have its path. */
function recording(value: object, path: string, note: (path: string) => void): object {
  return new Proxy(value, {
    get(target, key) {
      const item: unknown = Reflect.get(target, key);
      if (typeof key === "symbol" || typeof item === "function") return item;
      const at = Array.isArray(target) ? path : path ? `${path}.${key}` : key;
      note(at);
      return item !== null && typeof item === "object" ? recording(item, at, note) : item;
    },
  });
}

const [SIGNATURE, SECRET] = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"];

/** Policies see secrets as they are. */
function plain(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_, item) => (item?.[SIGNATURE ?? ""] === SECRET ? item.value : item));
}

const leftToCloud = new WeakMap<readonly RegisteredResource[], ReadonlySet<string>>();

/** The types and paths of what a program leaves to the cloud. */
function leftToCloudBy(program: readonly RegisteredResource[]): ReadonlySet<string> {
  const left =
    leftToCloud.get(program) ??
    new Set(program.flatMap(({ type, outputs }) => leftOut(type, outputs).map((path) => `${type} ${path}`)));
  leftToCloud.set(program, left);
  return left;
}

/** Every way in which what the program leaves out can be unknown, as far as the rule reads it. */
function verdicts(rule: StackRule, program: readonly RegisteredResource[]): Map<string, readonly string[]> {
  const [none, all] = [judged(rule, program, "nothing"), judged(rule, program, "everything")];
  const read = new Set([...none.read, ...all.read]);
  const found = new Map([
    ["nothing", none.findings],
    ["everything", all.findings],
    ["everything, by kind", judged(rule, program, "everything", "by kind").findings],
  ]);
  for (const property of leftToCloudBy(program))
    if (read.has(property)) {
      const [type = "", path = ""] = property.split(" ");
      found.set(property, judged(rule, program, { type, path }).findings);
    }
  return found;
}

async function evaluated(program: () => object): Promise<RegisteredResource[]> {
  const registered = await evaluate("staging", stagingConfiguration(), program);
  return registered.map((one) => ({ ...one, inputs: plain(one.inputs), outputs: plain(one.outputs) }));
}

describe.each(
  Object.entries<() => object>({
    staging: () => declare(readSettings(configurationOfRun())),
    "the examples' sound stack": () => Object(soundStack()),
    ...Object.fromEntries(
      Object.entries(soundShops).map(([name, program]) => [`the shop with ${name}`, () => Object(program())]),
    ),
  }),
)("%s is sound, whatever a preview does not know", (_, program) => {
  let resources: readonly RegisteredResource[];
  beforeAll(async () => {
    resources = await evaluated(program);
  });

  test("to the rules that see single resources, which see what it states", async () => {
    for (const rule of resourceRules)
      for (const { type, name, inputs } of resources)
        expect(
          await judge(rule, { type, name, properties: inputs, provider: PROVIDER }),
          `${rule.name} on ${name}`,
        ).toEqual([]);
  });

  test.each(stackRules.map((rule) => [rule.name, rule] as const))("to %s", (_name, rule) => {
    for (const [unknown, findings] of verdicts(rule, resources)) expect(findings, `unknown: ${unknown}`).toEqual([]);
  });
});

describe.each(Object.entries(stackExamples))("the example of %s", (name, { program }) => {
  test("stays refused, whatever a preview does not know", async () => {
    const resources = await evaluated(() => Object(program()));
    const rule = stackRules.find((candidate) => candidate.name === name);
    if (!rule) throw new Error(`there is no stack rule ${name}`);
    for (const [unknown, findings] of verdicts(rule, resources))
      expect(findings, `unknown: ${unknown}`).not.toEqual([]);
  });
});
