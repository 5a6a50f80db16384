import { infoOf, type Rule } from "../policy/framework/rule";
import { settingsOf } from "../policy/framework/settings";
import { table } from "./table";

/** The pack's README on each rule: what it refuses, why and what to set, how to configure and how to waive it. */
export function rulesTable(rules: readonly Rule[]): string {
  return table([
    ["rule", "what must hold", "why, and what to set", "severity", "settings", "waived for"],
    ...rules.map((rule) => [
      `\`${rule.name}\``,
      infoOf(rule),
      `${rule.why} ${rule.remediation}`,
      rule.severity,
      Object.keys(settingsOf(rule))
        .map((setting) => `\`${setting}\``)
        .join(", "),
      rule.kind === "stack" ? "a resource, or `stack`" : "a resource",
    ]),
  ]);
}

/** Every setting of every rule, with what it means and what holds without it. */
export function settingsTable(rules: readonly Rule[]): string {
  return table([
    ["rule", "setting", "meaning", "default"],
    ...rules.flatMap((rule) =>
      Object.entries(settingsOf(rule)).map(([setting, { description, default: value }]) => [
        `\`${rule.name}\``,
        `\`${setting}\``,
        description,
        value === undefined ? "" : `\`${JSON.stringify(value)}\``,
      ]),
    ),
  ]);
}
