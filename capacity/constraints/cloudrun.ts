import { cloudRunLimits } from "../limits";
import { clamp, identity, type Naming, type Problem, problem } from "../problem";
import { parseCpu, parseMemoryMib } from "../units";

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

/** The quantity that an invalid text was probably meant to be: 4Gi for `4GB`. */
export function meantQuantity(text: string, kind: "cpu" | "memory"): string {
  const [, digits, unit] = /^\s*0*([1-9]\d*(?:\.\d+)?)\s*([KMGT]?)/i.exec(text) ?? [];
  if (kind === "cpu") return digits ?? "1";
  return digits && unit ? `${digits}${unit.toUpperCase()}i` : "512Mi";
}

/** An invalid CPU or memory quantity, such as `4GB` or `0`. The fix is what was probably meant. */
export function quantityProblems(setting: string, text: string, kind: "cpu" | "memory"): Problem[] {
  const parse = kind === "cpu" ? parseCpu : parseMemoryMib;
  if ((parse(text) ?? 0) > 0) return [];
  return [
    problem({
      setting,
      value: text,
      must: kind === "cpu" ? 'be a number of vCPUs such as "1" or "500m"' : 'be a quantity such as "512Mi" or "4Gi"',
      because: "Cloud Run refuses any other form, after the preview",
      fix: `"${meantQuantity(text, kind)}"`,
    }),
  ];
}

/**
 * What an instance below one vCPU may not have. `cpuIdle` is whether its CPU is throttled between requests
 * (request-based billing); `undefined`: its kind of workload has no such billing. The environment is the first
 * generation unless it is named.
 */
export function fractionalCpuProblems(
  size: {
    readonly cpu: number;
    readonly cpuIdle: boolean | undefined;
    readonly executionEnvironment?: string | undefined;
  },
  name: Naming<"cpu" | "cpuIdle" | "executionEnvironment"> = identity,
): Problem[] {
  if (size.cpu >= 1) return [];
  const wrong = (
    field: "cpu" | "cpuIdle" | "executionEnvironment",
    must: string,
    because: string,
    ...fixes: (string | boolean)[]
  ) => [
    problem({
      setting: name(field),
      value: size[field],
      must,
      because,
      ways: [
        ...fixes.map((fix) => [[name(field), fix]] as const),
        ...(field === "cpu" ? [] : [[[name("cpu"), 1] as const]]),
      ],
    }),
  ];
  if (size.cpuIdle === undefined)
    return wrong(
      "cpu",
      "be at least 1",
      "below one vCPU Cloud Run offers services with request-based billing only",
      "1",
    );
  const second = size.executionEnvironment !== undefined && /gen2$/i.test(size.executionEnvironment);
  return [
    ...(size.cpuIdle
      ? []
      : wrong("cpuIdle", "be true", "below one vCPU Cloud Run offers request-based billing only", true)),
    ...(second
      ? wrong(
          "executionEnvironment",
          "be the first generation",
          "the second one has no instance below one vCPU",
          size.executionEnvironment.replace(/2$/, "1"),
        )
      : []),
  ];
}

/** A CPU and memory that Cloud Run does not offer together. `cpu` in vCPU, memory in MiB. */
export function cpuMemoryProblems(
  size: { readonly cpu: number; readonly memoryMib: number },
  name: Naming<"cpu" | "memory"> = identity,
): Problem[] {
  const table = cloudRunLimits.memoryGibByCpu.value;
  const fractional = cloudRunLimits.fractionalCpu.value;
  const wholeCpus = Object.keys(table).map(Number);
  const range =
    size.cpu < 1 && size.cpu >= fractional.min
      ? {
          min: 128 / 1024,
          max: (size.cpu < fractional.halfCpu ? fractional.maxMibBelowHalf : fractional.maxMibFromHalf) / 1024,
        }
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
export function concurrencyProblems(
  service: { readonly concurrency: number; readonly cpu: number },
  name: Naming<"concurrency"> = identity,
): Problem[] {
  const range = service.cpu < 1 ? { min: 1, max: 1 } : cloudRunLimits.concurrency.value;
  if (Number.isInteger(service.concurrency) && service.concurrency >= range.min && service.concurrency <= range.max)
    return [];
  return [
    problem({
      setting: name("concurrency"),
      value: service.concurrency,
      must: service.cpu < 1 ? "be 1" : `be a whole number from ${range.min} to ${range.max}`,
      because:
        service.cpu < 1
          ? `an instance with ${service.cpu} vCPU takes one request at a time`
          : "Cloud Run sends an instance no more requests at once",
      fix: clamp(service.concurrency, range),
    }),
  ];
}

/** A maximum that is missing or below 1, or a minimum above it. The stated maximum is what limits a start-up storm. */
export function scalingProblems(
  scaling: { readonly minInstances?: number | undefined; readonly maxInstances?: number | undefined },
  name: Naming<"minInstances" | "maxInstances"> = identity,
): Problem[] {
  const { minInstances: min = 0, maxInstances: max } = scaling;
  if (max === undefined || !Number.isInteger(max) || max < 1)
    return [
      problem({
        setting: name("maxInstances"),
        value: max,
        must: "be stated and at least 1",
        because:
          "Cloud Run otherwise scales to 100 or to the project's quota, and every instance brings its connection pool",
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

/** Instance counts at one level. */
interface ScalingLevel {
  readonly minInstances?: number | undefined;
  readonly maxInstances?: number | undefined;
}

/**
 * Instance counts at Cloud Run's two levels, the service's own and each revision's: no maximum at all, or counts that
 * do not fit together at either level. A level without a maximum has the other's. A revision's maximum may be above its
 * service's, which holds for all revisions together: Cloud Run gives a revision that states none a default of its own.
 */
export function scalingLevelProblems(
  levels: { readonly service: ScalingLevel; readonly revision: ScalingLevel },
  name: (level: "service" | "revision", field: "minInstances" | "maxInstances") => string,
): Problem[] {
  const { service, revision } = levels;
  const most = service.maxInstances ?? revision.maxInstances;
  if (most === undefined) {
    const minInstances = Math.max(service.minInstances ?? 0, revision.minInstances ?? 0);
    return scalingProblems({ minInstances }, (field) => name("revision", field));
  }
  const of = (level: "service" | "revision") => {
    const { minInstances, maxInstances } = levels[level];
    if (maxInstances !== undefined) return scalingProblems(levels[level], (field) => name(level, field));
    const other = level === "service" ? "revision" : "service";
    const inherited = { minInstances, maxInstances: levels[other].maxInstances };
    return scalingProblems(inherited, (field) => name(field === "minInstances" ? level : other, field)).filter(
      ({ setting }) => setting === name(level, "minInstances"),
    );
  };
  return [...of("service"), ...of("revision")];
}

/** A number of instances that is set by hand and missing or below 1. */
export function manualScalingProblems(
  count: number | undefined,
  name: Naming<"manualInstanceCount"> = identity,
): Problem[] {
  if (count !== undefined && Number.isInteger(count) && count >= 1) return [];
  return [
    problem({
      setting: name("manualInstanceCount"),
      value: count,
      must: "be stated and a whole number of at least 1",
      because: "scaling by hand runs exactly that many instances, and each brings its connection pool",
      fix: clamp(count ?? 1, { min: 1, max: Number.MAX_SAFE_INTEGER }),
    }),
  ];
}

/** A job's tasks: fewer than one, or a negative parallelism (0 and none run all tasks at once). */
export function jobTaskProblems(
  job: { readonly taskCount?: number | undefined; readonly parallelism?: number | undefined },
  name: Naming<"taskCount" | "parallelism"> = identity,
): Problem[] {
  const least = { taskCount: 1, parallelism: 0 };
  return (["taskCount", "parallelism"] as const).flatMap((field) => {
    const value = job[field];
    if (value === undefined || (Number.isInteger(value) && value >= least[field])) return [];
    return [
      problem({
        setting: name(field),
        value,
        must: `be a whole number of at least ${least[field]}`,
        because: "it decides how many tasks run at once, and each brings its connection pool",
        fix: clamp(value, { min: least[field], max: Number.MAX_SAFE_INTEGER }),
      }),
    ];
  });
}

/**
 * Shares of traffic (or of instances) that are no percentages or do not add up. An absent one is 0; no shares at all
 * are fine.
 */
export function trafficProblems(
  percents: readonly (number | undefined)[],
  name: { readonly all: string; one(index: number): string },
): Problem[] {
  if (percents.length === 0) return [];
  const problems = percents.flatMap((percent = 0, index) =>
    Number.isInteger(percent) && percent >= 0 && percent <= 100
      ? []
      : [
          problem({
            setting: name.one(index),
            value: percent,
            must: "be a whole number from 0 to 100",
            because: "it is a share in percent",
            fix: clamp(percent, { min: 0, max: 100 }),
          }),
        ],
  );
  const sum = percents.reduce<number>((total, percent) => total + (percent ?? 0), 0);
  if (sum !== 100)
    problems.push(
      problem({
        setting: name.all,
        value: `${percents.map((percent) => percent ?? 0).join(" + ")} = ${sum}`,
        must: "add up to 100 percent",
        because: "Cloud Run refuses the rollout otherwise, after the preview",
        fix: "shares that add up to 100, or leave it out to send everything to the latest revision",
      }),
    );
  return problems;
}

/** A port that no container can listen on. */
export function portProblems(port: number, setting: string): Problem[] {
  const range = cloudRunLimits.port.value;
  if (Number.isInteger(port) && port >= range.min && port <= range.max) return [];
  return [
    problem({
      setting,
      value: port,
      must: `be a whole number from ${range.min} to ${range.max}`,
      because: "TCP has no other ports",
      fix: cloudRunLimits.defaultPort.value,
    }),
  ];
}

/** A request time-out that Cloud Run does not offer. `written` is how the owner writes seconds. */
export function requestTimeoutProblems(
  seconds: number,
  name: Naming<"timeoutSeconds"> = identity,
  written: (seconds: number) => number | string = (value) => value,
): Problem[] {
  const range = cloudRunLimits.timeoutSeconds.value;
  if (seconds >= range.min && seconds <= range.max) return [];
  return [
    problem({
      setting: name("timeoutSeconds"),
      value: written(seconds),
      must: `be from ${range.min} to ${range.max} seconds`,
      because: "Cloud Run ends every request after an hour at the latest",
      fix: written(clamp(seconds, range)),
    }),
  ];
}

/**
 * Probe timings that Cloud Run refuses. The window of a start-up probe is judged by {@link startupWindowProblems}. A
 * readiness probe is held to the ranges of a liveness probe: its own are not published in what was read.
 */
export function probeProblems(
  kind: "startup" | "liveness" | "readiness",
  probe: ProbeTiming,
  name: Naming<keyof ProbeTiming> = identity,
): Problem[] {
  const limits = cloudRunLimits.probe.value;
  const timing = limits[kind === "startup" ? "startup" : "liveness"];
  const ranges = {
    initialDelaySeconds: limits.initialDelaySeconds,
    periodSeconds: timing.periodSeconds,
    timeoutSeconds: timing.timeoutSeconds,
    failureThreshold: { min: limits.failureThresholdMin, max: Number.MAX_SAFE_INTEGER },
  };
  const problems = (Object.keys(ranges) as (keyof ProbeTiming)[]).flatMap((field) => {
    const [value, range] = [probe[field], ranges[field]];
    if (Number.isInteger(value) && value >= range.min && value <= range.max) return [];
    return [
      problem({
        setting: name(field),
        value,
        must:
          range.max === Number.MAX_SAFE_INTEGER
            ? `be a whole number of at least ${range.min}`
            : `be a whole number from ${range.min} to ${range.max}`,
        because: `Cloud Run refuses the ${kind} probe otherwise, after the preview`,
        // What is proposed must not outlast the period either.
        fix: clamp(
          value,
          field === "timeoutSeconds"
            ? { ...range, max: Math.max(range.min, Math.min(range.max, probe.periodSeconds)) }
            : range,
        ),
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

/** The longest start-up window, seconds: `periodSeconds` x `failureThreshold`. An initial delay comes on top. */
export const longestStartupWindow = (hasGpu: boolean): number =>
  cloudRunLimits.startupWindowSeconds.value[hasGpu ? "withGpu" : "withoutGpu"];

/**
 * A start-up window that is shorter than the start it must wait for, or longer than Cloud Run allows: see {@link
 * longestStartupWindow}. `neededSeconds` is boot plus the whole database initialisation.
 */
export function startupWindowProblems(
  probe: ProbeTiming,
  neededSeconds: number,
  name: Naming<"failureThreshold"> = identity,
  hasGpu = false,
): Problem[] {
  const most = longestStartupWindow(hasGpu);
  const window = probeWindowSeconds(probe);
  const retrying = probe.periodSeconds * probe.failureThreshold;
  const wrong = (must: string, because: string) => [
    problem({
      setting: name("failureThreshold"),
      value: probe.failureThreshold,
      must,
      because,
      fix: startupThresholdFix(probe, neededSeconds, most),
    }),
  ];
  if (retrying > most)
    return wrong(
      `keep the start-up window within ${most} s (it is ${probe.periodSeconds} s x ${probe.failureThreshold} = ${retrying} s)`,
      "Cloud Run refuses the probe otherwise, after the preview",
    );
  if (window < neededSeconds)
    return wrong(
      `give the start at least ${neededSeconds} s (it gives ${probe.initialDelaySeconds} + ${probe.periodSeconds} s x ${probe.failureThreshold} = ${window} s)`,
      "Cloud Run kills the container when the window closes, while boot and database initialisation may still be running",
    );
  return [];
}

/**
 * The threshold nearest to the probe's own whose window covers the start and is not too long, or what else to change.
 */
function startupThresholdFix(probe: ProbeTiming, neededSeconds: number, most: number): number | string {
  const { periodSeconds, failureThreshold, initialDelaySeconds } = {
    ...probe,
    periodSeconds: Math.max(1, probe.periodSeconds),
  };
  const longest = Math.max(1, Math.floor(most / periodSeconds));
  const shortest = Math.max(1, Math.ceil((neededSeconds - initialDelaySeconds) / periodSeconds));
  if (shortest <= longest) return clamp(failureThreshold, { min: shortest, max: longest });
  if (neededSeconds > most)
    return `${longest}, and shorten boot and database initialisation from ${neededSeconds} s to at most ${most} s`;
  const period = cloudRunLimits.probeDefaults.value.periodSeconds;
  return `${Math.ceil(neededSeconds / period)} with a period of ${period} s and no initial delay`;
}
