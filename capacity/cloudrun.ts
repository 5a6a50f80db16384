import { cloudRunLimits } from "./limits";
import { asIs, clamp, type Naming, type Problem, problem } from "./problem";

/** A probe as Cloud Run runs it: every field in seconds but the threshold, defaults filled in. */
export interface ProbeTiming {
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** How long a container may take to start before Cloud Run gives up: delay + period x threshold, seconds. */
export function probeWindowSeconds(probe: ProbeTiming): number {
  return probe.initialDelaySeconds + probe.periodSeconds * probe.failureThreshold;
}

/** A CPU and memory that Cloud Run does not offer together. `cpu` in vCPU, memory in MiB. */
export function cpuMemoryProblems(size: { readonly cpu: number; readonly memoryMib: number }, name: Naming<"cpu" | "memory"> = asIs): Problem[] {
  const table = cloudRunLimits.memoryGibByCpu.value;
  const fractional = cloudRunLimits.fractionalCpu.value;
  const wholeCpus = Object.keys(table).map(Number);
  const range =
    size.cpu < 1 && size.cpu >= fractional.min
      ? { min: 128 / 1024, max: (size.cpu < fractional.halfCpu ? fractional.maxMibBelowHalf : fractional.maxMibFromHalf) / 1024 }
      : table[size.cpu];
  if (!range)
    return [
      problem({
        setting: name("cpu"),
        value: size.cpu,
        must: `be ${wholeCpus.join(", ")} or a fraction from ${fractional.min} to below 1`,
        because: "Cloud Run offers no other number of vCPUs",
        fix: wholeCpus.find((cpu) => cpu >= size.cpu) ?? Math.max(...wholeCpus),
      }),
    ];
  const gib = size.memoryMib / 1024;
  if (gib >= range.min && gib <= range.max) return [];
  const shown = (value: number) => (value < 1 ? `${value * 1024}Mi` : `${value}Gi`);
  return [
    problem({
      setting: name("memory"),
      value: shown(gib),
      must: `be from ${shown(range.min)} to ${shown(range.max)} with ${size.cpu} vCPU`,
      because: "Cloud Run ties the memory of an instance to its CPUs",
      fix: shown(Math.min(range.max, Math.max(range.min, gib))),
    }),
  ];
}

/** Request concurrency outside 1..1000, or above 1 below one CPU. */
export function concurrencyProblems(service: { readonly concurrency: number; readonly cpu: number }, name: Naming<"concurrency"> = asIs): Problem[] {
  const range = service.cpu < 1 ? { min: 1, max: 1 } : cloudRunLimits.concurrency.value;
  if (Number.isInteger(service.concurrency) && service.concurrency >= range.min && service.concurrency <= range.max) return [];
  return [
    problem({
      setting: name("concurrency"),
      value: service.concurrency,
      must: service.cpu < 1 ? "be 1" : `be a whole number from ${range.min} to ${range.max}`,
      because: service.cpu < 1 ? `an instance with ${service.cpu} vCPU takes one request at a time` : "Cloud Run sends an instance no more requests at once",
      fix: clamp(service.concurrency, range),
    }),
  ];
}

/** A maximum that is missing or below 1, or a minimum above it. The stated maximum is what limits a start-up storm. */
export function scalingProblems(
  scaling: { readonly minInstances?: number | undefined; readonly maxInstances?: number | undefined },
  name: Naming<"minInstances" | "maxInstances"> = asIs,
): Problem[] {
  const { minInstances: min = 0, maxInstances: max } = scaling;
  if (max === undefined || !Number.isInteger(max) || max < 1)
    return [
      problem({
        setting: name("maxInstances"),
        value: max,
        must: "be stated and at least 1",
        because: "Cloud Run otherwise scales to 100 or to the project's quota, and every instance brings its connection pool",
        fix: Math.max(1, min),
      }),
    ];
  if (Number.isInteger(min) && min >= 0 && min <= max) return [];
  return [
    problem({
      setting: name("minInstances"),
      value: min,
      must: `be a whole number from 0 to '${name("maxInstances")}' (${max})`,
      because: "Cloud Run refuses a minimum above the maximum",
      fix: clamp(min, { min: 0, max }),
    }),
  ];
}

/** A request time-out that Cloud Run does not offer. Seconds. */
export function requestTimeoutProblems(seconds: number, name: Naming<"timeoutSeconds"> = asIs): Problem[] {
  const range = cloudRunLimits.timeoutSeconds.value;
  if (seconds >= range.min && seconds <= range.max) return [];
  return [
    problem({
      setting: name("timeoutSeconds"),
      value: seconds,
      must: `be from ${range.min} to ${range.max} seconds`,
      because: "Cloud Run ends every request after an hour at the latest",
      fix: clamp(seconds, range),
    }),
  ];
}

/** Probe timings that Cloud Run refuses. The window of a start-up probe is judged by {@link startupWindowProblems}. */
export function probeProblems(kind: "startup" | "liveness", probe: ProbeTiming, name: Naming<keyof ProbeTiming> = asIs): Problem[] {
  const limits = cloudRunLimits.probe.value;
  const ranges = {
    initialDelaySeconds: limits.initialDelaySeconds,
    periodSeconds: limits[kind].periodSeconds,
    timeoutSeconds: limits[kind].timeoutSeconds,
    failureThreshold: { min: limits.failureThresholdMin, max: Number.MAX_SAFE_INTEGER },
  };
  const problems = (Object.keys(ranges) as (keyof ProbeTiming)[]).flatMap((field) => {
    const [value, range] = [probe[field], ranges[field]];
    if (Number.isInteger(value) && value >= range.min && value <= range.max) return [];
    return [
      problem({
        setting: name(field),
        value,
        must: range.max === Number.MAX_SAFE_INTEGER ? `be a whole number of at least ${range.min}` : `be a whole number from ${range.min} to ${range.max}`,
        because: `Cloud Run refuses the ${kind} probe otherwise, after the preview`,
        fix: clamp(value, range),
      }),
    ];
  });
  if (problems.length === 0 && probe.timeoutSeconds > probe.periodSeconds)
    problems.push(
      problem({
        setting: name("timeoutSeconds"),
        value: probe.timeoutSeconds,
        must: `not exceed '${name("periodSeconds")}' (${probe.periodSeconds})`,
        because: "a probe must have ended before the next one begins",
        fix: probe.periodSeconds,
      }),
    );
  return problems;
}

/**
 * A start-up window that is shorter than the start it must wait for, or longer than is safe (240 s in the API reference,
 * 600 s in today's documentation). `neededSeconds` is boot plus the whole database initialisation.
 */
export function startupWindowProblems(probe: ProbeTiming, neededSeconds: number, name: Naming<"failureThreshold"> = asIs): Problem[] {
  const most = cloudRunLimits.startupWindowSafeSeconds.value;
  const window = probeWindowSeconds(probe);
  const arithmetic = `${probe.initialDelaySeconds} + ${probe.periodSeconds} s x ${probe.failureThreshold} = ${window} s`;
  const wrong = (must: string, because: string, windowSeconds: number) => [
    problem({
      setting: name("failureThreshold"),
      value: probe.failureThreshold,
      must,
      because,
      fix: Math.max(1, Math.floor((windowSeconds - probe.initialDelaySeconds) / Math.max(1, probe.periodSeconds))),
    }),
  ];
  if (window > most)
    return wrong(
      `keep the start-up window within ${most} s (it is ${arithmetic})`,
      `the API reference allows ${most} s, today's documentation ${cloudRunLimits.startupWindowSeconds.value} s`,
      most,
    );
  if (window < neededSeconds)
    return wrong(
      `give the start at least ${neededSeconds} s (it gives ${arithmetic})`,
      "Cloud Run kills the container when the window closes, while boot and database initialisation may still be running",
      Math.min(
        most,
        Math.ceil((neededSeconds - probe.initialDelaySeconds) / Math.max(1, probe.periodSeconds)) * probe.periodSeconds + probe.initialDelaySeconds,
      ),
    );
  return [];
}
