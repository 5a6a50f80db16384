import type {
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import type { CapacityPlan } from "../../capacity/plan";
import { Inputs } from "./inputs";
import { type Finding, messageOf } from "./outcome";
import { infoOf, type Rule } from "./rule";
import { configSchema } from "./settings";
import { linkResources } from "./stack-resources";
import { unwrapProxy } from "./unknown";

/** A rule as the engine runs it. `plan` is asked once the engine has configured the pack. */
export function asPolicy(
  rule: Rule,
  plan: () => CapacityPlan | undefined,
): ResourceValidationPolicy | StackValidationPolicy {
  const policy = {
    name: rule.name,
    description: infoOf(rule),
    enforcementLevel: "mandatory" as const,
    severity: rule.severity,
    remediationSteps: `${rule.why} ${rule.remediation}`,
    // the SDK's type asks for mutable lists; the shape is JSON Schema as it wants it
    configSchema: { properties: configSchema(rule) } as PolicyConfigSchema,
  };
  if (rule.kind === "stack")
    return {
      ...policy,
      validateStack: (args, report) =>
        reportAll(
          rule.findings(linkResources(args.resources.map(unlinked)), {
            settings: args.getConfig<Settings>(),
            plan: plan(),
          }),
          report,
        ),
    };
  const validate = (args: ResourceValidationArgs, report: ReportViolation) => {
    if (!rule.types.includes(args.type)) return;
    const resource = {
      type: args.type,
      name: args.name,
      urn: args.urn,
      properties: new Inputs(unwrapProxy(args.props)),
      provider: new Inputs(unwrapProxy(args.provider?.props)),
    };
    reportAll(rule.findings(resource, { settings: args.getConfig<Settings>(), plan: plan() }), report);
  };
  // The server skips a single function that carries a Pulumi type without reading the properties: most of a stack's
  // cost.
  return {
    ...policy,
    validateResource: rule.types.length === 1 ? Object.assign(validate, { __pulumiType: rule.types[0] }) : validate,
  };
}

type Settings = Record<string, unknown>;

function reportAll(findings: readonly Finding[], report: ReportViolation): void {
  for (const finding of findings) {
    const message = messageOf(finding);
    const urn = finding.resource?.urn;
    // The server takes an object here, which its types do not declare: the only way to lower the level of one finding.
    if (finding.level === "advisory")
      (report as unknown as (violation: object) => void)({ message, urn, enforcementLevel: "advisory" });
    else report(message, urn);
  }
}

const urnsOf = (resources: readonly PolicyResource[]) => resources.map(({ urn }) => urn);

/** By URN, as everything else has its relations: the SDK links objects. */
const unlinked = ({
  type,
  name,
  urn,
  props,
  provider,
  parent,
  dependencies,
  propertyDependencies,
}: PolicyResource) => ({
  type,
  name,
  urn,
  properties: unwrapProxy(props) as object, // a resource's properties are an object
  provider: unwrapProxy(provider?.props) as object | undefined,
  parent: parent?.urn,
  dependencies: urnsOf(dependencies),
  propertyDependencies: Object.fromEntries(
    Object.entries(propertyDependencies).map(([key, others]) => [key, urnsOf(others)]),
  ),
});
