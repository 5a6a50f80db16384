import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { readExport, type StackExport } from "./stack-export";

/**
 * Before 3.252 an import id that is not the canonical one could delete the resource later. Source: Pulumi's changelog.
 */
const LEAST = [3, 252] as const;
const INSTALL = `install Pulumi ${LEAST.join(".")} or newer (pulumi.com/docs/install) and put it on the PATH`;

/** What keeps the `pulumi` on the PATH from being used, as one line that says what to do; nothing where it can be. */
export async function pulumiProblem(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  let version: string;
  try {
    version = await asked(["version"], environment);
  } catch {
    return `'pulumi' must be on the PATH because previews and updates run on its engine; ${INSTALL}`;
  }
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined;
  return `'pulumi' (${version}) must be at least ${LEAST.join(".")} because an older one can delete an imported resource; ${INSTALL}`;
}

/**
 * Options of `pulumi preview` and `pulumi up` with a value, as `name=what`, and without one. Source: their help, 3.259.
 */
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

/** What npm may take for itself where the `--` before it was forgotten. */
export const PULUMI_OPTIONS: readonly { readonly name: string; readonly value?: string }[] = [
  ...WITH_VALUE.split(" ").map((option) => ({ name: option.replace(/=.*/, ""), value: option.replace(/^[^=]*=/, "") })),
  ...WITHOUT_VALUE.split(" ").map((name) => ({ name })),
];

/** What a run of the CLI is about, as its options and variables say it. */
export interface PulumiRun {
  readonly operation: "preview" | "up";
  readonly options: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Where the stack files are. */
  readonly folder: string;
}

/**
 * What keeps a run from starting, or would make it print secrets: the CLI, its options, the backend, the passphrase.
 * One
 * line that says what to do; nothing where it can start.
 */
export async function runProblem(run: PulumiRun): Promise<string | undefined> {
  return (await pulumiProblem(run.environment)) ?? outputProblem(run) ?? (await stackProblem(run));
}

/**
 * The event stream carries debug messages, and those of the SDK every output of every resource, secret or not (seen
 * with
 * 3.259 and 3.248). A preview's digest does not.
 */
function outputProblem({ operation, options, environment }: PulumiRun): string | undefined {
  const isStream = operation === "up" || environment.PULUMI_ENABLE_STREAMING_JSON_PREVIEW === "true";
  if (!isStream || !options.some(isJson)) return undefined;
  const instead = operation === "up" ? "leave it out" : "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW";
  return `'--json' must not be given with pulumi's event stream because the stream shows secrets in plain text; ${instead}`;
}

/** Whether an option asks for JSON. */
export const isJson = (option: string): boolean => /^(--json(=true)?|-j)$/.test(option);

async function stackProblem({ options, environment, folder }: PulumiRun): Promise<string | undefined> {
  let backend: string;
  try {
    backend = JSON.parse(await asked(["whoami", "--verbose", "--json"], environment)).url;
  } catch (error) {
    return `the backend must be one that can be opened because the stack's state is there (${saidBy(error)}); log in with 'pulumi login', or set PULUMI_BACKEND_URL`;
  }
  if (!isWritable(backend))
    return `the backend (${backend}) must be a folder that can be written because an update keeps its lock and the state there; give yourself the right to write, or choose another with 'pulumi login' or PULUMI_BACKEND_URL`;
  let stack: string;
  try {
    stack = optionOf(options, "--stack", "-s") ?? (await asked(["stack", "--show-name"], environment));
  } catch (error) {
    return `a stack must be selected because its state is what the run compares with (${saidBy(error)}); run 'pulumi stack select', or add '--stack staging'`;
  }
  const file = optionOf(options, "--config-file") ?? join(folder, `Pulumi.${stack.split("/").at(-1)}.yaml`);
  return needsPassphrase(file, backend) ? passphraseProblem(stack, environment) : undefined;
}

/** A folder's `.pulumi` holds locks and state; other backends say themselves what they refuse. */
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

/** The passphrase is the provider of a stack that names no other, unless the backend has one: Pulumi Cloud. */
function needsPassphrase(file: string, backend: string): boolean {
  let settings: { readonly secretsprovider?: string; readonly encryptionsalt?: string } | null = null;
  try {
    settings = parse(readFileSync(file, "utf8"), { logLevel: "silent" });
  } catch {
    // Pulumi says what is wrong with the file.
  }
  const { secretsprovider = "", encryptionsalt } = settings ?? {};
  if (secretsprovider !== "") return secretsprovider === "passphrase";
  return encryptionsalt !== undefined || !/^https?:/.test(backend);
}

/** An empty passphrase is one; an unset variable is none. */
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
    return `'PULUMI_CONFIG_PASSPHRASE_FILE' (${file}) must be a file that can be read because the secrets of stack '${stack}' are encrypted with the passphrase in it; set it to that file`;
  }
}

/** The value of an option in one of its spellings: `--stack dev`, `--stack=dev`. */
function optionOf(options: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [i, option] of options.entries()) {
    const [name = "", ...value] = option.split("=");
    if (names.includes(name)) return value.length > 0 ? value.join("=") : options[i + 1];
  }
  return undefined;
}

/** The state that an `up` with these options has left. */
export async function stateOf({ options, environment }: PulumiRun): Promise<StackExport> {
  const [stack, folder] = [optionOf(options, "--stack", "-s"), optionOf(options, "--cwd", "-C")];
  const name = stack ?? (await asked(["stack", "--show-name", ...(folder ? ["--cwd", folder] : [])], environment));
  const content = await asked(["stack", "export", "--stack", name, ...(folder ? ["--cwd", folder] : [])], environment);
  return readExport(content, "pulumi stack export", name.split("/").at(-1) ?? "");
}

async function asked(options: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)("pulumi", [...options, "--non-interactive"], {
    env: { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" },
    maxBuffer: 2 ** 28, // a whole state
  });
  return stdout.trim();
}

/** The CLI's own words: the first line of what it wrote on standard error. */
const saidBy = (error: unknown) =>
  (error instanceof Error && "stderr" in error ? String(error.stderr) : String(error))
    .trim()
    .split("\n")[0]
    ?.replace(/^error: /, "") ?? "";
