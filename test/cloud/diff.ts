import { isDeepStrictEqual } from "node:util";
import type { Properties } from "./cloud";
import type { Kind, Place } from "./kinds";
import { asState } from "./outputs";

export type Change = "add" | "delete" | "update";

/** What a change of inputs does: nothing, an update, or a replacement with its reasons. */
export interface Difference {
  /** By property path, as `preview --json` shows it. */
  readonly changes: Readonly<Record<string, Change>>;
  /** Property paths, or `__meta` where a rule of the provider's forces it. Empty: an update in place. */
  readonly replaces: readonly string[];
}

const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Compares a resource's old inputs with its new ones, in the provider's forms: a region's name and its address are the
 * same.
 */
export function difference(kind: Kind, stated: Properties, wanted: Properties, place: Place, id: string): Difference {
  const [olds, news] = [asState(kind, stated, place, id), asState(kind, wanted, place, id)];
  const changes = compare(withoutServerChoices(kind, olds, news), news, "");
  for (const path of Object.keys(changes)) if (kind.ignores?.(path, olds, news)) delete changes[path];
  const replaces = Object.keys(changes).filter((path) =>
    kind.replaces.some(
      (property) => path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`),
    ),
  );
  if (kind.replacesWhen?.(olds, news)) replaces.push("__meta");
  return { changes, replaces };
}

/** A property that the program does not set and the server chooses for itself is no difference. */
function withoutServerChoices(kind: Kind, olds: Properties, news: Properties, prefix = ""): Properties {
  return Object.fromEntries(
    Object.entries(olds).flatMap(([key, value]): [string, unknown][] => {
      const path = prefix + key;
      const other = news[key];
      if (other === undefined && kind.serverChooses.includes(path)) return [];
      return [[key, isObject(value) && isObject(other) ? withoutServerChoices(kind, value, other, `${path}.`) : value]];
    }),
  );
}

function compare(old: unknown, now: unknown, path: string): Record<string, Change> {
  if (isDeepStrictEqual(old, now)) return {};
  if (isObject(old) && isObject(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => key !== "__defaults");
    return Object.assign({}, ...keys.map((key) => compare(old[key], now[key], path === "" ? key : `${path}.${key}`)));
  }
  if (Array.isArray(old) && Array.isArray(now)) {
    return Object.assign(
      {},
      ...Array.from({ length: Math.max(old.length, now.length) }, (_, i) => compare(old[i], now[i], `${path}[${i}]`)),
    );
  }
  if (old === undefined) return { [path]: "add" };
  if (now === undefined) return { [path]: "delete" };
  return { [path]: "update" };
}
