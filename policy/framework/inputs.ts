import { MASK } from "../../capacity/secrecy";
import { isUnknownValue } from "./unknown";

/** A property that a preview cannot know. */
export class UnknownAtPreviewError extends Error {
  constructor(readonly path: string) {
    super(`'${path}' is not known at preview`);
  }

  /** The message with the fix. */
  get sentence(): string {
    return `${this.message}; give it a plain value instead of another resource's output`;
  }
}

/** A property whose type is not the one in the provider's schema. Never carries the value, which could be a secret. */
export class MalformedValueError extends Error {}

/** Whether reading failed because of the value, and not because of a bug. */
export const isUnreadable = (error: unknown): error is UnknownAtPreviewError | MalformedValueError =>
  error instanceof UnknownAtPreviewError || error instanceof MalformedValueError;

/** `undefined` if the value is unreadable. For values that another rule reports. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** Parses JSON. Throws if it is invalid; `what` completes "must be": `a list`. */
export function parsedJson(text: string, setting: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedValueError(`${setting} must be ${what} in JSON`); // not the parser's message: it shows the value
  }
}

/**
 * The meaning of an unknown value. In a resource's inputs the program states it. In its outputs the program may also
 * have left it out, because a preview does not know what the cloud fills in. A caller may read every unknown value as
 * absent.
 */
type Unknown = "stated" | "stated or left out" | "absent";

/**
 * Reads a resource's properties without trusting them: an absent one is `undefined`, one that is unknown at preview
 * throws {@link UnknownAtPreviewError}, one of another type throws {@link MalformedValueError}. Rules do not catch
 * these errors; `rule.ts` reports them as "cannot evaluate".
 */
export class Inputs {
  constructor(
    private readonly properties: unknown,
    /** The path of these properties on the resource: `template.containers[0]`; empty at the top. */
    readonly path: string = "",
    private readonly unknown: Unknown = "stated",
  ) {
    // `pulumi policy analyze --file` shows it for a secret that it cannot decrypt, `pulumi preview --json` for every one.
    if (properties === MASK) throw new MalformedValueError(`'${path}' is hidden because it contains a secret`);
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
   * The same properties, with every unknown one read as absent. For outputs, where a preview does not know what the
   * cloud fills in: use it only for properties that a resource rule judges in the inputs.
   */
  knownOnly(): Inputs {
    return new Inputs(this.properties, this.path, "absent");
  }

  /** The path of a property, as an error names it. */
  at(key: string): string {
    return this.path ? `${this.path}.${key}` : key;
  }

  /**
   * Whether the property is set. An unknown input is set. An unknown output throws, so a stack rule decides how to read
   * it with {@link mayHave}, {@link isUnknown} or {@link knownOnly}.
   */
  has(key: string): boolean {
    return this.isStatedUnknown(key) || this.get(key) !== undefined;
  }

  /**
   * Whether the property is unknown, or set to something other than an empty text or list. For outputs that the cloud
   * never fills in: the program states an unknown one.
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

  /** A text or a number, as a text: some programs write an id as a number. */
  textOrNumber(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === "number" ? String(value) : this.text(key);
  }

  /**
   * Whether the property is set to a text that is not empty. An unknown input is; an unknown output throws as in
   * {@link has}.
   */
  hasText(key: string): boolean {
    return this.isStatedUnknown(key) || Boolean(this.text(key));
  }

  /**
   * One of the provider's fixed values, in upper case. Google and the provider either refuse another spelling or accept
   * it as the same value, so a rule must not read it as a different one. An empty text is absent.
   */
  choice(key: string): string | undefined {
    return this.text(key)?.trim().toUpperCase() || undefined;
  }

  /** A secret text. `undefined` if it is absent, unknown at preview, or encrypted in an exported state. */
  knownSecret(key: string): string | undefined {
    if (this.isUnknown(key)) return undefined;
    const value = this.text(key);
    return value === MASK ? undefined : value;
  }

  /** A decimal number, or a text that contains one: the provider accepts both. */
  number(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    // Only JavaScript reads 0x10 and 1e2 as numbers.
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

  /** The objects below `key`, for properties that are a list in one resource type and a single object in another. */
  oneOrMore(key: string): Inputs[] {
    const value = this.get(key);
    return value === undefined || Array.isArray(value) ? this.list(key) : [this.object(key)];
  }

  /** The texts in the list below `key`; an absent list reads as empty. */
  texts(key: string): string[] {
    return this.items(key).flatMap(([item, path]) => {
      if (typeof item === "string") return item;
      // In a state, an unknown element is null.
      if ((item === undefined || item === null) && this.unknown === "absent") return [];
      throw new MalformedValueError(`${path} must be a text`);
    });
  }

  /** The same, with `unknown` in place of each text that a preview does not know. */
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

  /** The number of items in the list below `key`, known or not; 0 for an absent list. */
  count(key: string): number {
    const value = this.get(key);
    if (value === undefined) return 0;
    if (!Array.isArray(value)) throw this.malformed(key, "a list");
    return value.length;
  }

  /** Every nested property: its key and, if it is a known text, the text. A list item has the list's key. */
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
    if (this.raw(key) === MASK)
      return new MalformedValueError(`'${this.at(key)}' is hidden because it contains a secret`);
    return new MalformedValueError(`${this.at(key)} must be ${expected}`);
  }
}

function beneath(key: string, value: unknown): { readonly key: string; readonly text: string | undefined }[] {
  if (typeof value !== "object" || value === null)
    return [{ key, text: typeof value === "string" && !isUnknownValue(value) ? value : undefined }];
  return Object.entries(value).flatMap(([inner, item]) => beneath(Array.isArray(value) ? key : inner, item));
}
