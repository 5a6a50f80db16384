import { readFileSync } from "node:fs";
import { processCpu, serverCpu, ticksPerSecond } from "./cpu";
import type { Stage } from "./stage";

/*
 * What else ran on the rehearsal's cores. The kernel counts the idle time of each core exactly, though it reports it in
 * clock ticks. What was neither idle nor used by the rehearsal's own processes was taken by others: processes, those of
 * other containers too, interrupts, and other guests of the host (steal).
 */

/**
 * The largest share of a core that others may take. They lengthen a storm by about that share, and 5 % is a third of
 * the accepted median error. The shortest storm lasts 0.4 s with the measurements around it. There the counters, in
 * ticks of 10 ms, may show that much by chance in one storm of ten; such a storm is repeated in vain.
 */
export const MOST_TAKEN = 0.05;

/** Counters of cores that some of the rehearsal's processes share, seconds. */
export interface CoreTimes {
  readonly cores: readonly number[];
  readonly wall: number;
  /** Of all these cores together. */
  readonly idle: number;
  /** CPU time of the rehearsal's processes on these cores. */
  readonly own: number;
}

/** The share of these cores that others took, 0 to 1. */
export interface Taken {
  readonly cores: readonly number[];
  readonly share: number;
}

/** What others took between two readings of the same cores. */
export function takenBetween(before: readonly CoreTimes[], after: readonly CoreTimes[]): Taken[] {
  return after.map(({ cores, wall, idle, own }, i) => {
    const from = before[i] ?? { wall, idle, own };
    const passed = (wall - from.wall) * cores.length;
    const taken = passed - (idle - from.idle) - (own - from.own);
    return { cores, share: passed > 0 ? Math.min(1, Math.max(0, taken / passed)) : 0 };
  });
}

/** The most that others took of any of these cores. */
export const worstOf = (taken: readonly Taken[]): number => Math.max(0, ...taken.map(({ share }) => share));

/** The mean of each core over several measurements. */
export function meanTaken(measurements: readonly (readonly Taken[])[]): Taken[] {
  return (measurements[0] ?? []).map(({ cores }, i) => ({
    cores,
    share: measurements.reduce((sum, taken) => sum + (taken[i]?.share ?? 0), 0) / measurements.length,
  }));
}

/** `48 % of core 1 and 2 % of cores 0, 2`. */
export const takenText = (taken: readonly Taken[]): string =>
  taken
    .map(
      ({ cores, share }) =>
        `${Number((share * 100).toFixed(1))} % of core${cores.length > 1 ? "s" : ""} ${cores.join(", ")}`,
    )
    .join(" and ");

/** Reads the counters of the server's core, and of the cores of clients, relay and this process. */
export function coreTimes({ cores, server, relay, clients }: Stage): CoreTimes[] {
  const stat = readFileSync("/proc/stat", "utf8");
  const wall = performance.now() / 1000;
  const ofServer = (server.pid === undefined ? undefined : serverCpu(server.pid))?.total ?? 0;
  const pids = [process.pid, ...[relay, ...clients].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))];
  const ofOthers = pids.reduce((sum, pid) => sum + processCpu(pid), 0);
  const times = (own: number, of: readonly number[]) => ({ cores: of, wall, idle: idleSeconds(stat, of), own });
  if (cores.server === undefined) return [times(ofServer + ofOthers, coresIn(stat))];
  if (cores.clients.length === 0) return [times(ofServer + ofOthers, [cores.server])];
  return [times(ofServer, [cores.server]), times(ofOthers, cores.clients)];
}

/** Idle time of these cores in a text of /proc/stat. A core that waits for a disk is idle, too. */
export function idleSeconds(stat: string, cores: readonly number[]): number {
  const ticks = cores.map((core) => {
    const fields = new RegExp(`^cpu${core} (.*)$`, "m").exec(stat)?.[1]?.split(" ").map(Number);
    return (fields?.[3] ?? Number.NaN) + (fields?.[4] ?? 0);
  });
  return ticks.reduce((sum, count) => sum + count, 0) / ticksPerSecond();
}

const coresIn = (stat: string): number[] => [...stat.matchAll(/^cpu(\d+) /gm)].map(([, core]) => Number(core));
