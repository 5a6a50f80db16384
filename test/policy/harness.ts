import {
  type PolicyResource,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
  unknownCheckingProxy,
} from "@pulumi/policy";

/** Pulumi's own sentinel for a text that a preview cannot know. */
export { UNKNOWN } from "../../policy/unknown";

export interface Found {
  readonly message: string;
  /** The Pulumi name of the resource that is blamed; undefined: the stack. */
  readonly resource: string | undefined;
  /** Set when a waiver lowered the finding. */
  readonly waived: boolean;
}

export interface Declared {
  readonly type: string;
  readonly name?: string;
  readonly properties: Record<string, unknown>;
  readonly provider?: Record<string, unknown>;
  /** Names of the resources it depends on. */
  readonly dependsOn?: readonly string[];
  /** Names of the resources whose outputs stand in its properties. */
  readonly handed?: readonly string[];
  /** The name of the component it stands in. */
  readonly parent?: string;
}

const urnOf = (resource: Declared) => `urn:pulumi:test::netra::${resource.type}::${resource.name ?? "subject"}`;
const opts = {
  protect: false,
  ignoreChanges: [],
  aliases: [],
  additionalSecretOutputs: [],
  customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
};

function collector() {
  const found: Found[] = [];
  const nameOf = (urn: string | undefined) => urn?.split("::").at(-1);
  // The server also takes an object: that is how a waiver lowers a finding.
  const report = (violation: string | { message: string; urn?: string; enforcementLevel?: string }, urn?: string) => {
    if (typeof violation === "string") found.push({ message: violation, resource: nameOf(urn), waived: false });
    else found.push({ message: violation.message, resource: nameOf(violation.urn), waived: violation.enforcementLevel === "advisory" });
  };
  return { found, report };
}

/** Runs a resource rule as the pack's server does: unknown-checking properties, the configuration as given (defaults are the rule's). */
export async function judge(policy: ResourceValidationPolicy, resource: Declared, config: object = {}): Promise<Found[]> {
  const { found, report } = collector();
  const provider = resource.provider;
  const args: ResourceValidationArgs = {
    type: resource.type,
    name: resource.name ?? "subject",
    urn: urnOf(resource),
    props: unknownCheckingProxy(resource.properties),
    opts,
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => config as T,
    notApplicable: (reason?: string): never => {
      throw new Error(reason);
    },
    ...(provider
      ? { provider: { type: "pulumi:providers:gcp", name: "default", urn: "urn:pulumi:test::netra::pulumi:providers:gcp::default", props: provider } }
      : {}),
  };
  await [policy.validateResource ?? []].flat()[0]?.(args, report);
  return found;
}

/** The texts of what a resource rule says. */
export async function messages(policy: ResourceValidationPolicy, resource: Declared, config: object = {}): Promise<string[]> {
  return (await judge(policy, resource, config)).map(({ message }) => message);
}

/** Runs a stack rule over the resources. */
export async function judgeStack(policy: StackValidationPolicy, resources: readonly Declared[], config: object = {}): Promise<Found[]> {
  const { found, report } = collector();
  const built: PolicyResource[] = resources.map((resource) => ({
    type: resource.type,
    name: resource.name ?? "subject",
    urn: urnOf(resource),
    props: unknownCheckingProxy(resource.properties),
    opts,
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
    ...(resource.provider ? { provider: { type: "pulumi:providers:gcp", name: "default", urn: "urn:p", props: resource.provider } } : {}),
  }));
  resources.forEach((resource, i) => {
    const dependencies = built.filter((candidate) => resource.dependsOn?.includes(candidate.name));
    const subject = built[i];
    const parent = built.find((candidate) => candidate.name === resource.parent);
    subject?.dependencies.push(...dependencies);
    if (subject && resource.handed) subject.propertyDependencies.template = built.filter(({ name }) => resource.handed?.includes(name));
    if (subject && parent) subject.parent = parent;
  });
  await policy.validateStack(
    {
      resources: built,
      stackTags: new Map(),
      getConfig: <T extends object>() => config as T,
      notApplicable: (reason?: string): never => {
        throw new Error(reason);
      },
    },
    report,
  );
  return found;
}
