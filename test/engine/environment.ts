import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { stringify } from "yaml";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { PackServer } from "../../engine/pack-client";
import { staging } from "../../stack";
import { Cloud } from "../cloud/cloud";
import { addVersion } from "../cloud/kinds";
import { installPlugin, installTwin, type RunningTwin, startTwin } from "../cloud/plugins";
import { type Changes, stagingConfiguration, stagingSettings } from "../stack-settings";
import { byRunner, type Host, inline } from "./hosts";
import { SNAPSHOTS } from "./setup";

/** How a command of the CLI ended, and all it printed. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The pack, for `--policy-pack`. */
export const PACK = join(PROJECT_ROOT, "policy");

/** What `netra:monitoring.disabled` is in those tests. */
export const NOT_MONITORED = { reason: "a test of something else" };

/** Alerts, objectives and what belongs to them left out: half of the stack, for tests of the other half. */
export const UNMONITORED: Changes = { "netra:monitoring": { disabled: NOT_MONITORED } };

/**
 * The CLI saves the state when an update ends instead of after every step, which takes two thirds of an update's time.
 * It then says nothing of an update that is killed.
 */
const SAVED_AT_THE_END = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

/** The runtime of a pack that runs already. */
const RUNNING = "running";

/** What a snapshot has of an environment's folder: the state, the stack file with its salt, and the cloud. */
const STATE_AND_CLOUD = ["backend", "project", "cloud"];

/** Commands that run the program: they are told where it listens. */
const WITH_PROGRAM = ["preview", "up"];

/**
 * A stack `staging` on a file backend, its stack file, and a cloud of its own; programs run in this process, as the
 * Automation API's inline programs do. Remove it with {@link remove}.
 */
export class Environment {
  readonly folder = mkdtempSync(join(tmpdir(), "netra-engine-"));
  readonly cloud = new Cloud(join(this.folder, "cloud"));
  readonly project = join(this.folder, "project");
  /** What the CLI is told about backend, passphrase and plugins. */
  readonly variables: Record<string, string>;
  /** The folder of the CLI's log. */
  readonly logs = join(this.folder, "home", "logs");
  private configuration: Readonly<Record<string, unknown>> = {};
  private twin: RunningTwin | undefined;
  private pack: PackServer | undefined;

  private constructor(private readonly host: () => Promise<Host>) {
    this.variables = {
      PULUMI_BACKEND_URL: `file://${join(this.folder, "backend")}`,
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the tests",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      // The pack's shim resolves the SDK from the pack's folder; official CLIs find `node` themselves.
      PATH: [process.env.PATH, join(process.execPath, "..")].join(delimiter),
      TWIN_CLOUD: this.cloud.folder,
      // The CLI ends soon: it need not collect garbage as often as a server.
      GOGC: "400",
    };
    for (const folder of ["backend", "home", "project"]) mkdirSync(join(this.folder, folder));
    writeFileSync(this.logs, ""); // a file: the CLI then does without its log, which takes a third of its time
    installTwin(this.variables.PULUMI_HOME ?? "");
    copyFileSync(join(PROJECT_ROOT, "Pulumi.yaml"), join(this.project, "Pulumi.yaml"));
  }

  /**
   * The project's own stack, with changes to its stack file; people have added the values of the secrets that are
   * theirs.
   */
  static async ofStaging(changes: Changes = {}): Promise<Environment> {
    const environment = await Environment.of(async () => ({ ...staging() }), stagingConfiguration(changes));
    environment.addSecretValues();
    return environment;
  }

  /**
   * The same with a state that is saved after every step, and providers that each engine starts: whatever interrupts an
   * update, what it has made is known.
   */
  static async ofStagingToInterrupt(changes: Changes = {}): Promise<Environment> {
    const environment = await Environment.hosted(
      inline(async () => ({ ...staging() })),
      stagingConfiguration(changes),
      true,
    );
    environment.addSecretValues();
    return environment;
  }

  /**
   * The same after an `up`. The first test of a run that asks for these changes makes it; the others get a copy of its
   * state and cloud.
   */
  static async ofStagingThatIsUp(changes: Changes = {}): Promise<Environment> {
    const environment = await Environment.ofStaging(changes);
    const name = createHash("sha256").update(JSON.stringify(changes)).digest("hex");
    const snapshot = join(process.env[SNAPSHOTS] ?? "", name);
    if (existsSync(snapshot)) {
      environment.restore(snapshot);
      return environment;
    }
    const { code, stdout, stderr } = await environment.up();
    if (code !== 0) throw new Error(stdout + stderr);
    // Whole or not at all: the other worker may look for it, or be faster.
    const part = `${snapshot}.${process.pid}`;
    for (const name of STATE_AND_CLOUD) cpSync(join(environment.folder, name), join(part, name), { recursive: true });
    if (!existsSync(snapshot)) renameSync(part, snapshot);
    return environment;
  }

  private restore(snapshot: string): void {
    for (const name of STATE_AND_CLOUD) {
      rmSync(join(this.folder, name), { recursive: true });
      cpSync(join(snapshot, name), join(this.folder, name), { recursive: true });
    }
    this.salt = "";
  }

  /** The same in a process of its own, by Pulumi's runner: what only that shows, at two seconds more a run. */
  static async byRunner(changes: Changes = {}): Promise<Environment> {
    const environment = await Environment.hosted(() => byRunner(), stagingConfiguration(changes));
    environment.addSecretValues();
    return environment;
  }

  /** A program of a few resources. */
  static of(program: PulumiFn, configuration: Readonly<Record<string, unknown>>): Promise<Environment> {
    return Environment.hosted(inline(program), configuration);
  }

  private static async hosted(
    host: () => Promise<Host>,
    configuration: Readonly<Record<string, unknown>>,
    isInterrupted = false,
  ): Promise<Environment> {
    const environment = new Environment(host);
    if (!isInterrupted) {
      environment.twin = await startTwin(environment.cloud.folder);
      Object.assign(environment.variables, SAVED_AT_THE_END, environment.twin.variables);
    }
    environment.configure(configuration);
    // A deployment outlives the program: the stack's salt stands in the stack file from now on.
    const { code, stderr } = await environment.run(["stack", "init", "staging"]);
    if (code !== 0) throw new Error(stderr);
    return environment;
  }

  private salt = "";

  /** Writes the stack file anew, as an operator edits it. */
  configure(configuration: Readonly<Record<string, unknown>>): void {
    const file = join(this.project, "Pulumi.staging.yaml");
    this.salt ||= /^encryptionsalt: .+$/m.exec(existing(file))?.[0] ?? "";
    writeFileSync(file, `${this.salt}\n${stringify({ config: configuration })}`);
    this.configuration = configuration;
  }

  /**
   * Starts the pack for the stack file as it is now: every later run is given this one in its place, and spared the start.
   */
  async startPack(): Promise<void> {
    this.pack = await PackServer.start(PACK, { name: "staging", configuration: this.configuration });
    // To the engine it is a pack in a language of its own, whose runtime prints where the pack listens; the engine ends it.
    const script = `echo ${this.pack.port}\nexec sleep 3600`;
    installPlugin(this.variables.PULUMI_HOME ?? "", "analyzer", `policy-${RUNNING}`, "1.0.0", script);
    const folder = join(this.folder, "pack");
    mkdirSync(folder);
    writeFileSync(join(folder, "PulumiPolicy.yaml"), stringify({ runtime: RUNNING }));
    this.replacePulumi((pulumi) => `pack='${PACK}'\nrunning='${folder}'\nexec ${pulumi} "\${@/#$pack/$running}"`);
  }

  /** Has all that runs `pulumi` run a script of bash's instead, which gets the real one's path. */
  replacePulumi(script: (pulumi: string) => string): void {
    const real = execFileSync("bash", ["-c", "command -v pulumi"], { encoding: "utf8" }).trim();
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "pulumi"), `#!/usr/bin/env bash\n${script(real)}\n`, { mode: 0o755 });
    this.variables.PATH = [bin, this.variables.PATH].join(delimiter);
  }

  /** What people do with the secrets that the stack does not own: add version 1. */
  addSecretValues(): void {
    for (const { id, rotation } of Object.values(stagingSettings().secrets)) {
      if (rotation === undefined) addVersion(this.cloud, id, `issued elsewhere for ${id}`);
    }
  }

  preview(...args: readonly string[]): Promise<Ended> {
    return this.run(["preview", ...args]);
  }

  up(...args: readonly string[]): Promise<Ended> {
    return this.run(["up", "--yes", "--skip-preview", ...args]);
  }

  /** Runs the CLI to its end. `started` gets the process, to be killed for instance. */
  run(args: readonly string[], started?: (cli: ChildProcess) => void): Promise<Ended> {
    return this.toItsEnd(["pulumi"], args, {}, started);
  }

  /**
   * What `npm run preview` and `npm run up` start, without the time that passes between two attempts. A variable that
   * is undefined is not set.
   */
  npmRun(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.toItsEnd(
      [process.execPath, "--import", join(__dirname, "no-waiting.mjs"), join(PROJECT_ROOT, "commands", "start.mjs")],
      args,
      variables,
    );
  }

  private async toItsEnd(
    [program = "", ...first]: readonly string[],
    args: readonly string[],
    variables: NodeJS.ProcessEnv,
    started: (cli: ChildProcess) => void = () => undefined,
  ): Promise<Ended> {
    const host = WITH_PROGRAM.includes(args[0] ?? "") ? await this.host() : undefined;
    const client = host ? [`--client=127.0.0.1:${host.port}`, "--exec-kind", "auto.inline"] : [];
    try {
      const cli = spawn(program, [...first, ...args, "--non-interactive", "--color", "never", ...client], {
        cwd: this.project,
        env: { ...process.env, ...this.variables, ...variables },
        stdio: ["ignore", "pipe", "pipe"],
      });
      started(cli);
      return await ended(cli);
    } finally {
      host?.stop();
    }
  }

  /** The checkpoint as `pulumi stack export` writes it, secrets encrypted. */
  async state(): Promise<string> {
    const { code, stdout, stderr } = await this.run(["stack", "export"]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  remove(): void {
    this.twin?.stop();
    this.pack?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function existing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

async function ended(cli: ChildProcess): Promise<Ended> {
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    cli[stream]?.setEncoding("utf8").on("data", (text: string) => (output[stream] += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    cli.once("error", reject);
    cli.once("close", resolve);
  });
  return { code, ...output };
}
