import type { Severity } from "@pulumi/policy";
import type { CapacityPlan } from "../../capacity/plan";
import type { Problem } from "../../capacity/problem";
import { type Inputs, MalformedValueError, UnknownAtPreviewError } from "./inputs";
import type { Finding } from "./outcome";

/*
 * The interface of a rule. Rules import nothing of Pulumi's: `pulumi.ts` runs them in the engine, `judgement.ts` runs
 * them in our own process, and both return the same findings.
 */

/** A rule's description. The README's table of rules is generated from it. */
interface About {
  /** The fact that holds if the rule passes: `connector-instance-counts`. */
  readonly name: string;
  /** The fact, in one sentence. */
  readonly info: string;
  /** The consequence of a violation, in a sentence or two. */
  readonly why: string;
  readonly severity: Severity;
  /** The settings to change. */
  readonly remediation: string;
  /**
   * Whether the rule enforces this project's conventions: as a `whole`, or in the `part` that it reports through
   * `convention`. On resources of other programs those findings are advisory, unless the rule's setting `everywhere` is
   * true. Default: no conventions.
   */
  readonly convention?: "whole" | "part";
}

/**
 * A rule's configuration: JSON Schema for each setting. `default` is neutral: it suits any program. If the stack has
 * its own plan (`netra:` in its configuration), `fromPlan` takes the value from it.
 */
export type ConfigSchema<Config> = { readonly [Key in keyof Config]: SettingDefinition<Config[Key]> };

/** One setting of a rule. */
interface SettingDefinition<Value = unknown> {
  readonly type: string;
  readonly description: string;
  readonly default: Value;
  readonly fromPlan?: (plan: CapacityPlan) => Value;
  /** Further keywords of JSON Schema. */
  readonly [keyword: string]: unknown;
}

/** A resource as a rule reads it: inputs in a resource rule, outputs in a stack rule. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly properties: Inputs;
  /** The provider's own configuration: its region and project are not injected into a resource's inputs. */
  readonly provider: Inputs;
}

/** A resource in a stack rule, with its dependencies and its place among components. */
export interface StackResource extends Resource {
  readonly dependencies: readonly StackResource[];
  /** The resources whose outputs its properties use; `dependsOn` alone adds none. */
  readonly propertyDependencies: readonly StackResource[];
  /** Its index in the caller's list: in a program that runs without the engine, the order of registration. */
  readonly position: number;
  readonly parent: StackResource | undefined;
  readonly children: readonly StackResource[];
}

interface ResourceReports {
  /** Reports a problem, which never echoes a value that could be a secret. */
  refuse(...problems: readonly Problem[]): void;
  /** Reports that the rule could not decide, at the rule's own level: it never passes. */
  cannotEvaluate(why: string | Problem): void;
}

interface Context<Config> extends ResourceReports {
  readonly config: Config;
  /** The same for what only this project's conventions ask. */
  readonly convention: ResourceReports;
  /** Reports what should be otherwise and breaks nothing: always advisory. */
  advise(...problems: readonly Problem[]): void;
  /** Judges one part. Unreadable values are reported, and the other parts are still judged. */
  attempt<T>(part: () => T): T | undefined;
}

interface StackReports {
  /** `resource` is the one at fault; left out: the whole stack. */
  refuse(problem: Problem, resource?: Resource): void;
  cannotEvaluate(why: string | Problem, resource?: Resource): void;
}

export interface StackContext<Config> extends StackReports {
  readonly config: Config;
  /** See {@link RuleRun}. */
  readonly isBrief: boolean;
  /** The same for what only this project's conventions ask. */
  readonly convention: StackReports;
  /** Reports what should be otherwise and breaks nothing: always advisory. */
  advise(problem: Problem, resource?: Resource): void;
  /** Reports a decision of the program with its reason: advisory, like a waiver. */
  accept(reason: string, problem: Problem, resource?: Resource): void;
  /** Judges one part. Unreadable values are reported (on `resource`), and the other parts are still judged. */
  attempt<T>(resource: Resource, part: () => T): T | undefined;
}

/** The inputs of a rule beside the resources. */
export interface RuleRun {
  /** The configured settings and waivers. Default: none. */
  readonly settings?: { readonly [setting: string]: unknown } | undefined;
  /** The plan of the resources' stack; absent: a program of another project, or an exported state. */
  readonly plan?: CapacityPlan | undefined;
  /**
   * Whether only the rules that refuse and their resources are asked for: a rule may leave out the words that take it
   * long. Default: false.
   */
  readonly isBrief?: boolean | undefined;
}

interface Defined extends About {
  readonly config: Readonly<Record<string, SettingDefinition>>;
}

/** A rule on single resources of some types: it runs before the provider is called. */
export interface ResourceRule extends Defined {
  readonly kind: "resource";
  readonly types: readonly string[];
  findings(resource: Resource, run?: RuleRun): Finding[];
}

/**
 * A rule on the stack as a whole: it runs after every resource, so it blocks a preview but comes too late for an `up`.
 */
export interface StackRule extends Defined {
  readonly kind: "stack";
  findings(resources: readonly StackResource[], run?: RuleRun): Finding[];
}

export type Rule = ResourceRule | StackRule;

/** A finding that the rule's configuration accepts, by resource (name, URN or `stack`) and with the reason. */
export interface Waiver {
  readonly resource: string;
  readonly reason: string;
}

/** A waiver's resource for a finding that concerns the whole stack. */
const WHOLE_STACK = "stack";

/** The setting of every rule that enforces a convention. */
const everywhere = {
  type: "boolean",
  description:
    "Whether the rule also refuses in programs that are not this project's own; false: there it only advises.",
  default: false,
};

export function resourceRule<Config extends object = object>(
  rule: About & {
    readonly types: readonly string[];
    readonly config?: ConfigSchema<Config>;
    judge(resource: Resource, context: Context<Config>): void;
  },
): ResourceRule {
  const { judge, ...about } = rule;
  return {
    ...about,
    kind: "resource",
    config: configOf(rule),
    findings: (resource, run = {}) => {
      if (!rule.types.includes(resource.type)) return [];
      const { findings, report } = reporter(rule, run);
      const guard = guarded((why) => report("cannot-evaluate", why, resource));
      const refuse =
        (kind: Kind) =>
        (...problems: readonly Problem[]) => {
          for (const problem of problems) report("refused", problem, resource, kind);
        };
      const cannotEvaluate = (kind: Kind) => (why: string | Problem) => report("cannot-evaluate", why, resource, kind);
      guard(() =>
        judge(resource, {
          config: settingsFor<Config>(rule.config, run),
          refuse: refuse({}),
          cannotEvaluate: cannotEvaluate({}),
          convention: { refuse: refuse(CONVENTION), cannotEvaluate: cannotEvaluate(CONVENTION) },
          advise: refuse({ advisory: true }),
          attempt: guard,
        }),
      );
      return findings;
    },
  };
}

export function stackRule<Config extends object = object>(
  rule: About & {
    readonly config?: ConfigSchema<Config>;
    judge(resources: readonly StackResource[], context: StackContext<Config>): void;
  },
): StackRule {
  const { judge, ...about } = rule;
  return {
    ...about,
    kind: "stack",
    config: configOf(rule),
    findings: (resources, run = {}) => {
      const { findings, report } = reporter(rule, run);
      guarded((why) => report("cannot-evaluate", why))(() =>
        judge(resources, {
          config: settingsFor<Config>(rule.config, run),
          isBrief: run.isBrief ?? false,
          refuse: (problem, resource) => report("refused", problem, resource),
          cannotEvaluate: (why, resource) => report("cannot-evaluate", why, resource),
          convention: {
            refuse: (problem, resource) => report("refused", problem, resource, CONVENTION),
            cannotEvaluate: (why, resource) => report("cannot-evaluate", why, resource, CONVENTION),
          },
          advise: (problem, resource) => report("refused", problem, resource, { advisory: true }),
          accept: (reason, problem, resource) => report("refused", problem, resource, { accepted: reason }),
          attempt: (resource, part) => guarded((why) => report("cannot-evaluate", why, resource))(part),
        }),
      );
      return findings;
    },
  };
}

const configOf = ({
  config,
  convention,
}: { readonly config?: object } & Pick<About, "convention">): Defined["config"] => ({
  ...config,
  ...(convention ? { everywhere } : {}),
});

/** Whether a resource belongs to this project's program: its stack has a plan, or one of our components contains it. */
const isOwn = (resource: Pick<Resource, "urn"> | undefined, { plan }: RuleRun): boolean =>
  plan !== undefined || /::netra:staging:/.test(resource?.urn ?? "");

/** The configured value, else the plan's, else the neutral default. */
function settingsFor<Config>(schema: ConfigSchema<Config> | undefined, { settings, plan }: RuleRun): Config {
  const known = Object.entries<SettingDefinition>(schema ?? {}).map(([key, setting]) => [
    key,
    plan && setting.fromPlan ? setting.fromPlan(plan) : setting.default,
  ]);
  const { waivers: _, ...given } = settings ?? {};
  // the engine and `check` validate the configured settings
  return { ...Object.fromEntries(known), ...given } as Config;
}

/** The engine validates waivers; from other callers, an invalid one waives nothing. */
const isReasoned = (waiver: unknown): waiver is Waiver => {
  // only read, and validated here
  const { resource, reason } = (waiver ?? {}) as Partial<Record<keyof Waiver, unknown>>;
  return typeof resource === "string" && resource !== "" && typeof reason === "string" && reason.trim() !== "";
};

/** The rule's `info`, and whether it is only advisory for other programs. */
export function infoOf({ info, convention }: Pick<About, "info" | "convention">): string {
  if (convention === undefined) return info;
  return `${info} ${convention === "whole" ? "A convention of this project" : "In part a convention of this project"}: other programs are advised of it.`;
}

/** Reasons beside a waiver for which a finding is advisory. */
interface Kind {
  readonly advisory?: boolean;
  readonly byConvention?: boolean;
  /** The reason that the program itself gives. */
  readonly accepted?: string;
}

const CONVENTION: Kind = { byConvention: true };

/** Collects findings; a waiver or the program's own reason lowers one to advisory. */
function reporter({ name, convention }: About, run: RuleRun) {
  const { waivers: given, everywhere: refusesEverywhere } = run.settings ?? {};
  const waivers = (Array.isArray(given) ? given : []).filter(isReasoned);
  const findings: Finding[] = [];
  const report = (
    outcome: Finding["outcome"],
    what: string | Problem,
    resource?: Pick<Resource, "name" | "urn">,
    { advisory = false, byConvention = convention === "whole", accepted }: Kind = {},
  ) => {
    const waiver = waivers.find(({ resource: r }) =>
      resource ? r === resource.name || r === resource.urn : r === WHOLE_STACK,
    );
    const waived = waiver?.reason ?? accepted;
    const isAdvice = advisory || (byConvention && refusesEverywhere !== true && !isOwn(resource, run));
    findings.push({
      rule: name,
      level: isAdvice || waived !== undefined ? "advisory" : "mandatory",
      outcome,
      ...(resource ? { resource: { name: resource.name, urn: resource.urn } } : {}),
      ...(typeof what === "string" ? { text: what } : { text: what.message, problem: what }),
      ...(waived === undefined ? {} : { waived }),
    });
  };
  return { findings, report };
}

/** Runs a judgement and reports unknown and malformed values instead of throwing. Fails closed. */
const guarded =
  (report: (why: string) => void) =>
  <T>(judge: () => T): T | undefined => {
    try {
      return judge();
    } catch (error) {
      if (error instanceof UnknownAtPreviewError) report(error.sentence);
      else if (error instanceof MalformedValueError) report(error.message);
      // A bug in a rule must neither crash the pack nor pass. Its message could echo a value, so only its location is
      // shown.
      else
        report(
          `the rule itself failed: ${error instanceof Error ? `${error.name} ${firstFrame(error)}` : "unknown error"}`,
        );
      return undefined;
    }
  };

/** The first stack frame. The message precedes it and may have several lines. */
const firstFrame = (error: Error) =>
  error.stack
    ?.split("\n")
    .find((line) => /^ +at .*:\d+:\d+\)?$/.test(line))
    ?.trim() ?? "";
