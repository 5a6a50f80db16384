import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { InputError } from "../capacity/problem";

/** The project's folder: where Pulumi.yaml stands. */
export const PROJECT_ROOT = join(__dirname, "..");

/**
 * The `config` of `Pulumi.<stack>.yaml`. Encrypted values (`secure:`) become `[secret]`: no passphrase is needed, and
 * nothing that a check reads may be one.
 * @throws InputError when there is no such file, or it is no YAML, or has no `config`.
 */
export function readStackFile(stack: string, root = PROJECT_ROOT): Record<string, unknown> {
  const file = `Pulumi.${stack}.yaml`;
  const document = parseDocument(textOf(file, root), { prettyErrors: true });
  const [error] = document.errors;
  if (error) throw inputError(file, `must be YAML because Pulumi reads it as such; ${error.message.split("\n")[0]}`);
  const content: unknown = document.toJS();
  const config = content !== null && typeof content === "object" ? Reflect.get(content, "config") : undefined;
  if (config === null || typeof config !== "object" || Array.isArray(config))
    throw inputError(file, "must have a section 'config' because the capacity plan stands there; write it as in Pulumi.staging.yaml");
  return decrypted(config) as Record<string, unknown>; // an object stays one
}

function textOf(file: string, root: string): string {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    const stacks = readdirSync(root).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
    throw inputError("--stack", `must name a stack with a file of its own because ${file} does not exist; use ${stacks.join(" or ")}`);
  }
}

function decrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decrypted);
  if (value === null || typeof value !== "object") return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === "secure") return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decrypted(item)]));
}

const inputError = (setting: string, rest: string) => new InputError([{ setting, message: `'${setting}' ${rest}` }]);
