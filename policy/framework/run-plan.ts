import * as pulumi from "@pulumi/pulumi";
import type { CapacityPlan } from "../../capacity/plan";
import { InputError } from "../../capacity/problem";
import { planOf, readSettings } from "../../config/read";
import { configurationOfRun } from "../../config/run";

/**
 * The plan of the stack that this pack judges: the engine gives a pack the stack's configuration at previews and
 * updates. `undefined`: the stack has none, because the program is another project's or the state was exported. A plan
 * that cannot be read is none either: its own program refuses to run with it.
 */
export function planOfRun(): CapacityPlan | undefined {
  if (pulumi.runtime.allConfig()["netra:database"] === undefined) return undefined;
  try {
    return planOf(readSettings(configurationOfRun()));
  } catch (error) {
    if (error instanceof InputError || pulumi.RunError.isInstance(error)) return undefined;
    throw error;
  }
}
