import { setTimeout as sleep } from "node:timers/promises";
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
import { describeMachine, divideCores, loadAverage, type Machine } from "./machine";
import type { Part } from "./part";
import { RehearsalError } from "./problems";
import { processesFor, Stage, type StormOutcome } from "./stage";

/** The result of a rehearsal. */
export interface Rehearsal {
  readonly machine: Machine;
  /** Share of the plan's waits outside the database. */
  readonly timeScale: number;
  readonly calibration: Calibration;
  /** What may have disturbed the measurement, one clause each; empty on a quiet machine. */
  readonly disturbances: readonly string[];
  readonly seconds: number;
  readonly cells: readonly CellResult[];
  readonly errors: Errors;
  /** Whether the errors are accepted. */
  readonly ok: boolean;
}

export interface RehearsalOptions {
  /** Storms to run for each cell. */
  readonly storms: number;
  /** Ends the rehearsal early; everything is removed nevertheless. */
  readonly signal: AbortSignal;
  readonly progress: (step: string) => void;
  /** The costs of this machine, of an earlier rehearsal. Default: they are measured first. */
  readonly calibration?: Calibration | undefined;
  /** Called with the server's process id when it runs, and after each restart. */
  readonly serverIs?: ((pid: number) => void) | undefined;
}

const SEED = 1;
const PREDICTED_STORMS = 300;
/** Overhead of a storm and of a restart of the server, s. */
const OVERHEAD = { storm: 0.5, restart: 1 };
/** Limits of a quiet machine: half of the 95 % interval of a cell's pace, as a share, and the load average before. */
const QUIET = { pace: 0.15, load: 0.5 };
const MOST_HOURS = 1;

/** Predicts and runs the cells on its own server. Removes everything, however it ends. @throws RehearsalError */
export async function rehearse(cells: readonly Cell[], options: RehearsalOptions): Promise<Rehearsal> {
  checkMemory(cells);
  const load = loadAverage();
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
    const rehearsed = setting.then((stage) => onStage(stage, cells, options, load));
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

async function onStage(
  stage: Stage,
  cells: readonly Cell[],
  options: RehearsalOptions,
  load: number,
): Promise<Rehearsal> {
  const begun = performance.now();
  const { progress } = options;
  await stage.serve(CALIBRATION_LIMITS);
  const calibration = options.calibration ?? (await measured(stage, progress));
  const predictions = cells.map((cell) => {
    progress(`predicting ${cell.name}`);
    return { cell, input: inputOf(cell, calibration, stage.cores.clientCpus), run: predict(cell, calibration, stage) };
  });
  checkDuration(predictions, options.storms);
  const results: CellResult[] = [];
  const unsteady: string[] = [];
  let serving = "";
  for (const { cell, input } of predictions) {
    const limits = JSON.stringify(limitsOf(input));
    if (limits !== serving) await stage.serve(limitsOf(input));
    serving = limits;
    if (stage.server.pid !== undefined) options.serverIs?.(stage.server.pid);
    await stage.prepare(input);
    const outcomes: StormOutcome[] = [];
    const paces: Pace[] = [];
    while (outcomes.length < options.storms) {
      progress(
        `${results.length + 1} of ${cells.length}: ${cell.name}, storm ${outcomes.length + 1} of ${options.storms}`,
      );
      await stage.reach(undefined);
      paces.push(await paceOf(stage, calibration));
      // A query must cost what the model assumes, at the current pace of the machine.
      const rows = input.groups.some(({ queryCpuMs }) => queryCpuMs > 0)
        ? await rowsPerCpuMs(stage)
        : calibration.rowsPerCpuMs;
      outcomes.push(await stage.storm(input, cell.relay, rows));
    }
    const pace = {
      server: median(paces.map(({ server }) => server)) ?? 1,
      client: median(paces.map(({ client }) => client)) ?? 1,
    };
    if (isUnsteady(paces)) unsteady.push(cell.name);
    const costs = atPace(calibration, pace);
    results.push(compare(cell, predict(cell, costs, stage), outcomes));
  }
  const disturbances = disturbancesOf(load, unsteady, cells.length);
  const errors = errorsOf(results);
  return {
    machine: describeMachine(stage.cores),
    timeScale: TIME_SCALE,
    calibration,
    disturbances,
    seconds: (performance.now() - begun) / 1000,
    cells: results,
    errors,
    ok: isWithin(results, errors),
  };
}

async function measured(stage: Stage, progress: RehearsalOptions["progress"]): Promise<Calibration> {
  progress("warming up");
  await stage.warmUp();
  progress("calibrating");
  return calibrate(stage);
}

const predict = (cell: Cell, calibration: Calibration, { cores }: Stage): StormRun =>
  simulate(inputOf(cell, calibration, cores.clientCpus), { replications: PREDICTED_STORMS, seed: SEED });

const isUnsteady = (paces: readonly Pace[]): boolean =>
  (["server", "client"] as const).some((side) => {
    const values = paces.map((pace) => pace[side]);
    return margin(values) > QUIET.pace * mean(values);
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

/** @throws RehearsalError if the storms would take longer than an hour. */
export function checkDuration(
  predictions: readonly { readonly run: Pick<StormRun, "stormSeconds"> }[],
  storms: number,
): void {
  const seconds = (count: number) =>
    predictions.reduce(
      (sum, { run }) => sum + count * (run.stormSeconds + OVERHEAD.storm),
      OVERHEAD.restart * predictions.length,
    );
  const hours = seconds(storms) / 3600;
  if (hours <= MOST_HOURS) return;
  const fewer = Math.max(1, Math.floor((storms * MOST_HOURS) / hours));
  throw new RehearsalError(
    `'--storms' (${storms}) must keep the rehearsal within ${MOST_HOURS} hour because a machine is seldom quiet for longer, and it would take ${hours.toFixed(1)} hours; set '--storms' to ${fewer}`,
  );
}

function disturbancesOf(load: number, unsteady: readonly string[], cells: number): string[] {
  const share = unsteady.length / cells;
  return [
    ...(load > QUIET.load ? [`the load average was ${load.toFixed(1)} before the rehearsal began`] : []),
    ...(share > 0.1
      ? [
          `in ${unsteady.length} of ${cells} cells the cost of a single connect varied between storms so much that its mean is uncertain by more than ${QUIET.pace * 100} %`,
        ]
      : []),
  ];
}
