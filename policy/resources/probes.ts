import type { ProbeTiming } from "../../capacity/constraints/cloudrun";
import { cloudRunLimits } from "../../capacity/limits";
import type { Inputs } from "../framework/inputs";
import type { Container } from "./workload";

const PROBES = { startup: "startupProbe", liveness: "livenessProbe", readiness: "readinessProbe" } as const;
const HANDLERS = ["httpGet", "tcpSocket", "grpc"] as const;

export type ProbeKind = keyof typeof PROBES;

/** A probe's timing with the provider's defaults. */
export function probeTiming(probe: Inputs): ProbeTiming {
  const defaults = cloudRunLimits.probeDefaults.value;
  return {
    initialDelaySeconds: probe.number("initialDelaySeconds") ?? defaults.initialDelaySeconds,
    periodSeconds: probe.number("periodSeconds") ?? defaults.periodSeconds,
    timeoutSeconds: probe.number("timeoutSeconds") ?? defaults.timeoutSeconds,
    failureThreshold: probe.number("failureThreshold") ?? defaults.failureThreshold,
  };
}

/** A container's probes. */
export function probesOf({ inputs }: Container): { readonly kind: ProbeKind; readonly probe: Inputs }[] {
  return (Object.keys(PROBES) as ProbeKind[])
    .filter((kind) => inputs.has(PROBES[kind]))
    .map((kind) => ({ kind, probe: inputs.object(PROBES[kind]) }));
}

/** A probe's handlers; exactly one is valid. */
export function handlersOf(probe: Inputs): { readonly kind: (typeof HANDLERS)[number]; readonly inputs: Inputs }[] {
  return HANDLERS.filter((kind) => probe.has(kind)).map((kind) => ({ kind, inputs: probe.object(kind) }));
}
