import { InputError, type InputProblem, inputError } from "../../capacity/problem";
import { type Preview, readPreview } from "../../engine/preview";
import { collecting, command, EXIT, type Runnable } from "../shared/command";
import { textIn } from "../shared/input";
import { DRIFT_MARKER, drift, readDiagnosis } from "./drift";
import { accessOfJob, closeIssue, putIssue } from "./github";

interface Options {
  readonly refresh: string;
  readonly diagnosis: string;
  readonly stack: string;
  readonly post?: true;
}

const REFRESH = "pulumi refresh --preview-only --expect-no-changes --json";

export function driftCommand(): Runnable {
  const definition = command(
    "drift",
    "Reports where the cloud differs from the state and the plan, and maintains one GitHub issue about it.",
  )
    .requiredOption("--refresh <file>", `what \`${REFRESH}\` printed`)
    .requiredOption("--diagnosis <file>", "what `npm run --silent diagnose -- --json` printed")
    .option("--stack <name>", "the stack that the refresh must be of", "staging")
    .option("--post", "in a workflow: open the issue, update it, or close it");
  return {
    definition,
    action: async ({ stdout, env }) => {
      const { refresh, diagnosis, stack, post } = definition.opts<Options>();
      const problems: InputProblem[] = [];
      const refreshed = await collecting(problems, () => refreshIn(refresh, stack));
      const diagnosed = await collecting(problems, () => diagnosisIn(diagnosis));
      if (!refreshed || !diagnosed) throw new InputError(problems);
      const { clean, title, body } = drift(stack, refreshed, diagnosed);
      stdout.write(`# ${title}\n\n${body}`);
      if (post) {
        const access = accessOfJob(env);
        const done = clean
          ? await closeIssue(access, DRIFT_MARKER, "The last run found nothing.")
          : await putIssue(access, DRIFT_MARKER, { title, body });
        stdout.write(`\n${done}\n`);
      }
      return clean ? EXIT.sound : EXIT.refused;
    },
  };
}

/** A refresh's digest has the form of a preview's, but is not one of `pulumi preview`, as that reader would advise. */
function refreshIn(file: string, stack: string): Preview {
  const content = contentOf(file, "--refresh", REFRESH);
  try {
    return readPreview(content, file, stack);
  } catch (error) {
    if (!(error instanceof InputError) || error.message.includes("must be a preview of the stack")) throw error;
    throw inputError(
      "--refresh",
      `(${file}) must be what \`${REFRESH}\` prints because it lists what has drifted; let it complete and redirect its standard output to the file`,
    );
  }
}

function diagnosisIn(file: string) {
  const found = readDiagnosis(contentOf(file, "--diagnosis", "npm run --silent diagnose -- --json"));
  if (found) return found;
  throw inputError(
    "--diagnosis",
    `(${file}) must be what \`npm run --silent diagnose -- --json\` prints because it holds the findings; redirect its standard output to the file`,
  );
}

function contentOf(file: string, option: string, source: string): string {
  return textIn(file, { because: "the drift report combines both files", fix: `run \`${source} > ${file}\``, option });
}
