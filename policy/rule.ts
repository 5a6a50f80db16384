import type {
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  Severity,
  StackValidationPolicy,
} from "@pulumi/policy";
import type { Problem } from "../capacity/problem";
import { Inputs, MalformedValueError, UnknownAtPreviewError } from "./inputs";
import { CANNOT_EVALUATE, WAIVED } from "./outcome";
import { behindProxy } from "./unknown";

/** What every rule says about itself. The README's table of rules is made from it. */
interface About {
  /** The fact that the rule establishes, in its positive form: `connector-instance-counts`. */
  readonly name: string;
  /** One sentence: what is refused. */
  readonly info: string;
  /** One sentence: what happens otherwise. */
  readonly why: string;
  readonly severity: Severity;
  /** What to set. */
  readonly remediation: string;
}

/** A rule's configuration: JSON Schema for each property, with the default that staging gives it. */
type ConfigSchema<Config> = {
  readonly [Key in keyof Config]: { readonly type: string; readonly description: string; readonly default: Config[Key]; readonly [keyword: string]: unknown };
};

/** A resource as a rule reads it: inputs in a resource rule, outputs in a stack rule. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly properties: Inputs;
  /** The provider's own configuration: its region and project are not injected into a resource's inputs. */
  readonly provider: Inputs;
}

/** A resource in a stack rule: it also knows what it depends on, and where it stands among components. */
export interface StackResource extends Resource {
  readonly dependencies: readonly StackResource[];
  /** Those whose outputs it is handed, in whatever property: `dependsOn` alone hands over nothing. */
  readonly handed: readonly StackResource[];
  readonly parent: StackResource | undefined;
  readonly children: readonly StackResource[];
}

interface Context<Config> {
  readonly config: Config;
  /** Reports what is wrong; the message never echoes a value that could be a secret. */
  refuse(...problems: readonly (string | Problem)[]): void;
  /** Reports that the rule cannot tell: at its own level, never as a pass. */
  cannotEvaluate(why: string): void;
  /** Judges one part; what it cannot evaluate is reported and the other parts go on. */
  attempt<T>(part: () => T): T | undefined;
}

export interface StackContext<Config> {
  readonly config: Config;
  /** `resource` is the one to blame; left out, the whole stack is. */
  refuse(problem: string | Problem, resource?: Resource): void;
  /** Reports what the program itself has decided, with the reason it gives: advisory, as a waiver is. */
  accept(reason: string, problem: string | Problem, resource?: Resource): void;
  cannotEvaluate(why: string, resource?: Resource): void;
  /** Judges one part; what it cannot evaluate is reported (on `resource`) and the other parts go on. */
  attempt<T>(resource: Resource, part: () => T): T | undefined;
}

/** A finding that was accepted: by the rule's own configuration, with the resource (name or URN, or `stack`) and the reason. */
interface Waiver {
  readonly resource: string;
  readonly reason: string;
}

/** A waiver's resource for a finding that concerns the whole stack. */
const WHOLE_STACK = "stack";

/** A rule on single resources of some types: it runs before the provider is called. */
export function resourceRule<Config extends object = object>(
  rule: About & {
    readonly types: readonly string[];
    readonly config?: ConfigSchema<Config>;
    judge(resource: Resource, context: Context<Config>): void;
  },
): ResourceValidationPolicy {
  const validate = (args: ResourceValidationArgs, report: ReportViolation) => {
    if (!rule.types.includes(args.type)) return;
    const { config, waivers } = configuration<Config>(rule.config, args.getConfig());
    const say = reporter(report, waivers);
    const blame = { name: args.name, urn: args.urn };
    guarded(
      () =>
        rule.judge(
          {
            type: args.type,
            name: args.name,
            urn: args.urn,
            properties: new Inputs(behindProxy(args.props)),
            provider: new Inputs(behindProxy(args.provider?.props)),
          },
          {
            config,
            refuse: (...problems) => {
              for (const problem of problems) say(messageOf(problem), blame);
            },
            cannotEvaluate: (why) => say(CANNOT_EVALUATE + why, blame),
            attempt: (part) => guarded(part, (why) => say(why, blame)),
          },
        ),
      (why) => say(why, blame),
    );
  };
  // The server skips a single function that carries a Pulumi type without reading the properties: most of a stack's cost.
  const only = rule.types.length === 1 ? Object.assign(validate, { __pulumiType: rule.types[0] }) : validate;
  return { ...policy(rule, rule.config), validateResource: only };
}

/** A rule on the stack as a whole: it runs after every resource, so it blocks a preview but comes too late for an `up`. */
export function stackRule<Config extends object = object>(
  rule: About & {
    readonly config?: ConfigSchema<Config>;
    judge(resources: readonly StackResource[], context: StackContext<Config>): void;
  },
): StackValidationPolicy {
  return {
    ...policy(rule, rule.config),
    validateStack: (args, report) => {
      const { config, waivers } = configuration<Config>(rule.config, args.getConfig());
      const say = reporter(report, waivers);
      guarded(
        () =>
          rule.judge(stackResources(args.resources), {
            config,
            refuse: (problem, resource) => say(messageOf(problem), resource),
            accept: (reason, problem, resource) => say(messageOf(problem), resource, reason),
            cannotEvaluate: (why, resource) => say(CANNOT_EVALUATE + why, resource),
            attempt: (resource, part) => guarded(part, (why) => say(why, resource)),
          }),
        (why) => say(why),
      );
    },
  };
}

function policy(rule: About, config: ConfigSchema<object> | undefined) {
  return {
    name: rule.name,
    description: rule.info,
    enforcementLevel: "mandatory" as const,
    severity: rule.severity,
    remediationSteps: `${rule.why} ${rule.remediation}`,
    configSchema: {
      properties: {
        ...config,
        waivers: {
          type: "array",
          default: [],
          items: {
            type: "object",
            additionalProperties: false,
            required: ["resource", "reason"],
            properties: { resource: { type: "string", minLength: 1 }, reason: { type: "string", minLength: 1 } },
          },
        },
      },
    } as PolicyConfigSchema, // the SDK's type asks for mutable lists; the shape is JSON Schema as it wants it
  };
}

/** The engine merges a schema's defaults before it configures a pack; `policy analyze` by hand and tests may not have. */
function configuration<Config>(schema: ConfigSchema<Config> | undefined, given: { waivers?: unknown }): { config: Config; waivers: readonly Waiver[] } {
  const defaults = Object.fromEntries(Object.entries<{ default: unknown }>(schema ?? {}).map(([key, property]) => [key, property.default]));
  const { waivers, ...config } = given;
  return { config: { ...defaults, ...config } as Config, waivers: (Array.isArray(waivers) ? waivers : []).filter(isReasoned) };
}

/** The engine holds waivers to the schema; whatever else is handed in waives nothing. */
const isReasoned = (waiver: unknown): waiver is Waiver => {
  const { resource, reason } = (waiver ?? {}) as Partial<Record<keyof Waiver, unknown>>; // only read, and judged right here
  return typeof resource === "string" && resource !== "" && typeof reason === "string" && reason.trim() !== "";
};

function reporter(report: ReportViolation, waivers: readonly Waiver[]) {
  return (message: string, resource?: { readonly name: string; readonly urn: string }, accepted?: string) => {
    const waiver = waivers.find(({ resource: r }) => (resource ? r === resource.name || r === resource.urn : r === WHOLE_STACK));
    const reason = waiver?.reason ?? accepted;
    if (reason === undefined) return report(message, resource?.urn);
    // The server takes an object here, which its types do not declare: the only way to lower the level of one finding.
    const lowered = { message: `${WAIVED}${reason}\n${message}`, urn: resource?.urn, enforcementLevel: "advisory" };
    (report as unknown as (violation: object) => void)(lowered);
  };
}

/** Runs a judgement; what the preview cannot know and what has a wrong type is reported instead of thrown. Fails closed. */
function guarded<T>(judge: () => T, say: (why: string) => void): T | undefined {
  try {
    return judge();
  } catch (error) {
    if (error instanceof UnknownAtPreviewError) {
      say(`${CANNOT_EVALUATE}${error.message}; give it a plain value instead of another resource's output`);
    } else if (error instanceof MalformedValueError) say(`${CANNOT_EVALUATE}${error.message}`);
    // A bug in a rule must neither crash the pack nor pass; its message could echo a value, so only its place is told.
    else say(`${CANNOT_EVALUATE}the rule itself failed: ${error instanceof Error ? `${error.name} ${placeOf(error)}` : "unknown error"}`);
    return undefined;
  }
}

/** The first frame of the stack. The message stands above it and may have several lines. */
const placeOf = (error: Error) =>
  error.stack
    ?.split("\n")
    .find((line) => /^ +at .*:\d+:\d+\)?$/.test(line))
    ?.trim() ?? "";

const messageOf = (problem: string | Problem) => (typeof problem === "string" ? problem : problem.message);

/**
 * The resources with their relations, which the SDK gives by URN and by parent only. By URN: the engine hands them over
 * in another order at every run, and neither whom a rule blames nor what a storm draws may depend on it.
 */
function stackResources(given: readonly PolicyResource[]): StackResource[] {
  const resources = given.toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
  const read = resources.map((resource) => ({
    type: resource.type,
    name: resource.name,
    urn: resource.urn,
    properties: Inputs.ofOutputs(behindProxy(resource.props)),
    provider: new Inputs(behindProxy(resource.provider?.props)),
    dependencies: [] as StackResource[],
    // One rule asks, and every rule has resources of its own.
    get handed(): StackResource[] {
      return Object.values(resource.propertyDependencies).flatMap((others) => others.flatMap((other) => byUrn.get(other.urn) ?? []));
    },
    parent: undefined as StackResource | undefined,
    children: [] as StackResource[],
  }));
  const byUrn = new Map(read.map((resource) => [resource.urn, resource]));
  resources.forEach(({ dependencies, parent }, i) => {
    const resource = read[i];
    if (!resource) return;
    resource.dependencies.push(...dependencies.flatMap((dependency) => byUrn.get(dependency.urn) ?? []));
    const above = parent && byUrn.get(parent.urn);
    resource.parent = above;
    above?.children.push(resource);
  });
  return read;
}
