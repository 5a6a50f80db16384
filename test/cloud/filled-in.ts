import type { Properties } from "./cloud";
import type { Property, Shapes } from "./shapes";

/**
 * What stands where a program is silent; `undefined` leaves the property out. A path
 * (`template.containers.startupProbe`) has no indices. `before`: what the property was.
 */
export type Filling = (property: Property, path: string, before: unknown) => unknown;

/**
 * Properties with all those that the type has, the ones that are left out as `fill` has them. `before`: the properties
 * as they were.
 */
export function filledIn(
  shapes: Shapes,
  name: string,
  stated: Properties,
  fill: Filling,
  before: unknown = undefined,
  path = "",
): Properties {
  const result: Properties = { ...stated };
  for (const [key, property] of Object.entries(shapes[name] ?? {})) {
    const at = path ? `${path}.${key}` : key;
    const old = isObject(before) ? before[key] : undefined;
    const value = stated[key];
    const below = property.below;
    if (value === undefined || value === null) {
      const filler = fill(property, at, old);
      if (filler !== undefined) result[key] = filler;
    } else if (below !== undefined) {
      const inside = (item: unknown, was: unknown) =>
        isObject(item) ? filledIn(shapes, below, item, fill, was, at) : item;
      result[key] = Array.isArray(value)
        ? value.map((item, i) => inside(item, Array.isArray(old) ? old[i] : undefined))
        : inside(value, old);
    }
  }
  return result;
}

const isObject = (value: unknown): value is Properties =>
  value !== null && typeof value === "object" && !Array.isArray(value);
