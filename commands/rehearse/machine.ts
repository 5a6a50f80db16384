import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/**
 * How the machine's cores are divided: a client that takes the server's CPU would be measured as the server's slowness.
 */
export interface Cores {
  /** The server's only core; left out where processes cannot be held to one. */
  readonly server: number | undefined;
  /** The cores of clients and relay; empty where processes cannot be held to some, or where there is one core only. */
  readonly clients: readonly number[];
  /** CPUs that the clients share. */
  readonly clientCpus: number;
}

/** The server gets the last core that this process may use, everything else the others. Needs Linux and `taskset`. */
export function divideCores(): Cores {
  const allowed = allowedCores();
  const server = allowed.at(-1);
  if (server === undefined)
    return { server: undefined, clients: [], clientCpus: Math.max(1, availableParallelism() - 1) };
  const clients = allowed.slice(0, -1);
  return { server, clients, clientCpus: Math.max(1, clients.length) };
}

function allowedCores(): number[] {
  if (process.platform !== "linux" || spawnSync("taskset", ["--version"]).status !== 0) return [];
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** The command that starts a program on those cores only. */
export function heldTo(
  cores: readonly number[],
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  return cores.length === 0 ? [command, args] : ["taskset", ["-c", cores.join(","), command, ...args]];
}

/** What a reader needs to know of the machine. */
export interface Machine {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  /** How server and clients shared the cores, one sentence. */
  readonly division: string;
}

export function describeMachine({ server, clients }: Cores): Machine {
  return {
    system: `${type()} ${release()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    division:
      server === undefined
        ? "server and clients were not held to cores of their own (that takes Linux and taskset)"
        : clients.length === 0
          ? `server and clients shared the only core, ${server}`
          : `the server was held to core ${server}, clients and relay to core${clients.length > 1 ? "s" : ""} ${clients.join(", ")}`,
  };
}

/** Processes that are running or waiting for a CPU, mean of the last minute; 0 where the system does not say. */
export const loadAverage = (): number => loadavg()[0] ?? 0;
