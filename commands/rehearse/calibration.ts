import { setTimeout as sleep } from "node:timers/promises";
import { median, quantile } from "../../capacity/storm/statistics";
import { busyQuery } from "./application";
import { type BackendCpu, serverCpu } from "./cpu";
import { RehearsalError } from "./problems";
import { RESERVED_SLOTS } from "./server";
import type { Stage } from "./stage";

/**
 * What one client at a time measures on this machine: all that is fitted. Medians, of CPU times where it can be: a busy
 * machine
 * stretches the wall clock, and a few measurements, but hardly the median of CPU times.
 */
export interface Calibration {
  /** Connects measured, as many refused ones, and as many closed. */
  readonly connects: number;
  /** The server's CPU of a connect that is kept, the postmaster's part included, ms. */
  readonly connectCpuMs: number;
  /** The server's CPU of a connect that is refused because every slot is taken, ms. */
  readonly refusalCpuMs: number;
  /** The server's CPU of a connect until its backend waits for the client's first word, and until TLS is there, ms. */
  readonly startCpuMs: number;
  readonly tlsCpuMs: number;
  /** The server's CPU of closing a connection, ms. */
  readonly closeCpuMs: number;
  /** The postmaster's part of a connect, ms. */
  readonly postmasterMs: number;
  /** CPU of the client for a connect, and for a refused one, ms. */
  readonly clientConnectMs: number;
  readonly clientRefusalMs: number;
  /** CPU of the client for the TCP connection alone, ms. */
  readonly clientDialMs: number;
  /** CPU of the relay for a connect that goes through it, ms. */
  readonly relayMs: number;
  /** How the server's CPU of a connect differs: sigma of its logarithm. */
  readonly sigma: number;
  /** From the first packet to ready for queries as the client sees it, and to the refusal, ms. */
  readonly connectMs: number;
  readonly refusalMs: number;
  /** Rows that the server counts in one ms of its CPU: what start-up queries are made of. */
  readonly rowsPerCpuMs: number;
}

const ROUNDS = 8;
const RELAY_ROUNDS = 3;
const CONNECTIONS = 20;
/** As many slots as it needs. */
export const CALIBRATION_LIMITS = { maxConnections: CONNECTIONS + RESERVED_SLOTS, reservedConnections: RESERVED_SLOTS };
const ROWS = 250_000;
const QUERIES = 12;

/** Starts the server with its own limits, and measures. The clients are warm. */
export async function calibrate(stage: Stage): Promise<Calibration> {
  await stage.serve(CALIBRATION_LIMITS);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await oneRound(stage));
  const each = (of: (round: Round) => number) => middle(rounds.map(of));
  const all = (of: (round: Round) => readonly number[]) => rounds.flatMap(of);
  const backends = all(({ backendCpu }) => backendCpu);
  const perConnect = (seconds: number) => (seconds / CONNECTIONS) * 1000;
  const postmasterMs = perConnect(each(({ postmaster }) => postmaster));
  const steps = await stepCosts(stage);
  return {
    connects: ROUNDS * CONNECTIONS,
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

/** What connects cost around a storm, as a multiple of what they cost in the calibration: a machine's speed drifts. */
export interface Pace {
  readonly server: number;
  readonly client: number;
}

/** Connects that tell the pace; there must be slots for so many. */
const PACE_CONNECTS = 8;

/** Measures the pace by one client at a time. */
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

/** The calibration as it would have been at that pace. */
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

/** What a round measured; seconds, of all its connects where it is not one number for each. */
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
  // Superusers fill the reserved slots: from now on every connect is refused before it is authenticated.
  const fillers = await Promise.all(Array.from({ length: RESERVED_SLOTS }, () => stage.server.superuser()));
  const full = await settledCpu(stage);
  const refused = await client.ask({ kind: "connect", count: CONNECTIONS }, "connected");
  const over = await settledTo(full, stage);
  if (refused.codes.some((code) => code !== "53300") || refused.codes.length < CONNECTIONS)
    throw new RehearsalError(
      `PostgreSQL must refuse with 53300 when ${CALIBRATION_LIMITS.maxConnections} slots are taken because the calibration measures that, and it gave ${refused.codes[0] ?? "a connection"}`,
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

/** What the first steps of a connect cost its backend and its client; medians, seconds. */
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
  await sleep(20); // what is on its way still costs
  return cpuOf(stage);
}

/** The same once nobody lives who did not live then: who ends costs, and takes a slot, until it is gone. */
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
      "the rehearsal must run on Linux because it reads from /proc what the server's processes cost; run it in a container",
    );
  return used;
}

/** Rows that the server counts in one ms of its CPU, now. */
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
