import { targetProblems } from "../capacity/storm/remedies";
import { scenarioStorms, sensitivity, stormDetail } from "../capacity/storm/results";
import { problemList, sensitivityTable, stormDetailText, stormTable } from "../report/markdown";
import { announce, answering, command, EXIT, run } from "./shared/command";
import { type PlanOptions, readAsked, withPlanOptions } from "./shared/plan-options";

const storm = withPlanOptions(
  command(
    "storm",
    "Simulates the plan's start-up storms: one in detail with the sensitivity to every assumption, or all with a line each.",
  ),
).option("--scenario <name>", "one scenario in detail (default: all)");

void run(storm, () => {
  const options = storm.opts<PlanOptions>();
  return answering(options, () => simulated(options));
});

function simulated(options: PlanOptions): number {
  const { plan, scenarios, storms } = readAsked(options);
  const target = plan.targets.startupSuccessPercent / 100;
  const [only] = options.scenario === undefined ? [] : scenarios;
  if (only) {
    announce(`simulating ${only.name}`);
    const detail = stormDetail(only, storms);
    announce("asking what each assumption decides");
    const rows = sensitivity(plan, only.name, storms);
    const problems = targetProblems(plan, [detail], target);
    print(options, { ...detail, sensitivity: rows, target, ok: problems.length === 0, problems }, [
      stormTable([detail]),
      stormDetailText(detail),
      sensitivityTable(rows),
      problemList(problems),
    ]);
    return problems.length === 0 ? EXIT.sound : EXIT.refused;
  }
  const results = scenarios.map((scenario) => {
    announce(`simulating ${scenario.name}`);
    return scenarioStorms(scenario, storms);
  });
  const problems = targetProblems(plan, results, target);
  print(options, { storms: results, target, ok: problems.length === 0, problems }, [
    stormTable(results),
    problemList(problems),
  ]);
  return problems.length === 0 ? EXIT.sound : EXIT.refused;
}

function print({ json }: PlanOptions, object: object, sections: readonly string[]) {
  announce("");
  process.stdout.write(json ? `${JSON.stringify(object, null, 2)}\n` : `${sections.filter(Boolean).join("\n\n")}\n`);
}
