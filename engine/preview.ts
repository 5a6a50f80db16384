import { z } from "zod";
import { type InputError, inputError } from "../capacity/problem";
import { readUrn } from "../policy/resources/urn";

/*
 * Reads what `pulumi preview --json` prints: one digest, or, with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true, a line for
 * each event of the engine. Both become the same object; fields that are not needed are ignored.
 * Source: pulumi/pulumi 3.259, pkg/backend/display/json.go, pkg/display/json.go, sdk/go/common/apitype/events.go.
 */

/** Properties of a resource as the engine shows them: secrets are `[secret]`, unknown values are a sentinel. */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource before or after a step. */
export interface State {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** An operation of the engine on one resource. */
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
  /** A component exists in the state only. */
  readonly isComponent: boolean;
  /** A deletion removes the resource from the state only. */
  readonly isRetained: boolean;
  /** Paths of the properties that change. Empty if the engine does not report them. */
  readonly changed: readonly string[];
  /** What forces a replacement: property paths, or `__meta` for a rule of the provider. */
  readonly replaceReasons: readonly string[];
}

/** The stack's permission for one refused change. */
interface Acknowledgement {
  readonly change: string;
  readonly reason: string;
}

/** A message about a resource, or about the program if `urn` is empty. */
interface Message {
  readonly urn: string;
  readonly message: string;
}

export interface Preview {
  /** Steps that change something. */
  readonly steps: readonly Step[];
  /** Steps that change nothing, as far as the preview lists them. */
  readonly unchanged: readonly Step[];
  /** In the engine's words. */
  readonly errors: readonly Message[];
  /** Of the program and its providers. */
  readonly warnings: readonly Message[];
  /** Number of resources for each operation. */
  readonly changes: Readonly<Record<string, number>>;
  /** `netra:acknowledge` of the preview's configuration, by resource name. */
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

/** A preview whose steps are not separated yet. */
type Read = Omit<Preview, "unchanged">;

/** Operations that do not change the resource. What a `refresh` finds is reported as an update or a delete. */
const UNCHANGED = ["same", "read", "refresh", "diff"];

/**
 * Reads a preview.
 * @param file the name of the text in messages.
 * @param stack the stack that it must be of. Default: any.
 * @throws InputError if it is no preview, is incomplete, or belongs to another stack.
 */
export function readPreview(content: string, file: string, stack?: string): Preview {
  const text = content.trim(); // also removes a byte order mark
  const wrong = (rest: string) => inputError(file, rest);
  if (text === "")
    throw wrong(
      "must hold a preview because it is empty: `pulumi preview --json` stopped before it began; run it again and read its output",
    );
  const preview: Read | undefined = text.startsWith("{") ? (readDigest(text) ?? readStream(text, wrong)) : undefined;
  if (!preview)
    throw wrong(
      "must be the output of `pulumi preview --json` because nothing else shows what an update would do; redirect standard output to it, with npm's --silent",
    );
  const other =
    stack === undefined ? undefined : preview.steps.map(({ urn }) => stackOf(urn)).find((name) => name !== stack);
  if (other !== undefined)
    throw wrong(
      `must be a preview of the stack ${stack} because '--stack' names that stack and the preview is of ${other}; set '--stack' to ${other}`,
    );
  const missing = unshown(preview);
  if (missing !== "")
    throw wrong(
      `must show every change that its summary counts because the others cannot be judged (${missing}); run \`pulumi preview --json\` again and keep its complete output`,
    );
  const isUnchanged = ({ op }: Step) => UNCHANGED.includes(op);
  return {
    ...preview,
    steps: preview.steps.filter((step) => !isUnchanged(step)),
    unchanged: preview.steps.filter(isUnchanged),
  };
}

const stackOf = (urn: string) => urn.slice("urn:pulumi:".length, urn.indexOf("::"));

/** Changes that the summary counts but no step shows, as `2 delete`. A refresh counts as any change. */
function unshown({ steps, changes }: Read): string {
  const shown = (op: string) => steps.filter((step) => step.op === op || step.op === "refresh").length;
  const missing = Object.entries(changing(changes)).filter(([op, count]) => shown(op) < count);
  return missing.map(([op, count]) => `${count - shown(op)} ${op}`).join(", ");
}

/** The counts of operations that change a resource. */
export const changing = (changes: Preview["changes"]): Preview["changes"] =>
  Object.fromEntries(Object.entries(changes).filter(([op]) => !UNCHANGED.includes(op)));

/** `1 update, 78 same`. */
export const countsText = (changes: Preview["changes"]): string =>
  Object.entries(changes)
    .filter(([, count]) => count > 0)
    .map(([operation, count]) => `${count} ${operation}`)
    .join(", ") || "none";

/** The digest: one object. `undefined` if the text is not a digest. */
function readDigest(text: string): Read | undefined {
  const digest = digestSchema.safeParse(parsed(text)).data;
  if (!digest) return undefined;
  const errors = messagesOf("error", digest.diagnostics ?? []);
  // Every completed preview has a summary; one that failed before the first resource has only errors.
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
    warnings: messagesOf("warning", digest.diagnostics ?? []),
    changes: digest.changeSummary ?? {},
    acknowledgements: acknowledgementsOf(digest.config),
  };
}

/** The stream: one object per line. */
function readStream(text: string, wrong: (rest: string) => InputError): Read | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const events = lines.map((line) => eventSchema.safeParse(parsed(line)).data);
  if (!events[0] || !/"sequence"/.test(lines[0] ?? "")) return undefined;
  const summary = events.find((event) => event?.summaryEvent)?.summaryEvent;
  if (!summary || events.includes(undefined))
    throw wrong(
      "must end with the summary because without it steps may be missing: the stream was cut off; let `pulumi preview --json` complete",
    );
  if (!summary.isPreview)
    throw wrong("must be a preview because this is the log of a completed update; run `pulumi preview --json`");
  const found = events.flatMap((event) => event?.resOutputsEvent?.metadata ?? []);
  const diagnostics = events.flatMap((event) => event?.diagnosticEvent ?? []);
  return {
    steps: stepsOf(
      events.flatMap((event) => (event?.resourcePreEvent ? [refreshed(event.resourcePreEvent.metadata, found)] : [])),
    ),
    errors: messagesOf("error", [
      ...diagnostics,
      ...((summary.result ?? "succeeded") === "succeeded" ? [] : [FAILED_DIAGNOSTIC]),
    ]),
    warnings: messagesOf("warning", diagnostics),
    changes: summary.resourceChanges ?? {},
    acknowledgements: acknowledgementsOf(events.find((event) => event?.preludeEvent)?.preludeEvent?.config),
  };
}

/** The engine's final message if it has already reported the reason, or if a policy failed. */
export const PREVIEW_FAILED = "preview failed";
const FAILED_DIAGNOSTIC = { message: PREVIEW_FAILED, severity: "error" };

/** The result of a refresh follows under the same URN. The digest replaces the refresh by it, and so do we. */
const refreshed = (step: Metadata, found: readonly Metadata[]): Metadata =>
  step.op === "refresh"
    ? (found.find(
        ({ urn, op, detailedDiff }) => urn === step.urn && (op === "delete" || (op === "update" && detailedDiff)),
      ) ?? step)
    : step;

function stepsOf(steps: readonly Metadata[]): Step[] {
  // The stream omits `false`.
  const reportsCustom = steps.some(({ old, new: now }) => old?.custom === true || now?.custom === true);
  return steps.map((step) => stepOf(step, reportsCustom));
}

function stepOf({ op, urn, old, new: now, keys, diffs, detailedDiff }: Metadata, reportsCustom: boolean): Step {
  const raw = old ?? now;
  const changed = Object.keys(detailedDiff ?? {}).filter((path) => path !== "__meta");
  return {
    op,
    urn,
    ...readUrn(urn),
    isComponent: raw ? (reportsCustom ? raw.custom !== true : raw.custom === false) : false,
    isRetained: old?.retainOnDelete === true,
    old: stateOf(old),
    new: stateOf(now),
    changed: changed.length > 0 ? changed : (diffs ?? []).filter((path) => path !== "__meta"),
    replaceReasons: keys ?? [],
  };
}

const stateOf = (raw: RawState): State | undefined =>
  raw ? { inputs: raw.inputs ?? {}, outputs: raw.outputs ?? {} } : undefined;

function messagesOf(wanted: "error" | "warning", diagnostics: readonly z.output<typeof diagnostic>[]): Message[] {
  const messages = diagnostics.flatMap(({ urn, message, severity }) =>
    severity === wanted ? [{ urn: urn ?? "", message: plain(message ?? "") }] : [],
  );
  return messages.filter(({ message }, i) => messages.findIndex((other) => other.message === message) === i);
}

/** Removes the engine's prefix and colour markup. */
const plain = (message: string) =>
  message
    .replaceAll(/<\{%.*?%\}>/g, "")
    .replace(/^(error|warning): /, "")
    .trim();

/** The engine shows a section as one JSON text. Entries that the program would reject are ignored. */
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
