import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../../capacity/problem";
import { eventServer } from "../../engine/engine-events";
import { isJson, PULUMI_OPTIONS, type PulumiRun, runProblem, stateOf } from "../../engine/pulumi-cli";
import { command, EXIT, run } from "../shared/command";
import { PROJECT_ROOT } from "../shared/stack-file";
import { failedJobLines, failedJobs } from "./failed-jobs";
import { failedRevisionLines, failedRevisions } from "./failed-revisions";
import { leftBehindLines } from "./left-behind";
import { patiently } from "./patience";

/*
 * `npm run preview` and `npm run up`: what would keep pulumi from starting is said at once, in one line; then pulumi
 * runs
 * with the pack, on this terminal, and its exit code is this command's. `up` goes on by itself where Google only needs
 * time,
 * and looks afterwards whether what it rolled out also runs.
 */

const [operation, ...options] = process.argv.slice(2);
// Everything else is pulumi's, `--help` included.
const pulumi = command(String(operation), "Runs pulumi with the policy pack.")
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments();

void run(pulumi, started, { handedOn: PULUMI_OPTIONS, args: options });

async function started(): Promise<number> {
  if (operation !== "preview" && operation !== "up") throw new Error(`package.json starts this with ${operation}`);
  const subject: PulumiRun = { operation, options, environment: process.env, folder: process.cwd() };
  const problem = await runProblem(subject);
  if (problem !== undefined) throw new InputError([{ setting: "pulumi", message: problem }]);
  if (operation === "up") return updated(subject);
  // `guard` also judges what a preview takes for unchanged: the digest lists it only when asked
  // (commands/guard/judge.ts).
  return ending(subject, options.some(isJson) ? ["--show-sames"] : []);
}

/** Updates, waits where only time is missing, and says what is left to do. */
async function updated(subject: PulumiRun): Promise<number> {
  const events = await eventServer();
  let hasUpdated = false;
  const attempt = async (isFirst: boolean) => {
    // Whoever has agreed to the update has agreed to its end.
    const code = await ending(subject, [
      "--event-log",
      events.address,
      ...(isFirst ? [] : ["--yes", "--skip-preview"]),
    ]);
    const report = events.taken();
    hasUpdated ||= report.hasUpdated;
    return { code, failures: report.failures };
  };
  const { code, failures } = await patiently(attempt, pause, say).finally(events.stop);
  if (!hasUpdated) return code;
  const state = await stateOf(subject);
  const lines = [
    ...leftBehindLines(failures, state),
    ...failedJobLines(failedJobs(state)),
    ...failedRevisionLines(failedRevisions(state)),
  ];
  for (const line of lines) say(line);
  return code === 0 && lines.length > 0 ? EXIT.refused : code;
}

const say = (line: string) => void process.stderr.write(`${line}\n`);

const interrupted = new AbortController();
let child: ChildProcess | undefined;
// A signal is for pulumi to answer: an update that is interrupted finishes what it has begun. None is begun afterwards.
process.on("SIGINT", () => interrupted.abort()); // a terminal sends it to both
process.on("SIGTERM", () => {
  interrupted.abort();
  child?.kill("SIGTERM");
});

async function pause(seconds: number): Promise<boolean> {
  await wait(seconds * 1000, undefined, { signal: interrupted.signal }).catch(() => undefined);
  return !interrupted.signal.aborted;
}

/** Runs pulumi to its end. */
function ending({ operation, options, environment }: PulumiRun, more: readonly string[]): Promise<number> {
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
