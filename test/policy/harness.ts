import { planOf } from "../../config/read";
import { Inputs } from "../../policy/framework/inputs";
import { type Finding, messageOf } from "../../policy/framework/outcome";
import type { ResourceRule, RuleRun, StackResource, StackRule } from "../../policy/framework/rule";
import { linkResources } from "../../policy/framework/stack-resources";
import { stagingSettings } from "../stack-settings";

/** Pulumi's own sentinel for a text that a preview cannot know. */
export { UNKNOWN } from "../../policy/framework/unknown";

export interface Found {
  readonly message: string;
  /** The Pulumi name of the resource that is blamed; undefined: the stack. */
  readonly resource: string | undefined;
  /** Set when a waiver lowered the finding. */
  readonly waived: boolean;
  /** Set when the finding only advises. */
  readonly advice?: true;
}

export interface Declared {
  readonly type: string;
  readonly name?: string;
  /** Default: one of the stack itself. */
  readonly urn?: string;
  readonly properties: Record<string, unknown>;
  readonly provider?: Record<string, unknown>;
  /** Names of the resources it depends on. */
  readonly dependsOn?: readonly string[];
  /** Names of the resources whose outputs stand in its properties. */
  readonly propertyDependencies?: readonly string[];
  /** The name of the component it stands in. */
  readonly parent?: string;
}

const urnOf = (resource: Declared) =>
  resource.urn ?? `urn:pulumi:test::netra::${resource.type}::${resource.name ?? "subject"}`;
const found = (finding: Finding): Found => ({
  message: messageOf(finding),
  resource: finding.resource?.name,
  waived: finding.waived !== undefined,
  ...(finding.level === "advisory" && finding.waived === undefined ? { advice: true } : {}),
});

/** The plan that rules are run with, as in this project's own stack. */
const plan = planOf(stagingSettings());

/** Runs a resource rule in the stack of the reference plan; `settings` as somebody has given them. */
export async function judge(rule: ResourceRule, resource: Declared, settings: object = {}): Promise<Found[]> {
  return findings(rule, resource, { settings: { ...settings }, plan }).map(found);
}

/** The findings themselves; without a plan the resource is of a foreign program. */
export function findings(
  rule: ResourceRule,
  { type, name = "subject", properties, provider, ...declared }: Declared,
  run: RuleRun = {},
): Finding[] {
  const urn = urnOf({ type, name, properties, ...declared });
  return rule.findings({ type, name, urn, properties: new Inputs(properties), provider: new Inputs(provider) }, run);
}

/** The texts of what a resource rule says. */
export async function messages(rule: ResourceRule, resource: Declared, settings: object = {}): Promise<string[]> {
  return (await judge(rule, resource, settings)).map(({ message }) => message);
}

/** Runs a stack rule over the resources, in the stack of the reference plan. */
export async function judgeStack(
  rule: StackRule,
  resources: readonly Declared[],
  settings: object = {},
): Promise<Found[]> {
  return stackFindings(rule, resources, { settings: { ...settings }, plan }).map(found);
}

/** The findings themselves. */
export function stackFindings(rule: StackRule, resources: readonly Declared[], run: RuleRun = {}): Finding[] {
  return rule.findings(stackOf(resources), run);
}

/** The resources as a stack rule reads them. */
export function stackOf(resources: readonly Declared[]): StackResource[] {
  const urnsOf = (names: readonly string[] = []) =>
    resources.filter(({ name = "subject" }) => names.includes(name)).map(urnOf);
  const declared = resources.map((resource) => ({
    type: resource.type,
    name: resource.name ?? "subject",
    urn: urnOf(resource),
    properties: resource.properties,
    provider: resource.provider,
    parent: urnsOf(resource.parent === undefined ? [] : [resource.parent])[0],
    dependencies: urnsOf(resource.dependsOn),
    propertyDependencies: { template: urnsOf(resource.propertyDependencies) },
  }));
  return linkResources(declared);
}
