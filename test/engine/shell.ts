import { execFile } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseDocument } from "yaml";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { staging } from "../../stack";
import { REFERENCE } from "../stack-settings";
import { type Ended, type Environment, NOT_MONITORED } from "./environment";
import { inline } from "./hosts";

/** What every copy can share. The pack is among it because another path would be compiled anew. */
const SHARED = ["node_modules", "policy"];
/** What a clone does not have. */
const LEFT_OUT = [".git", ".reports", join(".cache", "vitest")];

/**
 * A clone of the project around the environment's stack, and what runs a document's commands in it, in `bash` and as
 * they stand. Only this is different from an operator's: pulumi asks no questions, shows no preview before an update and
 * runs the program in the tests' process, the network is cut off from npm, 100 storms decide the target, and nothing is
 * monitored, which is half of the stack and has tests of its own.
 */
export async function shellIn(
  environment: Environment,
): Promise<{ run(script: string): Promise<Ended>; stop(): void }> {
  const { project, variables } = environment;
  const salt = /^encryptionsalt: .+$/m.exec(readFileSync(join(project, "Pulumi.staging.yaml"), "utf8"))?.[0] ?? "";
  cpSync(PROJECT_ROOT, project, {
    recursive: true,
    filter: (source) => ![...SHARED, ...LEFT_OUT].includes(relative(PROJECT_ROOT, source)),
  });
  for (const name of SHARED) symlinkSync(join(PROJECT_ROOT, name), join(project, name));
  const stackFile = join(project, "Pulumi.staging.yaml");
  const reference = parseDocument(readFileSync(REFERENCE, "utf8"));
  reference.setIn(["config", "netra:monitoring", "disabled"], reference.createNode(NOT_MONITORED));
  reference.setIn(["config", "netra:targets", "startupSuccessPercent"], 95);
  writeFileSync(stackFile, `${salt}\n${reference}`);

  const host = await inline(async () => ({ ...staging() }))();
  environment.replacePulumi(
    (pulumi) => `program="--client=127.0.0.1:${host.port} --exec-kind auto.inline"
case "$1" in
  preview) exec ${pulumi} "$@" $program ;;
  up) exec ${pulumi} "$@" $program --yes --skip-preview ;;
  *) exec ${pulumi} "$@" ;;
esac`,
  );
  const env = {
    ...process.env,
    ...variables,
    NO_COLOR: "1",
    // Whoever commits in the clone.
    ...Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => [
        [`GIT_${who}_NAME`, "an operator"],
        [`GIT_${who}_EMAIL`, "operator@example.com"],
      ]),
    ),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  const run = (script: string) =>
    new Promise<Ended>((resolve) => {
      execFile(
        "bash",
        ["-euo", "pipefail", "-c", script],
        { cwd: project, env, maxBuffer: 2 ** 26 },
        (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === "number" ? error.code : error ? null : 0, stdout, stderr }),
      );
    });
  return { run, stop: host.stop };
}
