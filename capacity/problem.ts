/** One mistake in what a user gave: a stack file, an option, a variable. */
export interface InputProblem {
  /** The setting to change, as its owner writes it: `netra:connector.maxInstances`, `--stack`. */
  readonly setting: string;
  /** The whole sentence, as it is printed. */
  readonly message: string;
  /** The value that passes when it is written at `setting` as it stands; absent where the fix is another one. */
  readonly proposal?: Proposal | undefined;
}

/** A value that can be written at a setting literally. */
export type Proposal = string | number | boolean;

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
  /** What causes it, where several causes share a rule: `tcp-probe`, `network path`. */
  readonly cause?: string | undefined;
  /** Further figures that show it, such as the share of a simulated storm. */
  readonly evidence?: readonly Figure[] | undefined;
}

/** A figure, and where it comes from. */
export interface Figure {
  readonly field: string;
  readonly value: string;
}

/** How a field of a capacity structure is called where the reader will look for it (stack file, resource property). */
export type Naming<Field extends string> = (field: Field) => string;

/** The fields' own names: what a rule uses for properties that stand directly on the resource. */
export const asIs = (field: string): string => field;

/** What {@link problem} is made of. */
interface ProblemParts extends Pick<Problem, "setting" | "must" | "because" | "cause" | "evidence"> {
  /** Left out: the message shows none. */
  readonly value?: unknown;
}

/**
 * Builds a {@link Problem}: `'setting' (value) must ... because ...; set 'setting' to ...`. `fix` is the value that passes, or
 * what to write instead; `instead` is a whole clause where something else than setting it mends the problem.
 */
export function problem(p: ProblemParts & ({ readonly fix: string | number | boolean } | { readonly instead: string })): Problem {
  const { setting, must, because, cause, evidence } = p;
  const value = "value" in p ? shown(p.value) : undefined;
  const fix = "fix" in p ? `set '${setting}' to ${p.fix}` : p.instead;
  return {
    setting,
    ...(value === undefined ? {} : { value }),
    must,
    because,
    fix,
    ...("fix" in p && typeof p.fix !== "string" ? { proposal: p.fix } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(evidence === undefined ? {} : { evidence }),
    message: `'${setting}'${value === undefined ? "" : ` (${value})`} must ${must} because ${because}; ${fix}`,
  };
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  if (value === "") return "empty";
  return String(value);
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
export const inputError = (setting: string, rest: string): InputError => new InputError([{ setting, message: `'${setting}' ${rest}` }]);
