import { targetProblems } from "../capacity/storm/remedies";
import {
  scenarioStorms,
  scenariosByAssumption,
  sensitivity,
  stormDetail,
  withDefaults,
} from "../capacity/storm/results";
import { sensitivityText, stormDetailText, stormsText } from "../report/storm-text";
import { announce, answering, command, EXIT, type Host, jsonText, type Runnable } from "./shared/command";
import { type PlanOptions, readAsked, withPlanOptions } from "./shared/plan-options";
import { simulateInThreads } from "./shared/storm-threads";
import { terminalOf } from "./shared/terminal";

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

async function simulated(host: Host, options: PlanOptions): Promise<number> {
  const asked = readAsked(options);
  const { plan, scenarios } = asked;
  const storms = withDefaults(asked.storms);
  const terminal = terminalOf(host);
  const target = plan.targets.startupSuccessPercent / 100;
  const [only] = options.scenario === undefined ? [] : scenarios;
  announce(host, `simulating ${only ? only.name : "the start-up storms"}`);
  if (only) {
    const ends = scenariosByAssumption(plan, only.name).flatMap(({ atLow, atHigh }) => [atLow, atHigh]);
    await simulateInThreads([
      { scenario: only, as: { kind: "detail", options: storms } },
      ...ends.map((scenario) => ({ scenario, as: { kind: "run", options: storms } }) as const),
    ]).done;
    const detail = stormDetail(only, storms);
    const rows = sensitivity(plan, only.name, storms);
    const problems = targetProblems(plan, [detail], target);
    const details = [...stormDetailText(detail, terminal), ...sensitivityText(rows, terminal)];
    print(
      host,
      options,
      { ...detail, sensitivity: rows, target, ok: problems.length === 0, problems },
      stormsText([detail], problems, target, terminal, details),
    );
    return problems.length === 0 ? EXIT.sound : EXIT.refused;
  }
  await simulateInThreads(scenarios.map((scenario) => ({ scenario, as: { kind: "result", options: storms } }) as const))
    .done;
  const results = scenarios.map((scenario) => scenarioStorms(scenario, storms));
  const problems = targetProblems(plan, results, target);
  print(
    host,
    options,
    { storms: results, target, ok: problems.length === 0, problems },
    stormsText(results, problems, target, terminal),
  );
  return problems.length === 0 ? EXIT.sound : EXIT.refused;
}

function print(host: Host, { json }: PlanOptions, object: object, text: string) {
  host.stdout.write(json ? jsonText(object) : `${text}\n`);
}
