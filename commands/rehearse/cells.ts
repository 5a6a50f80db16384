import { probeWindowSeconds } from "../../capacity/constraints/cloudrun";
import { type ConnectorSize, connectorMbps } from "../../capacity/constraints/connector";
import { startFacts } from "../../capacity/limits";
import type { CapacityPlan, DatabaseClientPlan } from "../../capacity/plan";
import type { ConnectCosts, StartGroup, StormInput } from "../../capacity/storm/model";
import { likelyValues, planScenarios, type Scenario } from "../../capacity/storm/scenarios";
import type { Calibration } from "./calibration";
import { RehearsalError } from "./problems";
import type { RelayBehaviour } from "./relay";
import { RESERVED_SLOTS } from "./server";

/*
 * The storms of a rehearsal: the cells of a grid, in which all starts begin at once, and the plan's own scenarios. The
 * costs are those of this machine. Every wait outside the database (boots, back-off, restarts) is TIME_SCALE of the
 * plan's; time-outs are the plan's own. Prediction and run have the same input.
 */

/** Share of the plan's waits that prediction and run use; with the full waits a pass would take hours. */
export const TIME_SCALE = 1 / 20;

/** One kind of storm that is predicted and run. */
export interface Cell {
  /** `20 x 4 in 50`, `cold-start`. */
  readonly name: string;
  readonly starts: number;
  /** The mean if services differ. */
  readonly connectionsPerStart: number;
  readonly maxConnections: number;
  /** Whether a failed connect is tried again, with the retries of the plan. */
  readonly retries: boolean;
  /** CONNECTION LIMIT of the starts' user; undefined if there is none or services differ. */
  readonly userLimit?: number | undefined;
  /** The storm without its costs, which come from the calibration. */
  readonly storm: Omit<StormInput, "costs">;
  /** Behaviour of the relay; undefined if clients connect directly to the server. */
  readonly relay: RelayBehaviour | undefined;
}

interface GridCell {
  readonly starts: number;
  readonly connections: number;
  readonly maxConnections: number;
  readonly retries: boolean;
  readonly userLimit?: number | undefined;
}

const GRID = {
  starts: [5, 10, 20, 40],
  connections: [1, 4, 10],
  maxConnections: [25, 50, 100, 200],
  retries: [false, true],
} as const;

/** A service that opens twice the connections of its user's limit, with enough slots for all of them. */
const LIMITED_USER: GridCell = { starts: 20, connections: 4, maxConnections: 100, retries: false, userLimit: 40 };

/**
 * Every cell of the grid, the user with a limit, the broken path and the plan's scenarios. Cells with the same limits
 * follow each other, so that the server restarts less often.
 */
export function gridCells(plan: CapacityPlan): Cell[] {
  const cells = GRID.maxConnections.flatMap((maxConnections) =>
    GRID.starts.flatMap((starts) =>
      GRID.connections.flatMap((connections) =>
        GRID.retries.map((retries) => gridCell(plan, { starts, connections, maxConnections, retries })),
      ),
    ),
  );
  return [...cells, gridCell(plan, LIMITED_USER), brokenPath(plan), ...scenarioCells(plan)];
}

/** Nine cells with different bottlenecks: slots, a user's limit, CPU, retries, the path to the database. */
export function fewCells(plan: CapacityPlan): Cell[] {
  const coldStart = scenarioCells(plan).slice(0, 1);
  const cells: readonly GridCell[] = [
    { starts: 10, connections: 1, maxConnections: 25, retries: false },
    { starts: 20, connections: 4, maxConnections: 50, retries: false },
    { starts: 5, connections: 10, maxConnections: 50, retries: true },
    { starts: 20, connections: 4, maxConnections: 100, retries: false },
    { starts: 20, connections: 10, maxConnections: 100, retries: false },
    LIMITED_USER,
    { starts: 40, connections: 4, maxConnections: 200, retries: false },
  ];
  return [...cells.map((cell) => gridCell(plan, cell)), brokenPath(plan), ...coldStart];
}

export function gridCell(
  plan: CapacityPlan,
  { starts, connections, maxConnections, retries, userLimit }: GridCell,
): Cell {
  const limit = userLimit ?? Number.POSITIVE_INFINITY;
  const group = { ...groupOf(plan, starts, connections), userLimit: limit, ...(retries ? {} : { retry: ONCE }) };
  const name = `${starts} x ${connections} in ${maxConnections}${userLimit === undefined ? "" : `, ${userLimit} for the user`}${retries ? ", retries" : ""}`;
  return {
    name,
    starts,
    connectionsPerStart: connections,
    maxConnections,
    retries,
    userLimit,
    storm: stormOf([group], { maxConnections, reservedConnections: RESERVED_SLOTS }),
    relay: undefined,
  };
}

/** The path of the incident, on which no packet arrives. */
export function brokenPath(plan: CapacityPlan): Cell {
  const { maxConnections, reservedConnections } = plan.database;
  const path = { kind: "broken", dialSeconds: startFacts.dialFailureSeconds.value * TIME_SCALE } as const;
  const group: StartGroup = { ...groupOf(plan, 20, 4), retry: ONCE, path };
  return {
    name: "broken path",
    starts: 20,
    connectionsPerStart: 4,
    maxConnections,
    retries: false,
    storm: stormOf([group], { maxConnections, reservedConnections }),
    relay: { blackHoleSeconds: path.dialSeconds },
  };
}

/** The plan's own scenarios, without the CPU of requests: a real server cannot be loaded by a given share. */
function scenarioCells(plan: CapacityPlan): Cell[] {
  return planScenarios(plan, { ...likelyValues, steadyCpuShare: 0 }).map((scenario) => scenarioCell(plan, scenario));
}

function scenarioCell({ connector }: CapacityPlan, { name, starts, input }: Scenario): Cell {
  const { costs: _, ...storm } = input;
  const groups = storm.groups.map(scaled);
  const opened = input.groups.reduce(
    (sum, group) => sum + group.starts * group.processes * group.connectionsPerProcess,
    0,
  );
  return {
    name,
    starts,
    connectionsPerStart: opened / starts,
    maxConnections: storm.database.maxConnections,
    retries: storm.groups.some(({ retry }) => retry.attempts > 1),
    storm: {
      ...storm,
      groups,
      // The rehearsal's server has one core, whatever the tier.
      database: { ...storm.database, vcpus: 1 },
      restartSeconds: { min: storm.restartSeconds.min * TIME_SCALE, max: storm.restartSeconds.max * TIME_SCALE },
    },
    relay: relayOf(groups, storm.connector, connector),
  };
}

/** The connector and the path of a storm; all its groups go the same way. */
function relayOf(
  [group]: readonly StartGroup[],
  { vms, connectsPerSecond }: StormInput["connector"],
  { machineType }: ConnectorSize,
): RelayBehaviour | undefined {
  if (group?.path.kind === "broken") return { blackHoleSeconds: group.path.dialSeconds };
  if (!group?.throughConnector) return undefined;
  return {
    connects: { vms, perSecond: connectsPerSecond },
    bytesPerSecond: (connectorMbps(machineType, vms) * 1e6) / 8,
  };
}

/** Scales the waits outside the database; time-outs stay. */
const scaled = (group: StartGroup): StartGroup => ({
  ...group,
  boot: { ...group.boot, medianSeconds: group.boot.medianSeconds * TIME_SCALE },
  spreadSeconds: group.spreadSeconds * TIME_SCALE,
  remainingSeconds: group.remainingSeconds * TIME_SCALE,
  retry: {
    ...group.retry,
    baseSeconds: group.retry.baseSeconds * TIME_SCALE,
    capSeconds: group.retry.capSeconds * TIME_SCALE,
  },
  path:
    group.path.kind === "broken" ? { kind: "broken", dialSeconds: group.path.dialSeconds * TIME_SCALE } : group.path,
});

const ONCE = { attempts: 1, baseSeconds: 0, factor: 1, capSeconds: 0, jitter: 0 } as const;

/** Starts without boot time, all at once, with the time-outs and retries of the plan's largest database client. */
function groupOf(plan: CapacityPlan, starts: number, connections: number): StartGroup {
  const { database, probe } = largestClient(plan);
  return scaled({
    service: "rehearsal",
    starts,
    processes: 1,
    connectionsPerProcess: connections,
    connectsAtOnce: 1,
    boot: { medianSeconds: 0, sigma: 0 },
    spreadSeconds: 0,
    remainingSeconds: 0,
    probeWindowSeconds: probeWindowSeconds(probe),
    connectTimeoutSeconds: database.connectTimeoutSeconds,
    initTimeoutSeconds: database.initTimeoutSeconds,
    retry: database.retry,
    queryCpuMs: 0,
    path: { kind: "open" },
    throughConnector: false,
    callsAdminApi: false,
    connectionsPerInstance: Number.POSITIVE_INFINITY,
    userLimit: Number.POSITIVE_INFINITY,
    userConnections: 0,
  });
}

function largestClient({ services }: CapacityPlan) {
  const clients = Object.values(services).flatMap(({ database, probe, maxInstances }) =>
    database ? [{ database, probe, maxInstances }] : [],
  );
  const size = ({ maxInstances, database }: { maxInstances: number; database: DatabaseClientPlan }) =>
    maxInstances * database.startupConnections;
  const [largest] = clients.toSorted((a, b) => size(b) - size(a));
  if (!largest)
    throw new RehearsalError(
      "'netra:services' must have a service with a database because only such a service can be rehearsed; add one",
    );
  return largest;
}

function stormOf(
  groups: readonly StartGroup[],
  limits: { readonly maxConnections: number; readonly reservedConnections: number },
): Cell["storm"] {
  const { min, max } = startFacts.restartSeconds.value;
  return {
    groups,
    database: { vcpus: 1, ...limits, heldConnections: 0 },
    connector: { vms: 1, connectsPerSecond: Number.POSITIVE_INFINITY },
    adminApi: { callsPerMinute: Number.POSITIVE_INFINITY, callsPerProcess: 0 },
    restartSeconds: { min: min * TIME_SCALE, max: max * TIME_SCALE },
  };
}

/** The cell's storm with the costs of this machine, whose clients share `clientCpus` CPUs. */
export function inputOf({ storm, relay }: Cell, calibration: Calibration, clientCpus: number): StormInput {
  const {
    connectCpuMs,
    refusalCpuMs,
    startCpuMs,
    tlsCpuMs,
    closeCpuMs,
    postmasterMs,
    clientDialMs,
    clientConnectMs,
    clientRefusalMs,
    relayMs,
    sigma,
  } = calibration;
  const costs: ConnectCosts = {
    connectCpuMs: connectCpuMs - postmasterMs,
    refusalCpuMs: tlsCpuMs - postmasterMs,
    startCpuMs: startCpuMs - postmasterMs,
    exitCpuMs: Math.max(0, refusalCpuMs - tlsCpuMs),
    closeCpuMs,
    postmasterMs,
    clientMs: clientDialMs + (relay ? relayMs : 0),
    clientTlsMs: Math.max(0, clientRefusalMs - clientDialMs),
    clientAuthMs: Math.max(0, clientConnectMs - clientRefusalMs),
    clientVcpus: clientCpus,
    sigma,
  };
  return { ...storm, costs };
}
