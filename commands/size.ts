import { sizePlan } from "../capacity/sizing";
import { sizingText } from "../report/size-text";
import { announce, answering, command, EXIT, type Host, jsonText, type Runnable } from "./shared/command";
import { type PlanOptions, readAsked, withPlanOptions } from "./shared/plan-options";
import { stackCost } from "./shared/stack-cost";
import { terminalOf } from "./shared/terminal";

export function sizeCommand(): Runnable {
  const definition = withPlanOptions(
    command(
      "size",
      "Finds the cheapest connector, tier and max_connections that the services of the plan start on, and what each cheaper one fails on.",
    ),
  );
  return {
    definition,
    action: (host) => {
      const options = definition.opts<PlanOptions>();
      return answering(host, options, () => sized(host, options));
    },
  };
}

function sized(host: Host, options: PlanOptions): number {
  const { settings, plan, storms } = readAsked(options);
  const sizing = sizePlan(plan, {
    ...storms,
    // A connector cannot shrink in place, and the plan's is taken to be the deployed one.
    connectorFloor: plan.connector,
    progress: (judged, plans) => announce(host, `judged ${judged} of ${plans} plans`),
  });
  host.stdout.write(
    options.json ? jsonText(sizing) : `${sizingText(sizing, stackCost(settings).usdPerMonth, terminalOf(host))}\n`,
  );
  return sizing.cheapest ? EXIT.sound : EXIT.refused;
}
