import { settingParts } from "../capacity/plan-changes";
import { InputError, type InputProblem, type Way } from "../capacity/problem";
import { provenChecks } from "../capacity/verdict";
import { planOf, readSettings } from "../config/read";

/*
 * Applies what a message proposes, literally: the text behind "set 'SETTING' to", as somebody would type it into the
 * stack file.
 */

export type Path = readonly (string | number)[];
type Configuration = Record<string, unknown>;

export const at = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), root);

/** The configuration with another value at a path; `undefined` removes it. */
export const withValue = (configuration: object, path: Path, value: unknown): Configuration =>
  // a path below a configuration leads to a copy of it
  changedAt(configuration, path, value) as Configuration;

function changedAt(node: unknown, [key = "", ...rest]: Path, value: unknown): object {
  // A section that is not there, or is none, is made.
  const made = typeof key === "number" ? [] : {};
  const copy = node === null || typeof node !== "object" ? made : Array.isArray(node) ? [...node] : { ...node };
  if (rest.length > 0) Reflect.set(copy, key, changedAt(Reflect.get(copy, key), rest, value));
  else if (value !== undefined) Reflect.set(copy, key, value);
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else Reflect.deleteProperty(copy, key);
  return copy;
}

/** Everything that is wrong with a configuration, but for what storms show. */
export function problemsOf(configuration: Configuration): readonly InputProblem[] {
  try {
    return provenChecks(planOf(readSettings(configuration))).flatMap(({ problems }) => problems);
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
}

/** `netra:services.auth.secrets[2]` as a path of the configuration. */
function pathOf(setting: string): Path {
  const [section = "", ...rest] = settingParts(setting);
  return [`netra:${section}`, ...rest.map((part) => (/^\d+$/.test(part) ? Number(part) : part))];
}

/** The configuration after somebody has followed a way to the letter. */
export const following = (configuration: Configuration, way: Way): Configuration =>
  way.reduce(
    (changed, [setting, value]) => withValue(changed, pathOf(setting), value === null ? undefined : value),
    configuration,
  );
