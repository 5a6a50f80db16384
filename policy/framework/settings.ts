import type { Rule } from "./rule";

/** JSON Schema of one setting. */
export interface SettingSchema {
  readonly type: string;
  readonly description: string;
  readonly default?: unknown;
  /** Further keywords. */
  readonly [keyword: string]: unknown;
}

/** The setting that every rule has. */
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
 * A rule's settings as JSON Schema. A setting that comes from the plan has no `default` here: the engine would fill it
 * in, and it would look like a configured value.
 */
export const configSchema = (rule: Rule): Readonly<Record<string, SettingSchema>> => ({ ...settingsOf(rule), waivers });

/** A rule's own settings, without waivers. */
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
