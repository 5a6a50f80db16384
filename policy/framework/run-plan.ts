import * as pulumi from "@pulumi/pulumi";
import type { CapacityPlan } from "../../capacity/plan";
import { InputError } from "../../capacity/problem";
import { planOf, readSettings } from "../../config/read";
import { configurationOfRun } from "../../config/run";

/**
 * The plan of the stack that this pack judges: at previews and updates the engine passes the stack's configuration to
 * the pack. `undefined`: the stack has no plan (a program of another project, an exported state), or one that cannot be
 * read, with which its own program refuses to run.
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
