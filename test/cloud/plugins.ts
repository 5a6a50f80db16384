import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { kinds } from "./kinds";
import type { Forms } from "./outputs";
import { recordedOutputs } from "./recorded";
import { shapesOf } from "./shapes";

/** Lets Node run the project's TypeScript, wherever it is started. */
export const TSX = join(dirname(require.resolve("tsx/package.json")), "dist", "loader.mjs");

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
  const program = process.env[PROGRAM];
  if (!program) throw new Error(`${PROGRAM} must name the twin's program: buildTwin makes it`);
  for (const provider of ["gcp", "random"]) {
    const version = versionOf(provider);
    const folder = join(home, "plugins", `resource-${provider}-v${version}`);
    mkdirSync(folder, { recursive: true });
    const executable = join(folder, `pulumi-resource-${provider}`);
    writeFileSync(executable, `#!/bin/sh\nexec "${process.execPath}" "${program}" ${provider} ${version}\n`);
    chmodSync(executable, 0o755);
    writeFileSync(`${folder}.lock`, "");
  }
}
