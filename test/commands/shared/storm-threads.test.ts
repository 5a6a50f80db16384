import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CapacityPlan } from "../../../capacity/plan";
import { DEFAULT_SEED } from "../../../capacity/storm/results";
import { keptRuns } from "../../../capacity/storm/runs";
import { simulate } from "../../../capacity/storm/simulation";
import { judgePlan } from "../../../capacity/verdict";
import { manyStarts } from "../../../commands/bench/large-plans";
import { PROJECT_ROOT } from "../../../commands/shared/stack-file";
import { simulateInThreads, verdictTasks } from "../../../commands/shared/storm-threads";
import { stagingPlan } from "../../capacity/staging-plan";

const folder = mkdtempSync(join(tmpdir(), "storm-threads-"));
const thread = join(folder, "storm-thread.cjs");

beforeAll(() => {
  buildSync({
    entryPoints: [join(PROJECT_ROOT, "commands/shared/storm-thread.ts")],
    bundle: true,
    platform: "node",
    outfile: thread,
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A plan whose storms no other test has simulated in this process. */
function newPlan(bootSeconds: number): CapacityPlan {
  const { services, ...plan } = stagingPlan();
  return {
    ...plan,
    services: Object.fromEntries(Object.entries(services).map(([key, service]) => [key, { ...service, bootSeconds }])),
  };
}

test("any number of threads gives the runs that one gives, and simulate gives", async () => {
  const plan = newPlan(1.5);
  const [{ scenario } = expect.unreachable()] = verdictTasks(plan);
  const [one, three] = await Promise.all(
    [1, 3].map(async (threads) => new Map(await simulateInThreads(verdictTasks(plan), threads, thread).done)),
  );
  expect(three).toEqual(one);
  expect([...(one?.values() ?? [])]).toContainEqual(
    simulate(scenario.input, { replications: 100, seed: DEFAULT_SEED }),
  );
});

test("the judgement of a plan simulates nothing that threads have simulated", async () => {
  const plan = newPlan(1.6);
  // Keys and not their number: old runs are dropped when many are kept.
  const keys = () => new Set(keptRuns().map(([key]) => key));
  const before = keys();
  await simulateInThreads(verdictTasks(plan), 2, thread).done;
  const ahead = keys();
  expect([...ahead].filter((key) => !before.has(key))).not.toEqual([]);
  expect(judgePlan(plan).storms).toHaveLength(verdictTasks(plan).length);
  expect(keys()).toEqual(ahead);
});

test("threads that are stopped, or fail, keep nothing, and their storms are simulated when asked for", async () => {
  const before = keptRuns().length;
  const stopped = simulateInThreads(verdictTasks(manyStarts(1000)), 2, thread);
  stopped.stop();
  expect(await stopped.done).toEqual([]);
  const broken = verdictTasks(newPlan(1.7)).map(({ scenario }) => ({ scenario })) as never;
  expect(await simulateInThreads(broken, 1, thread).done).toEqual([]);
  expect(keptRuns()).toHaveLength(before);
  expect(judgePlan(newPlan(1.7)).storms).not.toEqual([]);
});
