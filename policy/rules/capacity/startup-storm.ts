import { problem } from "../../../capacity/problem";
import { allPass, failingStorms } from "../../../capacity/storm/gate";
import { targetProblems } from "../../../capacity/storm/remedies";
import { MOST_TARGET_PERCENT } from "../../../capacity/storm/results";
import { stormPlanProblems } from "../../../capacity/storm/scenarios";
import { stackRule } from "../../framework/rule";
import { startingClients } from "../../resources/database-clients";
import { neutralTargetPercent } from "../../resources/defaults";
import { type ReservedSlots, reservedSlots } from "../../resources/reserved-slots";
import {
  neutralStart,
  plannedStarts,
  type StartBehaviour,
  startBehaviourSchema,
} from "../../resources/start-behaviour";
import { stormNames, stormPlanOf } from "../../resources/storm-plan";

export const startupStorm = stackRule<
  ReservedSlots & {
    targetPercent: number;
    services: Readonly<Record<string, StartBehaviour>>;
    otherServices: StartBehaviour;
    limitedUsers: boolean;
  }
>({
  name: "startup-storm",
  info: "In every simulated start-up storm, the lower bound of the share of starts that are ready at the first attempt reaches the target.",
  why: "Connections, CPU, connector and retries affect each other: starts can fail although each of them is within its own limit.",
  severity: "critical",
  remediation: "Relieve the bottleneck that the message names, or reduce the number of simultaneous starts.",
  config: {
    targetPercent: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: MOST_TARGET_PERCENT,
      description: "Share of starts that must be ready.",
      default: neutralTargetPercent,
      fromPlan: ({ targets }) => targets.startupSuccessPercent,
    },
    services: {
      type: "object",
      additionalProperties: startBehaviourSchema,
      description: "How each service starts, by its Cloud Run name: bootSeconds, startupQueryCpuMs, retry.",
      default: {},
      fromPlan: plannedStarts,
    },
    otherServices: {
      ...startBehaviourSchema,
      description: "How every other service starts.",
      default: neutralStart,
    },
    limitedUsers: {
      type: "boolean",
      description:
        "Whether each service logs in as a user of its own, with a limit at the connections that the budget gives it.",
      default: false,
      fromPlan: ({ database }) => database.roles !== undefined,
    },
    ...reservedSlots,
  },
  judge(resources, { config, isBrief, refuse, attempt }) {
    const target = config.targetPercent / 100;
    const named = new Map(Object.entries(config.services));
    const behaviour = (service: string): StartBehaviour => named.get(service) ?? config.otherServices;
    // `connection-budget` reports databases outside the stack.
    for (const { instance, clients } of startingClients(resources))
      if (instance && clients.length > 0)
        attempt(instance, () => {
          const plan = stormPlanOf(instance, clients, resources, config, behaviour);
          const names = stormNames(clients);
          const unsimulable = stormPlanProblems(plan, names.setting);
          const problems = () => {
            if (unsimulable.length > 0) return unsimulable;
            if (isBrief) return allPass(plan, target) ? [] : [belowTarget];
            return targetProblems(plan, failingStorms(plan, target), target, { names });
          };
          for (const problem of problems()) refuse(problem, instance);
        });
  },
});

/** In brief: without the scenarios, their bottleneck and what relieves it. */
const belowTarget = problem({
  setting: "database",
  must: "let the target's share of starts be ready at the first try",
  because: "fewer were ready in the simulated storms",
  fix: "more",
});
