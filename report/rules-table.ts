import { table } from "./table";

/** What the pack's README says of each rule: what it refuses, why and what to set, how to configure it. */
export function rulesTable(
  rules: readonly {
    readonly name: string;
    readonly description: string;
    readonly severity?: string;
    readonly remediationSteps?: string;
    readonly configSchema?: { readonly properties: object };
  }[],
): string {
  return table([
    ["rule", "what must hold", "why, and what to set", "severity", "settings"],
    ...rules.map((rule) => [
      `\`${rule.name}\``,
      rule.description,
      rule.remediationSteps ?? "",
      rule.severity ?? "",
      Object.keys(rule.configSchema?.properties ?? {})
        .filter((setting) => setting !== "waivers")
        .map((setting) => `\`${setting}\``)
        .join(", "),
    ]),
  ]);
}
