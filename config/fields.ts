import { parse } from "yaml";
import { z } from "zod";
import { MOST_OF_ANYTHING, MOST_SECONDS } from "../capacity/bounds";
import { meantQuantity } from "../capacity/constraints/cloudrun";
import { type InputProblem, type Proposal, shownUnder } from "../capacity/problem";

/* The kinds of fields in the stack file: each defines its form and the message for an invalid value. */

/** How a field's error reads: `must <must> because <because>; set '<field>' to <example>`. */
interface Form {
  readonly must: string;
  readonly because: string;
  readonly example: string | number | boolean;
  /** What was meant by a value that is wrong. Default: the example. */
  meant?(input: unknown): string | number | undefined;
}

/** Stands for the setting's path in a message until the path is known. */
const PATH = "\u0000";

export const complaint =
  (form: Form) =>
  ({ input }: { readonly input?: unknown }) =>
    `must ${form.must} because ${form.because}; set '${PATH}' to ${form.meant?.(input) ?? form.example}`;

/** A problem from the message of a form, at the setting where it stands. */
export function complained(setting: string, value: string, message: string): InputProblem {
  const text = message.replaceAll(PATH, setting);
  const written = text.slice(text.lastIndexOf(`; set '${setting}' to `) + `; set '${setting}' to `.length);
  // What has spaces describes a value, unless it is quoted or a list.
  const isLiteral = /^([^\s<>]+|\[.*\]|".*"|'.*'|\{.*\})$/.test(written) && !written.includes("...");
  return {
    setting,
    message: `'${setting}' (${shownUnder(setting, value)}) ${text}`,
    ...(isLiteral ? { ways: [[[setting, parse(written) as Proposal]]] } : {}), // YAML of one line
  };
}

const SECONDS: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  sec: 1,
  secs: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minutes: 60,
  h: 3600,
};

/**
 * `80s` where seconds are meant is 80, `2m` is 120, and the text `"10"` is the number 10; `undefined` where that would
 * not pass either.
 */
function meantNumber(input: unknown, unit: string, passes: (value: number) => boolean): number | undefined {
  const [, digits, suffix = ""] =
    (typeof input === "string" && /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(input)) || [];
  // 2GB is no number of connections.
  if (suffix !== "" && unit !== "seconds" && !unit.toLowerCase().startsWith(suffix.toLowerCase())) return undefined;
  const factor = unit === "seconds" ? SECONDS[suffix.toLowerCase()] : 1;
  if (factor === undefined) return undefined;
  const value = Number(digits ?? Number.NaN) * factor;
  return passes(value) ? value : undefined;
}

export const described = <T extends z.ZodType>(type: T, meaning: string, example: unknown): T =>
  type.meta({ description: meaning, examples: [example] });

/** A whole number in the given unit (may be empty), by default of at least 1. */
export function whole(meaning: string, unit: string, example: number, min = 1, max = MOST_OF_ANYTHING) {
  const range = (input: unknown) =>
    max === MOST_OF_ANYTHING && !(Number(input) > max) ? `, at least ${min}` : ` from ${min} to ${max}`;
  const error = ({ input }: { readonly input?: unknown }) =>
    complaint({
      must: `be a whole number${unit && ` of ${unit}`}${range(input)}`,
      because: `it is ${meaning}`,
      example,
      meant: () => meantNumber(input, unit, (value) => Number.isInteger(value) && value >= min && value <= max),
    })({ input });
  return described(z.int({ error }).min(min, { error }).max(max, { error }), meaning, example);
}

export function fraction(meaning: string, example: number, range: { above: number; atMost: number }) {
  const error = complaint({
    must: `be a number above ${range.above} and at most ${range.atMost}`,
    because: `it is ${meaning}`,
    example,
  });
  return described(z.number({ error }).gt(range.above, { error }).lte(range.atMost, { error }), meaning, example);
}

export function amount(
  meaning: string,
  unit: string,
  example: number,
  { min = 0, max }: { min?: number; max: number },
) {
  const error = complaint({
    must: `be a number of ${unit} from ${min} to ${max}`,
    because: `it is ${meaning}`,
    example,
    meant: (input) => meantNumber(input, unit, (value) => value >= min && value <= max),
  });
  return described(z.number({ error }).min(min, { error }).max(max, { error }), meaning, example);
}

export function text(
  meaning: string,
  example: string,
  pattern = /^\S(.*\S)?$/s,
  must = "be a text without surrounding whitespace",
) {
  const error = complaint({ must, because: `it is ${meaning}`, example });
  return described(z.string({ error }).regex(pattern, { error }), meaning, example);
}

export function choice<const T extends readonly [string, ...string[]]>(meaning: string, values: T) {
  return described(
    z.enum(values, {
      error: complaint({ must: `be one of ${values.join(", ")}`, because: `it is ${meaning}`, example: values[0] }),
    }),
    meaning,
    values[0],
  );
}

export function flag(meaning: string, example: boolean) {
  return described(
    z.boolean({ error: complaint({ must: "be true or false", because: `it is ${meaning}`, example }) }),
    meaning,
    example,
  );
}

export function list<T extends z.ZodType>(meaning: string, item: T, example: string) {
  const meant = (input: unknown) => (item.safeParse(input).success ? `[${input}]` : undefined);
  return described(
    z.array(item, {
      error: complaint({ must: "be a list", because: `it is ${meaning}`, example: `[${example}]`, meant }),
    }),
    meaning,
    [example],
  );
}

export function section<T extends z.core.$ZodLooseShape>(meaning: string, shape: T) {
  const example = skeletonOf(shape) ?? "its settings, as in Pulumi.staging.yaml";
  const error = complaint({ must: "be a section with settings of its own", because: `it is ${meaning}`, example });
  return described(z.strictObject(shape, { error }), meaning, {});
}

/** A section of a few plain settings as one line, each with its example; `undefined` for a larger one. */
function skeletonOf(shape: z.core.$ZodLooseShape): string | undefined {
  const entries = Object.entries(shape).flatMap(([key, type]) => {
    if (type instanceof z.ZodOptional || type instanceof z.ZodDefault) return [];
    const examples = type instanceof z.ZodType ? type.meta()?.examples : undefined;
    return [[key, Array.isArray(examples) ? (examples[0] as unknown) : undefined] as const];
  });
  const isPlain =
    entries.length <= 4 && entries.every(([, example]) => ["string", "number", "boolean"].includes(typeof example));
  return isPlain && entries.length > 0
    ? `{ ${entries.map(([key, example]) => `${key}: ${example}`).join(", ")} }`
    : undefined;
}

export function named<T extends z.ZodType>(meaning: string, key: RegExp, must: string, value: T) {
  return described(
    z.record(
      z.string().regex(key, { error: `must be named ${must} because the stack derives names from it; rename it` }),
      value,
      {
        error: complaint({
          must: "be a section",
          because: `it is ${meaning}`,
          example: "one section each, as in Pulumi.staging.yaml",
        }),
      },
    ),
    meaning,
    {},
  );
}

export function quantity(
  meaning: string,
  form: string,
  example: string,
  kind: "cpu" | "memory",
  parse: (value: string) => number | undefined,
) {
  const meant = (input: unknown) => (typeof input === "string" ? meantQuantity(input, kind) : undefined);
  const error = complaint({ must: `be ${form}`, because: `it is ${meaning}`, example, meant });
  // YAML reads a bare 2 as a number: a CPU count may be written either way.
  return described(
    z
      .union([z.string(), z.number()], { error })
      .transform(String)
      .refine((value) => (parse(value) ?? 0) > 0, { error })
      .transform((value) => parse(value) ?? 0),
    meaning,
    example,
  );
}

export const HYPHENATED = "be lower-case letters, digits and hyphens, starting with a letter";
export const UNDERSCORED = "be lower-case letters, digits and underscores, starting with no digit";
/** A short name that names in the cloud are derived from, a path matcher's among them. */
/** The name of a variable. */
export const VARIABLE = /^[A-Z][A-Z0-9_]*$/;
export const KEY = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A name by Compute Engine's rules; two characters at least, because a NAT gateway's has. */
export const computeName = (meaning: string, example: string) =>
  text(meaning, example, /^[a-z][-a-z0-9]{0,61}[a-z0-9]$/, `${HYPHENATED}, 2 to 63`);
export const cidr = (meaning: string, example: string) => text(meaning, example);
export const seconds = (meaning: string, example: number, min = 0, max = MOST_SECONDS) =>
  whole(meaning, "seconds", example, min, max);
