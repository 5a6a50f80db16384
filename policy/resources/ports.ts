import { cloudRunLimits } from "../../capacity/limits";
import type { Inputs } from "../framework/inputs";
import type { Container, Workload } from "./workload";

/** The ports that a container states: one object in a v2 service, a list in a v1 service and in a job. */
export function statedPorts(container: Container): Inputs[] {
  return container.inputs.oneOrMore("ports");
}

/**
 * The container that takes requests: the one that states a port, or the only one. `service-containers` refuses several.
 */
export function ingressContainers(workload: Workload): readonly Container[] {
  if (workload.kind === "job" || workload.kind === "worker pool") return [];
  const withPorts = workload.containers.filter((container) => statedPorts(container).length > 0);
  return withPorts.length === 0 && workload.containers.length === 1 ? workload.containers : withPorts;
}

/** The port to which Cloud Run sends an ingress container's requests. */
export function ingressPort(container: Container): number {
  return statedPorts(container)[0]?.number("containerPort") ?? cloudRunLimits.defaultPort.value;
}
