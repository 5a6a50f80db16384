import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { kinds } from "./kinds";
import type { Forms } from "./outputs";
import { recordedOutputs } from "./recorded";
import { shapesOf } from "./shapes";

/** The version of a provider's package: the engine asks for that plugin and no other. */
const versionOf = (provider: string): string => require(`@pulumi/${provider}/package.json`).version.replace(/^v/, "");

/**
 * The variable that names the twin's program: built once, it starts in a third of the time, and every run starts two.
 */
const PROGRAM = "TWIN_PROGRAM";

/** What the program reads beside itself: gathered once, from the SDK's types and the recording. */
const FORMS = "forms.json";

/** Builds the twin into `folder`, for this process and all that it starts. */
export async function buildTwin(folder: string): Promise<void> {
  const outfile = join(folder, "twin.js");
  await build({
    entryPoints: [join(__dirname, "provider.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    logLevel: "warning",
  });
  const forms: Forms = { shapes: shapesOf(Object.keys(kinds)), recorded: recordedOutputs() };
  writeFileSync(join(folder, FORMS), JSON.stringify(forms));
  process.env[PROGRAM] = outfile;
}

/**
 * Puts the twin where the engine looks for the plugins `gcp` and `random`: below `home`, which becomes `PULUMI_HOME`.
 * Its cloud is the folder that `TWIN_CLOUD` names. @throws before {@link buildTwin}.
 */
export function installTwin(home: string): void {
  for (const provider of PROVIDERS) {
    const version = versionOf(provider);
    const command = [process.execPath, twinProgram(), provider, version].map((word) => `"${word}"`).join(" ");
    // The engine's address.
    installPlugin(home, "resource", provider, version, `exec ${command} "$1"`);
  }
}

/** Puts a shell script where the engine looks for a plugin. */
export function installPlugin(home: string, kind: string, name: string, version: string, script: string): void {
  const folder = join(home, "plugins", `${kind}-${name}-v${version}`);
  mkdirSync(folder, { recursive: true });
  const executable = join(folder, `pulumi-${kind}-${name}`);
  writeFileSync(executable, `#!/bin/sh\n${script}\n`);
  chmodSync(executable, 0o755);
  writeFileSync(`${folder}.lock`, "");
}

/** The twin as a server of its own that many engines use one after the other, which spares each the start. */
export interface RunningTwin {
  /** What leads an engine to it. */
  readonly variables: { readonly PULUMI_DEBUG_PROVIDERS: string };
  stop(): void;
}

/** Starts the twin on a cloud's folder. It ends with this process. @throws before {@link buildTwin}. */
export async function startTwin(cloud: string): Promise<RunningTwin> {
  const processes = PROVIDERS.map((provider) =>
    spawn(process.execPath, [twinProgram(), provider, versionOf(provider)], {
      env: { ...process.env, TWIN_CLOUD: cloud },
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const ports = await Promise.all(
    processes.map(async ({ stdout }) => {
      for await (const text of stdout) return String(text).trim();
      throw new Error("the twin has ended before it listened");
    }),
  );
  return {
    variables: { PULUMI_DEBUG_PROVIDERS: PROVIDERS.map((provider, i) => `${provider}:${ports[i]}`).join(",") },
    stop: () => {
      for (const one of processes) one.kill();
    },
  };
}

const PROVIDERS = ["gcp", "random"];

function twinProgram(): string {
  const program = process.env[PROGRAM];
  if (!program) throw new Error(`${PROGRAM} must name the twin's program: buildTwin makes it`);
  return program;
}
