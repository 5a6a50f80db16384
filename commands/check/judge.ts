import { assumptions } from "../../capacity/assumptions";
import { planBudget } from "../../capacity/checks";
import { registryProblems } from "../../capacity/constraints/image";
import type { Problem } from "../../capacity/problem";
import { masked } from "../../capacity/secrecy";
import { judgePlan, type PlanVerdict } from "../../capacity/verdict";
import { planOf, readSettings } from "../../config/read";
import type { Settings } from "../../config/schema";
import { asJudged, evaluate, type RegisteredResource, secretTexts, withoutSecrets } from "../../engine/evaluate";
import { judgeProgram, type PackConfiguration } from "../../policy/framework/judgement";
import { type Finding, messageOf } from "../../policy/framework/outcome";
import type { Waiver } from "../../policy/framework/rule";
import { rules } from "../../policy/rules";
import type { ReportedResource, Verdict, Violation, Waived } from "../../report/verdict";
import { configurationOfRun, declare } from "../../stack";
import { stackCost } from "../shared/stack-cost";

/** What `check` judges: a stack's configuration, read and raw. */
export interface Subject {
  readonly stack: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
}

interface JudgeOptions {
  /** Called with each step that takes a while. */
  readonly progress?: (step: string) => void;
  /** Resolves when threads have simulated what they can. Default: nothing is simulated ahead. */
  readonly simulated?: Promise<unknown>;
}

/** Evaluates the program, runs the pack's rules over what it registers, and sums up. */
export async function judge(
  { stack, configuration, settings }: Subject,
  packConfiguration: PackConfiguration = {},
  { progress = () => undefined, simulated }: JudgeOptions = {},
): Promise<Verdict> {
  progress("evaluating the program");
  // The guard that refuses an unsound plan is left out, so that the rules judge what such a plan would register, too.
  const resources = await evaluate(stack, configuration, () => declare(readSettings(configurationOfRun())));
  const plan = planOf(settings);
  progress("simulating the start-up storms");
  await simulated;
  const findings = judgeProgram(
    rules,
    resources.map((resource) => asJudged(resource, { project: settings.project, region: settings.region })),
    { configuration: packConfiguration, plan },
  );
  const verdict = verdictOf(stack, settings, judgePlan(plan), resources, findings, [
    ...idleWaivers(findings, packConfiguration),
    ...imagesElsewhere(settings),
  ]);
  return masked(
    verdict,
    resources.flatMap(({ inputs }) => secretTexts(inputs)),
  );
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
  const repeated = repeatedProblem(judged.problems, settings);
  const violations = [
    ...findings.filter(({ waived }) => waived === undefined).map((finding) => violationOf(finding, repeated(finding))),
    ...notes,
  ];
  return {
    stack,
    ok: judged.problems.length === 0 && violations.every(({ level }) => level !== "mandatory"),
    resources: resources.map(reported),
    violations,
    waived: findings.flatMap(waivedOf),
    budget: planBudget(plan),
    checks: judged.checks,
    storms: judged.storms,
    cost: stackCost(settings),
    assumptions: Object.values(assumptions),
  };
}

/**
 * Finds the message of the plan's problem that a finding repeats: the same value must be the same, in the same service. The plan and the rules share the functions that judge; they differ in how they name things.
 */
function repeatedProblem(
  problems: readonly Problem[],
  { services }: Settings,
): (finding: Finding) => string | undefined {
  const keys = Object.entries(services)
    .map(([key, { name }]) => [name, key] as const)
    .toSorted(([a], [b]) => b.length - a.length);
  const inPlanWords = (text = "") => keys.reduce((changed, [name, key]) => changed.replaceAll(name, key), text);
  return ({ problem: found, resource }) => {
    if (!found) return undefined;
    const key = keys.find(([name]) => name === resource?.name)?.[1];
    const isSame = ({ must, value }: Problem) =>
      inPlanWords(found.must) === must && inPlanWords(found.value) === (value ?? "");
    const same = problems.filter(isSame);
    return (same.find(({ setting }) => setting.startsWith(`netra:services.${key}.`)) ?? same[0])?.message;
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

const nameOf = (resource: Finding["resource"]) => resource?.name ?? "stack";

const violationOf = (finding: Finding, repeats: string | undefined): Violation => ({
  policy: finding.rule,
  level: finding.level,
  resource: nameOf(finding.resource),
  message: messageOf(finding),
  outcome: finding.outcome,
  ...(finding.problem ? { problem: finding.problem } : {}),
  ...(repeats === undefined ? {} : { repeats }),
});

const waivedOf = ({ rule, resource, waived }: Finding): Waived[] =>
  waived === undefined ? [] : [{ policy: rule, resource: nameOf(resource), reason: waived.split("\n")[0] ?? "" }];
