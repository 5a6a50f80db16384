import { targetProblems } from "../capacity/storm/remedies";
import { scenarioStorms, sensitivity, stormDetail } from "../capacity/storm/results";
import { problemList, sensitivityTable, stormDetailText, stormTable } from "../report/markdown";
import { announce, answering, command, EXIT, type Host, type Runnable } from "./shared/command";
import { type PlanOptions, readAsked, withPlanOptions } from "./shared/plan-options";

export function stormCommand(): Runnable {
  const definition = withPlanOptions(
    command(
      "storm",
      "Simulates the plan's start-up storms: one in detail with the sensitivity to every assumption, or all with a line each.",
    ),
  ).option("--scenario <name>", "one scenario in detail (default: all)");
  return {
    definition,
    action: (host) => {
      const options = definition.opts<PlanOptions>();
      return answering(host, options, () => simulated(host, options));
    },
  };
}

function simulated(host: Host, options: PlanOptions): number {
  const { plan, scenarios, storms } = readAsked(options);
  const target = plan.targets.startupSuccessPercent / 100;
  const [only] = options.scenario === undefined ? [] : scenarios;
  if (only) {
    announce(host, `simulating ${only.name}`);
    const detail = stormDetail(only, storms);
    announce(host, "asking what each assumption decides");
    const rows = sensitivity(plan, only.name, storms);
    const problems = targetProblems(plan, [detail], target);
    print(host, options, { ...detail, sensitivity: rows, target, ok: problems.length === 0, problems }, [
      stormTable([detail]),
      stormDetailText(detail),
      sensitivityTable(rows),
      problemList(problems),
    ]);
    return problems.length === 0 ? EXIT.sound : EXIT.refused;
  }
  const results = scenarios.map((scenario) => {
    announce(host, `simulating ${scenario.name}`);
    return scenarioStorms(scenario, storms);
  });
  const problems = targetProblems(plan, results, target);
  print(host, options, { storms: results, target, ok: problems.length === 0, problems }, [
    stormTable(results),
    problemList(problems),
  ]);
  return problems.length === 0 ? EXIT.sound : EXIT.refused;
}

function print(host: Host, { json }: PlanOptions, object: object, sections: readonly string[]) {
  host.stdout.write(json ? `${JSON.stringify(object, null, 2)}\n` : `${sections.filter(Boolean).join("\n\n")}\n`);
}
