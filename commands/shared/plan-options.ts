import type { Command } from "commander";
import type { CapacityPlan } from "../../capacity/plan";
import { InputError } from "../../capacity/problem";
import { replicationsFor, stormOptionProblems, strictTargetProblems } from "../../capacity/storm/results";
import { planScenarios, type Scenario, stormPlanProblems } from "../../capacity/storm/scenarios";
import { planOf, readSettings } from "../../config/read";
import type { Settings } from "../../config/schema";
import { readStackFile, type StackOptions, withStackOptions } from "./stack-file";

/** Options of the commands that simulate a stack's plan. */
export interface PlanOptions extends StackOptions {
  readonly replications?: string;
  readonly seed?: string;
  readonly scenario?: string;
  readonly json?: true;
}

/** Adds the options that `storm` and `size` share. */
export function withPlanOptions(command: Command): Command {
  return withStackOptions(command)
    .option("--replications <number>", "storms per scenario (default: 1000, or what the target needs)")
    .option("--seed <number>", "another seed gives other storms (default: 1)")
    .option("--json", "print one JSON object");
}

/** What was asked for: the plan, its scenarios, and how many storms. */
export interface Asked {
  readonly settings: Settings;
  readonly plan: CapacityPlan;
  readonly scenarios: readonly Scenario[];
  readonly storms: { readonly replications: number; readonly seed?: number };
}

const TARGET = "netra:targets.startupSuccessPercent";

/** The number, or the text if it is not a decimal number: JavaScript alone reads "" as 0 and 0x10 as 16. */
const numberIn = (text: string): number | string => (/^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text);

/** Reads plan and options. @throws InputError with every problem of the stack file, or every problem of the options. */
export function readAsked({ stack, configFile, replications, seed, scenario }: PlanOptions): Asked {
  const settings = readSettings(readStackFile(stack, configFile));
  const plan = planOf(settings);
  const unsimulable = [...stormPlanProblems(plan), ...strictTargetProblems(plan.targets.startupSuccessPercent, TARGET)];
  if (unsimulable.length > 0) throw new InputError(unsimulable);
  const scenarios = planScenarios(plan);
  const target = plan.targets.startupSuccessPercent / 100;
  const asked = {
    replications: replications === undefined ? replicationsFor(target) : numberIn(replications),
    seed: seed === undefined ? seed : numberIn(seed),
  };
  const names = scenarios.map(({ name }) => name);
  const problems = stormOptionProblems({ ...asked, target, scenario }, names, (field) =>
    field === "target" ? TARGET : `--${field}`,
  );
  if (problems.length > 0) throw new InputError(problems);
  // Both are numbers: a text would have been a problem.
  const storms = {
    replications: Number(asked.replications),
    ...(asked.seed === undefined ? {} : { seed: Number(asked.seed) }),
  };
  return {
    settings,
    plan,
    scenarios: scenario === undefined ? scenarios : scenarios.filter(({ name }) => name === scenario),
    storms,
  };
}
