import { z } from "zod";
import { type InputError, inputError } from "../capacity/problem";
import { readUrn } from "../policy/resources/urn";

/*
 * Reads what `pulumi preview --json` prints: one digest, or, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true, a line for
 * each event of the engine. Both become the same object. Fields that nobody here needs are passed over.
 * Source: pulumi/pulumi 3.259, pkg/backend/display/json.go, pkg/display/json.go, sdk/go/common/apitype/events.go.
 */

/**
 * Properties of a resource as the engine shows them: secrets are `[secret]`, what a preview cannot know is a sentinel.
 */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource before or after a step. */
export interface State {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** What the engine would do to one resource. */
export interface Step {
  /** `create`, `update`, `replace`, `delete`, `import`, ... */
  readonly op: string;
  readonly urn: string;
  /** Pulumi's type token. */
  readonly type: string;
  /** The resource's name in the program. */
  readonly name: string;
  readonly old?: State | undefined;
  readonly new?: State | undefined;
  /** A component: nothing of it exists anywhere but in the state. */
  readonly isComponent: boolean;
  /** A deletion leaves the resource where it is: the engine only forgets it. */
  readonly isRetained: boolean;
  /** Paths of the properties that change. Empty where the engine does not say. */
  readonly changed: readonly string[];
  /** What forces a replacement: property paths, or `__meta` for a rule of the provider's. */
  readonly replaceReasons: readonly string[];
}

/** A decided change, as the stack's configuration states it. */
interface Acknowledgement {
  readonly change: string;
  readonly reason: string;
}

/** Something that was said, with the resource it is about; none: the program. */
interface Said {
  readonly urn: string;
  readonly message: string;
}

export interface Preview {
  /** Steps that do something. */
  readonly steps: readonly Step[];
  /** Steps that do nothing, as far as the preview lists them. */
  readonly still: readonly Step[];
  /** Errors in the engine's words, with the resource they are about. */
  readonly errors: readonly Said[];
  /** Warnings of the program and its providers. */
  readonly warnings: readonly Said[];
  /** How many resources undergo each operation. */
  readonly changes: Readonly<Record<string, number>>;
  /** `netra:acknowledge` of the configuration that the preview ran with, by the resource's name. */
  readonly acknowledgements: Readonly<Record<string, Acknowledgement>>;
}

const properties = z.record(z.string(), z.unknown());
const state = z.object({
  inputs: properties.nullish(),
  outputs: properties.nullish(),
  custom: z.boolean().nullish(),
  retainOnDelete: z.boolean().nullish(),
});
/** Stack, project and type are read from it. */
const urn = z.string().regex(/^urn:pulumi:[^:]+::.+?::.+?::/);
const reasons = z.array(z.string()).nullish();
const detail = properties.nullish();
const diagnostic = z.object({
  urn: z.string().nullish(),
  message: z.string().nullish(),
  severity: z.string().nullish(),
});
const counts = z.record(z.string(), z.number());
const config = z.record(z.string(), z.string()).nullish();

const digestSchema = z.object({
  config,
  steps: z
    .array(
      z.object({
        op: z.string(),
        urn,
        oldState: state.nullish(),
        newState: state.nullish(),
        diffReasons: reasons,
        replaceReasons: reasons,
        detailedDiff: detail,
      }),
    )
    .nullish(),
  diagnostics: z.array(diagnostic).nullish(),
  changeSummary: counts.nullish(),
});

const metadata = z.object({
  op: z.string(),
  urn,
  old: state.nullish(),
  new: state.nullish(),
  keys: reasons,
  diffs: reasons,
  detailedDiff: detail,
});
const eventSchema = z.object({
  preludeEvent: z.object({ config }).nullish(),
  resourcePreEvent: z.object({ metadata }).nullish(),
  resOutputsEvent: z.object({ metadata }).nullish(),
  diagnosticEvent: diagnostic.nullish(),
  summaryEvent: z
    .object({ resourceChanges: counts.nullish(), isPreview: z.boolean(), result: z.string().nullish() })
    .nullish(),
});
const acknowledgement = z.object({ change: z.string(), reason: z.string().regex(/\S/) });

type RawState = z.output<typeof state> | null | undefined;
type Metadata = z.output<typeof metadata>;

/** What was read, every step among the others. */
type Read = Omit<Preview, "still">;

/** Nothing happens to the resource itself. `refresh` reads it; what it finds comes as an update or a delete. */
const STILL = ["same", "read", "refresh", "diff"];

/**
 * Reads a preview.
 * @param file how messages call the text.
 * @param stack the stack that it must be of. Default: any.
 * @throws InputError where it is no preview, is not whole, or is one of another stack.
 */
export function readPreview(content: string, file: string, stack?: string): Preview {
  const text = content.trim(); // without a byte order mark, too
  const wrong = (rest: string) => inputError(file, rest);
  if (text === "")
    throw wrong(
      "must hold a preview because it is empty: `pulumi preview --json` stopped before it began; run that again and read what it says",
    );
  const preview: Read | undefined = text.startsWith("{") ? (readDigest(text) ?? readStream(text, wrong)) : undefined;
  if (!preview)
    throw wrong(
      "must be what `pulumi preview --json` prints because nothing else shows what an update would do; redirect its standard output there, of npm with --silent",
    );
  const other =
    stack === undefined ? undefined : preview.steps.map(({ urn }) => stackOf(urn)).find((name) => name !== stack);
  if (other !== undefined)
    throw wrong(
      `must be a preview of the stack ${stack} because '--stack' says so, and it is of ${other}; set '--stack' to ${other}`,
    );
  const missing = unshown(preview);
  if (missing !== "")
    throw wrong(
      `must show every change that its summary counts because what it does not show cannot be judged (${missing}); run \`pulumi preview --json\` again, and keep all of it`,
    );
  const isStill = ({ op }: Step) => STILL.includes(op);
  return { ...preview, steps: preview.steps.filter((step) => !isStill(step)), still: preview.steps.filter(isStill) };
}

const stackOf = (urn: string) => urn.slice("urn:pulumi:".length, urn.indexOf("::"));

/** What the summary counts and no step shows, as `2 delete`. A refresh stands for what it found. */
function unshown({ steps, changes }: Read): string {
  const shown = (op: string) => steps.filter((step) => step.op === op || step.op === "refresh").length;
  const missing = Object.entries(changing(changes)).filter(([op, count]) => shown(op) < count);
  return missing.map(([op, count]) => `${count - shown(op)} ${op}`).join(", ");
}

/** The operations that do something to a resource, of those that are counted. */
export const changing = (changes: Preview["changes"]): Preview["changes"] =>
  Object.fromEntries(Object.entries(changes).filter(([op]) => !STILL.includes(op)));

/** `1 update, 78 same`. */
export const countsText = (changes: Preview["changes"]): string =>
  Object.entries(changes)
    .filter(([, count]) => count > 0)
    .map(([operation, count]) => `${count} ${operation}`)
    .join(", ") || "none";

/** The digest: one object. `undefined` where the text is no such thing. */
function readDigest(text: string): Read | undefined {
  const digest = digestSchema.safeParse(parsed(text)).data;
  if (!digest) return undefined;
  const errors = saidAs("error", digest.diagnostics ?? []);
  // Every preview that ends has a summary; one that never got to a resource has only its errors.
  if (!digest.changeSummary && errors.length === 0) return undefined;
  const steps = (digest.steps ?? []).map((step) => ({
    ...step,
    old: step.oldState,
    new: step.newState,
    keys: step.replaceReasons,
    diffs: step.diffReasons,
  }));
  return {
    steps: stepsOf(steps),
    errors,
    warnings: saidAs("warning", digest.diagnostics ?? []),
    changes: digest.changeSummary ?? {},
    acknowledgements: acknowledgementsOf(digest.config),
  };
}

/** The stream: an object a line. */
function readStream(text: string, wrong: (rest: string) => InputError): Read | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const events = lines.map((line) => eventSchema.safeParse(parsed(line)).data);
  if (!events[0] || !/"sequence"/.test(lines[0] ?? "")) return undefined;
  const summary = events.find((event) => event?.summaryEvent)?.summaryEvent;
  if (!summary || events.includes(undefined))
    throw wrong(
      "must end with the summary because steps may be missing before it: the stream was cut off; run `pulumi preview --json` to its end",
    );
  if (!summary.isPreview)
    throw wrong(
      "must be a preview because this is the log of an update, which has happened; run `pulumi preview --json`",
    );
  const found = events.flatMap((event) => event?.resOutputsEvent?.metadata ?? []);
  const diagnostics = events.flatMap((event) => event?.diagnosticEvent ?? []);
  return {
    steps: stepsOf(
      events.flatMap((event) => (event?.resourcePreEvent ? [refreshed(event.resourcePreEvent.metadata, found)] : [])),
    ),
    errors: saidAs("error", [...diagnostics, ...((summary.result ?? "succeeded") === "succeeded" ? [] : [FAILED])]),
    warnings: saidAs("warning", diagnostics),
    changes: summary.resourceChanges ?? {},
    acknowledgements: acknowledgementsOf(events.find((event) => event?.preludeEvent)?.preludeEvent?.config),
  };
}

/** The engine's last words when it has given the reason before, or when a policy has. */
export const LAST_WORDS = "preview failed";
const FAILED = { message: LAST_WORDS, severity: "error" };

/** What a refresh found out comes later, under the same URN: the digest puts it in the refresh's place, so do we. */
const refreshed = (step: Metadata, found: readonly Metadata[]): Metadata =>
  step.op === "refresh"
    ? (found.find(
        ({ urn, op, detailedDiff }) => urn === step.urn && (op === "delete" || (op === "update" && detailedDiff)),
      ) ?? step)
    : step;

function stepsOf(steps: readonly Metadata[]): Step[] {
  // The stream leaves a `false` out.
  const isTold = steps.some(({ old, new: now }) => old?.custom === true || now?.custom === true);
  return steps.map((step) => stepOf(step, isTold));
}

function stepOf({ op, urn, old, new: now, keys, diffs, detailedDiff }: Metadata, isCustomTold: boolean): Step {
  const raw = old ?? now;
  const changed = Object.keys(detailedDiff ?? {}).filter((path) => path !== "__meta");
  return {
    op,
    urn,
    ...readUrn(urn),
    isComponent: raw ? (isCustomTold ? raw.custom !== true : raw.custom === false) : false,
    isRetained: old?.retainOnDelete === true,
    old: stateOf(old),
    new: stateOf(now),
    changed: changed.length > 0 ? changed : (diffs ?? []).filter((path) => path !== "__meta"),
    replaceReasons: keys ?? [],
  };
}

const stateOf = (raw: RawState): State | undefined =>
  raw ? { inputs: raw.inputs ?? {}, outputs: raw.outputs ?? {} } : undefined;

function saidAs(wanted: "error" | "warning", diagnostics: readonly z.output<typeof diagnostic>[]): Said[] {
  const said = diagnostics.flatMap(({ urn, message, severity }) =>
    severity === wanted ? [{ urn: urn ?? "", message: plain(message ?? "") }] : [],
  );
  return said.filter(({ message }, i) => said.findIndex((other) => other.message === message) === i);
}

/** Without the engine's prefix and its markup for colours. */
const plain = (message: string) =>
  message
    .replaceAll(/<\{%.*?%\}>/g, "")
    .replace(/^(error|warning): /, "")
    .trim();

/**
 * The engine shows a section as one JSON text. What the program would refuse to read, a reason of spaces for one, is no
 * acknowledgement.
 */
function acknowledgementsOf(values: z.output<typeof config>): Preview["acknowledgements"] {
  const section = properties.safeParse(parsed(values?.["netra:acknowledge"] ?? "{}")).data ?? {};
  return Object.fromEntries(
    Object.entries(section).flatMap(([name, stated]) => {
      const { data } = acknowledgement.safeParse(stated);
      return data ? [[name, data]] : [];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
