import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { CapacityPlan } from "../../capacity/plan";
import { clamp } from "../../capacity/problem";
import { attemptsIn, type SimulationOptions } from "../../capacity/storm/model";
import { inputText, type KeptRun, keepRuns } from "../../capacity/storm/runs";
import type { Scenario } from "../../capacity/storm/scenarios";
import { scenariosToJudge } from "../../capacity/verdict";

/*
 * Storms on all cores. The threads only fill the runs that capacity/storm/runs.ts keeps: whoever asks for a storm
 * afterwards finds it there, or simulates it. The results are therefore the same for any number of threads.
 *
 * These are Node's own threads. A pool (piscina was tried) hands out its work when a thread has reported that it is
 * ready, and the main thread cannot hear that while it loads the SDKs, which is when `check` has a core to spare.
 */

/** A scenario, and what is asked of it. */
export interface StormTask {
  readonly scenario: Scenario;
  readonly as:
    | { readonly kind: "verdict"; readonly target: number }
    | { readonly kind: "result" | "detail"; readonly options: SimulationOptions }
    | { readonly kind: "run"; readonly options: SimulationOptions };
}

/** What judging a plan will ask for. */
export function verdictTasks(plan: CapacityPlan): StormTask[] {
  const as = { kind: "verdict", target: plan.targets.startupSuccessPercent / 100 } as const;
  return scenariosToJudge(plan).map((scenario) => ({ scenario, as }));
}

/** Storms that threads simulate. */
export interface Simulating {
  /** Resolves when all runs are kept, to them. Never rejects: what is missing is simulated when it is asked for. */
  readonly done: Promise<readonly KeptRun[]>;
  /** Ends the threads that still run. */
  readonly stop: () => void;
}

/** Made beside the bundle of the commands (start.mjs). Where there is none, nothing is simulated ahead. */
const THREAD = join(__dirname, "storm-thread.cjs");

/** Attempts to connect in one storm of each task for which another thread is worth its own start of 50 ms. */
const ATTEMPTS_PER_THREAD = 1000;

/**
 * Begins to simulate. `most`: the threads; default as many as there are cores, fewer where there is little to do, none
 * on one core.
 */
export function simulateInThreads(asked: readonly StormTask[], most?: number, file = THREAD): Simulating {
  // What differs only in names gives the same runs.
  const tasks = [
    ...new Map(asked.map((task) => [`${JSON.stringify(task.as)} ${inputText(task.scenario.input)}`, task])).values(),
  ];
  const threads = most ?? threadsFor(tasks);
  if (threads === 0 || tasks.length === 0 || !existsSync(file))
    return { done: Promise.resolve([]), stop: () => undefined };
  const workers = shared(tasks, threads).map((workerData) => new Worker(file, { workerData }));
  return {
    done: Promise.all(workers.map(runsFrom)).then((runs) => runs.flat()),
    stop: () => {
      for (const worker of workers) void worker.terminate();
    },
  };
}

const attemptsOf = ({ scenario }: StormTask) => attemptsIn(scenario.input);

function threadsFor(tasks: readonly StormTask[]): number {
  const cores = availableParallelism();
  const attempts = tasks.reduce((sum, task) => sum + attemptsOf(task), 0);
  return cores === 1 ? 0 : clamp(attempts / ATTEMPTS_PER_THREAD, { min: 1, max: Math.min(cores, tasks.length) });
}

/** Shares the tasks out, the largest first, each to the thread that has least to do. */
function shared(tasks: readonly StormTask[], threads: number): StormTask[][] {
  const shares = Array.from({ length: threads }, () => ({ attempts: 0, tasks: [] as StormTask[] }));
  for (const task of tasks.toSorted((a, b) => attemptsOf(b) - attemptsOf(a))) {
    const least = shares.reduce((best, share) => (share.attempts < best.attempts ? share : best));
    least.tasks.push(task);
    least.attempts += attemptsOf(task);
  }
  return shares.map((share) => share.tasks);
}

const runsFrom = (worker: Worker) =>
  new Promise<readonly KeptRun[]>((resolve) => {
    worker.once("message", (runs: readonly KeptRun[]) => {
      keepRuns(runs);
      resolve(runs);
    });
    worker.once("error", () => resolve([]));
    worker.once("exit", () => resolve([]));
  });
