/** One thing that is wrong with a plan or a resource, in the form every message of this project has. */
export interface Problem {
  /** The setting to change, as its owner writes it: `netra:connector.maxInstances`, `databaseFlags[max_connections]`. */
  readonly setting: string;
  /** The whole sentence: `'setting' (value) must ... because ...; set 'setting' to ...`. */
  readonly message: string;
}

/** How a field of a capacity structure is called where the reader will look for it (stack file, resource property). */
export type Naming<Field extends string> = (field: Field) => string;

/** The fields' own names: what a rule uses for properties that stand directly on the resource. */
export const asIs = (field: string): string => field;

/** Builds a {@link Problem}. `fix` is the nearest value that passes, or what to write instead. */
export function problem(p: {
  readonly setting: string;
  readonly value: unknown;
  readonly must: string;
  readonly because: string;
  readonly fix: string | number;
}): Problem {
  return {
    setting: p.setting,
    message: `'${p.setting}' (${shown(p.value)}) must ${p.must} because ${p.because}; set '${p.setting}' to ${p.fix}`,
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
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join("\n"));
  }
}

/** A single mistake: `'setting' rest`. */
export const inputError = (setting: string, rest: string): InputError => new InputError([{ setting, message: `'${setting}' ${rest}` }]);
