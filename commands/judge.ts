import { setTimeout } from "node:timers/promises";
import { assumptions } from "../capacity/assumptions";
import { planBudget } from "../capacity/checks";
import { planCost } from "../capacity/cost";
import { judgePlan, type PlanVerdict } from "../capacity/verdict";
import { planOf, readSettings, type Settings } from "../config";
import { CANNOT_EVALUATE, WAIVED } from "../policy/outcome";
import type { ReportedResource, Verdict, Violation, Waived } from "../report/verdict";
import { configurationOfRun, declare } from "../stack";
import { announce } from "./command";
import { evaluate, type Registered, withoutSecrets } from "./evaluate";
import type { Diagnostic, PackConfiguration, PackServer, RuleInfo } from "./pack-client";

/** Enough for the transport to send what has been asked; a longer wait is a lost one. */
const FLUSH_MS = 10;

/** What `check` judges: a stack's configuration, read and raw. */
export interface Subject {
  readonly stack: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly settings: Settings;
}

/** Evaluates the program, asks the pack (which may still be starting) about what it registers, and sums up. */
export async function judge(
  { stack, configuration, settings }: Subject,
  starting: Promise<PackServer>,
  packConfiguration: (rules: readonly RuleInfo[]) => PackConfiguration,
): Promise<Verdict> {
  // The guard that refuses an unsound plan is left out, so that the pack judges what such a plan would register, too.
  const resources = await evaluate(stack, configuration, () => declare(readSettings(configurationOfRun())));
  announce("asking the policy pack");
  const pack = await starting;
  const configured = packConfiguration(pack.rules);
  await pack.configure(configured);
  const judging = pack.judge(resources, { project: settings.project, region: settings.region });
  judging.catch(() => undefined); // awaited below
  // Once the questions are on their way, the pack's process and this one work side by side.
  await setTimeout(FLUSH_MS);
  announce("simulating the start-up storms");
  const plan = judgePlan(planOf(settings));
  return verdictOf(stack, settings, plan, resources, withIdleWaivers(await judging, configured));
}

function verdictOf(stack: string, settings: Settings, judged: PlanVerdict, resources: readonly Registered[], diagnostics: readonly Diagnostic[]): Verdict {
  const plan = planOf(settings);
  const active = diagnostics.filter(({ message }) => !message.startsWith(WAIVED));
  const violations = active.map(violationOf);
  return {
    stack,
    ok: judged.problems.length === 0 && violations.every(({ level }) => level !== "mandatory"),
    resources: resources.map(reported),
    violations,
    waived: diagnostics.filter((diagnostic) => !active.includes(diagnostic)).map(waivedOf),
    budget: planBudget(plan),
    checks: judged.checks,
    storms: judged.storms,
    cost: planCost(plan, activeVersions(settings)),
    assumptions: Object.values(assumptions),
  };
}

/** Adds a note for every waiver that waives nothing: its resource is gone or misspelt, or its finding has been mended. */
function withIdleWaivers(diagnostics: readonly Diagnostic[], configuration: PackConfiguration): Diagnostic[] {
  const isUsed = (policy: string, resource: string) =>
    diagnostics.some(
      (found) => found.policy === policy && found.message.startsWith(WAIVED) && (found.urn === resource || resourceName(found.urn) === resource),
    );
  const idle = Object.entries(configuration).flatMap(([policy, settings]) => {
    const waivers = typeof settings === "object" && Array.isArray(settings.waivers) ? (settings.waivers as { resource: string }[]) : []; // held to the schema
    return waivers.filter(({ resource }) => !isUsed(policy, resource)).map(({ resource }) => ({ policy, resource }));
  });
  return [
    ...diagnostics,
    ...idle.map(({ policy, resource }) => ({
      policy,
      level: "advisory" as const,
      urn: resource,
      message: `the waiver for '${resource}' waives nothing, because this rule has no finding there; remove it, or mend its 'resource'`,
    })),
  ];
}

function reported({ type, name, urn, parent, dependencies, options, inputs }: Registered): ReportedResource {
  return { type, name, urn, parent, dependencies, options, inputs: withoutSecrets(inputs) };
}

/** Versions that are billed: one that people add, or every rotation that is not disabled; Redis has only the current one. */
function activeVersions({ secrets }: Settings): number {
  return Object.values(secrets).reduce(
    (sum, { rotation = 1, format, disabledThroughRotation = 0 }) => sum + (format === "redis-auth" ? 1 : rotation - disabledThroughRotation),
    0,
  );
}

const resourceName = (urn: string) => urn.split("::").at(-1) || "stack";

function violationOf({ policy, level, urn, message }: Diagnostic): Violation {
  return { policy, level, resource: resourceName(urn), message, outcome: message.startsWith(CANNOT_EVALUATE) ? "cannot-evaluate" : "refused" };
}

function waivedOf({ policy, urn, message }: Diagnostic): Waived {
  return { policy, resource: resourceName(urn), reason: message.slice(WAIVED.length).split("\n")[0] ?? "" };
}
