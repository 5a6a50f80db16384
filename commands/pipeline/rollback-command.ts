import { InputError, type InputProblem } from "../../capacity/problem";
import { command, EXIT, type Runnable } from "../shared/command";
import { failedStep, rollbackInstructions, type UpStep } from "./rollback";

interface Options {
  readonly stack: string;
  readonly cancelled?: true;
}

export function rollbackCommand(): Runnable {
  const definition = command(
    "way-back",
    "Prints what to do after an update failed in a workflow: which step failed, what has changed, how to continue and how to roll back.",
  )
    .option("--stack <name>", "the stack", "staging")
    .option("--cancelled", "the job was cancelled");
  return {
    definition,
    action: async ({ stdout, env }) => {
      const { stack, cancelled } = definition.opts<Options>();
      const { STEPS = "", GITHUB_SHA: commit = "" } = env;
      const problems: InputProblem[] = [];
      let step: UpStep | undefined;
      try {
        step = failedStep(STEPS);
      } catch {
        const message =
          "'STEPS' must be the steps of the job as JSON because it shows which step failed; set it to toJSON(steps)";
        problems.push({ setting: "STEPS", message });
      }
      if (!/^[0-9a-f]{40}$/.test(commit))
        problems.push({
          setting: "GITHUB_SHA",
          message: `'GITHUB_SHA' (${commit || "not set"}) must be a commit because the rollback reverts it; set it to the commit that was applied`,
        });
      if (problems.length > 0) throw new InputError(problems);
      stdout.write(rollbackInstructions(step, { stack, commit, wasCancelled: cancelled === true }));
      return EXIT.sound;
    },
  };
}
