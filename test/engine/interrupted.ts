import { type ChildProcess, execFile } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { expect } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { NOT_READ_BACK } from "../../config/adoption";
import { isSecretVersionOfPeople } from "../cloud/kinds";
import { commandNamed, runningProcesses } from "../commands/child";
import { fencedBlocks } from "../fenced-blocks";
import { stagingConfiguration } from "../stack-settings";
import { type Ended, Environment, UNMONITORED } from "./environment";
import { SNAPSHOTS } from "./setup";

/**
 * One service and one secret of each format: the others make the same calls. Every other resource of staging is there,
 * but edge and monitoring.
 */
export const SMALL = {
  ...UNMONITORED,
  "netra:edge": undefined,
  "netra:hosts": { backend: undefined, frontend: undefined },
  "netra:secrets": {
    SECRET_KEY: undefined,
    SERVICE_SECRET: undefined,
    OAUTH_HMAC_SECRET: undefined,
    GOOGLE_CLIENT_SECRET: undefined,
    OPENAI_API_KEY: undefined,
    ANTHROPIC_API_KEY: undefined,
    GEMINI_API_KEY: undefined,
    CLICKHOUSE_PASSWORD: undefined,
  },
  "netra:services": {
    auth: { secrets: ["JWT_SECRET_KEY", "FERNET_KEY", "GOOGLE_CLIENT_ID", "POSTGRES_PASSWORD", "REDIS_PASSWORD"] },
    backend: undefined,
    frontend: undefined,
  },
};

/** Touches what an update touches: connector, database, two rotations with a database user, and the service. */
export const EDIT = {
  ...SMALL,
  "netra:connector": { minInstances: 4 },
  "netra:database": { maxConnections: 160 },
  "netra:secrets": {
    ...SMALL["netra:secrets"],
    JWT_SECRET_KEY: { version: 2, rotation: 2 },
    POSTGRES_PASSWORD: { version: 2, rotation: 2 },
  },
};

/** The recipe: fenced `sh` blocks of the document for operators. */
export const RECIPE = fencedBlocks("docs/recovery.md", "sh").map((block) => block.trim());

/** What an update without faults ends with: the creation, then the edit. The first test of a run that asks finds out. */
export async function undisturbed(): Promise<readonly [EndState, EndState]> {
  const file = join(process.env[SNAPSHOTS] ?? "", "undisturbed.json");
  if (!existsSync(file)) {
    const found = JSON.stringify(await findUndisturbed());
    // Whole or not at all: the other worker may look for it.
    writeFileSync(`${file}.${process.pid}`, found);
    renameSync(`${file}.${process.pid}`, file);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

async function findUndisturbed(): Promise<readonly [EndState, EndState]> {
  const environment = await Environment.ofStaging(SMALL);
  const up = async () => {
    const { code, stdout } = await environment.up();
    expect(code, stdout).toBe(0);
    return endState(environment);
  };
  const created = await up();
  environment.configure(stagingConfiguration(EDIT));
  const edited = await up();
  environment.remove();
  for (const { pending, unmanaged, missing } of [created, edited])
    expect({ pending, unmanaged, missing }).toEqual({ pending: [], unmanaged: [], missing: [] });
  return [created, edited];
}

/** What the recipe's command prints, run in this process. */
export async function recover(environment: Environment): Promise<string> {
  const run = commandNamed("recover", { ...process.env, ...environment.variables });
  const { code, stdout, stderr } = await run("--config-file", join(environment.project, "Pulumi.staging.yaml"));
  expect(code, stderr).toBe(0);
  return stdout;
}

/** What the recipe prints, run as it stands. */
export async function followRecipe(environment: Environment): Promise<string> {
  const [command = ""] = RECIPE;
  const { stdout } = await promisify(execFile)(
    "sh",
    ["-c", `${command} -- --config-file "${join(environment.project, "Pulumi.staging.yaml")}"`],
    {
      cwd: PROJECT_ROOT,
      env: { ...process.env, ...environment.variables },
    },
  );
  return stdout;
}

/**
 * Runs the commands that the recipe has printed, but the last one: the next `up`. @returns that one, unless it is
 * another.
 */
export async function repair(environment: Environment, printed: string): Promise<string> {
  const commands = printed.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  for (const command of commands.slice(0, -1)) {
    const [cli, ...args] = command.split(" ");
    if (cli !== "pulumi") throw new Error(`unexpected: ${command}`);
    const { code, stdout, stderr } = await environment.run(args);
    if (code !== 0) throw new Error(`${command}\n${stdout}\n${stderr}`);
    if (args.includes("--file")) rmSync(dirname(args.at(-1) ?? ""), { recursive: true });
  }
  return commands.at(-1) ?? "";
}

/** Runs `up`, and kills the CLI once all calls that still run are hanging. */
export async function upKilled(environment: Environment): Promise<Ended> {
  const { cloud } = environment;
  const before = cloud.calls().length;
  let ended = false;
  const killer = async (cli: ChildProcess) => {
    for (let last = 0, quiet = 0; !ended; await wait(100)) {
      const calls = cloud.calls().slice(before);
      const hanging =
        calls.filter(({ phase }) => phase === "start").length -
        calls.filter(({ phase, method }) => phase === "end" && method !== "read").length;
      quiet = hanging > 0 && calls.length === last ? quiet + 1 : 0;
      last = calls.length;
      if (quiet < 4) continue;
      const providers = childrenOf(cli.pid);
      cli.kill("SIGKILL");
      await gone(providers);
      return;
    }
  };
  let killing = Promise.resolve();
  const up = await environment.run(["up", "--yes", "--skip-preview", "--parallel", "100"], (cli) => {
    killing = killer(cli);
  });
  ended = true;
  await killing;
  return up;
}

/** The calls that changed the cloud and got a good answer at every attempt: none of the faults has struck them. */
export function neverStruck({ cloud }: Environment): string[] {
  const balance = new Map<string, number>();
  for (const { method, urn, phase, error } of cloud.calls()) {
    if (method === "read" || (phase === "end" && error !== "")) continue;
    const call = `${method} ${urn}`;
    balance.set(call, (balance.get(call) ?? 0) + (phase === "start" ? 1 : -1));
  }
  return [...balance].flatMap(([call, unanswered]) => (unanswered > 0 ? [] : [call]));
}

const childrenOf = (cli: number | undefined) =>
  runningProcesses().flatMap(({ pid, parent }) => (parent === cli ? [pid] : []));

/** @throws when a process outlives its parent by more than a few seconds. */
async function gone(processes: readonly number[]): Promise<void> {
  for (let i = 0; i < 200; i++, await wait(25))
    if (!runningProcesses().some(({ pid }) => processes.includes(pid))) return;
  throw new Error(`processes ${processes} go on without their engine`);
}

interface State {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly id?: string;
  readonly inputs?: unknown;
  readonly parent?: string;
  readonly protect?: boolean;
  readonly dependencies?: readonly string[];
}

export type EndState = Awaited<ReturnType<typeof endState>>;

/**
 * What cloud and state hold in the end, without what differs from run to run: values of secrets, how often a service
 * was rolled.
 */
export async function endState(environment: Environment) {
  const { deployment } = JSON.parse(await environment.state()) as {
    deployment: { resources: readonly State[]; pending_operations?: readonly unknown[] };
  };
  const custom = deployment.resources.filter(
    ({ type, custom: isCustom }) => isCustom === true && !type.startsWith("pulumi:"),
  );
  const managed = custom.filter(({ type }) => !type.startsWith("random:")).map(({ type, id }) => `${type} ${id}`);
  // What is no resource of the provider's, no program can manage: a service's revisions.
  const cloud = environment.cloud
    .all()
    .filter((resource) => resource.type.startsWith("gcp:") && !isSecretVersionOfPeople(resource));
  return {
    pending: deployment.pending_operations ?? [],
    unmanaged: cloud.map(({ type, id }) => `${type} ${id}`).filter((resource) => !managed.includes(resource)),
    missing: managed.filter((resource) => !cloud.some(({ type, id }) => `${type} ${id}` === resource)),
    cloud: Object.fromEntries(cloud.map(({ type, id, properties }) => [`${type} ${id}`, comparable(properties)])),
    state: Object.fromEntries(
      custom.map(({ urn, type, id, inputs, parent, protect, dependencies }) => [
        urn,
        {
          id: type.startsWith("random:") ? "" : id,
          inputs: comparable(inputs),
          parent,
          protect,
          dependencies: dependencies?.toSorted(),
        },
      ]),
    ),
  };
}

/** The cloud's secret values that a text shows. */
export function plainSecrets({ cloud }: Environment, text: string): string[] {
  return cloud.all().flatMap(({ id, properties }) => {
    const { secretData, password, authString } = properties;
    return [secretData, password, authString].some(
      (value) => typeof value === "string" && value !== "" && text.includes(value),
    )
      ? [id]
      : [];
  });
}

/** A recovered resource does not have them in its state, as an adopted one does not. */
const NEVER_READ = new Set(NOT_READ_BACK.map(({ property }) => property));
const DIFFERS = new Set(["secretData", "password", "generation", "latestCreatedRevision", "latestReadyRevision"]);

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "__defaults" && !NEVER_READ.has(key))
      .map(([key, inner]) => [key, DIFFERS.has(key) ? "differs" : comparable(inner)]),
  );
}
