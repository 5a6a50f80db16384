import { UNKNOWN } from "../../policy/unknown";
import type { Properties } from "./cloud";

/*
 * How outputs differ from the inputs that they echo (provider.md 2). Rules on the stack read outputs.
 */

type Item = Properties & { readonly name?: unknown };
const isObject = (value: unknown): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);
const byName = (a: Item, b: Item) => (String(a.name) < String(b.name) ? -1 : 1);
const distinct = (items: readonly Item[]) => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];

/** Variables and flags are sets: sorted by name, identical ones once. A variable from a secret has an empty value. */
export function asOutputs(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, SETS.includes(key) && Array.isArray(value) ? set(value) : inside(value)]));
}

const SETS = ["envs", "databaseFlags"];
const set = (items: readonly Item[]) => distinct(items.map(filledIn)).toSorted(byName);
const inside = (value: unknown): unknown => (Array.isArray(value) ? value.map(inside) : isObject(value) ? asOutputs(value) : value);

function filledIn(item: Item): Item {
  if (!isObject(item.valueSource)) return item;
  const { secretKeyRef } = item.valueSource;
  return { ...item, value: "", valueSource: { secretKeyRef: { version: "", ...(isObject(secretKeyRef) ? secretKeyRef : {}) } } };
}

/** At preview nobody knows what the server will choose where the program is silent, but what it chose `before`. */
export function withChoices(properties: Properties, paths: readonly string[], before: Properties): Properties {
  return paths.reduce((result, path) => chosen(result, path.split("."), before), properties);
}

function chosen(properties: Properties, [key = "", ...rest]: readonly string[], before: Properties): Properties {
  const [value, old] = [properties[key], before[key]];
  if (rest.length === 0) return value === undefined ? { ...properties, [key]: old ?? UNKNOWN } : properties;
  return isObject(value) ? { ...properties, [key]: chosen(value, rest, isObject(old) ? old : {}) } : properties;
}
