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
export function withValue(configuration: object, path: Path, value: unknown): Configuration {
  const copy = structuredClone(configuration) as Configuration;
  let node: unknown = copy;
  path.slice(0, -1).forEach((key, i) => {
    const parent = Object(node);
    // A section that is not there, or is none, is made.
    if (typeof Reflect.get(parent, key) !== "object" || Reflect.get(parent, key) === null)
      Reflect.set(parent, key, typeof path[i + 1] === "number" ? [] : {});
    node = Reflect.get(parent, key);
  });
  const [parent, key = ""] = [Object(node), path.at(-1)];
  if (value !== undefined) Reflect.set(parent, key, value);
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
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
