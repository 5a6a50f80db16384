import { type Problem, problem } from "../../capacity/problem";
import { Inputs, parsedJson } from "../framework/inputs";
import { ingressContainers, statedPorts } from "./ports";
import { type Container, containerName, revisionAnnotations, type Workload } from "./workload";

/**
 * v1's annotation for the order: `{"app":["proxy"]}`.
 * Source: docs.cloud.google.com/run/docs/configuring/services/containers.
 */
const V1_ANNOTATION = "run.googleapis.com/container-dependencies";

/** A container's dependency on another one. */
interface Wait {
  readonly setting: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The dependencies between containers that Cloud Run refuses: on a container that does not exist, on one without a
 * start-up probe, or in a cycle.
 * Source: cloud-run-samples 230, "Dependent container 'sidecar' must have startup probe specified".
 */
export function orderProblems(workload: Workload): Problem[] {
  const waits = waitsOf(workload);
  const byName = new Map(workload.containers.map((container) => [containerName(container), container]));
  const reported = new Set<string>();
  return waits.flatMap((wait) => {
    const awaited = wait.to === "" ? undefined : byName.get(wait.to);
    if (!awaited) return noContainer(wait, [...byName.keys()]);
    const circle = circleThrough(wait, waits);
    // Each cause once: one dependency of a cycle, and one of several on the same container.
    if (circle.some((name) => reported.has(name)) || reported.has(wait.to)) return [];
    if (circle.length > 0) {
      for (const name of circle) reported.add(name);
      return leadsBack(wait);
    }
    if (hasStartupProbe(workload, awaited)) return [];
    reported.add(wait.to);
    return missingProbe(wait, awaited);
  });
}

function waitsOf(workload: Workload): Wait[] {
  if (workload.kind === "v1 service") {
    const annotations = revisionAnnotations(workload);
    const order = annotations.isUnknown(V1_ANNOTATION) ? new Inputs(undefined) : orderIn(annotations);
    return order
      .keys()
      .flatMap((from) => order.texts(from).map((to) => ({ setting: annotations.at(V1_ANNOTATION), from, to })));
  }
  return workload.containers.flatMap((container) => {
    // An unknown name comes from another resource, and nothing is known about it.
    if (container.inputs.isUnknown("dependsOns")) return [];
    const names = container.inputs.knownOnly().texts("dependsOns");
    return names.map((to, index) => ({
      setting: `${container.inputs.at("dependsOns")}[${index}]`,
      from: containerName(container),
      to,
    }));
  });
}

function orderIn(annotations: Inputs): Inputs {
  const setting = annotations.at(V1_ANNOTATION);
  return new Inputs(parsedJson(annotations.text(V1_ANNOTATION) || "{}", setting, "an object"), setting);
}

/** The containers of the cycle that the dependency closes; empty if it closes none. */
function circleThrough({ from, to }: Wait, waits: readonly Wait[]): string[] {
  const reached = new Set([to]);
  // The loop also visits what it adds.
  for (const name of reached) for (const next of waits) if (next.from === name) reached.add(next.to);
  return reached.has(from) ? [...reached] : [];
}

function noContainer({ setting, from, to }: Wait, names: readonly string[]): Problem {
  const others = names.filter((name) => name !== "" && name !== from);
  const fix = others.join(" or ") || "the name of another container";
  return problem({
    setting,
    value: to,
    must: "be the name of another container",
    because: "Cloud Run refuses any other name",
    fix,
  });
}

function leadsBack({ setting, from, to }: Wait): Problem {
  const because = "containers that wait for each other never start, and Cloud Run refuses them";
  return problem({
    setting,
    value: to,
    must: `not lead back to ${from}`,
    because,
    fix: `a container that does not wait for ${from}, or leave it out`,
  });
}

/** Cloud Run adds a TCP probe to a service's ingress container without one, and to no other container. */
function hasStartupProbe(workload: Workload, container: Container): boolean {
  return container.inputs.has("startupProbe") || ingressContainers(workload).includes(container);
}

function missingProbe({ from, to }: Wait, { inputs }: Container): Problem {
  const port = statedPorts({ inputs, variables: [] })[0]?.number("containerPort");
  return problem({
    setting: inputs.at("startupProbe"),
    value: undefined,
    must: `be a probe of ${to}`,
    because: `${from} waits for it, and Cloud Run refuses a container that others wait for without a start-up probe`,
    fix: `httpGet or tcpSocket with ${port === undefined ? "a port" : `port ${port}`} on which it listens at every address`,
  });
}
