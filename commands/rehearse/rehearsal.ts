import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { assumptions } from "../../capacity/assumptions";
import type { StormInput, StormRun } from "../../capacity/storm/model";
import { simulate } from "../../capacity/storm/simulation";
import { median } from "../../capacity/storm/statistics";
import {
  atPace,
  CALIBRATION_LIMITS,
  type Calibration,
  calibrate,
  type Pace,
  paceOf,
  rowsPerCpuMs,
} from "./calibration";
import { type Cell, inputOf, TIME_SCALE } from "./cells";
import { type CellResult, compare, type Errors, errorsOf, isWithin, margin, mean } from "./comparison";
import { describeMachine, divideCores, type Machine, moveTo } from "./machine";
import type { Part } from "./part";
import { RehearsalError } from "./problems";
import { coreTimes, MOST_TAKEN, meanTaken, type Taken, takenBetween, takenText, worstOf } from "./quiet";
import { processesFor, Stage, type StormOutcome } from "./stage";

/** The result of a rehearsal. */
export interface Rehearsal {
  readonly machine: Machine;
  /** Share of the plan's waits outside the database. */
  readonly timeScale: number;
  readonly calibration: Calibration;
  readonly quiet: Quiet;
  readonly seconds: number;
  readonly cells: readonly CellResult[];
  readonly errors: Errors;
  /** Whether the errors are accepted in all cells that were not disturbed. */
  readonly ok: boolean;
}

/** How quiet the machine was. */
interface Quiet {
  /** What others took of each core during the storms that count, mean. */
  readonly taken: readonly Taken[];
  /** All storms that were run, and those of them that were disturbed. */
  readonly storms: number;
  readonly disturbed: number;
  /** Cells in which the costs of single connects varied so much that their mean is uncertain. */
  readonly unsteadyCells: number;
}

export interface RehearsalOptions {
  /** Storms to run for each cell. */
  readonly storms: number;
  /** Ends the rehearsal early; everything is removed nevertheless. */
  readonly signal: AbortSignal;
  readonly progress: (step: string) => void;
  /** Called before the first storm with the time that all will take on a quiet machine, seconds. */
  readonly expected?: ((seconds: number) => void) | undefined;
  /** So many disturbed storms in a row end the rehearsal: the machine is never quiet. */
  readonly patience: number;
  /** The costs of this machine, of an earlier rehearsal. Default: they are measured first. */
  readonly calibration?: Calibration | undefined;
  /** Rounds of a calibration. Default: as many as make it steady. */
  readonly rounds?: number | undefined;
  /** Called with the server's process id when it runs, and after each restart. */
  readonly serverIs?: ((pid: number) => void) | undefined;
}

const SEED = 1;
/** Storms that are predicted to know how long a cell takes. */
const TRIAL_STORMS = 20;
/** The prediction: each group has as many storms as are run, so that it gives the same statistic as the measurement. */
const PREDICTED_GROUPS = 100;
/** What surrounds a storm, most of it the measurement of the pace; and a restart of the server, s. */
const OVERHEAD = { storm: 0.3, restart: 1 };
/** Half of the 95 % interval of a cell's pace, as a share of it: above, the pace is unsteady. */
export const UNSTEADY = 0.15;
/** A cell runs at most so many times the storms asked for, and so many calibrations: disturbed ones are repeated. */
const MOST_REPEATS = 2;
const MOST_HOURS = 1;

/** Predicts and runs the cells on its own server. Removes everything, however it ends. @throws RehearsalError */
export async function rehearse(cells: readonly Cell[], options: RehearsalOptions): Promise<Rehearsal> {
  checkMemory(cells);
  const parts: Part[] = [];
  let fail: (error: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const interrupted = () => fail(options.signal.reason);
  options.signal.addEventListener("abort", interrupted);
  const add = (part: Part) => {
    parts.push(part);
    part.died.catch(fail);
  };
  options.signal.throwIfAborted();
  options.progress("starting PostgreSQL, a relay and the clients");
  const setting = Stage.set(add);
  try {
    const rehearsed = setting.then((stage) => onStage(stage, cells, options));
    return await Promise.race([rehearsed.catch(preferReportedDeath), ended]);
  } finally {
    options.signal.removeEventListener("abort", interrupted);
    const removeAll = () => Promise.all(parts.splice(0).map((part) => part.remove()));
    await removeAll();
    // Parts that were still starting when it ended.
    await setting.catch(() => undefined);
    await removeAll();
  }
}

const REPORT_MS = 1000;

/** A broken connection and the report that the server has died arrive in any order; the report explains more. */
async function preferReportedDeath(error: unknown): Promise<never> {
  if (!(error instanceof RehearsalError)) await sleep(REPORT_MS);
  throw error;
}

async function onStage(stage: Stage, cells: readonly Cell[], options: RehearsalOptions): Promise<Rehearsal> {
  // This process works between the storms, and then must not use the server's core.
  const moveBack = moveTo(stage.cores.clients);
  try {
    return await rehearsed(stage, cells, options);
  } finally {
    moveBack();
  }
}

async function rehearsed(stage: Stage, cells: readonly Cell[], options: RehearsalOptions): Promise<Rehearsal> {
  const begun = performance.now();
  const { progress } = options;
  await stage.serve(CALIBRATION_LIMITS);
  const calibration = options.calibration ?? (await measured(stage, options));
  const predictions = cells.map((cell) => {
    progress(`predicting ${cell.name}`);
    const input = inputOf(cell, calibration, stage.cores.clientCpus);
    return { cell, input, run: simulate(input, { replications: TRIAL_STORMS, seed: SEED }) };
  });
  options.expected?.(checkDuration(predictions, options.storms));
  const results: CellResult[] = [];
  const counted: RunStorm[] = [];
  const all: RunStorm[] = [];
  let unsteadyCells = 0;
  let serving: ReturnType<typeof limitsOf> | undefined;
  for (const { cell, input } of predictions) {
    const limits = limitsOf(input);
    if (!isDeepStrictEqual(limits, serving)) await stage.serve(limits);
    serving = limits;
    if (stage.server.pid !== undefined) options.serverIs?.(stage.server.pid);
    await stage.prepare(input);
    const ran: RunStorm[] = [];
    const isQuiet = (storm: RunStorm) => worstOf(storm.taken) <= MOST_TAKEN;
    while (ran.filter(isQuiet).length < options.storms && ran.length < MOST_REPEATS * options.storms) {
      progress(
        `${results.length + 1} of ${cells.length}: ${cell.name}, storm ${ran.filter(isQuiet).length + 1} of ${options.storms}`,
      );
      const storm = await runStorm(stage, cell, input, calibration);
      ran.push(storm);
      all.push(storm);
      const inARow = all.slice(all.findLastIndex(isQuiet) + 1);
      if (inARow.length >= options.patience) throw neverQuiet(inARow);
    }
    const storms = ran.toSorted((a, b) => worstOf(a.taken) - worstOf(b.taken)).slice(0, options.storms);
    counted.push(...storms);
    const paces = storms.map(({ pace }) => pace);
    if (isUnsteady(paces)) unsteadyCells++;
    const costs = atPace(calibration, {
      server: median(paces.map(({ server }) => server)) ?? 1,
      client: median(paces.map(({ client }) => client)) ?? 1,
    });
    results.push(
      compare(
        cell,
        predict(inputOf(cell, costs, stage.cores.clientCpus), storms.length),
        storms.map(({ outcome }) => outcome),
        !storms.every(isQuiet),
      ),
    );
  }
  const errors = errorsOf(results);
  return {
    machine: describeMachine(stage.cores),
    timeScale: TIME_SCALE,
    calibration,
    quiet: {
      taken: meanTaken(counted.map(({ taken }) => taken)),
      storms: all.length,
      disturbed: all.filter(({ taken }) => worstOf(taken) > MOST_TAKEN).length,
      unsteadyCells,
    },
    seconds: (performance.now() - begun) / 1000,
    cells: results,
    errors,
    ok: isWithin(results, errors),
  };
}

interface RunStorm {
  readonly outcome: StormOutcome;
  readonly pace: Pace;
  readonly taken: readonly Taken[];
}

/** Measures the pace and runs a storm. What others take is measured over both, since both must not be disturbed. */
async function runStorm(stage: Stage, cell: Cell, input: StormInput, calibration: Calibration): Promise<RunStorm> {
  const before = coreTimes(stage);
  await stage.reach(undefined);
  const pace = await paceOf(stage, calibration);
  // A query must cost what the model assumes, at the current pace of the machine.
  const rows = input.groups.some(({ queryCpuMs }) => queryCpuMs > 0)
    ? await rowsPerCpuMs(stage)
    : calibration.rowsPerCpuMs;
  const outcome = await stage.storm(input, cell.relay, rows);
  return { outcome, pace, taken: takenBetween(before, coreTimes(stage)) };
}

function neverQuiet(storms: readonly RunStorm[]): RehearsalError {
  const taken = meanTaken(storms.map((storm) => storm.taken));
  return new RehearsalError(
    `the machine must be quiet because whatever else runs distorts the times, and in ${storms.length} storms in a row others took ${takenText(taken)} (accepted: ${MOST_TAKEN * 100} %); end what else runs, or rehearse on another machine`,
  );
}

async function measured(
  stage: Stage,
  { progress, rounds }: Pick<RehearsalOptions, "progress" | "rounds">,
): Promise<Calibration> {
  progress("warming up");
  await stage.warmUp();
  progress("calibrating");
  const attempts: { readonly calibration: Calibration; readonly taken: number }[] = [];
  while (attempts.every(({ taken }) => taken > MOST_TAKEN) && attempts.length < MOST_REPEATS) {
    const before = coreTimes(stage);
    const calibration = await calibrate(stage, rounds);
    attempts.push({ calibration, taken: worstOf(takenBetween(before, coreTimes(stage))) });
  }
  const [quietest] = attempts.toSorted((a, b) => a.taken - b.taken);
  return (quietest as { readonly calibration: Calibration }).calibration; // there was one attempt at least
}

const predict = (input: StormInput, storms: number): StormRun[][] =>
  Array.from({ length: PREDICTED_GROUPS }, (_, group) =>
    Array.from({ length: storms }, (_, storm) =>
      simulate(input, { replications: 1, seed: SEED + group * storms + storm }),
    ),
  );

const isUnsteady = (paces: readonly Pace[]): boolean =>
  (["server", "client"] as const).some((side) => {
    const values = paces.map((pace) => pace[side]);
    return margin(values) > UNSTEADY * mean(values);
  });

const limitsOf = ({ database: { maxConnections, reservedConnections } }: StormInput) => ({
  maxConnections,
  reservedConnections,
});

/** Memory of a Node process with `pg`, and of a PostgreSQL without connections. */
const MEMORY_MIB = { process: 80, server: 100 };

/** @throws RehearsalError if the connections need more memory than is free. */
export function checkMemory(cells: readonly Cell[], availableMib = process.availableMemory() / 2 ** 20): void {
  const most = Math.max(...cells.map(({ maxConnections }) => maxConnections));
  const base = MEMORY_MIB.server + MEMORY_MIB.process * (processesFor(divideCores()) + 1);
  const needed = Math.ceil(base + most * assumptions.backendMib.likely);
  if (needed <= availableMib) return;
  const fits = Math.max(0, Math.floor((availableMib - base) / assumptions.backendMib.likely));
  throw new RehearsalError(
    `'max_connections' (${most}) must fit into this machine's memory because each connection may take ${assumptions.backendMib.likely} MiB: ${needed} MiB are needed and ${Math.floor(availableMib)} MiB are free; set 'max_connections' to ${fits} or free some memory`,
  );
}

/** Returns how long the storms take on a quiet machine, seconds. @throws RehearsalError if it is more than an hour */
export function checkDuration(
  predictions: readonly { readonly cell: Pick<Cell, "maxConnections">; readonly run: Pick<StormRun, "stormSeconds"> }[],
  storms: number,
): number {
  const restarts = new Set(predictions.map(({ cell }) => cell.maxConnections)).size;
  const seconds = predictions.reduce(
    (sum, { run }) => sum + storms * (run.stormSeconds + OVERHEAD.storm),
    OVERHEAD.restart * restarts,
  );
  const hours = seconds / 3600;
  if (hours <= MOST_HOURS) return seconds;
  const fewer = Math.max(1, Math.floor((storms * MOST_HOURS) / hours));
  throw new RehearsalError(
    `'--storms' (${storms}) must keep the rehearsal within ${MOST_HOURS} hour because a machine is seldom quiet for longer, and it would take ${hours.toFixed(1)} hours; set '--storms' to ${fewer}`,
  );
}
