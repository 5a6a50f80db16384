import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { planOf } from "../../config/read";
import { asJudged, evaluate } from "../../engine/evaluate";
import { type JudgementOptions, judgeProgram, type ProgramResource } from "../../policy/framework/judgement";
import { messageOf } from "../../policy/framework/outcome";
import { rules } from "../../policy/rules";
import { staging } from "../../stack";
import { stagingConfiguration, stagingSettings } from "../stack-settings";

/*
 * Staging after its first `up`: `test/fixtures/real-state.json` holds every gcp resource with its inputs, outputs and
 * id, as the real provider (9.37) returned them; secrets are replaced by `[secret]`. A preview and `policy analyze` of
 * that state hand inputs to resource rules and outputs to stack rules. The pack must not find anything.
 */

interface Created {
  readonly type: string;
  readonly name: string;
  readonly inputs: object;
  readonly outputs: object;
}

const created: readonly Created[] = JSON.parse(readFileSync(join(__dirname, "../fixtures/real-state.json"), "utf8"));
const provider = { project: "netra-staging", region: "us-central1" };
const plan = planOf(stagingSettings());

let program: readonly ProgramResource[] = [];
beforeAll(async () => {
  const registered = await evaluate("staging", stagingConfiguration(), staging);
  program = registered.map((resource) => asJudged(resource, provider));
});

const findings = (resources: readonly ProgramResource[], options: JudgementOptions) =>
  judgeProgram(rules, resources, options).map(
    (finding) => `${finding.rule} [${finding.resource?.name ?? "stack"}] ${messageOf(finding)}`,
  );

/**
 * The program's resources as the cloud has them. What is not Google's (components, passwords) is as the program has it.
 */
const inTheProgram = (more: object = {}) =>
  program.map((resource) => {
    const real = created.find(({ type, name }) => type === resource.type && name === resource.name);
    return { ...resource, ...(real ? { inputs: real.inputs, outputs: real.outputs } : {}), ...more };
  });

/** The cloud's resources without relations. */
const alone = (more: object = {}) =>
  created.map((resource) => ({
    ...resource,
    urn: `urn:pulumi:staging::netra::${resource.type}::${resource.name}`,
    provider,
    dependencies: [],
    propertyDependencies: {},
    ...more,
  }));

test("every resource of the state is one of the program", () => {
  const declared = new Set(program.map(({ type, name }) => `${type} ${name}`));
  expect(created.filter(({ type, name }) => !declared.has(`${type} ${name}`))).toEqual([]);
});

describe("the pack finds nothing in the state of a landed stack", () => {
  test("at a preview", () => expect(findings(inTheProgram(), { plan })).toEqual([]));
  test("at a preview, without dependencies", () => expect(findings(alone(), { plan })).toEqual([]));
  test("as an exported state, which has no plan", () => expect(findings(inTheProgram(), {})).toEqual([]));
  test("as an exported state, without dependencies", () => expect(findings(alone(), {})).toEqual([]));
  test("without the provider's configuration", () => {
    expect(findings(inTheProgram({ provider: {} }), { plan })).toEqual([]);
    expect(findings(alone({ provider: {} }), {})).toEqual([]);
  });
});
