import type { Command } from "commander";
import { InputError, inputError } from "../../capacity/problem";
import { providerProblem } from "../../config/read";
import type { Location } from "./cloud/sources";

/** Options of commands that read a deployed environment. */
export interface LocationOptions {
  readonly project?: string;
  readonly region?: string;
  readonly from?: string;
}

/** Adds them. */
export const withLocationOptions = (command: Command): Command =>
  command
    .option("--project <id>", "ask Google about this project, with application default credentials")
    .option("--from <dir>", "read files that gcloud printed instead")
    .option("--region <name>", "the region (default: the stack's)");

/** The location from the options, else from the stack file. @throws InputError */
export function locationFrom({ project, region }: LocationOptions, planned: Location): Location {
  const problems = [
    ...(project === undefined ? [] : providerProblem("gcp:project", project, "--project")),
    ...(region === undefined ? [] : providerProblem("gcp:region", region, "--region")),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return { project: project ?? planned.project, region: region ?? planned.region };
}

/** The directory of saved files; `undefined`: read the project. @throws InputError */
export function directoryFrom({ project, from }: LocationOptions): string | undefined {
  if ((project === undefined) !== (from === undefined)) return from;
  const given = from === undefined ? "neither given" : "both given";
  throw inputError(
    "--project",
    `and '--from' (${given}) must be exactly one option because it states where to look; give '--project ID' or '--from DIR'`,
  );
}
