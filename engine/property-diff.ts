import { isDeepStrictEqual } from "node:util";
import { isUnknownValue } from "../policy/framework/unknown";
import type { Properties, Step } from "./preview";

/** One property that a step changes; a named element of a list (a flag, a variable) counts as a property. */
export interface Difference {
  readonly property: string;
  readonly element?: string | undefined;
  readonly old: unknown;
  readonly new: unknown;
}

/** What the engine shows in a secret's place. */
const SECRET = "[secret]";

/** What a step changes, from the inputs before and after, as far as the engine counts it as a change. */
export function differencesOf({ old, new: now, changed }: Pick<Step, "old" | "new" | "changed">): Difference[] {
  if (!old || !now) return [];
  const touches = (one: string, other: string) =>
    isWithin(withoutPositions(one), withoutPositions(other)) ||
    isWithin(withoutPositions(other), withoutPositions(one));
  const found = between(old.inputs, now.inputs, "").filter(
    ({ property }) => changed.length === 0 || changed.some((path) => touches(property, path)),
  );
  // A change that the engine knows of, between values that it does not show.
  const silent = changed.filter((path) => !found.some(({ property }) => touches(property, path)));
  return [...found, ...silent.map((property) => ({ property, old: SECRET, new: SECRET }))];
}

/** Lists are sets to the provider: positions before and after need not mean the same element. */
const withoutPositions = (path: string) => path.replaceAll(/\[[^\]]*\]/g, "");

/** Whether a property is another one or stands below it. */
export const isWithin = (property: string, other: string): boolean =>
  property === other || property.startsWith(`${other}.`) || property.startsWith(`${other}[`);

/** Whether what changes is hidden or not known yet, so that anything may be behind it. */
export const isOpaque = ({ old, new: now }: Difference): boolean => [old, now].some(isHidden);

/** Whether a preview does not show a value. */
export const isHidden = (value: unknown): boolean => value === SECRET || isUnknownValue(value);

function between(old: unknown, now: unknown, property: string): Difference[] {
  if (isDeepStrictEqual(old, now)) return [];
  const [before, after] = [named(old), named(now)];
  if (
    (before || after) &&
    (before ?? []).length + (after ?? []).length > 0 &&
    (before || isNothing(old)) &&
    (after || isNothing(now))
  ) {
    const names = [...new Set([...(before ?? []), ...(after ?? [])].map(({ name }) => name))];
    const element = (list: readonly Named[] | undefined, name: string) => list?.find((entry) => entry.name === name);
    return names.flatMap((name) => {
      const [was, is] = [element(before, name), element(after, name)];
      return isDeepStrictEqual(was, is)
        ? []
        : [{ property, element: name, old: was?.value ?? was, new: is?.value ?? is }];
    });
  }
  if (Array.isArray(old) && Array.isArray(now))
    return Array.from({ length: Math.max(old.length, now.length) }, (_, i) =>
      between(old[i], now[i], `${property}[${i}]`),
    ).flat();
  if ((isObject(old) || isNothing(old)) && (isObject(now) || isNothing(now))) {
    const [was, is] = [isObject(old) ? old : {}, isObject(now) ? now : {}];
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => key !== "__defaults");
    return keys.flatMap((key) => between(was[key], is[key], property === "" ? key : `${property}.${key}`));
  }
  return [{ property, old, new: now }];
}

interface Named extends Properties {
  readonly name: string;
}

/** A list whose elements have names: flags, variables. */
const named = (value: unknown): readonly Named[] | undefined =>
  Array.isArray(value) &&
  value.every((element): element is Named => isObject(element) && typeof element.name === "string")
    ? value
    : undefined;
const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNothing = (value: unknown) => value === undefined || value === null;
