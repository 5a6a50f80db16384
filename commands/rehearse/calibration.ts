import { setTimeout as sleep } from "node:timers/promises";
import { median, quantile } from "../../capacity/storm/statistics";
import { busyQuery } from "./application";
import { type BackendCpu, serverCpu } from "./cpu";
import { RehearsalError } from "./problems";
import { RESERVED_SLOTS } from "./server";
import type { Stage } from "./stage";

/**
 * The costs of this machine, measured with one client at a time; nothing else is fitted. The values are medians, of CPU
 * times where possible, because load on the machine distorts the wall clock but hardly the median of CPU times.
 */
export interface Calibration {
  /** Number of measured connects; as many refused and closed ones were measured. */
  readonly connects: number;
  /** Server CPU of a successful connect, including the postmaster, ms. */
  readonly connectCpuMs: number;
  /** Server CPU of a connect that is refused because all slots are taken, ms. */
  readonly refusalCpuMs: number;
  /** Server CPU of a connect until its backend waits for the first message, and until TLS is negotiated, ms. */
  readonly startCpuMs: number;
  readonly tlsCpuMs: number;
  /** Server CPU of closing a connection, ms. */
  readonly closeCpuMs: number;
  /** CPU of the postmaster for a connect, ms. */
  readonly postmasterMs: number;
  /** Client CPU of a connect, and of a refused one, ms. */
  readonly clientConnectMs: number;
  readonly clientRefusalMs: number;
  /** Client CPU of the TCP connection alone, ms. */
  readonly clientDialMs: number;
  /** Relay CPU of a connect, ms. */
  readonly relayMs: number;
  /** Spread of the server CPU of a connect: sigma of its logarithm. */
  readonly sigma: number;
  /** Wall-clock time of a connect until it is ready for queries, and until a refusal, ms. */
  readonly connectMs: number;
  readonly refusalMs: number;
  /** Rows that the server counts in one ms of CPU; start-up queries count rows. */
  readonly rowsPerCpuMs: number;
}

/** Rounds of connects, of which the medians count. */
const ROUNDS = 8;
const RELAY_ROUNDS = 3;
const CONNECTIONS = 20;
/** The limits of the server during the calibration. */
export const CALIBRATION_LIMITS = { maxConnections: CONNECTIONS + RESERVED_SLOTS, reservedConnections: RESERVED_SLOTS };
const ROWS = 250_000;
const QUERIES = 12;

/** Restarts the server with the calibration's limits and measures. The clients must be warm. */
export async function calibrate(stage: Stage, count = ROUNDS): Promise<Calibration> {
  await stage.serve(CALIBRATION_LIMITS);
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) rounds.push(await oneRound(stage));
  const each = (of: (round: Round) => number) => middle(rounds.map(of));
  const all = (of: (round: Round) => readonly number[]) => rounds.flatMap(of);
  const backends = all(({ backendCpu }) => backendCpu);
  const perConnect = (seconds: number) => (seconds / CONNECTIONS) * 1000;
  const postmasterMs = perConnect(each(({ postmaster }) => postmaster));
  const steps = await stepCosts(stage);
  return {
    connects: count * CONNECTIONS,
    connectCpuMs: middle(backends) * 1000 + postmasterMs,
    refusalCpuMs: perConnect(each(({ refusal }) => refusal)),
    startCpuMs: steps.start * 1000 + postmasterMs,
    tlsCpuMs: steps.tls * 1000 + postmasterMs,
    closeCpuMs: perConnect(each(({ close }) => close)),
    postmasterMs,
    clientConnectMs: middle(all(({ clientCpu }) => clientCpu)) * 1000,
    clientRefusalMs: middle(all(({ refusedClientCpu }) => refusedClientCpu)) * 1000,
    clientDialMs: steps.clientDial * 1000,
    relayMs: await relayMs(stage),
    // The quartiles of a lognormal are 1.349 sigma apart.
    sigma: Math.log(quartile(backends, 0.75) / quartile(backends, 0.25)) / 1.349,
    connectMs: middle(all(({ connectSeconds }) => connectSeconds)) * 1000,
    refusalMs: middle(all(({ refusalSeconds }) => refusalSeconds)) * 1000,
    rowsPerCpuMs: await rowsPerCpuMs(stage),
  };
}

/** Costs of a connect just before a storm, relative to the calibration: the speed of a machine drifts. */
export interface Pace {
  readonly server: number;
  readonly client: number;
}

/** Connects to measure the pace with; the server must have as many free slots. */
const PACE_CONNECTS = 8;

/** Measures the pace with one client at a time. */
export async function paceOf(
  stage: Stage,
  { connectCpuMs, postmasterMs, clientConnectMs }: Calibration,
): Promise<Pace> {
  const [client] = stage.clients;
  if (!client) throw new Error("no client to calibrate with");
  const known = new Set((await settledCpu(stage)).living.map(({ pid }) => pid));
  const { cpuSeconds } = await client.ask({ kind: "connect", count: PACE_CONNECTS }, "connected");
  const backends = (await settledCpu(stage)).living.filter(({ pid }) => !known.has(pid));
  await client.ask({ kind: "close" }, "closed");
  return {
    server: (middle(backends.map(({ seconds }) => seconds)) * 1000) / (connectCpuMs - postmasterMs),
    client: (middle(cpuSeconds) * 1000) / clientConnectMs,
  };
}

/** Scales the calibration to this pace. */
export function atPace(calibration: Calibration, { server, client }: Pace): Calibration {
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
  } = calibration;
  return {
    ...calibration,
    connectCpuMs: connectCpuMs * server,
    refusalCpuMs: refusalCpuMs * server,
    startCpuMs: startCpuMs * server,
    tlsCpuMs: tlsCpuMs * server,
    closeCpuMs: closeCpuMs * server,
    postmasterMs: postmasterMs * server,
    clientDialMs: clientDialMs * client,
    clientConnectMs: clientConnectMs * client,
    clientRefusalMs: clientRefusalMs * client,
    relayMs: relayMs * client,
  };
}

/** Measurements of one round, in seconds. Arrays have one value a connect; numbers are sums over all connects. */
interface Round {
  readonly backendCpu: readonly number[];
  readonly clientCpu: readonly number[];
  readonly connectSeconds: readonly number[];
  readonly postmaster: number;
  readonly refusedClientCpu: readonly number[];
  readonly refusalSeconds: readonly number[];
  readonly refusal: number;
  readonly close: number;
}

async function oneRound(stage: Stage): Promise<Round> {
  const [client] = stage.clients;
  if (!client) throw new Error("no client to calibrate with");
  const before = await settledCpu(stage);
  const opened = await client.ask({ kind: "connect", count: CONNECTIONS }, "connected");
  const open = await settledCpu(stage);
  // Superusers fill the reserved slots, so that every further connect is refused before authentication.
  const fillers = await Promise.all(Array.from({ length: RESERVED_SLOTS }, () => stage.server.superuser()));
  const full = await settledCpu(stage);
  const refused = await client.ask({ kind: "connect", count: CONNECTIONS }, "connected");
  const over = await settledTo(full, stage);
  if (refused.codes.some((code) => code !== "53300") || refused.codes.length < CONNECTIONS)
    throw new RehearsalError(
      `PostgreSQL must refuse with 53300 when ${CALIBRATION_LIMITS.maxConnections} slots are taken because the calibration measures refusals, and it returned ${refused.codes[0] ?? "a connection"}`,
    );
  await Promise.all(fillers.map((filler) => filler.end()));
  const closing = await settledTo(open, stage);
  await client.ask({ kind: "close" }, "closed");
  const closed = await settledTo(before, stage);
  const known = new Set(before.living.map(({ pid }) => pid));
  return {
    backendCpu: open.living.filter(({ pid }) => !known.has(pid)).map(({ seconds }) => seconds),
    clientCpu: opened.cpuSeconds,
    connectSeconds: opened.seconds,
    postmaster: open.postmaster - before.postmaster,
    refusedClientCpu: refused.cpuSeconds,
    refusalSeconds: refused.seconds,
    refusal: over.total - full.total,
    close: closed.total - closing.total,
  };
}

/** CPU of the first steps of a connect; medians, seconds. */
async function stepCosts(
  stage: Stage,
): Promise<{ readonly start: number; readonly tls: number; readonly clientDial: number }> {
  const [client] = stage.clients;
  if (!client) throw new Error("no client to calibrate with");
  const [start, tls, clientDial]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < CONNECTIONS; i++) {
    const known = new Set((await settledCpu(stage)).living.map(({ pid }) => pid));
    const backend = async () =>
      (await settledCpu(stage)).living.find(({ pid }) => !known.has(pid))?.seconds ?? Number.NaN;
    clientDial.push((await client.ask({ kind: "step", to: "dial" }, "stepped")).cpuSeconds);
    start.push(await backend());
    await client.ask({ kind: "step", to: "tls" }, "stepped");
    tls.push(await backend());
    await client.ask({ kind: "close" }, "closed");
  }
  return { start: middle(start), tls: middle(tls), clientDial: middle(clientDial) };
}

async function settledCpu(stage: Stage): Promise<BackendCpu> {
  await sleep(20); // work in progress still uses CPU
  return cpuOf(stage);
}

/** Waits until every newer backend has ended: an ending backend uses CPU and holds its slot. */
async function settledTo({ living }: BackendCpu, stage: Stage): Promise<BackendCpu> {
  const known = new Set(living.map(({ pid }) => pid));
  for (;;) {
    const now = await settledCpu(stage);
    if (now.living.every(({ pid }) => known.has(pid))) return now;
  }
}

async function relayMs(stage: Stage): Promise<number> {
  const [client] = stage.clients;
  const used = async () => (await stage.relay.ask({ kind: "cpu" }, "cpu")).seconds;
  await stage.reach({});
  const alone = await settledCpu(stage);
  const rounds: number[] = [];
  for (let round = 0; round < RELAY_ROUNDS; round++) {
    const before = await used();
    await client?.ask({ kind: "connect", count: CONNECTIONS }, "connected");
    rounds.push(((await used()) - before) * (1000 / CONNECTIONS));
    await client?.ask({ kind: "close" }, "closed");
    await settledTo(alone, stage);
  }
  await stage.reach(undefined);
  return middle(rounds);
}

function cpuOf({ server }: Stage): BackendCpu {
  const used = server.pid === undefined ? undefined : serverCpu(server.pid);
  if (!used)
    throw new RehearsalError(
      "the rehearsal must run on Linux because it reads the CPU time of the server's processes from /proc; run it in a Linux container",
    );
  return used;
}

/** Measures how many rows the server counts in one ms of CPU. */
export async function rowsPerCpuMs(stage: Stage): Promise<number> {
  const superuser = await stage.server.superuser();
  try {
    const rates: number[] = [];
    for (let i = 0; i < QUERIES; i++) {
      const before = cpuOf(stage).total;
      await superuser.query(busyQuery(ROWS));
      rates.push(ROWS / ((cpuOf(stage).total - before) * 1000));
    }
    return middle(rates);
  } finally {
    await superuser.end();
  }
}

const middle = (values: readonly number[]): number => median(values) ?? Number.NaN;
const quartile = (values: readonly number[], share: 0.25 | 0.75): number =>
  quantile(Float64Array.from(values).sort(), share) ?? Number.NaN;
