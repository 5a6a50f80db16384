import type { Rule } from "./rule";

/** JSON Schema of one setting. */
export interface SettingSchema {
  readonly type: string;
  readonly description: string;
  readonly default?: unknown;
  /** Further keywords. */
  readonly [keyword: string]: unknown;
}

/** What every rule takes beside its own settings. */
const waivers: SettingSchema = {
  type: "array",
  description: "Accepted findings, each with a reason.",
  default: [],
  items: {
    type: "object",
    additionalProperties: false,
    required: ["resource", "reason"],
    properties: { resource: { type: "string", minLength: 1 }, reason: { type: "string", pattern: "\\S" } },
  },
};

/**
 * The settings of a rule as JSON Schema. One that the stack's plan decides has no `default` here: the engine would fill
 * it in, and a default could not be told from what somebody has set.
 */
export const configSchema = (rule: Rule): Readonly<Record<string, SettingSchema>> => ({ ...settingsOf(rule), waivers });

/** A rule's own settings: without waivers, which every rule has. */
export function settingsOf({ config }: Rule): Readonly<Record<string, SettingSchema>> {
  return Object.fromEntries(
    Object.entries(config).map(([key, { fromPlan, default: neutral, description, ...schema }]) => [
      key,
      fromPlan === undefined
        ? { ...schema, description, default: neutral }
        : { ...schema, description: `${description} ${defaultText(neutral)}` },
    ]),
  );
}

const defaultText = (neutral: unknown) =>
  `Default: the value in the stack's plan; without a plan ${JSON.stringify(neutral)}.`;
