import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { inputError } from "../capacity/problem";
import { readExport, type StackExport } from "./stack-export";

/**
 * Before 3.252 an import id that is not the canonical one could delete the resource later. Source: Pulumi's changelog.
 */
const LEAST = [3, 252] as const;
const INSTALL = `install Pulumi ${LEAST.join(".")} or newer (pulumi.com/docs/install) and put it on the PATH`;

/** Why the `pulumi` on the PATH cannot be used, as one line with the fix; `undefined` if it can. */
export async function pulumiProblem(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  let version: string;
  try {
    version = await ask(["version"], environment);
  } catch {
    return `'pulumi' must be on the PATH because previews and updates run its engine; ${INSTALL}`;
  }
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined;
  return `'pulumi' (${version}) must be at least ${LEAST.join(".")} because an older one can delete an imported resource; ${INSTALL}`;
}

/** Options of `pulumi preview` and `pulumi up` with a value, as `name=value`. Source: their help, 3.259. */
const WITH_VALUE = [
  "stack=name s=name config-file=file config=key=value c=key=value target=urn t=urn replace=urn target-replace=urn exclude=urn parallel=number",
  "p=number message=text m=text policy-pack=folder policy-pack-config=file refresh=true r=true import-file=file save-plan=file suppress-",
  "permalink=true cwd=folder C=folder color=when attach-debugger=what override-env=what secrets-provider=url verbose=number v=number",
].join(" ");
const WITHOUT_VALUE = [
  "yes y skip-preview json j diff debug d expect-no-changes target-dependents exclude-dependents show-secrets show-reads show-sames show-config",
  "show-full-output show-replacement-steps show-policy-remediations suppress-outputs suppress-progress config-path continue-on-error ignore-",
  "protect run-program strict neo non-interactive disable-integrity-checking skip-config-validation skip-plugin-pre-install urns",
].join(" ");

/** Options that npm consumes if the `--` before them is missing. */
export const PULUMI_OPTIONS: readonly { readonly name: string; readonly value?: string }[] = [
  ...WITH_VALUE.split(" ").map((option) => ({ name: option.replace(/=.*/, ""), value: option.replace(/^[^=]*=/, "") })),
  ...WITHOUT_VALUE.split(" ").map((name) => ({ name })),
];

/** A run of the CLI. */
export interface PulumiRun {
  readonly operation: "preview" | "up";
  readonly options: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** The folder of the stack files. */
  readonly folder: string;
}

/**
 * Why a run cannot start or would print secrets (CLI, options, backend, passphrase), as one line with the fix;
 * `undefined` if it can start.
 */
export async function runProblem(run: PulumiRun): Promise<string | undefined> {
  return (await pulumiProblem(run.environment)) ?? outputProblem(run) ?? (await stackProblem(run));
}

/**
 * The event stream contains debug messages, and the SDK's debug messages contain every output, secret or not (observed
 * with 3.259 and 3.248). A preview's digest does not.
 */
function outputProblem({ operation, options, environment }: PulumiRun): string | undefined {
  const isStream = operation === "up" || environment.PULUMI_ENABLE_STREAMING_JSON_PREVIEW === "true";
  if (!isStream || !options.some(isJson)) return undefined;
  const instead = operation === "up" ? "leave it out" : "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW";
  return `'--json' must not be given with pulumi's event stream because the stream shows secrets in plain text; ${instead}`;
}

/** Whether an option asks for JSON. */
export const isJson = (option: string): boolean => /^(--json(=true)?|-j)$/.test(option);

const whoami = z.object({ url: z.string() });

async function stackProblem({ options, environment, folder }: PulumiRun): Promise<string | undefined> {
  let backend: string;
  try {
    backend = whoami.parse(JSON.parse(await ask(["whoami", "--verbose", "--json"], environment))).url;
  } catch (error) {
    return `the backend must be accessible because it holds the stack's state (${firstLineOf(error)}); log in with 'pulumi login', or set PULUMI_BACKEND_URL`;
  }
  if (!isWritable(backend))
    return `the backend (${backend}) must be a writable folder because an update stores its lock and the state there; grant yourself write access, or choose another backend with 'pulumi login' or PULUMI_BACKEND_URL`;
  let stack: string;
  try {
    stack = optionOf(options, "--stack", "-s") ?? (await ask(["stack", "--show-name"], environment));
  } catch (error) {
    return `a stack must be selected because the run compares with its state (${firstLineOf(error)}); run 'pulumi stack select', or add '--stack staging'`;
  }
  const file = optionOf(options, "--config-file") ?? join(folder, `Pulumi.${stack.split("/").at(-1)}.yaml`);
  return needsPassphrase(file, backend) ? passphraseProblem(stack, environment) : undefined;
}

/** A folder's `.pulumi` holds locks and state; other backends report denied access themselves. */
function isWritable(backend: string): boolean {
  if (!backend.startsWith("file://")) return true;
  const path = backend.slice("file://".length).replace(/\?.*$/, "").replace(/^~/, homedir());
  try {
    accessSync(join(path, ".pulumi"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A stack without a secrets provider uses a passphrase, except on Pulumi Cloud, which has a provider. */
function needsPassphrase(file: string, backend: string): boolean {
  let settings: { readonly secretsprovider?: string; readonly encryptionsalt?: string } | null = null;
  try {
    settings = parse(readFileSync(file, "utf8"), { logLevel: "silent" });
  } catch {
    // Pulumi reports what is wrong with the file.
  }
  const { secretsprovider = "", encryptionsalt } = settings ?? {};
  if (secretsprovider !== "") return secretsprovider === "passphrase";
  return encryptionsalt !== undefined || !/^https?:/.test(backend);
}

/** An empty passphrase is valid; an unset variable is not. */
function passphraseProblem(
  stack: string,
  { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: file }: NodeJS.ProcessEnv,
): string | undefined {
  if (passphrase !== undefined) return undefined;
  if (file === undefined || file === "")
    return `'PULUMI_CONFIG_PASSPHRASE' must be set because the secrets of stack '${stack}' are encrypted with a passphrase; set it, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it`;
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch {
    return `'PULUMI_CONFIG_PASSPHRASE_FILE' (${file}) must be a readable file because the secrets of stack '${stack}' are encrypted with the passphrase in it; set it to the right file`;
  }
}

/** The value of an option, from `--stack dev` or `--stack=dev`. */
function optionOf(options: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [i, option] of options.entries()) {
    const [name = "", ...value] = option.split("=");
    if (names.includes(name)) return value.length > 0 ? value.join("=") : options[i + 1];
  }
  return undefined;
}

/** The state of the stack that a run refers to. @throws InputError if pulumi does not print it */
export async function stateOf({ options, environment }: PulumiRun): Promise<StackExport> {
  const [stack, folder] = [optionOf(options, "--stack", "-s"), optionOf(options, "--cwd", "-C")];
  const at = folder ? ["--cwd", folder] : [];
  let [name, content] = [stack ?? "", ""];
  try {
    if (name === "") name = await ask(["stack", "--show-name", ...at], environment);
    content = await ask(["stack", "export", "--stack", name, ...at], environment);
  } catch (error) {
    throw inputError(
      "pulumi stack export",
      `must succeed because the state shows what the update left behind (${firstLineOf(error)}); run it yourself, then 'npm run diagnose'`,
    );
  }
  return readExport(content, "pulumi stack export", name.split("/").at(-1) ?? "");
}

async function ask(options: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)("pulumi", [...options, "--non-interactive"], {
    env: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" },
    maxBuffer: 2 ** 28, // a whole state
  });
  return stdout.trim();
}

/** The first line that the CLI wrote to standard error, or what is wrong with its answer. */
function firstLineOf(error: unknown): string {
  if (!(error instanceof Error && "stderr" in error)) return "its answer has an unexpected form";
  const [line = ""] = String(error.stderr).trim().split("\n");
  return line.replace(/^error: /, "") || "it failed without a message";
}
