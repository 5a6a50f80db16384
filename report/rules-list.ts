import { infoOf, type Rule } from "../policy/framework/rule";
import { settingsOf } from "../policy/framework/settings";

/**
 * The pack's README on each rule, under a heading for its service: what must hold, why, what to set, and the rule's
 * settings with what holds without them.
 */
export function rulesList(byService: Readonly<Record<string, readonly Rule[]>>): string {
  return Object.entries(byService)
    .map(([service, rules]) => `### ${service}\n\n${rules.map(ruleText).join("\n")}`)
    .join("\n\n");
}

function ruleText(rule: Rule): string {
  const marks = [...(rule.kind === "stack" ? ["stack"] : []), ...(rule.severity === "high" ? [] : [rule.severity])];
  const settings = Object.entries(settingsOf(rule)).map(
    ([setting, { description, default: value }]) =>
      `  - \`${setting}\`: ${description}${value === undefined ? "" : ` Default: \`${JSON.stringify(value)}\`.`}`,
  );
  return [
    `- **\`${rule.name}\`**${marks.length > 0 ? ` (${marks.join(", ")})` : ""}: ${infoOf(rule)}`,
    `  *Why:* ${rule.why} *Fix:* ${rule.remediation}`,
    ...settings,
  ].join("\n");
}
