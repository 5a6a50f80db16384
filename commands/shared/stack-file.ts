import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Document, LineCounter, parseDocument, visit } from "yaml";
import { InputError, inputError } from "../../capacity/problem";
import { MASK } from "../../capacity/secrecy";
import { inputName, textIn } from "./input";

/** The project's folder: where Pulumi.yaml stands. */
export const PROJECT_ROOT = join(__dirname, "../..");

/** A file of the project, by its path from there. */
export const projectText = (file: string): string => readFileSync(join(PROJECT_ROOT, file), "utf8");

/** Which stack file a command reads. */
export interface StackOptions {
  readonly stack: string;
  readonly configFile?: string;
}

/** Adds them. `what` is what the command takes from the file. */
export const withStackOptions = (command: Command, what = "the stack"): Command =>
  command
    .option("--stack <name>", `${what}: Pulumi.<name>.yaml`, "staging")
    .option("--config-file <file>", "read this stack file instead, as pulumi's option of the same name does");

/**
 * The `config` of `Pulumi.<stack>.yaml`, or of `configFile` (as pulumi's `--config-file`). Encrypted values (`secure:`)
 * become `[secret]`: no passphrase is needed, and nothing that a check reads may be one.
 * @throws InputError when there is no such file, or it is no YAML, or has no `config`.
 */
export function readStackFile(stack: string, configFile?: string): Record<string, unknown> {
  const file = inputName(configFile ?? `Pulumi.${stack}.yaml`);
  const asked = {
    because: "the capacity plan stands there",
    fix: "give the path of a stack file",
    option: "--config-file",
  };
  const content = parsed(file, configFile === undefined ? stackText(file) : textIn(configFile, asked));
  const config = content !== null && typeof content === "object" ? Reflect.get(content, "config") : undefined;
  if (config === null || typeof config !== "object" || Array.isArray(config))
    throw inputError(
      file,
      "must have a section 'config' because the capacity plan stands there; write it as in Pulumi.staging.yaml",
    );
  const unreadable = Object.keys(config).filter((key) => !KEY_FORM.test(key));
  if (unreadable.length > 0)
    throw new InputError(
      unreadable.map((key) => ({
        setting: key,
        message: `'${key}' must be a namespace and a name because Pulumi reads no other key; rename it like gcp:project, or remove it`,
      })),
    );
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [fullKey(key), decrypted(value)]));
}

/** `namespace:name`, and as Pulumi also takes it `name` of the project itself, and `namespace:config:name`. */
const KEY_FORM = /^([^:]+:(config:)?)?[^:]+$/;
const fullKey = (key: string) => (key.includes(":") ? key.replace(/^([^:]+):config:/, "$1:") : `netra:${key}`);

/** `merge`: Pulumi's reader knows YAML's `<<`, too. */
function parsed(file: string, text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, logLevel: "error", lineCounter: lines });
  const [error] = document.errors;
  if (error?.code === "MULTIPLE_DOCS")
    throw inputError(
      file,
      "must be one YAML document because Pulumi reads the first and leaves out the rest; remove the line '---' and what follows it",
    );
  if (error) throw notYaml(file, error);
  const differing = readOtherwise(document, lines);
  if (differing.length > 0)
    throw new InputError(differing.map((rest) => ({ setting: file, message: `'${file}' ${rest}` })));
  try {
    return document.toJS();
  } catch (reason) {
    // An alias without its anchor, or far too many of them: the library throws plain errors for those.
    throw notYaml(file, reason);
  }
}

/**
 * What Pulumi's reader takes for something else, without a word, or refuses: what is judged here must be what an update
 * uses.
 */
function readOtherwise(document: Document, lines: LineCounter): string[] {
  const found: string[] = [];
  const at = ({ range }: { readonly range?: readonly number[] | null }) =>
    `line ${lines.linePos(range?.[0] ?? 0).line}`;
  visit(document, {
    Alias(_, alias, path) {
      if (path.some((node) => node === alias.resolve(document)))
        found.push(
          `must not have an alias inside its own anchor (${at(alias)}) because it has no end; write out what is meant`,
        );
    },
    // The values are not shown: they could be somebody's PIN.
    Scalar(key, scalar) {
      const { type, source = "" } = scalar;
      if (type !== "PLAIN" || key === "key") return;
      if (/^[-+]?0[0-7]+$/.test(source) && Number(source) !== Number.parseInt(source, 8))
        found.push(
          `must not have a number with a leading zero (${at(scalar)}) because Pulumi reads it as octal; leave out the zero, or quote it if it is a text`,
        );
      if (/^\d{4}-\d\d?-\d\d?([Tt\s].*)?$/.test(source))
        found.push(
          `must not have a date without quotes (${at(scalar)}) because Pulumi writes it as a point in time; quote it`,
        );
    },
  });
  return found;
}

function notYaml(file: string, error: unknown): InputError {
  const [reason] = (error instanceof Error ? error.message : "").split("\n");
  return inputError(file, `must be YAML because Pulumi reads it as such; ${reason}`);
}

function stackText(file: string): string {
  try {
    return projectText(file);
  } catch {
    const stacks = readdirSync(PROJECT_ROOT).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
    throw inputError(
      "--stack",
      `must name a stack with a file of its own because ${file} does not exist; use ${stacks.join(" or ")}`,
    );
  }
}

function decrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decrypted);
  if (value === null || typeof value !== "object") return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === "secure") return MASK;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decrypted(item)]));
}
