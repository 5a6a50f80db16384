import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { generate } from "selfsigned";
import { type Binaries, findBinaries } from "./binaries";
import { dataIn, lockFile } from "./folder";
import { pinnedTo } from "./machine";
import type { Part } from "./part";
import { RehearsalError } from "./problems";
import type { Access } from "./protocol";

const HOST = "127.0.0.1";
/** `initdb`'s default superuser. */
const SUPERUSER = "postgres";
const USER = "staging";
const START_SECONDS = 30;
/** Slots that PostgreSQL keeps for superusers by default. */
export const RESERVED_SLOTS = 3;

/**
 * A real PostgreSQL in a temporary folder, with TLS (RSA 2048) and SCRAM, pinned to one core where the system allows
 * it. All its files and its shared memory are in that folder.
 */
export class PostgresServer implements Part {
  port = 0;
  private process: ChildProcess | undefined;
  private up = false;
  private stopping = false;
  private removed = false;
  readonly died: Promise<never>;
  private reportDeath: (error: RehearsalError) => void = () => undefined;

  private constructor(
    readonly folder: string,
    private readonly binaries: Binaries,
    readonly access: Access,
    private readonly core: number | undefined,
    private readonly superuserName: string,
  ) {
    this.died = new Promise((_, reject) => {
      this.reportDeath = reject;
    });
    this.died.catch(() => undefined); // `rehearse` observes it
  }

  /** Creates the folder and an empty database. `superuser` is the name of its superuser. */
  static async create(core: number | undefined, superuser = SUPERUSER): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
    try {
      const binaries = await findBinaries(folder);
      if (binaries.user) chownSync(folder, binaries.user.uid, binaries.user.gid);
      const password = randomBytes(12).toString("hex");
      const pems = await generate([{ name: "commonName", value: HOST }], {
        keySize: 2048,
        algorithm: "sha256",
        extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: HOST }] }],
      });
      const server = new PostgresServer(
        folder,
        binaries,
        { user: USER, password, database: "postgres", certificate: pems.cert },
        core,
        superuser,
      );
      server.initialise(pems.private);
      return server;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private initialise(key: string): void {
    const passwordFile = this.writePrivate("password", this.access.password);
    const { status, stderr, error } = spawnSync(
      this.binaries.initdb,
      [
        "-D",
        this.data,
        "-U",
        this.superuserName,
        "-A",
        "scram-sha-256",
        "--pwfile",
        passwordFile,
        "--no-sync",
        "--locale=C",
        "-E",
        "UTF8",
      ],
      { ...this.binaries.user, encoding: "utf8" },
    );
    if (status !== 0)
      throw new RehearsalError(
        `PostgreSQL's initdb must succeed because the rehearsal needs a server: ${lastLine(stderr ?? error?.message ?? "")}`,
      );
    this.writePrivate("server.crt", this.access.certificate);
    this.writePrivate("server.key", key);
  }

  /** Writes a file that only the server's user can read. */
  private writePrivate(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    if (this.binaries.user) chownSync(file, this.binaries.user.uid, this.binaries.user.gid);
    return file;
  }

  private get log(): string {
    return join(this.folder, "log");
  }

  private get data(): string {
    return dataIn(this.folder);
  }

  /** Starts or restarts the server. @throws RehearsalError if it does not start. */
  async start(settings: { readonly maxConnections: number; readonly reservedConnections: number }): Promise<void> {
    await this.stop();
    this.port = await freePort();
    if (this.removed) throw new RehearsalError("PostgreSQL must not start because the rehearsal is over");
    const options: Record<string, string | number> = {
      listen_addresses: HOST,
      unix_socket_directories: "",
      ssl: "on",
      ssl_cert_file: join(this.folder, "server.crt"),
      ssl_key_file: join(this.folder, "server.key"),
      max_connections: settings.maxConnections,
      superuser_reserved_connections: settings.reservedConnections,
      // Nothing has to survive, and no background work may disturb the measurement.
      fsync: "off",
      autovacuum: "off",
      jit: "off",
      max_wal_senders: 0,
      wal_level: "minimal",
      checkpoint_timeout: "1d",
      logging_collector: "off",
      log_min_messages: "fatal",
      // Shared memory as files in the folder, so that a killed server leaves none behind.
      dynamic_shared_memory_type: process.platform === "win32" ? "windows" : "mmap",
    };
    const flags = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const [command, args] = pinnedTo(this.core === undefined ? [] : [this.core], this.binaries.postgres, [
      "-D",
      this.data,
      "-p",
      String(this.port),
      ...flags,
    ]);
    this.stopping = false;
    this.up = false;
    // In a process group of its own, so that only the command receives Ctrl-C and then stops the server.
    // The log is a file, because a pipe would wake this process at every refused connect.
    const log = openSync(this.log, "w");
    const child = spawn(command, args, {
      ...this.binaries.user,
      stdio: ["ignore", "ignore", log],
      detached: process.platform !== "win32",
    });
    closeSync(log);
    this.process = child;
    const ended = new Promise<string>((resolve) => {
      child.once("error", ({ message }) => resolve(message));
      child.once("exit", (code, signal) => {
        this.process = undefined;
        resolve(lastLine(readFileSync(this.log, "utf8")) || `it ended with ${signal ?? code}`);
        if (this.up && !this.stopping)
          this.reportDeath(
            new RehearsalError(
              `PostgreSQL must run until the rehearsal is over because the storms need it, and it ended with ${signal ?? `exit code ${code}`}; nothing of it is left`,
            ),
          );
      });
    });
    const failed = await Promise.race([ended, this.untilReady()]);
    this.up = failed === undefined;
    if (failed !== undefined) {
      await this.stop();
      throw new RehearsalError(`PostgreSQL must start because the storms need one, and it does not: ${failed}`);
    }
  }

  /** Waits until the server accepts a login. Returns the last error if it never does. */
  private async untilReady(): Promise<string | undefined> {
    const until = Date.now() + START_SECONDS * 1000;
    let last = "";
    while (Date.now() < until && this.process) {
      try {
        const client = await this.superuser();
        await client.end();
        await this.createUser(USER, Number.POSITIVE_INFINITY);
        return undefined;
      } catch (error) {
        last = String(error);
        await sleep(20);
      }
    }
    return `it accepted no login within ${START_SECONDS} s (${last})`;
  }

  /** The id of the postmaster process; undefined while none runs. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Creates the user if it does not exist, and sets its CONNECTION LIMIT; Infinity means no limit. */
  async createUser(user: string, connectionLimit: number): Promise<void> {
    const client = await this.superuser();
    const role = client.escapeIdentifier(user);
    const limit = connectionLimit === Number.POSITIVE_INFINITY ? -1 : connectionLimit;
    await client.query(
      `DO $$ BEGIN CREATE ROLE ${role} LOGIN PASSWORD '${this.access.password}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
       ALTER ROLE ${role} CONNECTION LIMIT ${limit}`,
    );
    await client.end();
  }

  /** Connects directly to the server; by default as the calibration's user, who has no limit. */
  user(name = USER): Promise<Client> {
    return this.connected(name);
  }

  /** Connects as superuser, who may use the reserved slots. */
  superuser(): Promise<Client> {
    return this.connected(this.superuserName);
  }

  private async connected(user: string): Promise<Client> {
    const { password, database, certificate } = this.access;
    const client = new Client({ host: HOST, port: this.port, user, password, database, ssl: { ca: certificate } });
    client.on("error", () => undefined); // `died` reports a server that ends
    await client.connect();
    return client;
  }

  /** Waits until at most this many clients are connected: a closed connection keeps its slot until its backend ends. */
  async settled(clients: number): Promise<void> {
    const client = await this.superuser();
    for (;;) {
      const { rows } = await client.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend'",
      );
      if ((rows[0]?.n ?? 0) <= clients + 1) break;
      await sleep(10);
    }
    await client.end();
    await sleep(20); // its own backend
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    this.stopping = true;
    if (child) {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT"); // fast shutdown: disconnects the clients
      const stuck = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(stuck);
    }
    await this.reap();
  }

  /** Removes what a killed postmaster leaves: backends that still run, and its small System V segment. */
  private async reap(): Promise<void> {
    if (process.platform !== "linux") return;
    for (let round = 0; ; round++) {
      const orphans = processesIn(this.data);
      if (orphans.length === 0) break;
      for (const pid of orphans) kill(pid, round < 20 ? "SIGTERM" : "SIGKILL");
      await sleep(50);
    }
    const segment = lockFile(this.folder)[6]?.trim().split(/\s+/)[1];
    if (segment) spawnSync("ipcrm", ["-m", segment]);
  }

  /** Stops the server and removes its folder. */
  async remove(): Promise<void> {
    this.removed = true;
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A free port of the loopback interface. @throws RehearsalError if there is none. */
export function freePort(host = HOST): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", ({ message }) =>
      reject(
        new RehearsalError(
          `a TCP port of ${host} must be free because the server listens on one, and none is (${message}); end what holds them`,
        ),
      ),
    );
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** The processes with this working directory: every process of a PostgreSQL runs in its data directory. */
function processesIn(directory: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === directory;
      } catch {
        return false; // it has ended, or belongs to another user
      }
    })
    .map(Number);
}

function kill(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has already ended.
  }
}

const lastLine = (text: string) => text.trim().split("\n").at(-1)?.trim() ?? "";
