import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { CapacityPlan } from "../../capacity/plan";
import { sizePlan } from "../../capacity/sizing";
import { planScenarios } from "../../capacity/storm/scenarios";
import { simulate } from "../../capacity/storm/simulation";
import { median as medianOf } from "../../capacity/storm/statistics";
import { judgePlan } from "../../capacity/verdict";
import { planOf, readSettings } from "../../config/read";
import { RUN_SERVICE } from "../../config/resource-types";
import { evaluate, type RegisteredResource } from "../../engine/evaluate";
import { PackServer } from "../../engine/pack-client";
import { declare } from "../../stack";
import { command, EXIT, type Runnable } from "../shared/command";
import { PROJECT_ROOT, readStackFile } from "../shared/stack-file";
import { simulateInThreads, verdictTasks } from "../shared/storm-threads";
import { bareHeapMM1 } from "./bare-heap";
import { manyPairs, manyServices, manyStarts } from "./large-plans";

/** Speed, measured in one run: the machine is shared and noisy, so only the ratios are worth quoting. */
interface Measured {
  readonly kernel: { readonly eventsPerSecond: number; readonly bareEventsPerSecond: number; readonly ratio: number };
  /**
   * `bareSeconds`: what the bare heap needs for 60 million events, in which 10,000 storms of all scenarios together are
   * wanted.
   */
  readonly storms: {
    readonly plan: string;
    readonly perSecond: number;
    readonly secondsFor10000: number;
    readonly bareSeconds: number;
  };
  readonly size: { readonly seconds: number; readonly plans: number };
  /** `firstRatio`: the first run after an installation against a later one. */
  readonly check: {
    readonly seconds: number;
    readonly loadOnlySeconds: number;
    readonly ratio: number;
    readonly firstRatio: number;
  };
  /** Seconds to judge plans far larger than staging's. */
  readonly large: { readonly startsSeconds: number; readonly pairsSeconds: number };
  /** `check` of a stack with many services; `memoryRatio`: its peak against that of staging's. */
  readonly many: {
    readonly services: number;
    readonly cpuSeconds: number;
    readonly peakMib: number;
    readonly memoryRatio: number;
  };
  /** `emptyRatio`: against a pack with as many rules that look at nothing. */
  readonly pack: {
    readonly resourcesPerSecond: number;
    readonly emptyRatio: number;
    readonly secondsByServices: Readonly<Record<number, number>>;
  };
}

const ROUNDS = 5;
const RESOURCES = 1000;
const STARTS = 1000;
const PAIRS = 150;
const SERVICES = 300;
const STORMS = 2000;
const BARE_EVENTS = 10_000_000;

export function benchCommand(): Runnable {
  const definition = command(
    "bench",
    "Measures check against loading the SDK alone, the pack, the storm's kernel and the sizing.",
  ).option("--json", "print one JSON object");
  return {
    definition,
    action: async ({ stdout }) => {
      const measured: Measured = {
        ...kernelSpeed(),
        size: sizeSpeed(),
        large: await largeSpeed(),
        check: await checkSpeed(),
        many: manySpeed(),
        pack: await packSpeed(),
      };
      stdout.write(definition.opts<{ json?: true }>().json ? `${JSON.stringify(measured, null, 2)}\n` : text(measured));
      return EXIT.sound;
    },
  };
}

function text({ kernel, storms, size, large, check, many, pack }: Measured): string {
  const linear = Object.entries(pack.secondsByServices).map(
    ([services, seconds]) => `${services}: ${seconds.toFixed(2)} s`,
  );
  return [
    `${cpus().length} cores, Node ${process.versions.node}, medians of ${ROUNDS}`,
    `kernel: ${millions(kernel.eventsPerSecond)} events a second, a bare heap ${millions(kernel.bareEventsPerSecond)}; ratio ${kernel.ratio.toFixed(2)} (wanted: at least 0.3)`,
    `storms: ${storms.perSecond.toFixed(0)} a second of ${storms.plan}; 10,000 take ${storms.secondsFor10000.toFixed(2)} s, 60 million bare events ${storms.bareSeconds.toFixed(2)} s`,
    `size: ${size.seconds.toFixed(2)} s for ${size.plans} plans`,
    `check: ${check.seconds.toFixed(2)} s; loading the SDK alone: ${check.loadOnlySeconds.toFixed(2)} s; ratio ${check.ratio.toFixed(2)} (wanted: at most 2.5); its first run ${check.firstRatio.toFixed(2)} times a later one (wanted: at most 2)`,
    `large plans: ${STARTS} starts at once judged in ${large.startsSeconds.toFixed(1)} s (wanted: 10), ${PAIRS} ordered pairs of services in ${large.pairsSeconds.toFixed(1)} s (wanted: 5)`,
    `${many.services} services: check takes ${many.cpuSeconds.toFixed(1)} s of CPU (wanted: 10) and ${many.peakMib.toFixed(0)} MiB at its peak, ${many.memoryRatio.toFixed(1)} times staging's (wanted: at most 2)`,
    `pack: ${pack.resourcesPerSecond.toFixed(0)} resources a second (wanted: ${RESOURCES}), ${pack.emptyRatio.toFixed(2)} times an empty pack (wanted: at most 1.5); by services: ${linear.join(", ")}`,
    "",
  ].join("\n");
}

/** The model on the staging plan's storms beside a bare heap, in turn, so that both meet the same machine. */
function kernelSpeed(): Pick<Measured, "kernel" | "storms"> {
  const scenarios = planScenarios(planOf(readSettings(readStackFile("staging"))));
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    let events = 0;
    const model = seconds(() => {
      for (const { input } of scenarios) events += simulate(input, { replications: STORMS, seed: 1 }).events;
    });
    const bare = seconds(() => bareHeapMM1(BARE_EVENTS));
    return { model: events / model, bare: BARE_EVENTS / bare, storms: (STORMS * scenarios.length) / model };
  }).slice(1); // the first round compiles
  const [eventsPerSecond, bareEventsPerSecond, perSecond] = [
    median(rounds.map((r) => r.model)),
    median(rounds.map((r) => r.bare)),
    median(rounds.map((r) => r.storms)),
  ];
  return {
    kernel: { eventsPerSecond, bareEventsPerSecond, ratio: median(rounds.map((r) => r.model / r.bare)) },
    storms: {
      plan: `staging, ${scenarios.length} scenarios in turn`,
      perSecond,
      secondsFor10000: 10_000 / perSecond,
      bareSeconds: 60e6 / bareEventsPerSecond,
    },
  };
}

function sizeSpeed(): Measured["size"] {
  const plan = planOf(readSettings(readStackFile("staging")));
  let plans = 0;
  const times = Array.from({ length: ROUNDS }, () =>
    seconds(() => {
      plans = sizePlan(plan).plans;
    }),
  );
  return { seconds: median(times), plans };
}

async function largeSpeed(): Promise<Measured["large"]> {
  const judged = async (plan: CapacityPlan) => {
    const start = performance.now();
    await simulateInThreads(verdictTasks(plan)).done;
    const { problems } = judgePlan(plan);
    if (problems[0]) throw new Error(`the large plan is not sound: ${problems[0].message}`);
    return (performance.now() - start) / 1000;
  };
  return { startsSeconds: await judged(manyStarts(STARTS)), pairsSeconds: await judged(manyPairs(PAIRS)) };
}

const millions = (perSecond: number) => `${(perSecond / 1e6).toFixed(1)} million`;

async function checkSpeed(): Promise<Measured["check"]> {
  const times: { check: number; load: number }[] = [];
  rmSync(join(PROJECT_ROOT, ".cache"), { recursive: true, force: true });
  for (let round = 0; round <= ROUNDS; round++) {
    const check = seconds(() => node([join("commands", "start.mjs"), "check", "--json"]));
    const load = seconds(() => node(["-e", 'require("@pulumi/pulumi"); require("@pulumi/gcp")']));
    times.push({ check, load });
  }
  const [first, ...warm] = times;
  const [checkSeconds, loadOnlySeconds] = [median(warm.map((t) => t.check)), median(warm.map((t) => t.load))];
  return {
    seconds: checkSeconds,
    loadOnlySeconds,
    ratio: checkSeconds / loadOnlySeconds,
    firstRatio: (first?.check ?? 0) / checkSeconds,
  };
}

function manySpeed(): Measured["many"] {
  const folder = mkdtempSync(join(tmpdir(), "netra-bench-"));
  const file = join(folder, "Pulumi.many.yaml");
  try {
    writeFileSync(file, stringify({ config: manyServices(SERVICES) }, { aliasDuplicateObjects: false }));
    const [many, staging] = [usageOfCheck("--config-file", file), usageOfCheck()];
    return { services: SERVICES, ...many, memoryRatio: many.peakMib / staging.peakMib };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a process print what it and its threads used when it ends. */
const PRINT_USAGE = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => process.stderr.write("\\n" + JSON.stringify(process.resourceUsage()) + "\\n"));',
)}`;

function usageOfCheck(...options: string[]): { readonly cpuSeconds: number; readonly peakMib: number } {
  const printed = node(["--import", PRINT_USAGE, join("commands", "start.mjs"), "check", ...options]);
  const usage = printed.split("\n").findLast((line) => line.startsWith("{")) ?? "{}";
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage) as NodeJS.ResourceUsage; // printed above
  return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMib: maxRSS / 1024 };
}

async function packSpeed(): Promise<Measured["pack"]> {
  const configuration = readStackFile("staging");
  const resources = await evaluate("staging", configuration, () => declare(readSettings(configuration)));
  const many = repeated(resources.slice(1), RESOURCES);
  const started: PackServer[] = [];
  const start = async (...folder: string[]) => {
    const pack = await PackServer.start(join(PROJECT_ROOT, ...folder));
    started.push(pack);
    return pack;
  };
  try {
    const pack = await start("policy");
    const empty = await start("commands", "bench", "empty-pack");
    await pack.configure();
    await empty.configure();
    const rounds: { own: number; empty: number }[] = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push({ own: await secondsToJudge(pack, many), empty: await secondsToJudge(empty, many) });
    const services = resources.filter(({ type }) => type === RUN_SERVICE);
    const secondsByServices: Record<number, number> = {};
    for (const count of [75, 150, 300])
      secondsByServices[count] = await secondsToJudge(pack, [...resources, ...repeated(services, count)]);
    return {
      resourcesPerSecond: RESOURCES / median(rounds.map(({ own }) => own)),
      emptyRatio: median(rounds.map((round) => round.own / round.empty)),
      secondsByServices,
    };
  } finally {
    for (const pack of started) pack.stop();
  }
}

async function secondsToJudge(pack: PackServer, resources: RegisteredResource[]): Promise<number> {
  const begun = performance.now();
  await pack.judge(resources, { project: "netra-staging", region: "us-central1" });
  return (performance.now() - begun) / 1000;
}

/** The resources over and over, each time under another name. */
function repeated(resources: readonly RegisteredResource[], count: number): RegisteredResource[] {
  return Array.from({ length: count }, (_, i) => {
    const resource = resources[i % resources.length];
    if (!resource) throw new Error("nothing to repeat");
    return { ...resource, name: `${resource.name}-${i}`, urn: `${resource.urn}-${i}` };
  });
}

/** Runs Node and returns what it printed as errors. */
function node(args: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: PROJECT_ROOT,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status !== 0) throw new Error(`node ${args.join(" ")} exited ${status}\n${stderr}`);
  return stderr;
}

function median(rounds: readonly number[]): number {
  return medianOf(rounds) ?? 0;
}

function seconds(action: () => void): number {
  const begun = performance.now();
  action();
  return (performance.now() - begun) / 1000;
}
