import { join } from "node:path";
import type { CapacityPlan } from "../../capacity/plan";
import { InputError, type InputProblem } from "../../capacity/problem";
import { planOf, readSettings } from "../../config/read";
import { readPackConfiguration } from "../../engine/pack-configuration";
import type { PackConfiguration } from "../../policy/framework/judgement";
import { rules } from "../../policy/rules";
import { type CheckTextOptions, checkText } from "../../report/check-text";
import { findings, headline, pageSections, pullRequestMarkdown } from "../../report/markdown";
import type { Verdict } from "../../report/verdict";
import { announce, answering, collecting, command, EXIT, jsonText, type Runnable } from "../shared/command";
import { reportDirectory } from "../shared/folder";
import { readStackFile, type StackOptions, withStackOptions } from "../shared/stack-file";
import { simulateInThreads, verdictTasks } from "../shared/storm-threads";
import { terminalOf } from "../shared/terminal";
import { writeFiles } from "../shared/write";
import type { Subject } from "./judge";

interface Options extends StackOptions, CheckTextOptions {
  readonly json?: true;
  readonly report?: string;
  readonly policyPackConfig?: string;
}

export function checkCommand(): Runnable {
  const definition = withStackOptions(
    command(
      "check",
      "Evaluates the program, judges what it registers, and says whether the stack is sound, why, and what it costs.",
    ),
  )
    .option("--details", "also print every check with its arithmetic, every storm and every item of the cost")
    .option("--resources", "also list every resource")
    .option("--json", "print the verdict as one JSON object")
    .option("--report <dir>", "also write report.md, report.html and report.json there")
    .option("--policy-pack-config <file>", "configuration and waivers of the policy pack (JSON), as pulumi takes them");
  return {
    definition,
    action: (host) => {
      const options = definition.opts<Options>();
      return answering(host, options, async () => {
        const problems: InputProblem[] = [];
        const subject = await collecting(problems, () => readSubject(options));
        const directory = await collecting(problems, () => reportDirectory(options.report));
        const configuration = await collecting(problems, () => packConfiguration(options));
        if (!subject || problems.length > 0) throw new InputError(problems);
        const verdict = await verdictOn(subject, configuration, (step) => announce(host, step));
        if (directory !== undefined) {
          announce(host, "drawing the report");
          await writeReport(directory, verdict, planOf(subject.settings));
        }
        host.stdout.write(options.json ? jsonText(verdict) : checkText(verdict, options, terminalOf(host)));
        return verdict.ok ? EXIT.sound : EXIT.refused;
      });
    },
  };
}

function readSubject({ stack, configFile }: Options): Subject {
  const configuration = readStackFile(stack, configFile);
  return { stack, configuration, settings: readSettings(configuration) };
}

async function verdictOn(
  subject: Subject,
  configuration: PackConfiguration | undefined,
  progress: (step: string) => void,
) {
  const storms = simulateInThreads(verdictTasks(planOf(subject.settings)));
  try {
    // Loads the SDKs, which a mistake in the input need not wait for. The threads simulate meanwhile.
    const { judge } = await import("./judge.js");
    return await judge(subject, configuration, { progress, simulated: storms.done });
  } finally {
    storms.stop();
  }
}

const packConfiguration = ({ policyPackConfig }: Options): PackConfiguration =>
  policyPackConfig === undefined ? {} : readPackConfiguration(policyPackConfig, rules);

async function writeReport(directory: string, verdict: Verdict, plan: CapacityPlan) {
  const [{ planPlots }, { page }] = await Promise.all([
    import("../../report/plots/plan.js"),
    import("../../report/html.js"),
  ]);
  const plots = await planPlots(plan, verdict);
  const content = { findings: findings(verdict), plots, sections: pageSections(verdict) };
  writeFiles({
    [join(directory, "report.md")]: pullRequestMarkdown(verdict),
    [join(directory, "report.json")]: jsonText(verdict),
    [join(directory, "report.html")]: page(headline(verdict), verdict.ok, content),
  });
}
