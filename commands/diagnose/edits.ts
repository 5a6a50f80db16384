import { isObject } from "../shared/cloud/classify";

export type Properties = Readonly<Record<string, unknown>>;

/** A change of one property. */
export interface Edit {
  /** Keys, and positions in lists, from the top: `["template", "containers", "0", "envs"]`. */
  readonly path: readonly string[];
  /** `undefined` before: it does not exist. `undefined` after: it is removed. */
  readonly change: (value: unknown) => unknown;
}

/** Sets the value at a dotted path; `undefined` removes it. */
export const setTo = (path: string, value: unknown): Edit => ({ path: path.split("."), change: () => value });

/** The properties after the edits; the given ones stay as they are. */
export function edited(properties: Properties, edits: readonly Edit[]): Properties {
  // at the top there are properties
  return edits.reduce((before, { path, change }) => changed(before, path, change) as Properties, properties);
}

function changed(value: unknown, [key, ...rest]: readonly string[], change: Edit["change"]): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === key ? changed(item, rest, change) : item));
  const { [key]: before, ...others } = isObject(value) ? value : {};
  const after = changed(before, rest, change);
  return after === undefined ? others : { ...others, [key]: after };
}
