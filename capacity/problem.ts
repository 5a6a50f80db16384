import { MASK, maskedValue } from "./secrecy";

/** One mistake in what a user gave: a stack file, an option, a variable. */
export interface InputProblem {
  /** The setting to change, as its owner writes it: `netra:connector.maxInstances`, `--stack`. */
  readonly setting: string;
  /** The whole sentence, as it is printed. */
  readonly message: string;
  /** The fixes that can be applied to the letter, each sufficient alone; absent: the fix needs a person's decision. */
  readonly ways?: readonly Way[] | undefined;
}

/** Settings with the values that pass, all of them together; `null` removes the setting. */
export type Way = readonly Change[];
export type Change = readonly [setting: string, value: Proposal];
/** A value that can be written into a stack file as it stands. */
export type Proposal = string | number | boolean | null | readonly Proposal[] | { readonly [key: string]: Proposal };

/** One thing that is wrong with a plan or a resource, as data; `message` is how it is printed. */
export interface Problem extends InputProblem {
  /** What stands there, as a message shows it; absent where it is not shown. */
  readonly value?: string | undefined;
  /** Completes "must". */
  readonly must: string;
  /** Completes "because". */
  readonly because: string;
  /** What to do: `set 'setting' to 5`. */
  readonly fix: string;
  /** What else there is to do, as a clause. */
  readonly otherwise?: string | undefined;
  /** What causes it, where several causes share a rule: `tcp-probe`, `network path`. */
  readonly cause?: string | undefined;
  /** Further figures that show it, such as the share of a simulated storm. */
  readonly evidence?: readonly Figure[] | undefined;
}

/** A figure, and where it comes from. */
interface Figure {
  readonly field: string;
  readonly value: string;
}

/** How a field of a capacity structure is called where the reader will look for it (stack file, resource property). */
export type Naming<Field extends string> = (field: Field) => string;

/** The fields' own names: what a rule uses for properties that stand directly on the resource. */
export const identity = (field: string): string => field;

/** What {@link problem} is made of. */
interface ProblemParts extends Pick<Problem, "setting" | "must" | "because" | "cause" | "evidence"> {
  /** Left out: the message shows none. */
  readonly value?: unknown;
}

/**
 * How a problem is mended: `fix` is the value that passes, or what to write instead; `ways` are several, with what else
 * there is to do; `instead` is a whole clause where no setting mends it.
 */
type Mending =
  | { readonly fix: string | number | boolean }
  | { readonly ways: readonly Way[]; readonly otherwise?: string | undefined }
  | { readonly instead: string };

/** Builds a {@link Problem}: `'setting' (value) must ... because ...; set 'setting' to ...`. */
export function problem(p: ProblemParts & Mending): Problem {
  const { setting, must, because, cause, evidence } = p;
  const value = "value" in p ? shownUnder(setting, shown(p.value)) : undefined;
  const ways = "ways" in p ? p.ways : "fix" in p && isLiteral(p.fix) ? [[[setting, p.fix] as const]] : [];
  const fix =
    "ways" in p ? waysText(setting, p.ways, p.otherwise) : "fix" in p ? `set '${setting}' to ${p.fix}` : p.instead;
  return {
    setting,
    ...(value === undefined ? {} : { value }),
    must,
    because,
    fix,
    ...(ways.length === 0 ? {} : { ways }),
    ...("otherwise" in p && p.otherwise !== undefined ? { otherwise: p.otherwise } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(evidence === undefined ? {} : { evidence }),
    message: `'${setting}'${value === undefined ? "" : ` (${value})`} must ${must} because ${because}; ${fix}`,
  };
}

/**
 * The same problem with other ways to mend it; where none does alone, it proposes none that could be followed to the
 * letter.
 */
export function withWays(found: Problem, ways: readonly Way[]): Problem {
  const { setting, value, fix: before, message, ways: _, ...rest } = found;
  const [first] = found.ways ?? [];
  const otherwise =
    ways.length > 0 || !first
      ? rest.otherwise
      : (rest.otherwise ?? `${wayText(setting, first)}, together with other changes`);
  const fix = waysText(setting, ways, otherwise);
  const head = message.slice(0, message.length - before.length);
  return {
    setting,
    ...(value === undefined ? {} : { value }),
    ...rest,
    fix,
    ...(ways.length === 0 ? {} : { ways }),
    message: `${head}${fix}`,
  };
}

/** A text with spaces describes a value; nobody can write it into a file. */
const isLiteral = (fix: string | number | boolean) => typeof fix !== "string" || /^[^\s<>]+$/.test(fix);

/** `set 'a' to 1 and 'b' to 2, or remove 'c', or ask Google`. */
function waysText(setting: string, ways: readonly Way[], otherwise?: string): string {
  return [...ways.map((way) => wayText(setting, way)), ...(otherwise === undefined ? [] : [otherwise])].join(", or ");
}

function wayText(setting: string, way: Way): string {
  const [set, removed] = [way.filter(([, value]) => value !== null), way.filter(([, value]) => value === null)];
  const isAlone = way.length === 1 && way[0]?.[0] === setting;
  return [
    ...(set.length > 0 ? [`set ${set.map(([name, value]) => `'${name}' to ${literal(value)}`).join(" and ")}`] : []),
    ...(removed.length > 0
      ? [isAlone ? "remove it" : `remove ${removed.map(([name]) => `'${name}'`).join(" and ")}`]
      : []),
  ].join(", and ");
}

/** As a stack file has it, on one line. */
function literal(value: Proposal): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${literal(item)}`)
    .join(", ")} }`;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  if (value === "") return "empty";
  return String(value);
}

/** A value as a message shows it: a secret, by the name of its setting or by its form, is not shown. */
export function shownUnder(setting: string, value: string): string {
  const harmless = maskedValue(setting, value);
  return harmless === MASK && value !== MASK ? "not shown" : harmless;
}

/** The integer nearest to `value` within `range`: what an error proposes. */
export function clamp(value: number, range: { readonly min: number; readonly max: number }): number {
  return Math.min(range.max, Math.max(range.min, Number.isFinite(value) ? Math.round(value) : range.min));
}

/** A user's mistake: every problem at once, no stack trace, exit 2. */
export class InputError extends Error {
  constructor(readonly problems: readonly InputProblem[]) {
    super(problems.map(({ message }) => message).join("\n"));
  }
}

/** A single mistake: `'setting' rest`. */
export const inputError = (setting: string, rest: string): InputError =>
  new InputError([{ setting, message: `'${setting}' ${rest}` }]);
