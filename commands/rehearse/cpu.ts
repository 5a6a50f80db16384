import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** CPU time that a server's processes have used since it started, seconds. */
export interface BackendCpu {
  readonly postmaster: number;
  /** Its children that still run. */
  readonly living: readonly { readonly pid: number; readonly seconds: number }[];
  /** The postmaster and all its children, including those that have ended. */
  readonly total: number;
}

/** Reads the server's CPU time from /proc; undefined if the system is not Linux or the server has ended. */
export function serverCpu(postmaster: number): BackendCpu | undefined {
  const stat = statOf(postmaster);
  if (!stat) return undefined;
  const own = cpuSeconds(postmaster, stat);
  const living = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap((pid) => {
      const child = statOf(pid);
      return child && field(child, 4) === postmaster ? [{ pid, seconds: cpuSeconds(pid, child) }] : [];
    });
  // Fields 16 and 17 of proc(5) are the CPU time of children that have ended.
  const ended = (field(stat, 16) + field(stat, 17)) / ticksPerSecond();
  return { postmaster: own, living, total: own + ended + living.reduce((sum, { seconds }) => sum + seconds, 0) };
}

/** Reads the CPU time of a process with all its threads, seconds; 0 if it has ended. */
export function processCpu(pid: number): number {
  let threads: string[] = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended.
  }
  return threads.reduce((sum, thread) => {
    const of = `${pid}/task/${thread}`;
    const stat = statOf(of);
    return stat ? sum + cpuSeconds(of, stat) : sum;
  }, 0);
}

/** The fields of a process's or thread's stat in /proc from the third on: the second is a name that may contain spaces. */
function statOf(process: number | string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${process}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // it has ended
  }
}

const field = (stat: readonly string[], number: number): number => Number(stat[number - 3] ?? 0);

/** In nanoseconds where the kernel counts them, else in clock ticks. */
function cpuSeconds(process: number | string, stat: readonly string[]): number {
  try {
    return Number(readFileSync(`/proc/${process}/schedstat`, "utf8").split(" ")[0]) / 1e9;
  } catch {
    return (field(stat, 14) + field(stat, 15)) / ticksPerSecond();
  }
}

let ticks: number | undefined;
export function ticksPerSecond(): number {
  ticks ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return ticks;
}
