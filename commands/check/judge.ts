import { assumptions } from "../../capacity/assumptions";
import { planBudget } from "../../capacity/checks";
import { registryProblems } from "../../capacity/constraints/image";
import { planCost } from "../../capacity/cost";
import { planAlerts } from "../../capacity/monitoring/monitoring";
import { judgePlan, type PlanVerdict } from "../../capacity/verdict";
import { planOf, readSettings } from "../../config/read";
import type { Settings } from "../../config/schema";
import { asJudged, evaluate, type RegisteredResource, withoutSecrets } from "../../engine/evaluate";
import { judgeProgram, type PackConfiguration } from "../../policy/framework/judgement";
import { type Finding, messageOf } from "../../policy/framework/outcome";
import type { Waiver } from "../../policy/framework/rule";
import { rules } from "../../policy/rules";
import type { ReportedResource, Verdict, Violation, Waived } from "../../report/verdict";
import { configurationOfRun, declare } from "../../stack";

/** What `check` judges: a stack's configuration, read and raw. */
export interface Subject {
  readonly stack: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
}

/** Evaluates the program, runs the pack's rules over what it registers, and sums up. */
export async function judge(
  { stack, configuration, settings }: Subject,
  packConfiguration: PackConfiguration = {},
  progress: (step: string) => void = () => undefined,
): Promise<Verdict> {
  progress("evaluating the program");
  // The guard that refuses an unsound plan is left out, so that the rules judge what such a plan would register, too.
  const resources = await evaluate(stack, configuration, () => declare(readSettings(configurationOfRun())));
  const plan = planOf(settings);
  progress("simulating the start-up storms");
  const findings = judgeProgram(
    rules,
    resources.map((resource) => asJudged(resource, { project: settings.project, region: settings.region })),
    { configuration: packConfiguration, plan },
  );
  return verdictOf(stack, settings, judgePlan(plan), resources, findings, [
    ...idleWaivers(findings, packConfiguration),
    ...imagesElsewhere(settings),
  ]);
}

function verdictOf(
  stack: string,
  settings: Settings,
  judged: PlanVerdict,
  resources: readonly RegisteredResource[],
  findings: readonly Finding[],
  notes: readonly Violation[],
): Verdict {
  const plan = planOf(settings);
  const violations = [...findings.filter(({ waived }) => waived === undefined).map(violationOf), ...notes];
  return {
    stack,
    ok: judged.problems.length === 0 && violations.every(({ level }) => level !== "mandatory"),
    resources: resources.map(reported),
    violations,
    waived: findings.flatMap(waivedOf),
    budget: planBudget(plan),
    checks: judged.checks,
    storms: judged.storms,
    cost: planCost(plan, activeVersions(settings), settings.region, planAlerts(settings)),
    assumptions: Object.values(assumptions),
  };
}

/** A note for every waiver that waives nothing: its resource is gone or misspelt, or its finding has been mended. */
function idleWaivers(findings: readonly Finding[], configuration: PackConfiguration): Violation[] {
  const isUsed = (policy: string, waived: string) =>
    findings.some(
      ({ rule, waived: reason, resource }) =>
        rule === policy && reason !== undefined && [resource?.urn, nameOf(resource)].includes(waived),
    );
  return Object.entries(configuration).flatMap(([policy, settings]) => {
    const waivers =
      // held to the schema
      typeof settings === "object" && Array.isArray(settings.waivers) ? (settings.waivers as Waiver[]) : [];
    return waivers.flatMap(({ resource }) =>
      isUsed(policy, resource)
        ? []
        : [
            {
              policy,
              level: "advisory",
              resource,
              message: `the waiver for '${resource}' waives nothing, because this rule has no finding there; remove it, or mend its 'resource'`,
              outcome: "refused" as const,
            },
          ],
    );
  });
}

/** A remark for every image that did not come along when the stack got another project or region. */
function imagesElsewhere({ services, project, region }: Settings): Violation[] {
  return Object.entries(services).flatMap(([key, { name, image }]) =>
    registryProblems(image, { project, region }, () => `netra:services.${key}.image`).map((problem) => ({
      policy: "service-image",
      level: "advisory",
      resource: name,
      message: problem.message,
      outcome: "refused" as const,
      problem,
    })),
  );
}

function reported({ type, name, urn, parent, dependencies, options, inputs }: RegisteredResource): ReportedResource {
  return { type, name, urn, parent, dependencies, options, inputs: withoutSecrets(inputs) };
}

/**
 * Versions that are billed: one that people add, or every rotation that is not disabled; Redis has only the current
 * one.
 */
function activeVersions({ secrets }: Settings): number {
  return Object.values(secrets).reduce(
    (sum, { rotation = 1, format, disabledThroughRotation = 0 }) =>
      sum + (format === "redis-auth" ? 1 : rotation - disabledThroughRotation),
    0,
  );
}

const nameOf = (resource: Finding["resource"]) => resource?.name ?? "stack";

const violationOf = (finding: Finding): Violation => ({
  policy: finding.rule,
  level: finding.level,
  resource: nameOf(finding.resource),
  message: messageOf(finding),
  outcome: finding.outcome,
  ...(finding.problem ? { problem: finding.problem } : {}),
});

const waivedOf = ({ rule, resource, waived }: Finding): Waived[] =>
  waived === undefined ? [] : [{ policy: rule, resource: nameOf(resource), reason: waived.split("\n")[0] ?? "" }];
