import type { Command } from "commander";
import type { CapacityPlan } from "../capacity/plan";
import { InputError } from "../capacity/problem";
import { planScenarios, type Scenario, stormPlanProblems } from "../capacity/scenarios";
import { replicationsFor, stormOptionProblems } from "../capacity/storms";
import { planOf, readSettings } from "../config";
import { readStackFile } from "./stack-file";

/** Options of the commands that simulate a stack's plan. */
export interface PlanOptions {
  readonly stack: string;
  readonly configFile?: string;
  readonly replications?: string;
  readonly seed?: string;
  readonly scenario?: string;
  readonly json?: true;
}

/** Adds the options that `storm` and `size` share. */
export function withPlanOptions(command: Command): Command {
  return command
    .option("--stack <name>", "the stack: Pulumi.<name>.yaml", "staging")
    .option("--config-file <file>", "read this stack file instead, as pulumi's option of the same name does")
    .option("--replications <number>", "storms per scenario (default: 2000, or what the target needs)")
    .option("--seed <number>", "another seed gives other storms (default: 1)")
    .option("--json", "print one JSON object");
}

/** What was asked for: the plan, its scenarios, and how many storms. */
export interface Asked {
  readonly plan: CapacityPlan;
  readonly scenarios: readonly Scenario[];
  readonly storms: { readonly replications: number; readonly seed?: number };
}

/** Reads plan and options. @throws InputError with every problem of the stack file, or every problem of the options. */
export function readAsked({ stack, configFile, replications, seed, scenario }: PlanOptions): Asked {
  const plan = planOf(readSettings(readStackFile(stack, configFile)));
  const unsimulable = stormPlanProblems(plan);
  if (unsimulable.length > 0) throw new InputError(unsimulable);
  const scenarios = planScenarios(plan);
  const target = plan.targets.startupSuccessPercent / 100;
  const storms = {
    replications: replications === undefined ? replicationsFor(target) : Number(replications),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
  const names = scenarios.map(({ name }) => name);
  const problems = stormOptionProblems({ ...storms, target, ...(scenario === undefined ? {} : { scenario }) }, names, (field) =>
    field === "target" ? "netra:targets.startupSuccessPercent" : `--${field}`,
  );
  if (problems.length > 0) throw new InputError(problems);
  return { plan, scenarios: scenario === undefined ? scenarios : scenarios.filter(({ name }) => name === scenario), storms };
}
