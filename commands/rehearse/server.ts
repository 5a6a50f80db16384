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
import { heldTo } from "./machine";
import type { Part } from "./part";
import { RehearsalError } from "./problems";
import type { Access } from "./protocol";

const HOST = "127.0.0.1";
/** What `initdb` calls the superuser. */
const SUPERUSER = "postgres";
const USER = "staging";
const START_SECONDS = 30;
/** Slots that PostgreSQL keeps for superusers by default. */
export const RESERVED_SLOTS = 3;

/**
 * A real PostgreSQL in a folder of its own, with TLS (RSA 2048) and SCRAM, held to one core where that can be. It
 * writes nothing
 * outside that folder, and its shared memory is part of it too, so that removing the folder leaves nothing.
 */
export class PostgresServer implements Part {
  port = 0;
  private process: ChildProcess | undefined;
  private up = false;
  private stopping = false;
  private removed = false;
  readonly died: Promise<never>;
  private tellDeath: (error: RehearsalError) => void = () => undefined;

  private constructor(
    readonly folder: string,
    private readonly binaries: Binaries,
    readonly access: Access,
    private readonly core: number | undefined,
    private readonly superuserName: string,
  ) {
    this.died = new Promise((_, reject) => {
      this.tellDeath = reject;
    });
    this.died.catch(() => undefined); // whoever runs the rehearsal races it
  }

  /** Makes the folder and the empty database; `start` starts the server. `superuser`: its name. */
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
    const passwordFile = this.own("password", this.access.password);
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
    this.own("server.crt", this.access.certificate);
    this.own("server.key", key);
  }

  /** A file that the server's user alone can read. */
  private own(name: string, content: string): string {
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

  /** Starts the server, anew if it runs. @throws RehearsalError where it does not start. */
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
      // A storm of connects, undisturbed: nothing is written that must survive, and nothing else runs on the core.
      fsync: "off",
      autovacuum: "off",
      jit: "off",
      max_wal_senders: 0,
      wal_level: "minimal",
      checkpoint_timeout: "1d",
      logging_collector: "off",
      log_min_messages: "fatal",
      // Shared memory as files of the folder: what the server leaves when it is killed goes with it.
      dynamic_shared_memory_type: process.platform === "win32" ? "windows" : "mmap",
    };
    const flags = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const [command, args] = heldTo(this.core === undefined ? [] : [this.core], this.binaries.postgres, [
      "-D",
      this.data,
      "-p",
      String(this.port),
      ...flags,
    ]);
    this.stopping = false;
    this.up = false;
    // In a process group of its own: Ctrl-C in a terminal is for the command, which then stops the server.
    // Its log is a file, because a pipe would wake this process, on whatever core, at every refusal of a storm.
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
          this.tellDeath(
            new RehearsalError(
              `PostgreSQL must run until the rehearsal is over because the storms need it, and it ended with ${signal ?? `exit code ${code}`}; nothing of it is left`,
            ),
          );
      });
    });
    const failed = await Promise.race([ended, this.answers()]);
    this.up = failed === undefined;
    if (failed !== undefined) {
      await this.stop();
      throw new RehearsalError(`PostgreSQL must start because the storms need one, and it does not: ${failed}`);
    }
  }

  /** Waits until the server lets someone in; returns what is wrong where it never does. */
  private async answers(): Promise<string | undefined> {
    const until = Date.now() + START_SECONDS * 1000;
    let last = "";
    while (Date.now() < until && this.process) {
      try {
        const client = await this.superuser();
        await client.end();
        await this.admit(USER, Number.POSITIVE_INFINITY);
        return undefined;
      } catch (error) {
        last = String(error);
        await sleep(20);
      }
    }
    return `it let nobody in within ${START_SECONDS} s (${last})`;
  }

  /** The server's process; left out while none runs. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  /**
   * Lets a user log in, made where it is not there, with so many connections at once; Infinity: no limit but that of
   * all.
   */
  async admit(user: string, connectionLimit: number): Promise<void> {
    const client = await this.superuser();
    const role = client.escapeIdentifier(user);
    const limit = connectionLimit === Number.POSITIVE_INFINITY ? -1 : connectionLimit;
    await client.query(
      `DO $$ BEGIN CREATE ROLE ${role} LOGIN PASSWORD '${this.access.password}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
       ALTER ROLE ${role} CONNECTION LIMIT ${limit}`,
    );
    await client.end();
  }

  /** A connection of that user, straight to the server; left out: the one of the calibration, without a limit. */
  user(name = USER): Promise<Client> {
    return this.connected(name);
  }

  /** A connection that may take the last slots. */
  superuser(): Promise<Client> {
    return this.connected(this.superuserName);
  }

  private async connected(user: string): Promise<Client> {
    const { password, database, certificate } = this.access;
    const client = new Client({ host: HOST, port: this.port, user, password, database, ssl: { ca: certificate } });
    client.on("error", () => undefined); // a server that ends tells through `died`
    await client.connect();
    return client;
  }

  /**
   * Waits until only so many clients are connected: those that left still take their slots until their backends are
   * gone.
   */
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
      child.kill("SIGINT"); // a fast shutdown: clients are thrown out
      const stuck = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(stuck);
    }
    await this.reap();
  }

  /** What a killed postmaster leaves: backends that have not noticed yet, and its small System V segment. */
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

/** A port of the loopback interface that nothing listens on. @throws RehearsalError where there is none. */
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

/** The processes whose working directory that is: every process of a PostgreSQL has its data's. */
function processesIn(directory: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === directory;
      } catch {
        return false; // gone, or somebody else's
      }
    })
    .map(Number);
}

function kill(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

const lastLine = (text: string) => text.trim().split("\n").at(-1)?.trim() ?? "";
