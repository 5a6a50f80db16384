import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Properties } from "./cloud";
import { kinds } from "./kinds";
import { asState } from "./outputs";

/**
 * By type and path without indices (`template.containers.args`): what the real provider has where a program is silent.
 */
export type Recorded = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Resource {
  readonly type: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Where the recording was made. */
const PLACE = { project: "netra-staging", region: "us-central1" };

/**
 * Reads the recording of the real provider (9.37). What differs from resource to resource is left out: it is a name or
 * a number of its own.
 */
export function recordedOutputs(): Recorded {
  const resources: readonly Resource[] = JSON.parse(
    readFileSync(join(__dirname, "../fixtures/real-state.json"), "utf8"),
  );
  const found: Record<string, Record<string, unknown>> = {};
  const differing = new Set<string>();
  const note = (type: string, path: string, value: unknown) => {
    found[type] ??= {};
    const known = found[type];
    if (path in known && JSON.stringify(known[path]) !== JSON.stringify(value)) differing.add(`${type} ${path}`);
    known[path] = value;
  };
  const walk = (type: string, stated: unknown, output: unknown, path: string) => {
    if (stated === undefined || stated === null) note(type, path, output);
    else if (Array.isArray(output)) for (const [i, item] of output.entries()) walkItem(type, stated, i, item, path);
    else if (isObject(output) && isObject(stated))
      for (const [key, inner] of Object.entries(output)) walk(type, stated[key], inner, path ? `${path}.${key}` : key);
  };
  const walkItem = (type: string, stated: unknown, i: number, item: unknown, path: string) => {
    if (Array.isArray(stated) && isObject(item)) walk(type, stated[i], item, path);
  };
  for (const { type, id, inputs, outputs } of resources) {
    const kind = kinds[type];
    if (kind) walk(type, asState(kind, inputs, PLACE, id), outputs, "");
  }
  for (const key of differing) {
    const [type = "", path = ""] = key.split(" ");
    delete found[type]?.[path];
  }
  return found;
}
