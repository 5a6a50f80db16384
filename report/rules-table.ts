import { table } from "./table";

/** A rule as its pack declares it. */
export interface DescribedRule {
  readonly name: string;
  readonly description: string;
  readonly severity?: string;
  readonly remediationSteps?: string;
  readonly configSchema?: { readonly properties: object };
  readonly validateStack?: unknown;
}

/** What the pack's README says of each rule: what it refuses, why and what to set, how to configure and how to waive it. */
export function rulesTable(rules: readonly DescribedRule[]): string {
  return table([
    ["rule", "what must hold", "why, and what to set", "severity", "settings", "waived for"],
    ...rules.map((rule) => [
      `\`${rule.name}\``,
      rule.description,
      rule.remediationSteps ?? "",
      rule.severity ?? "",
      settingsOf(rule)
        .map(([setting]) => `\`${setting}\``)
        .join(", "),
      rule.validateStack ? "a resource, or `stack`" : "a resource",
    ]),
  ]);
}

/** Every setting of every rule, with what it means and what holds without it. */
export function settingsTable(rules: readonly DescribedRule[]): string {
  return table([
    ["rule", "setting", "meaning", "default"],
    ...rules.flatMap((rule) =>
      settingsOf(rule).map(([setting, { description, default: value }]) => [`\`${rule.name}\``, `\`${setting}\``, description, `\`${JSON.stringify(value)}\``]),
    ),
  ]);
}

/** Waivers, which every rule has, are none of its own. */
const settingsOf = ({ configSchema }: DescribedRule) =>
  Object.entries<{ readonly description: string; readonly default: unknown }>({ ...configSchema?.properties }).filter(([setting]) => setting !== "waivers");
