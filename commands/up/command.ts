import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError, type InputProblem } from "../../capacity/problem";
import { eventServer } from "../../engine/engine-events";
import { isJson, PULUMI_OPTIONS, type PulumiRun, runProblem, stateOf } from "../../engine/pulumi-cli";
import { leftBehindLines } from "../recover/left-behind";
import { collecting, command, EXIT, type Host, type Runnable } from "../shared/command";
import { PROJECT_ROOT } from "../shared/stack-file";
import { failedJobLines, failedJobs } from "./failed-jobs";
import { failedRevisionLines, failedRevisions } from "./failed-revisions";
import { patiently } from "./patience";

/*
 * `npm run preview` and `npm run up` check first what would keep pulumi from starting. Then they run pulumi with the pack
 * on this terminal, and its exit code is theirs. `up` continues by itself where Google only needs time, and afterwards
 * checks that what it rolled out also runs.
 */

/** `preview` or `up`. Every argument is passed on to pulumi, except for `--help`. */
export function pulumiCommand(operation: PulumiRun["operation"], options: readonly string[]): Runnable {
  const definition = command(operation, `Runs \`pulumi ${operation}\` with the policy pack.`)
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      "after",
      `\nEvery option of \`pulumi ${operation}\` is passed on: \`pulumi ${operation} --help\` lists them.`,
    );
  return {
    definition,
    action: (host) => start({ operation, options, environment: host.env, folder: process.cwd() }, host),
    passedOn: PULUMI_OPTIONS,
  };
}

async function start(run: PulumiRun, host: Host): Promise<number> {
  const problem = await runProblem(run);
  if (problem !== undefined) throw new InputError([{ setting: "pulumi", message: problem }]);
  // A signal is for pulumi to answer: an interrupted update finishes what it has begun. None is begun afterwards.
  process.on("SIGINT", () => interrupted.abort()); // a terminal sends it to both
  process.on("SIGTERM", () => {
    interrupted.abort();
    child?.kill("SIGTERM");
  });
  if (run.operation === "up") return update(run, host);
  // `guard` also judges unchanged resources: the digest lists them only when asked (commands/guard/judge.ts).
  return runPulumi(run, run.options.some(isJson) ? ["--show-sames"] : []);
}

/** Updates, retries while Google only needs time, and prints what is left to do. */
async function update(run: PulumiRun, { stderr }: Host): Promise<number> {
  const emit = (line: string) => void stderr.write(`${line}\n`);
  const events = await eventServer();
  let hasUpdated = false;
  const attempt = async (isFirst: boolean) => {
    // The first attempt was confirmed; further attempts finish the same update.
    const code = await runPulumi(run, ["--event-log", events.address, ...(isFirst ? [] : ["--yes", "--skip-preview"])]);
    const report = events.take();
    hasUpdated ||= report.hasUpdated;
    return { code, failures: report.failures };
  };
  const { code, failures } = await patiently(attempt, pause, emit).finally(events.stop);
  if (!hasUpdated) return code;
  const problems: InputProblem[] = [];
  const state = await collecting(problems, () => stateOf(run));
  const lines = state
    ? [
        ...leftBehindLines(failures, state),
        ...failedJobLines(failedJobs(state)),
        ...failedRevisionLines(failedRevisions(state)),
      ]
    : problems.map(({ message }) => message);
  for (const line of lines) emit(line);
  if (code !== 0 || lines.length === 0) return code;
  return state ? EXIT.refused : EXIT.badInput;
}

const interrupted = new AbortController();
let child: ChildProcess | undefined;

async function pause(seconds: number): Promise<boolean> {
  await wait(seconds * 1000, undefined, { signal: interrupted.signal }).catch(() => undefined);
  return !interrupted.signal.aborted;
}

function runPulumi({ operation, options, environment }: PulumiRun, more: readonly string[]): Promise<number> {
  const running = spawn("pulumi", [operation, "--policy-pack", join(PROJECT_ROOT, "policy"), ...more, ...options], {
    stdio: "inherit",
    // Before it became an option of everybody's, the event log was one of these; the Automation API sets it, too.
    env: { ...environment, PULUMI_DEBUG_COMMANDS: "true" },
  });
  child = running;
  return new Promise((resolve, reject) => {
    running.once("error", reject);
    running.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
