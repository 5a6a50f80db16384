import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Lets Node run the project's TypeScript, wherever it is started. */
export const TSX = join(dirname(require.resolve("tsx/package.json")), "dist", "loader.mjs");

/** The version of a provider's package: the engine asks for that plugin and no other. */
const versionOf = (provider: string): string => require(`@pulumi/${provider}/package.json`).version.replace(/^v/, "");

/**
 * Puts the twin where the engine looks for the plugins `gcp` and `random`: below `home`, which becomes `PULUMI_HOME`.
 * Its cloud is the folder that `TWIN_CLOUD` names.
 */
export function installTwin(home: string): void {
  const program = join(__dirname, "provider.ts");
  for (const provider of ["gcp", "random"]) {
    const folder = join(home, "plugins", `resource-${provider}-v${versionOf(provider)}`);
    mkdirSync(folder, { recursive: true });
    const executable = join(folder, `pulumi-resource-${provider}`);
    // The twin's own files lie in the project: so does what it imports, wherever the engine starts it.
    writeFileSync(executable, `#!/bin/sh\nexec "${process.execPath}" --import "${TSX}" "${program}" ${provider}\n`);
    chmodSync(executable, 0o755);
    writeFileSync(`${folder}.lock`, "");
  }
}
