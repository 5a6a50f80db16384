import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { InputError } from "../capacity/problem";
import { command, run } from "./command";
import { isJson, PULUMI_OPTIONS, type PulumiRun, runProblem } from "./pulumi-cli";
import { PROJECT_ROOT } from "./stack-file";

/*
 * `npm run preview` and `npm run up`: what would keep pulumi from starting is said at once, in one line; then pulumi runs
 * with the pack, on this terminal, and its exit code is this command's.
 */

const [operation, ...options] = process.argv.slice(2);
// Everything else is pulumi's, `--help` included.
const pulumi = command(String(operation), "Runs pulumi with the policy pack.").helpOption(false).allowUnknownOption().allowExcessArguments();

void run(pulumi, started, { handedOn: PULUMI_OPTIONS, args: options });

async function started(): Promise<number> {
  if (operation !== "preview" && operation !== "up") throw new Error(`package.json starts this with ${operation}`);
  const subject: PulumiRun = { operation, options, environment: process.env, folder: process.cwd() };
  const problem = await runProblem(subject);
  if (problem !== undefined) throw new InputError([{ setting: "pulumi", message: problem }]);
  return ending(subject);
}

/** `guard` also judges what a preview takes for unchanged: the digest lists it only when asked (guard/judge.ts). */
const listingAll = ({ operation, options }: PulumiRun) => (operation === "preview" && options.some(isJson) ? ["--show-sames"] : []);

/** Runs pulumi to its end. A signal is for it to answer: an update that is interrupted finishes what it has begun. */
function ending(run: PulumiRun): Promise<number> {
  const { operation, options } = run;
  const child = spawn("pulumi", [operation, "--policy-pack", join(PROJECT_ROOT, "policy"), ...listingAll(run), ...options], { stdio: "inherit" });
  process.on("SIGINT", () => undefined); // a terminal sends it to both
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
