/* Previews as the engine prints them, from what a test says of each step. */

export interface TestStep {
  readonly op: string;
  readonly type: string;
  readonly name?: string;
  readonly old?: object;
  readonly new?: object;
  /** Paths of the detailed diff. Default: the engine does not say. */
  readonly changed?: readonly string[];
  readonly replaceReasons?: readonly string[];
  /** Default: true, as of every resource that exists outside the state. */
  readonly custom?: boolean;
  /** Whether the program has set `retainOnDelete`. Default: no. */
  readonly retained?: boolean;
}

export interface TestPreview {
  readonly steps?: readonly TestStep[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly urn?: string; readonly message: string }[];
  readonly stack?: string;
}

export const urnOf = ({ type, name = "it" }: Pick<TestStep, "type" | "name">, stack = "staging") =>
  `urn:pulumi:${stack}::netra::netra:staging:Part$${type}::${name}`;

const counts = (steps: readonly TestStep[]) =>
  Object.fromEntries(steps.map(({ op }) => [op, steps.filter((step) => step.op === op).length]));
const texts = (config: Readonly<Record<string, unknown>> = {}) =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]));
const stateOf = (inputs: object | undefined, { custom = true, retained }: TestStep) =>
  inputs && { custom, inputs, outputs: { id: "computed" }, ...(retained ? { retainOnDelete: true } : {}) };
/** The stream leaves every `false` out. */
const streamed = (inputs: object | undefined, step: TestStep) => {
  const state = stateOf(inputs, step);
  return state && { ...state, custom: state.custom || undefined };
};
const diffOf = (changed: readonly string[] | undefined) =>
  changed ? Object.fromEntries(changed.map((path) => [path, { kind: "update", inputDiff: true }])) : null;

/** The engine's last words, whatever the reason was. */
const withLastWords = (errors: NonNullable<TestPreview["errors"]>) =>
  errors.length > 0 ? [...errors, { message: "preview failed" }] : [];

/** What `pulumi preview --json` prints. */
export function digest({ steps = [], config, errors = [], stack }: TestPreview): string {
  return JSON.stringify({
    config: texts(config),
    steps: [
      ...steps.map((step) => ({
        op: step.op,
        urn: urnOf(step, stack),
        oldState: stateOf(step.old, step),
        newState: stateOf(step.new, step),
        replaceReasons: step.replaceReasons,
        detailedDiff: diffOf(step.changed),
      })),
      { op: "same", urn: urnOf({ type: "pulumi:pulumi:Stack" }, stack), detailedDiff: null },
    ],
    diagnostics: withLastWords(errors).map(({ urn, message }) => ({
      urn,
      message: `error: ${message}\n`,
      severity: "error",
    })),
    duration: 1,
    changeSummary: counts(steps),
  });
}

/** The same with PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true: a line for each event. */
export function stream({ steps = [], config, errors = [], stack }: TestPreview): string {
  const events = [
    { preludeEvent: { config: texts(config) } },
    ...steps.map((step) => ({
      resourcePreEvent: {
        metadata: {
          op: step.op,
          urn: urnOf(step, stack),
          type: step.type,
          old: streamed(step.old, step) ?? null,
          new: streamed(step.new, step) ?? null,
          keys: step.replaceReasons,
          detailedDiff: diffOf(step.changed),
        },
        planning: true,
      },
    })),
    {
      resourcePreEvent: {
        metadata: {
          op: "same",
          urn: urnOf({ type: "pulumi:pulumi:Stack" }, stack),
          old: null,
          new: null,
          detailedDiff: null,
        },
        planning: true,
      },
    },
    ...withLastWords(errors).map(({ urn, message }) => ({
      diagnosticEvent: { urn, prefix: "error: ", message: `<{%reset%}>${message}<{%reset%}>\n`, severity: "error" },
    })),
    { diagnosticEvent: { message: "noise", severity: "debug" } },
    {
      summaryEvent: {
        resourceChanges: counts(steps),
        isPreview: true,
        result: errors.length > 0 ? "failed" : "succeeded",
      },
    },
    { cancelEvent: {} },
  ];
  return events.map((event, sequence) => `${JSON.stringify({ sequence, timestamp: 1795477471, ...event })}\n`).join("");
}
