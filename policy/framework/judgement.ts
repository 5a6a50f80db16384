import { Inputs } from "./inputs";
import type { Finding } from "./outcome";
import type { Rule, RuleRun } from "./rule";
import { linkResources, type UnlinkedResource } from "./stack-resources";

/** A rule's enforcement levels, in the order of Pulumi's protocol enum. */
export const LEVELS = ["advisory", "mandatory", "disabled", "remediate"] as const;
export type Level = (typeof LEVELS)[number];

/** A `--policy-pack-config` file: a level, or settings with an optional level, for each rule or `all`. */
export type PackConfiguration = Readonly<Record<string, Level | Readonly<Record<string, unknown>>>>;

/** A resource of a program, with secrets unwrapped and with Pulumi's sentinels for unknown values. */
export interface ProgramResource extends Omit<UnlinkedResource, "properties"> {
  /** What resource rules read. */
  readonly inputs: object;
  /** What stack rules read. */
  readonly outputs: object;
}

export interface JudgementOptions extends Pick<RuleRun, "plan" | "isBrief"> {
  /** Default: every rule at its own level, without settings. */
  readonly configuration?: PackConfiguration;
}

/**
 * Judges a program in this process, as the engine does with the pack: every resource by its inputs, then the stack by
 * its outputs. A test in test/engine compares the findings.
 */
export function judgeProgram(
  rules: readonly Rule[],
  program: readonly ProgramResource[],
  { configuration = {}, ...run }: JudgementOptions = {},
): Finding[] {
  const active = rules.flatMap((rule) => {
    const { level, settings } = configured(rule.name, configuration);
    return level === "disabled" ? [] : [{ rule, level, run: { settings, ...run } }];
  });
  const read = program.map(({ type, name, urn, inputs, provider }) => ({
    type,
    name,
    urn,
    properties: new Inputs(inputs),
    provider: new Inputs(provider),
  }));
  const stack = linkResources(
    program.map(({ inputs: _, outputs, ...resource }) => ({ ...resource, properties: outputs })),
  );
  return active.flatMap(({ rule, level, run }) => {
    const found =
      rule.kind === "resource" ? read.flatMap((resource) => rule.findings(resource, run)) : rule.findings(stack, run);
    return level === "advisory" ? found.map((finding) => ({ ...finding, level })) : found;
  });
}

/** A rule's level and settings in a configuration. */
export function configured(
  rule: string,
  configuration: PackConfiguration,
): { readonly level: Level; readonly settings: Readonly<Record<string, unknown>> } {
  const { all } = configuration;
  const own = Object.hasOwn(configuration, rule) ? configuration[rule] : undefined;
  const { enforcementLevel, ...settings } = typeof own === "object" ? own : { enforcementLevel: own };
  const stated = enforcementLevel ?? (typeof all === "object" ? all.enforcementLevel : all);
  return { level: LEVELS.find((level) => level === stated) ?? "mandatory", settings };
}
