import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluate, type Registered } from "../../commands/evaluate";
import { rules } from "../../policy/rules";
import { staging } from "../../stack";
import { stagingConfiguration } from "../stack-settings";
import { type Declared, type Found, judge, judgeStack } from "./harness";

/*
 * Staging after its first `up`: `test/fixtures/real-state.json` holds every gcp resource with its inputs, outputs and id,
 * as the real provider (9.37) returned them; secrets are replaced by `[secret]`. A preview and `policy analyze` of that
 * state hand inputs to resource rules and outputs to stack rules. The pack must not find anything.
 */

interface Created {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

const created: readonly Created[] = JSON.parse(readFileSync(join(__dirname, "../fixtures/real-state.json"), "utf8"));
const provider = { project: "netra-staging", region: "us-central1" };

let program: readonly Registered[] = [];
beforeAll(async () => {
  program = await evaluate("staging", stagingConfiguration(), staging);
});

/** Every rule's findings, each with its rule and resource. */
async function findings(inputs: readonly Declared[], outputs: readonly Declared[]): Promise<string[]> {
  const said = (rule: string, found: readonly Found[]) => found.map(({ resource, message }) => `${rule} [${resource ?? "stack"}] ${message}`);
  const all: string[] = [];
  for (const rule of rules)
    if ("validateStack" in rule) all.push(...said(rule.name, await judgeStack(rule, outputs)));
    else for (const resource of inputs) all.push(...said(rule.name, await judge(rule, resource)));
  return all;
}

/** The program's resources with the cloud's properties; what is not Google's (components, passwords) as the program has it. */
const withRelations = (key: "inputs" | "outputs"): Declared[] =>
  program.map((registered) => {
    const real = created.find(({ type, name }) => type === registered.type && name === registered.name);
    return {
      type: registered.type,
      name: registered.urn, // several resources share a Pulumi name, and the relations are by name here
      properties: real?.[key] ?? registered[key],
      dependsOn: registered.dependencies,
      handed: registered.dependencies,
      parent: registered.parent,
      ...(real ? { provider } : {}),
    };
  });

const alone = (key: "inputs" | "outputs", more: Partial<Declared> = {}): Declared[] =>
  created.map((resource) => ({ type: resource.type, name: resource.name, properties: resource[key], ...more }));

test("every resource of the state is one of the program", () => {
  const declared = new Set(program.map(({ type, name }) => `${type} ${name}`));
  expect(created.filter(({ type, name }) => !declared.has(`${type} ${name}`))).toEqual([]);
});

describe("the pack finds nothing in the state of a landed stack", () => {
  test("with the program's dependencies", async () => expect(await findings(withRelations("inputs"), withRelations("outputs"))).toEqual([]));
  test("without dependencies", async () => expect(await findings(alone("inputs", { provider }), alone("outputs", { provider }))).toEqual([]));
  test("without the provider's configuration", async () => expect(await findings(alone("inputs"), alone("outputs"))).toEqual([]));
});
