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

/** The rule as a policy of the engine. `plan` is called after the engine has configured the pack. */
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
    // the SDK's type requires mutable lists; the value is the JSON Schema that it expects
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
  // The SDK's server skips a single function with a Pulumi type before it reads the properties, which saves most of the
  // time.
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
    // The SDK's server also accepts an object, which its types do not declare: no other way lowers the level of one
    // finding.
    if (finding.level === "advisory")
      (report as unknown as (violation: object) => void)({ message, urn, enforcementLevel: "advisory" });
    else report(message, urn);
  }
}

const urnsOf = (resources: readonly PolicyResource[]) => resources.map(({ urn }) => urn);

/** The SDK links objects; everything else in the pack refers to relations by URN. */
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
