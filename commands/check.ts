import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assumptions } from "../capacity/assumptions";
import { planBudget, planChecks } from "../capacity/checks";
import { planCost } from "../capacity/cost";
import { InputError } from "../capacity/problem";
import { planOf, readSettings, type Settings } from "../config";
import { CANNOT_EVALUATE, WAIVED } from "../policy/outcome";
import { pullRequestMarkdown, terminalText } from "../report/markdown";
import type { ReportedResource, Verdict, Violation, Waived } from "../report/verdict";
import { configurationOfRun, declare } from "../stack";
import { command, EXIT, run } from "./command";
import { evaluate, type Registered, withoutSecrets } from "./evaluate";
import { type Diagnostic, PackServer } from "./pack-client";
import { readPackConfiguration } from "./pack-configuration";
import { PROJECT_ROOT, readStackFile } from "./stack-file";

interface Options {
  readonly stack: string;
  readonly json?: true;
  readonly report?: string;
  readonly configFile?: string;
  readonly policyPackConfig?: string;
}

const check = command("check", "Evaluates the program, judges what it registers, and says whether the stack is sound, why, and what it costs.")
  .option("--stack <name>", "the stack: Pulumi.<name>.yaml", "staging")
  .option("--json", "print the verdict as one JSON object")
  .option("--report <dir>", "also write report.md and report.json there")
  .option("--config-file <file>", "read this stack file instead, as pulumi's option of the same name does")
  .option("--policy-pack-config <file>", "configuration and waivers of the policy pack (JSON), as pulumi takes them");

void run(check, async () => {
  const options = check.opts<Options>();
  try {
    const directory = options.report === undefined ? undefined : reportDirectory(resolve(options.report));
    const verdict = await judge(options);
    if (directory !== undefined) writeReport(directory, verdict);
    process.stdout.write(options.json ? `${JSON.stringify(verdict, null, 2)}\n` : terminalText(verdict));
    return verdict.ok ? EXIT.sound : EXIT.refused;
  } catch (error) {
    if (options.json && error instanceof InputError)
      process.stdout.write(`${JSON.stringify({ stack: options.stack, ok: false, problems: error.problems }, null, 2)}\n`);
    throw error;
  }
});

async function judge({ stack, configFile, policyPackConfig }: Options): Promise<Verdict> {
  const configuration = readStackFile(stack, configFile);
  const settings = readSettings(configuration);
  // The pack takes longest to start: it does while the program is evaluated.
  const starting = PackServer.start(join(PROJECT_ROOT, "policy"));
  try {
    // The guard that refuses an unsound plan is left out, so that the pack judges what such a plan would register, too.
    const resources = await evaluate(stack, configuration, () => declare(readSettings(configurationOfRun())));
    const pack = await starting;
    await pack.configure(policyPackConfig === undefined ? {} : readPackConfiguration(policyPackConfig, pack.rules));
    return verdictOf(stack, settings, resources, await pack.judge(resources, { project: settings.project, region: settings.region }));
  } finally {
    // Also where the evaluation failed: a pack that goes on would keep this process alive.
    void starting.then(
      (pack) => pack.stop(),
      () => undefined,
    );
  }
}

function verdictOf(stack: string, settings: Settings, resources: readonly Registered[], diagnostics: readonly Diagnostic[]): Verdict {
  const plan = planOf(settings);
  const checks = planChecks(plan);
  const active = diagnostics.filter(({ message }) => !message.startsWith(WAIVED));
  const violations = active.map(violationOf);
  return {
    stack,
    ok: checks.every(({ problems }) => problems.length === 0) && violations.every(({ level }) => level !== "mandatory"),
    resources: resources.map(reported),
    violations,
    waived: diagnostics.filter((diagnostic) => !active.includes(diagnostic)).map(waivedOf),
    budget: planBudget(plan),
    checks,
    cost: planCost(plan, Object.keys(settings.secrets).length),
    assumptions: Object.values(assumptions),
  };
}

function reported({ type, name, urn, parent, dependencies, options, inputs }: Registered): ReportedResource {
  return { type, name, urn, parent, dependencies, options, inputs: withoutSecrets(inputs) };
}

const resourceName = (urn: string) => urn.split("::").at(-1) || "stack";

function violationOf({ policy, level, urn, message }: Diagnostic): Violation {
  return { policy, level, resource: resourceName(urn), message, outcome: message.startsWith(CANNOT_EVALUATE) ? "cannot-evaluate" : "refused" };
}

function waivedOf({ policy, urn, message }: Diagnostic): Waived {
  return { policy, resource: resourceName(urn), reason: message.slice(WAIVED.length).split("\n")[0] ?? "" };
}

/** Also before the work: a directory that cannot be written is known at once, and the verdict is not lost over it. */
function reportDirectory(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return directory;
  } catch {
    const message = `'--report' (${directory}) must be a directory that can be written because the report goes there; give another one`;
    throw new InputError([{ setting: "--report", message }]);
  }
}

function writeReport(directory: string, verdict: Verdict) {
  writeFileSync(join(directory, "report.md"), pullRequestMarkdown(verdict));
  writeFileSync(join(directory, "report.json"), `${JSON.stringify(verdict, null, 2)}\n`);
}
