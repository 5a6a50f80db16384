import { isUnknownValue, UNKNOWN } from "../../policy/framework/unknown";
import type { Properties } from "./cloud";
import { filledIn } from "./filled-in";
import type { Kind, Place } from "./kinds";
import type { Recorded } from "./recorded";
import type { Property, Shapes } from "./shapes";

/*
 * How outputs differ from the inputs that they echo. Rules on the stack read outputs, and so does the next preview.
 */

/**
 * What the twin knows of the real provider's outputs: which there are, and what they are where a program leaves them
 * out.
 */
export interface Forms {
  readonly shapes: Shapes;
  readonly recorded: Recorded;
}

const isObject = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is a set to the provider, wherever it stands: it sorts the elements anew, identical ones count once. */
const SETS = ["envs", "databaseFlags", "rules", "hostRules", "hosts", "labels"];

/** As the provider writes properties into the state, and compares them: in its own forms, sets in its own order. */
export function asState(kind: Kind, properties: Properties, place: Place, id: string): Properties {
  return inOrder({ ...properties, ...kind.inState?.(properties, place, id) }) as Properties;
}

function inOrder(value: unknown, key = ""): unknown {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, inOrder(item, inner)]));
  if (!Array.isArray(value)) return value;
  const items = value.map((item) => inOrder(item));
  if (!SETS.includes(key)) return items;
  const distinct = new Map(items.map((item) => [sorted(item), item]));
  return [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** JSON with its keys in order, at every depth. */
export const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, item) => (isObject(item) ? Object.fromEntries(Object.entries(item).toSorted()) : item));

/** A resource's outputs as the cloud has it. `secret` marks one. */
export function outputsOf(
  { shapes, recorded }: Forms,
  type: string,
  properties: Properties,
  secret: (value: unknown) => unknown,
): Properties {
  const known = recorded[type] ?? {};
  return inOrder(
    filledIn(shapes, type, properties, (property, path) => {
      // The provider keeps a copy of the labels, with those that it adds itself.
      const empty =
        path === "effectiveLabels" || path === "pulumiLabels" ? (properties.labels ?? {}) : emptyOf(property, path);
      const value = path in known ? known[path] : empty;
      return value === "[secret]" ? secret(empty) : value;
    }),
  ) as Properties;
}

/** What the provider writes where nobody has set anything; what is never filled in stays null at the top. */
function emptyOf({ holds, isFilledIn }: Property, path: string): unknown {
  if (holds === "object") return null;
  if (!isFilledIn && !path.includes(".")) return null;
  return { text: "", flag: false, number: 0, list: isFilledIn ? [] : null }[holds];
}

/**
 * What a preview knows of the outputs: not what the cloud will fill in where the program is silent, but what it filled
 * in `before`.
 */
export function foreseenOutputs(
  { shapes }: Forms,
  type: string,
  properties: Properties,
  before: Properties,
): Properties {
  const filled = filledIn(
    shapes,
    type,
    properties,
    ({ isFilledIn }, path, old) => (isFilledIn ? (old ?? UNKNOWN) : inSet(path)),
    before,
  );
  return inOrder(withWholeUnknowns(filled)) as Properties;
}

/** An element of a set has no nulls: a variable from a secret has an empty value. */
const inSet = (path: string) => (/(^|\.)envs\.(value|valueSource\.secretKeyRef\.version)$/.test(path) ? "" : null);

/** A list of plain values of which one is unknown is unknown as a whole. */
function withWholeUnknowns(value: unknown): unknown {
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withWholeUnknowns(inner)]));
  if (!Array.isArray(value)) return value;
  return value.some(isUnknownValue) ? UNKNOWN : value.map(withWholeUnknowns);
}
