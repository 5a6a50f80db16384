import { isDeepStrictEqual } from "node:util";
import { MASK } from "../capacity/secrecy";
import { isUnknownValue } from "../policy/framework/unknown";
import type { Properties, Step } from "./preview";

/** One property that a step changes; a named element of a list (a flag, a variable) counts as a property. */
export interface Difference {
  readonly property: string;
  readonly element?: string | undefined;
  readonly old: unknown;
  readonly new: unknown;
}

/** The differences between the inputs before and after a step that the engine counts as changes. */
export function differencesOf({ old, new: now, changed }: Pick<Step, "old" | "new" | "changed">): Difference[] {
  if (!old || !now) return [];
  const touches = (one: string, other: string) =>
    isWithin(withoutPositions(one), withoutPositions(other)) ||
    isWithin(withoutPositions(other), withoutPositions(one));
  const found = diff(old.inputs, now.inputs, "").filter(
    ({ property }) => changed.length === 0 || changed.some((path) => touches(property, path)),
  );
  // Changes that the engine reports without showing the values.
  const silent = changed.filter((path) => !found.some(({ property }) => touches(property, path)));
  return [...found, ...silent.map((property) => ({ property, old: MASK, new: MASK }))];
}

/** The provider treats lists as sets: a position may refer to another element afterwards. */
const withoutPositions = (path: string) => path.replaceAll(/\[[^\]]*\]/g, "");

/** Whether a property equals another one or is nested in it. */
export const isWithin = (property: string, other: string): boolean =>
  property === other || property.startsWith(`${other}.`) || property.startsWith(`${other}[`);

/** Whether a value is hidden or not known yet, so that the change may be any. */
export const isOpaque = ({ old, new: now }: Difference): boolean => [old, now].some(isHidden);

/** Whether a preview hides a value or does not know it yet. */
export const isHidden = (value: unknown): boolean => value === MASK || isUnknownValue(value);

function diff(old: unknown, now: unknown, property: string): Difference[] {
  if (isDeepStrictEqual(old, now)) return [];
  const [namedBefore, namedAfter] = [namedElements(old), namedElements(now)];
  if (namedBefore && namedAfter && namedBefore.length + namedAfter.length > 0)
    return diffNamed(namedBefore, namedAfter, property);
  if (Array.isArray(old) && Array.isArray(now)) return diffLists(old, now, property);
  const [before, after] = [fieldsOf(old), fieldsOf(now)];
  if (before && after) return diffObjects(before, after, property);
  return [{ property, old, new: now }];
}

function diffNamed(old: readonly Named[], now: readonly Named[], property: string): Difference[] {
  const names = new Set([...old, ...now].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [before, after] = [old, now].map((list) => list.find((element) => element.name === name));
    return isDeepStrictEqual(before, after)
      ? []
      : [{ property, element: name, old: before?.value ?? before, new: after?.value ?? after }];
  });
}

const diffLists = (old: readonly unknown[], now: readonly unknown[], property: string): Difference[] =>
  Array.from({ length: Math.max(old.length, now.length) }, (_, i) => diff(old[i], now[i], `${property}[${i}]`)).flat();

function diffObjects(old: Properties, now: Properties, property: string): Difference[] {
  const keys = new Set([...Object.keys(old), ...Object.keys(now)].filter((key) => key !== "__defaults"));
  return [...keys].flatMap((key) => diff(old[key], now[key], property === "" ? key : `${property}.${key}`));
}

interface Named extends Properties {
  readonly name: string;
}

/** The elements of a list in which all have names, as flags and variables do; an absent list is empty. */
function namedElements(value: unknown): readonly Named[] | undefined {
  const isNamed = (element: unknown): element is Named => isObject(element) && typeof element.name === "string";
  if (isNothing(value)) return [];
  return Array.isArray(value) && value.every(isNamed) ? value : undefined;
}

/** The fields of an object; an absent object has none. */
const fieldsOf = (value: unknown): Properties | undefined =>
  isNothing(value) ? {} : isObject(value) ? value : undefined;

const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNothing = (value: unknown) => value === undefined || value === null;
