import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { readSettings } from "../config";
import { declare } from "../stack";
import { command, EXIT, run } from "./command";
import { evaluate, type Registered } from "./evaluate";
import { PackServer } from "./pack-client";
import { PROJECT_ROOT, readStackFile } from "./stack-file";

/** Speed, measured in one run: the machine is shared and noisy, so only the ratios are worth quoting. */
interface Measured {
  readonly check: { readonly seconds: number; readonly loadOnlySeconds: number; readonly packStartSeconds: number; readonly ratio: number };
  readonly pack: { readonly resourcesPerSecond: number; readonly secondsByServices: Readonly<Record<number, number>> };
}

const ROUNDS = 5;
const RESOURCES = 1000;

const bench = command("bench", "Measures check against loading the SDK alone, the pack, the storm's kernel and the sizing.").option(
  "--json",
  "print one JSON object",
);

void run(bench, async () => {
  const measured: Measured = { check: await checkSpeed(), pack: await packSpeed() };
  process.stdout.write(bench.opts<{ json?: true }>().json ? `${JSON.stringify(measured, null, 2)}\n` : text(measured));
  return EXIT.sound;
});

function text({ check, pack }: Measured): string {
  const linear = Object.entries(pack.secondsByServices).map(([services, seconds]) => `${services}: ${seconds.toFixed(2)} s`);
  return [
    `${cpus().length} cores, Node ${process.versions.node}, medians of ${ROUNDS}`,
    `check: ${check.seconds.toFixed(2)} s; loading the SDK alone: ${check.loadOnlySeconds.toFixed(2)} s; the pack's start: ${check.packStartSeconds.toFixed(2)} s`,
    `  ratio without the pack's start: ${check.ratio.toFixed(2)} (wanted: at most 2.5)`,
    `pack: ${pack.resourcesPerSecond.toFixed(0)} resources a second (wanted: ${RESOURCES}); by services: ${linear.join(", ")}`,
    "",
  ].join("\n");
}

async function checkSpeed(): Promise<Measured["check"]> {
  const times: { check: number; load: number; pack: number }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const check = seconds(() => node(["--import", "tsx", join("commands", "check.ts"), "--json"]));
    const load = seconds(() => node(["-e", 'require("@pulumi/pulumi"); require("@pulumi/gcp")']));
    const begun = performance.now();
    const pack = await PackServer.start(join(PROJECT_ROOT, "policy"));
    times.push({ check, load, pack: (performance.now() - begun) / 1000 });
    pack.stop();
  }
  const warm = times.slice(1); // the first run fills the compilers' caches
  const [checkSeconds, loadOnlySeconds, packStartSeconds] = [
    median(warm.map((t) => t.check)),
    median(warm.map((t) => t.load)),
    median(warm.map((t) => t.pack)),
  ];
  return { seconds: checkSeconds, loadOnlySeconds, packStartSeconds, ratio: (checkSeconds - packStartSeconds) / loadOnlySeconds };
}

async function packSpeed(): Promise<Measured["pack"]> {
  const configuration = readStackFile("staging");
  const resources = await evaluate("staging", configuration, () => declare(readSettings(configuration)));
  const pack = await PackServer.start(join(PROJECT_ROOT, "policy"));
  try {
    await pack.configure();
    const judge = async (many: Registered[]) => {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const begun = performance.now();
        await pack.judge(many, { project: "netra-staging", region: "us-central1" });
        times.push((performance.now() - begun) / 1000);
      }
      return median(times);
    };
    const services = resources.filter(({ type }) => type === "gcp:cloudrunv2/service:Service");
    const secondsByServices: Record<number, number> = {};
    for (const count of [75, 150, 300]) secondsByServices[count] = await judge([...resources, ...repeated(services, count)]);
    return { resourcesPerSecond: RESOURCES / (await judge(repeated(resources.slice(1), RESOURCES))), secondsByServices };
  } finally {
    pack.stop();
  }
}

/** The resources over and over, each time under another name. */
function repeated(resources: readonly Registered[], count: number): Registered[] {
  return Array.from({ length: count }, (_, i) => {
    const resource = resources[i % resources.length];
    if (!resource) throw new Error("nothing to repeat");
    return { ...resource, name: `${resource.name}-${i}`, urn: `${resource.urn}-${i}` };
  });
}

function node(args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT_ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} exited ${status}\n${stderr}`);
}

function seconds(action: () => void): number {
  const begun = performance.now();
  action();
  return (performance.now() - begun) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
