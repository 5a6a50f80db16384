import { setTimeout as sleep } from "node:timers/promises";
import { busyQuery } from "./application";
import { type BackendCpu, serverCpu } from "./cpu";
import { RehearsalError } from "./problems";
import type { Stage } from "./stage";

/**
 * What one client at a time measures on this machine: all that is fitted. Medians, of CPU times where it can be: a busy machine
 * stretches the wall clock, and a few measurements, but hardly the median of CPU times.
 */
export interface Calibration {
  /** Connects measured, as many refused ones, and as many closed. */
  readonly connects: number;
  /** The server's CPU of a connect that is kept, the postmaster's part included, ms. */
  readonly connectCpuMs: number;
  /** The server's CPU of a connect that is refused because every slot is taken, ms. */
  readonly refusalCpuMs: number;
  /** The server's CPU of closing a connection, ms. */
  readonly closeCpuMs: number;
  /** The postmaster's part of a connect, ms. */
  readonly postmasterMs: number;
  /** CPU of client and relay for a connect, and for a refused one, ms. */
  readonly clientConnectMs: number;
  readonly clientRefusalMs: number;
  /** How the server's CPU of a connect differs: sigma of its logarithm. */
  readonly sigma: number;
  /** From the first packet to ready for queries as the client sees it, and to the refusal, ms. */
  readonly connectMs: number;
  readonly refusalMs: number;
  /** Rows that the server counts in one ms of its CPU: what start-up queries are made of. */
  readonly rowsPerCpuMs: number;
}

const ROUNDS = 8;
const CONNECTIONS = 20;
const RESERVED = 3;
export const CALIBRATION_SLOTS = CONNECTIONS + RESERVED;
const ROWS = 250_000;
const QUERIES = 12;

/** Starts the server with its own limits, and measures. The clients are warm. */
export async function calibrate(stage: Stage): Promise<Calibration> {
  await stage.serve({ maxConnections: CALIBRATION_SLOTS, reservedConnections: RESERVED });
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await oneRound(stage));
  const each = (of: (round: Round) => number) => median(rounds.map(of));
  const all = (of: (round: Round) => readonly number[]) => rounds.flatMap(of);
  const backends = all(({ backendCpu }) => backendCpu);
  const perConnect = (seconds: number) => (seconds / CONNECTIONS) * 1000;
  const postmasterMs = perConnect(each(({ postmaster }) => postmaster));
  return {
    connects: ROUNDS * CONNECTIONS,
    connectCpuMs: median(backends) * 1000 + postmasterMs,
    refusalCpuMs: perConnect(each(({ refusal }) => refusal)),
    closeCpuMs: perConnect(each(({ close }) => close)),
    postmasterMs,
    clientConnectMs: median(all(({ clientCpu }) => clientCpu)) * 1000 + perConnect(each(({ relay }) => relay)),
    clientRefusalMs: median(all(({ refusedClientCpu }) => refusedClientCpu)) * 1000 + perConnect(each(({ refusalRelay }) => refusalRelay)),
    // The quartiles of a lognormal are 1.349 sigma apart.
    sigma: Math.log(quantileOf(backends, 0.75) / quantileOf(backends, 0.25)) / 1.349,
    connectMs: median(all(({ connectSeconds }) => connectSeconds)) * 1000,
    refusalMs: median(all(({ refusalSeconds }) => refusalSeconds)) * 1000,
    rowsPerCpuMs: await rowsPerCpuMs(stage),
  };
}

/** What a round measured; seconds, of all its connects where it is not one number for each. */
interface Round {
  readonly backendCpu: readonly number[];
  readonly clientCpu: readonly number[];
  readonly connectSeconds: readonly number[];
  readonly postmaster: number;
  readonly relay: number;
  readonly refusedClientCpu: readonly number[];
  readonly refusalSeconds: readonly number[];
  readonly refusal: number;
  readonly refusalRelay: number;
  readonly close: number;
}

async function oneRound(stage: Stage): Promise<Round> {
  const [client] = stage.clients;
  if (!client) throw new Error("no client to calibrate with");
  const before = await usage(stage);
  const opened = await client.ask({ kind: "connect", count: CONNECTIONS }, "connected");
  const open = await usage(stage);
  // Superusers fill the reserved slots: from now on every connect is refused before it is authenticated.
  const fillers = await Promise.all(Array.from({ length: RESERVED }, () => stage.server.superuser()));
  const full = await usage(stage);
  const refused = await client.ask({ kind: "connect", count: CONNECTIONS }, "connected");
  const over = await usage(stage);
  if (refused.codes.some((code) => code !== "53300") || refused.codes.length < CONNECTIONS)
    throw new RehearsalError(
      `PostgreSQL must refuse with 53300 when ${CALIBRATION_SLOTS} slots are taken because the calibration measures that, and it gave ${refused.codes[0] ?? "a connection"}`,
    );
  await Promise.all(fillers.map((filler) => filler.end()));
  await sleep(SETTLE_MS);
  const closing = await usage(stage);
  await client.ask({ kind: "close" }, "closed");
  await sleep(SETTLE_MS);
  const closed = await usage(stage);
  const known = new Set(before.server.living.map(({ pid }) => pid));
  return {
    backendCpu: open.server.living.filter(({ pid }) => !known.has(pid)).map(({ seconds }) => seconds),
    clientCpu: opened.cpuSeconds,
    connectSeconds: opened.seconds,
    postmaster: open.server.postmaster - before.server.postmaster,
    relay: open.relay - before.relay,
    refusedClientCpu: refused.cpuSeconds,
    refusalSeconds: refused.seconds,
    refusal: over.server.total - full.server.total,
    refusalRelay: over.relay - full.relay,
    close: closed.server.total - closing.server.total,
  };
}

const SETTLE_MS = 100;

async function usage(stage: Stage): Promise<{ readonly server: BackendCpu; readonly relay: number }> {
  await sleep(20); // what is on its way still costs
  return { server: cpuOf(stage), relay: (await stage.relay.ask({ kind: "cpu" }, "cpu")).seconds };
}

function cpuOf({ server }: Stage): BackendCpu {
  const used = server.pid === undefined ? undefined : serverCpu(server.pid);
  if (!used) throw new RehearsalError("the rehearsal must run on Linux because it reads from /proc what the server's processes cost; run it in a container");
  return used;
}

async function rowsPerCpuMs(stage: Stage): Promise<number> {
  const superuser = await stage.server.superuser();
  try {
    const rates: number[] = [];
    for (let i = 0; i < QUERIES; i++) {
      const before = cpuOf(stage).total;
      await superuser.query(busyQuery(ROWS));
      rates.push(ROWS / ((cpuOf(stage).total - before) * 1000));
    }
    return median(rates);
  } finally {
    await superuser.end();
  }
}

const quantileOf = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
const median = (values: readonly number[]): number => quantileOf(values, 0.5);
