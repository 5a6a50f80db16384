import { setTimeout as sleep } from "node:timers/promises";
import type { SecureContext } from "node:tls";
import { Client } from "pg";
import { normalQuantile } from "../../capacity/storm/engine/random";
import type { Span, StartGroup } from "../../capacity/storm/model";
import { type Access, clockSeconds, type Failure, type StartOutcome, userOf } from "./protocol";

/** How to get a connection. */
export interface Reach {
  readonly access: Access;
  readonly port: number;
  readonly secureContext: SecureContext;
}

/** A connection by `pg`, over TLS with a verified certificate and SCRAM. Rejects with the driver's error. */
export async function connect(reach: Reach, timeoutSeconds: number, opening?: Set<Client>): Promise<Client> {
  const { user, password, database } = reach.access;
  const client = new Client({
    host: "127.0.0.1",
    port: reach.port,
    user,
    password,
    database,
    ssl: { secureContext: reach.secureContext },
    connectionTimeoutMillis: timeoutSeconds * 1000,
  });
  client.on("error", () => undefined); // what is lost later is noticed by who uses it
  opening?.add(client);
  try {
    await client.connect();
    return client;
  } catch (error) {
    hangUp(client);
    throw error;
  } finally {
    opening?.delete(client);
  }
}

/** As the end of a process does it: the socket closes, and nobody says goodbye. */
export const hangUp = (client: Client): void => {
  client.connection.stream.destroy();
};

/**
 * A query that keeps the server's CPU busy. As a target the series is streamed; in FROM it would be written to a file
 * first.
 */
export const busyQuery = (rows: number): string =>
  `SELECT count(*) FROM (SELECT generate_series(1, ${Math.round(rows)})) AS series`;

/** An SQLSTATE (53300), a system error (ECONNREFUSED), or `timeout`. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.message === "timeout expired" ? "timeout" : error.message;
}

/** What is the same for all instances of a storm. */
interface Setting {
  /** On the clock that all processes share. */
  readonly beginsAt: number;
  readonly restartSeconds: Span;
  readonly rowsPerCpuMs: number;
}

/**
 * An instance of a service, as the application starts: boot, its connections with time-outs and retries, the rest,
 * ready. What it
 * has opened it keeps until it fails or is ended; after a failure the platform starts it again.
 */
export class Instance {
  /** What its connects failed with, in all its lives. */
  readonly errors: Record<string, number> = {};
  private readonly held = new Set<Client>();
  private readonly opening = new Set<Client>();
  private readonly ended = new AbortController();
  private readonly reach: Reach;

  constructor(
    private readonly group: StartGroup,
    reach: Reach,
    private readonly setting: Setting,
  ) {
    this.reach = { ...reach, access: { ...reach.access, user: userOf(group.service) } };
  }

  /** Lives until it is ready for good or ended; returns how the first try went, as soon as that is known. */
  async live(): Promise<StartOutcome> {
    const born = this.setting.beginsAt + this.group.spreadSeconds * Math.random();
    await this.until(born);
    const failedBy = await this.tryOnce(born);
    if (!failedBy) return { readySeconds: clockSeconds() - born };
    void this.restart();
    return { failedBy };
  }

  /** After a failure the platform starts it again, until it is ready or ended. */
  private async restart(): Promise<void> {
    const { min, max } = this.setting.restartSeconds;
    for (let failed = true; failed && !this.ended.signal.aborted; ) {
      this.hangUpAll();
      const born = clockSeconds() + min + (max - min) * Math.random();
      await this.until(born);
      failed = (await this.tryOnce(born)) !== undefined;
    }
  }

  /** Ends it in whatever it is doing. */
  end(): void {
    this.ended.abort();
    this.hangUpAll();
  }

  /** One try to become ready; `undefined`: it is. */
  private async tryOnce(born: number): Promise<Failure | undefined> {
    const {
      processes,
      connectionsPerProcess,
      connectsAtOnce,
      initTimeoutSeconds,
      probeWindowSeconds,
      remainingSeconds,
    } = this.group;
    const windowEnd = born + probeWindowSeconds;
    await this.until(Math.min(windowEnd, born + bootSeconds(this.group)));
    const initEnd = Math.min(clockSeconds() + initTimeoutSeconds, windowEnd);
    let unopened = processes * connectionsPerProcess;
    let attemptsUsedUp = false;
    const lane = async () => {
      while (unopened > 0 && !attemptsUsedUp && this.goesOn(initEnd)) {
        unopened--;
        if (!(await this.open(initEnd))) attemptsUsedUp = true;
      }
    };
    const timeUp = setTimeout(() => this.hangUpAll(), (initEnd - clockSeconds()) * 1000);
    await Promise.all(Array.from({ length: processes * connectsAtOnce }, lane));
    clearTimeout(timeUp);
    if (clockSeconds() >= initEnd) return initEnd === windowEnd ? "probeWindow" : "initTimeout";
    if (attemptsUsedUp) return "attempts";
    await this.until(Math.min(windowEnd, clockSeconds() + remainingSeconds));
    return clockSeconds() >= windowEnd ? "probeWindow" : undefined;
  }

  /** Opens one connection and runs its start-up queries; false when it must not go on trying. */
  private async open(initEnd: number): Promise<boolean> {
    const { retry, connectTimeoutSeconds, queryCpuMs } = this.group;
    for (let attempt = 1; this.goesOn(initEnd); attempt++) {
      try {
        const client = await connect(
          this.reach,
          Math.min(connectTimeoutSeconds, initEnd - clockSeconds()),
          this.opening,
        );
        this.held.add(client);
        if (queryCpuMs > 0) await client.query(busyQuery(queryCpuMs * this.setting.rowsPerCpuMs));
        return true;
      } catch (error) {
        const code = codeOf(error);
        this.errors[code] = (this.errors[code] ?? 0) + 1;
      }
      if (attempt >= retry.attempts) return false;
      const wait = Math.min(retry.capSeconds, retry.baseSeconds * retry.factor ** (attempt - 1));
      await this.until(Math.min(initEnd, clockSeconds() + wait * (1 + retry.jitter * Math.random())));
    }
    return false;
  }

  private goesOn(until: number): boolean {
    return !this.ended.signal.aborted && clockSeconds() < until;
  }

  private hangUpAll(): void {
    for (const client of [...this.opening, ...this.held]) hangUp(client);
    this.held.clear();
  }

  private async until(at: number): Promise<void> {
    const ms = (at - clockSeconds()) * 1000;
    if (ms > 0) await sleep(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
  }
}

/** Boots as the model has it: lognormal around the median. */
const bootSeconds = ({ boot }: StartGroup): number =>
  boot.sigma > 0 ? boot.medianSeconds * Math.exp(boot.sigma * normalQuantile(1 - Math.random())) : boot.medianSeconds;
