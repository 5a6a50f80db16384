import { setTimeout as sleep } from "node:timers/promises";
import type { SecureContext } from "node:tls";
import { Client } from "pg";
import { normalQuantile } from "../../capacity/storm/engine/random";
import type { Span, StartGroup } from "../../capacity/storm/model";
import { type Access, clockSeconds, type Failure, type StartOutcome, userOf } from "./protocol";

/** How to reach the database. */
export interface Reach {
  readonly access: Access;
  readonly port: number;
  readonly secureContext: SecureContext;
}

/** Connects with `pg`, over TLS with a verified certificate and SCRAM. Rejects with the driver's error. */
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
  client.on("error", () => undefined); // a later query reports a lost connection
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

/** Closes the socket without a Terminate message, as a process that ends does. */
export const hangUp = (client: Client): void => {
  client.connection.stream.destroy();
};

/** A query that keeps the server's CPU busy. In the select list the series is streamed; in FROM it would be spooled. */
export const busyQuery = (rows: number): string =>
  `SELECT count(*) FROM (SELECT generate_series(1, ${Math.round(rows)})) AS series`;

/** The SQLSTATE (53300), the system error (ECONNREFUSED), or `timeout`. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.message === "timeout expired" ? "timeout" : error.message;
}

/** The same for all instances of a storm. */
interface Setting {
  /** On the clock that all processes share, seconds. */
  readonly beginsAt: number;
  readonly restartSeconds: Span;
  readonly rowsPerCpuMs: number;
}

/**
 * An instance of a service that starts as the application does: it boots, opens its connections with time-outs and
 * retries, does the rest, and is ready. It keeps its connections until it fails or is ended. After a failure the
 * platform starts it again.
 */
export class Instance {
  /** Errors of its connects, over all tries. */
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

  /** Runs until it is ready or ended. Returns the outcome of the first try as soon as it is known. */
  async run(): Promise<StartOutcome> {
    const startedAt = this.setting.beginsAt + this.group.spreadSeconds * Math.random();
    await this.until(startedAt);
    const failedBy = await this.tryOnce(startedAt);
    if (!failedBy) return { readySeconds: clockSeconds() - startedAt };
    void this.restart();
    return { failedBy };
  }

  /** Starts again as the platform does, until it is ready or ended. */
  private async restart(): Promise<void> {
    const { min, max } = this.setting.restartSeconds;
    for (let failed = true; failed && !this.ended.signal.aborted; ) {
      this.hangUpAll();
      const startedAt = clockSeconds() + min + (max - min) * Math.random();
      await this.until(startedAt);
      failed = (await this.tryOnce(startedAt)) !== undefined;
    }
  }

  /** Ends it at once. */
  end(): void {
    this.ended.abort();
    this.hangUpAll();
  }

  /** Tries once to become ready; returns the failure, if any. */
  private async tryOnce(startedAt: number): Promise<Failure | undefined> {
    const {
      processes,
      connectionsPerProcess,
      connectsAtOnce,
      initTimeoutSeconds,
      probeWindowSeconds,
      remainingSeconds,
    } = this.group;
    const windowEnd = startedAt + probeWindowSeconds;
    await this.until(Math.min(windowEnd, startedAt + bootSeconds(this.group)));
    const initEnd = Math.min(clockSeconds() + initTimeoutSeconds, windowEnd);
    let unopened = processes * connectionsPerProcess;
    let attemptsUsedUp = false;
    const openInSequence = async () => {
      while (unopened > 0 && !attemptsUsedUp && this.mayContinue(initEnd)) {
        unopened--;
        if (!(await this.open(initEnd))) attemptsUsedUp = true;
      }
    };
    const timeUp = setTimeout(() => this.hangUpAll(), (initEnd - clockSeconds()) * 1000);
    await Promise.all(Array.from({ length: processes * connectsAtOnce }, openInSequence));
    clearTimeout(timeUp);
    if (clockSeconds() >= initEnd) return initEnd === windowEnd ? "probeWindow" : "initTimeout";
    if (attemptsUsedUp) return "attempts";
    await this.until(Math.min(windowEnd, clockSeconds() + remainingSeconds));
    return clockSeconds() >= windowEnd ? "probeWindow" : undefined;
  }

  /** Opens one connection and runs its start-up queries; false if all attempts have failed. */
  private async open(initEnd: number): Promise<boolean> {
    const { retry, connectTimeoutSeconds, queryCpuMs } = this.group;
    for (let attempt = 1; this.mayContinue(initEnd); attempt++) {
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

  private mayContinue(deadline: number): boolean {
    return !this.ended.signal.aborted && clockSeconds() < deadline;
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

/** Draws a boot time as the model does: lognormal around the median. */
const bootSeconds = ({ boot }: StartGroup): number =>
  boot.sigma > 0 ? boot.medianSeconds * Math.exp(boot.sigma * normalQuantile(1 - Math.random())) : boot.medianSeconds;
