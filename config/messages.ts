import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import type { InputProblem } from "../capacity/problem";
import { complained, VARIABLE } from "./fields";
import { shown } from "./references";
import { stackFile } from "./schema";

/** The problems of form, each mistake reported once: a misspelt setting is not also reported as missing. */
export function misreadProblems(issues: readonly z.core.$ZodIssue[], own: unknown): InputProblem[] {
  const meant = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => settingPath([...issue.path, nearestKey(issue.path, key) ?? key]))
      : [],
  );
  const problems = issues
    .filter(({ path }) => valueAt(own, path) !== undefined || !meant.includes(settingPath(path)))
    .flatMap((issue) => issueProblems(issue, own));
  // Zod reports a far too large number twice: as no whole number and as too large.
  return [...new Map(problems.map((found) => [found.message, found])).values()];
}

function issueProblems(issue: z.core.$ZodIssue, own: unknown): InputProblem[] {
  const path = settingPath(issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key));
  const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const value = issue.code === "invalid_key" ? issue.path.at(-1) : valueAt(own, issue.path);
  const isHidden =
    issue.code !== "invalid_key" &&
    mayBeSecret(issue.path, value) &&
    typeof value !== "object" &&
    value !== undefined &&
    value !== "";
  return [complained(path, isHidden ? "not shown" : shown(value), message)];
}

/**
 * A secret's value written where its section, a setting or a name of it belongs, a channel's token, and a container's
 * variables: no message may show them.
 */
function mayBeSecret([section, , field]: readonly PropertyKey[], value: unknown): boolean {
  if (section === "channelTokens") return true;
  // A misspelt format or version is short.
  if (section === "secrets")
    return field === undefined || field === "id" || !/^([A-Za-z_-]{1,20}|-?\d{1,4}(\.\d+)?)$/.test(String(value));
  if (section !== "services") return false;
  return field === "environment" || (field === "secrets" && !VARIABLE.test(String(value)));
}

function unknownKey(parent: readonly PropertyKey[], key: string): InputProblem {
  const nearest = nearestKey(parent, key);
  const setting = settingPath([...parent, key]);
  const instead =
    nearest === undefined
      ? `use one of ${knownKeys(parent).join(", ")}`
      : `rename it to '${settingPath([...parent, nearest])}'`;
  return {
    setting,
    message: `'${setting}' must not be set because there is no such setting; ${instead}, or remove it`,
    ways: [[[setting, null]]],
  };
}

/**
 * What a misspelt setting was probably meant to be: in another case or with other separators, without its unit, or a
 * few letters off.
 */
function nearestKey(parent: readonly PropertyKey[], key: string): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const [known, written] = [knownKeys(parent), bare(key)];
  if (known.length === 0 || written === "") return undefined;
  const [begun, ...others] = known.filter((candidate) => bare(candidate).startsWith(written));
  if (begun !== undefined && others.length === 0) return begun;
  const nearest = closest(written, known.map(bare));
  const farthest = Math.min(Math.max(2, written.length / 3), written.length - 1);
  return distance(written, nearest) <= farthest ? known.find((candidate) => bare(candidate) === nearest) : undefined;
}

/** The settings that exist at a path of the stack file. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let type: z.core.$ZodType | undefined = stackFile;
  for (const step of path) {
    type = unwrapped(type);
    if (type instanceof z.ZodObject) type = type.shape[String(step)];
    else if (type instanceof z.ZodRecord) type = type.valueType;
    else return [];
  }
  type = unwrapped(type);
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}

function unwrapped(type: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return type instanceof z.ZodOptional || type instanceof z.ZodDefault ? unwrapped(type.unwrap()) : type;
}

function settingPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (sum, step, i) =>
      i === 0 ? `netra:${String(step)}` : typeof step === "number" ? `${sum}[${step}]` : `${sum}.${String(step)}`,
    "netra",
  );
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value !== null && typeof value === "object" ? Reflect.get(value, step) : undefined),
    root,
  );
}
