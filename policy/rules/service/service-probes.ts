import { probeProblems } from "../../../capacity/constraints/cloudrun";
import { type Problem, problem } from "../../../capacity/problem";
import type { Inputs } from "../../framework/inputs";
import { resourceRule } from "../../framework/rule";
import { unansweredProblems } from "../../resources/listening";
import { ingressContainers, ingressPort } from "../../resources/ports";
import { handlersOf, probesOf, probeTiming } from "../../resources/probes";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const serviceProbes = resourceRule({
  name: "service-probes",
  info: "Cloud Run accepts every probe and the container can answer it: valid timing, exactly one handler, the container's port, and a listener that is not only at 127.0.0.1.",
  why: "The preview does not check probes; Google refuses them at the deploy, or they test a port on which nothing listens.",
  severity: "medium",
  remediation:
    "Set exactly one of httpGet, tcpSocket and grpc on the containerPort, timeoutSeconds not above periodSeconds, and let the container listen at 0.0.0.0.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, attempt }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    for (const container of workload.containers) {
      // Each listener is reported once, however many probes test it.
      const unanswered = new Set<string>();
      for (const { kind, probe } of attempt(() => probesOf(container)) ?? []) {
        attempt(() => refuse(...probeProblems(kind, probeTiming(probe), (field) => probe.at(field))));
        attempt(() => {
          const port = ingressContainers(workload).includes(container) ? ingressPort(container) : undefined;
          refuse(...handlerProblems(probe, port), ...successThresholdProblems(probe));
          for (const problem of unansweredProblems(container, probe)) {
            if (!unanswered.has(problem.setting)) refuse(problem);
            unanswered.add(problem.setting);
          }
        });
      }
    }
  },
});

/** `containerPort` is undefined for a sidecar, whose probes have no port to match. */
function handlerProblems(probe: Inputs, containerPort: number | undefined): Problem[] {
  const handlers = handlersOf(probe);
  const wrong = (setting: string, value: unknown, must: string, because: string, fix: string | number) => [
    problem({ setting, value, must, because, fix }),
  ];
  if (handlers.length !== 1)
    return wrong(
      probe.path,
      handlers.map(({ kind }) => kind).join(" and ") || "without a handler",
      "have exactly one of httpGet, tcpSocket and grpc",
      "Cloud Run asks in one way and refuses a probe with none or two",
      "httpGet with the path and port of the health endpoint",
    );
  return handlers.flatMap(({ inputs }) => {
    const port = inputs.number("port");
    if (port === undefined || containerPort === undefined || port === containerPort) return [];
    return wrong(
      inputs.at("port"),
      port,
      `be the containerPort (${containerPort})`,
      "the application listens nowhere else",
      containerPort,
    );
  });
}

function successThresholdProblems(probe: Inputs): Problem[] {
  const value = probe.number("successThreshold");
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return [];
  return [
    problem({
      setting: probe.at("successThreshold"),
      value,
      must: "be a whole number of at least 1",
      because: "it counts successes in a row",
      fix: 2,
    }),
  ];
}
