import { isUnknownValue } from "./unknown";

/** A property that a preview cannot know. */
export class UnknownAtPreviewError extends Error {
  constructor(readonly path: string) {
    super(`'${path}' is not known at preview`);
  }

  /** The same with what to do. */
  get sentence(): string {
    return `${this.message}; give it a plain value instead of another resource's output`;
  }
}

/**
 * A property that has another type than the provider's schema gives it. Never carries the value: it could be a secret.
 */
export class MalformedValueError extends Error {}

/** Whether a reading failed because of what was read, and not because of a bug. */
export const isUnreadable = (error: unknown): error is UnknownAtPreviewError | MalformedValueError =>
  error instanceof UnknownAtPreviewError || error instanceof MalformedValueError;

/** `undefined` where it cannot be read: for what another rule reports. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** What a text in JSON holds. Throws where it is none, with `what` the setting must be: `a list`. */
export function parsedJson(text: string, setting: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedValueError(`${setting} must be ${what} in JSON`); // not the parser's message: it shows the value
  }
}

/**
 * What `pulumi policy analyze --file` shows in a secret's place where it cannot decrypt it, and `pulumi preview --json`
 * in every secret's.
 */
const UNDECRYPTED = "[secret]";

/**
 * What it means that a value is unknown. In a resource's inputs the program states it. In its outputs the program may
 * also have left it out: a preview does not know what the cloud fills in. A reader may decide to read every unknown
 * value as absent.
 */
type Unknown = "stated" | "stated or left out" | "absent";

/**
 * Reads a resource's properties without trusting them: an absent one is `undefined`, one that is unknown at preview
 * throws {@link UnknownAtPreviewError}, one of another type throws {@link MalformedValueError}. Rules let both through;
 * the wrapper in `rule.ts` reports them as "cannot evaluate".
 */
export class Inputs {
  constructor(
    private readonly properties: unknown,
    /** Where these properties stand on the resource: `template.containers[0]`; empty at the top. */
    readonly path: string = "",
    private readonly unknown: Unknown = "stated",
  ) {
    if (properties === UNDECRYPTED) throw new MalformedValueError(`'${path}' is hidden because it contains a secret`);
    if (
      properties !== undefined &&
      (typeof properties !== "object" || properties === null || Array.isArray(properties))
    )
      throw new MalformedValueError(`${path || "properties"} must be an object`);
  }

  /** A resource's outputs, as stack rules see them. */
  static ofOutputs(properties: unknown): Inputs {
    return new Inputs(properties, "", "stated or left out");
  }

  /**
   * The same properties with every unknown one read as absent. For outputs, where a preview does not know what the
   * program left out and the cloud fills in: only for properties whose inputs a resource rule judges.
   */
  knownOnly(): Inputs {
    return new Inputs(this.properties, this.path, "absent");
  }

  /** The path of a property, as an error names it. */
  at(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }

  /**
   * Whether the property is set. An unknown input is; of an unknown output nobody knows, and it throws: a stack rule
   * says what it makes of one with {@link mayHave}, {@link isUnknown} or {@link knownOnly}.
   */
  has(key: string): boolean {
    return this.isStatedUnknown(key) || this.get(key) !== undefined;
  }

  /**
   * Whether the property may be set to something: it is unknown, or neither absent nor an empty text or list. For
   * outputs that the cloud never fills in, an unknown one of which the program states.
   */
  mayHave(key: string): boolean {
    if (this.isUnknown(key)) return true;
    const value = this.get(key);
    return value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
  }

  /** Whether a preview cannot know the property's value. */
  isUnknown(key: string): boolean {
    return this.unknown !== "absent" && isUnknownValue(this.raw(key));
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.malformed(key, "a text");
  }

  /** A text, or a number as one: an id that some write as a number. */
  textOrNumber(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === "number" ? String(value) : this.text(key);
  }

  /**
   * Whether the property is set to a text that is not empty. An unknown input is, an unknown output throws as in
   * {@link has}.
   */
  hasText(key: string): boolean {
    return this.isStatedUnknown(key) || Boolean(this.text(key));
  }

  /**
   * One of the provider's fixed values, in the capitals in which it has them. Google and the provider refuse another
   * spelling or take it for the same: no rule may take it for another value. An empty one is absent.
   */
  choice(key: string): string | undefined {
    return this.text(key)?.trim().toUpperCase() || undefined;
  }

  /**
   * A secret text, as far as it is known: `undefined` where it is absent, unknown at preview, or in a state file that
   * was exported without its key.
   */
  knownSecret(key: string): string | undefined {
    if (this.isUnknown(key)) return undefined;
    const value = this.text(key);
    return value === UNDECRYPTED ? undefined : value;
  }

  /** A decimal number, or a text that is one: the provider takes both. */
  number(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    // JavaScript alone reads 0x10 and 1e2 as numbers.
    const number = typeof value === "string" && /^[+-]?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    throw this.malformed(key, "a number");
  }

  flag(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw this.malformed(key, "true or false");
  }

  /** The object below `key`; an absent one reads as empty. */
  object(key: string): Inputs {
    return new Inputs(this.get(key), this.at(key), this.unknown);
  }

  /** The objects in the list below `key`; an absent list reads as empty. */
  list(key: string): Inputs[] {
    return this.items(key).map(([item, path]) => new Inputs(item, path, this.unknown));
  }

  /** The objects below `key`, where one kind of resource has a list and another a single object. */
  oneOrMore(key: string): Inputs[] {
    const value = this.get(key);
    return value === undefined || Array.isArray(value) ? this.list(key) : [this.object(key)];
  }

  /** The texts in the list below `key`; an absent list reads as empty. */
  texts(key: string): string[] {
    return this.items(key).flatMap(([item, path]) => {
      if (typeof item === "string") return item;
      // A state has null where an element is not known.
      if ((item === undefined || item === null) && this.unknown === "absent") return [];
      throw new MalformedValueError(`${path} must be a text`);
    });
  }

  /** The same, with `unknown` in the place of each text that a preview does not know. */
  textsOr(key: string, unknown: string): string[] {
    const list = this.raw(key);
    if (!Array.isArray(list)) return this.texts(key);
    const known = list.map((item: unknown) => (isUnknownValue(item) ? unknown : item));
    return new Inputs({ [key]: known }, this.path).texts(key);
  }

  /** Whether the property is a list. */
  isList(key: string): boolean {
    return Array.isArray(this.raw(key));
  }

  /** How many items the list below `key` has, whether a preview knows them or not; an absent list has none. */
  count(key: string): number {
    const value = this.get(key);
    if (value === undefined) return 0;
    if (!Array.isArray(value)) throw this.malformed(key, "a list");
    return value.length;
  }

  /**
   * Every property beneath, however deep: its key and, where it is a text that is known, the text. An item has its
   * list's key.
   */
  everything(): { readonly key: string; readonly text: string | undefined }[] {
    return beneath("", this.properties);
  }

  /** The keys of the object itself. */
  keys(): string[] {
    return this.properties === undefined ? [] : Object.keys(this.properties as object);
  }

  private items(key: string): [unknown, string][] {
    const value = this.get(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.malformed(key, "a list");
    return value.map((item: unknown, i) => {
      const path = `${this.at(key)}[${i}]`;
      return [this.known(item, path), path];
    });
  }

  private isStatedUnknown(key: string): boolean {
    return this.unknown === "stated" && this.isUnknown(key);
  }

  private raw(key: string): unknown {
    return this.properties === undefined ? undefined : (this.properties as Record<string, unknown>)[key];
  }

  private get(key: string): unknown {
    const value = this.raw(key);
    return value === null || value === undefined ? undefined : this.known(value, this.at(key));
  }

  private known(value: unknown, path: string): unknown {
    if (!isUnknownValue(value)) return value;
    if (this.unknown === "absent") return undefined;
    throw new UnknownAtPreviewError(path);
  }

  private malformed(key: string, expected: string): MalformedValueError {
    if (this.raw(key) === UNDECRYPTED)
      return new MalformedValueError(`'${this.at(key)}' is hidden because it contains a secret`);
    return new MalformedValueError(`${this.at(key)} must be ${expected}`);
  }
}

function beneath(key: string, value: unknown): { readonly key: string; readonly text: string | undefined }[] {
  if (typeof value !== "object" || value === null)
    return [{ key, text: typeof value === "string" && !isUnknownValue(value) ? value : undefined }];
  return Object.entries(value).flatMap(([inner, item]) => beneath(Array.isArray(value) ? key : inner, item));
}
