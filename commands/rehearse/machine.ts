import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** How the cores are divided. A client on the server's core would make the server appear slow. */
export interface Cores {
  /** The server's only core; undefined where processes cannot be pinned. */
  readonly server: number | undefined;
  /** The cores of clients and relay; empty where processes cannot be pinned or there is only one core. */
  readonly clients: readonly number[];
  /** Number of CPUs that the clients share. */
  readonly clientCpus: number;
}

/** The server gets the last core that this process may use, clients and relay get the others. Pinning needs Linux and `taskset`. */
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

/** The command that starts a program on these cores only. */
export function pinnedTo(
  cores: readonly number[],
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  return cores.length === 0 ? [command, args] : ["taskset", ["-c", cores.join(","), command, ...args]];
}

/** Moves this process to these cores, if there are any. Returns what undoes it. */
export function moveTo(cores: readonly number[]): () => void {
  const move = (list: readonly number[]) =>
    spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", list.join(","), String(process.pid)]);
  if (cores.length === 0) return () => undefined;
  const before = allowedCores();
  move(cores);
  return () => void move(before);
}

/** The machine, as the report describes it. */
export interface Machine {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  /** How server and clients shared the cores, in one sentence. */
  readonly division: string;
}

export function describeMachine({ server, clients }: Cores): Machine {
  return {
    system: `${type()} ${release()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    // Not availableParallelism: this process may be pinned by now.
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    division:
      server === undefined
        ? "server and clients were not pinned to separate cores (which requires Linux and taskset)"
        : clients.length === 0
          ? `server and clients shared the only core, ${server}`
          : `the server was pinned to core ${server}, clients and relay to core${clients.length > 1 ? "s" : ""} ${clients.join(", ")}`,
  };
}
