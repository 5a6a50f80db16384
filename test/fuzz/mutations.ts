import fc from "fast-check";
import { UNKNOWN } from "../../policy/framework/unknown";

/* Edits of structured values and of texts, as data: fast-check draws them, and shrinks them to the few that matter. */

/** Planted wherever something is a secret by its name or by its form: nothing may print it. */
export const CANARY = "Zq7hunter2Zq7hunter2";
/** A secret by its name only. */
export const NAMED = "named-Xw4hunter2";
/** Variables whose value is a secret. */
export const SECRETS = {
  MY_TOKEN: NAMED,
  APP_DSN: NAMED,
  DATABASE: `postgresql://netra:${CANARY}@10.107.0.3/netra`,
  CALLBACK: `https://example.org/back?token=${CANARY}`,
  SIGNED: `eyJ${CANARY}.eyJ${CANARY}.${CANARY}`,
};

/** Stands where nothing of its kind can: an input that has it is not valid. */
export const GARBAGE = { "garb age": [["garbage"]] };

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);

/** Values that break what trusts its input. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 2, 3, 7, 0.5, 1e-9, 1000, 1e6, 2 ** 31, 2 ** 53, 1e308, Number.NaN],
  ...[
    "",
    " ",
    "0",
    "1e3",
    "-5",
    "true",
    "null",
    "latest",
    "all",
    "*",
    "\u0000",
    "a\nb",
    "💥",
    "\ud800",
    "x".repeat(10_000),
  ],
  ...["__proto__", "constructor", "toString", "[secret]", UNKNOWN, "$(id)", "../../etc/passwd", "<script>", "$x"],
  ...["10.0.0.0/8", "0.0.0.0/0", "256.1.1.1/33", "::/0", "2026-01-01", "999999d", "5Gi", "^(\\d+)+$", "projects/x"],
  ...Object.values(SECRETS).slice(2),
  ...[
    [],
    {},
    [[]],
    [null],
    { name: null },
    { name: "x", value: {} },
    nested(200),
    Array.from({ length: 300 }, () => 0),
  ],
];

export interface Edit {
  readonly do: "nudge" | "set" | "spoil" | "remove" | "copy" | "add" | "rename" | "swap";
  /** Where: at each depth the n-th entry, as far down as there are numbers and entries. */
  readonly at: readonly number[];
  readonly value: number;
}

export const edits = fc.array(
  fc.record<Edit>({
    do: fc.constantFrom("nudge", "nudge", "nudge", "set", "spoil", "remove", "copy", "add", "rename", "swap"),
    at: fc.array(fc.nat(40), { minLength: 1, maxLength: 7 }),
    value: fc.nat(VALUES.length - 1),
  }),
  { minLength: 1, maxLength: 4 },
);

type Container = Record<string, unknown>;

export interface Edited {
  readonly value: unknown;
  /** An edit has left garbage in it. */
  readonly isSpoilt: boolean;
}

/** The value with the edits. What has lost its name is no secret any more, and goes. */
export function edited(original: unknown, all: readonly Edit[]): Edited {
  const root: Container = { value: structuredClone(original) };
  for (const edit of all) apply(root, edit);
  const value = withoutLost(root.value);
  return { value, isSpoilt: JSON.stringify(value)?.includes("garb age") ?? false };
}

function withoutLost(value: unknown, name = ""): unknown {
  if (typeof value === "string") return value.includes(NAMED) && !/^(MY_TOKEN|APP_DSN)$/.test(name) ? "lost" : value;
  if (!isContainer(value)) return value;
  for (const key of Object.keys(value)) {
    const label = key === "value" ? (value.name ?? value.field) : key;
    define(value, key, withoutLost(value[key], String(label).replace(/^envs\[(.*)\]$/, "$1")));
  }
  return value;
}

const isContainer = (value: unknown): value is Container => value !== null && typeof value === "object";

function apply(root: Container, { do: what, at, value }: Edit): void {
  let [parent, key] = [root, "value"];
  for (const step of at) {
    const inner = parent[key];
    if (!isContainer(inner)) break;
    const keys = Object.keys(inner);
    if (keys.length === 0) break;
    [parent, key] = [inner, keys[step % keys.length] ?? ""];
  }
  if (what === "nudge") parent[key] = nudged(parent[key], value);
  else if (what === "set") parent[key] = structuredClone(VALUES[value]);
  else if (what === "spoil") parent[key] = structuredClone(GARBAGE);
  else if (parent === root) return;
  else if (Array.isArray(parent)) {
    if (what === "remove") parent.splice(Number(key), 1);
    else if (what === "copy") parent.push(structuredClone(parent[Number(key)]));
    else if (what === "add") parent.push(structuredClone(VALUES[value]));
  } else if (what === "remove") delete parent[key];
  else if (what === "copy") parent[`${key}2`] = structuredClone(parent[key]);
  else if (what === "add") define(parent, String(VALUES[value]), 1);
  else if (what === "rename") {
    define(parent, String(VALUES[value]), parent[key]);
    delete parent[key];
  } else if (what === "swap") {
    const other = Object.keys(parent).find((one) => one !== key);
    if (other !== undefined) [parent[key], parent[other]] = [parent[other], parent[key]];
  }
}

/** Another value of the same kind, which passes where only the kind is asked for. */
function nudged(value: unknown, by: number): unknown {
  if (typeof value === "number") return [value + 1, value - 1, value * 2, value / 2, value * 10, 0][by % 6];
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return value.toReversed();
  if (typeof value !== "string") return value;
  // Its beginning stays, which may be all that is looked at.
  return by % 4 === 0 ? `${value}\ntouch x` : value.replace(/\d+/, (digits) => String(Number(digits) + by));
}

/** Also `__proto__` becomes an entry of its own. */
const define = (parent: Container, key: string, value: unknown) =>
  Object.defineProperty(parent, key.slice(0, 100), { value, enumerable: true, configurable: true, writable: true });

/** A text whose form is broken: cut off, or with something in the middle. */
export const breakage = fc.record({
  from: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.constantFrom(0, 1, 40, Number.MAX_SAFE_INTEGER),
  instead: fc.constantFrom(
    "",
    "}",
    "\u0000",
    "\t",
    "{",
    "\n---\n",
    "&a [*a]",
    ": - :",
    '"',
    "\ufeff",
    "💥",
    "<<<<<<< HEAD\n",
  ),
});

export function broken(
  text: string,
  { from, length, instead }: { readonly from: number; readonly length: number; readonly instead: string },
) {
  const start = Math.floor(text.length * from);
  return text.slice(0, start) + instead + text.slice(Math.min(text.length, start + length));
}

/** One of the values as an argument of a command line. */
export const argument = fc.nat(VALUES.length - 1).map((index) => {
  const value = VALUES[index];
  return (typeof value === "string" ? value : String(JSON.stringify(value))).replaceAll("\u0000", "").slice(0, 3000);
});
