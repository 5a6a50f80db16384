import { DEFAULT_PRIORITY } from "../../../capacity/constraints/edge";
import { problem } from "../../../capacity/problem";
import { SECURITY_POLICY } from "../../../config/resource-types";
import type { Inputs } from "../../framework/inputs";
import { resourceRule } from "../../framework/rule";

export const edgeDefaultRule = resourceRule({
  name: "edge-default-rule",
  info: "A Cloud Armor policy that states rules also states the default rule and allows some requests.",
  why: "The preview accepts any list of rules; Google refuses a list without a rule for all other requests, and a list that only denies closes every service behind it.",
  severity: "low",
  remediation: "Add a rule of priority 2147483647 that matches every address.",
  types: [SECURITY_POLICY],
  judge({ properties }, { refuse }) {
    // If there are no rules, the provider adds the default one.
    const rules = properties.list("rules");
    const priorities = rules.map((rule) => rule.number("priority"));
    const byDefault = rules[priorities.indexOf(DEFAULT_PRIORITY)];
    const denies = (rule: Inputs) => rule.flag("preview") === true || /^deny/.test(rule.text("action") ?? "");
    if (byDefault && rules.every(denies) && byDefault.flag("preview") !== true) {
      const because = "no other rule lets anybody in, and every request is refused";
      refuse(
        problem({
          setting: byDefault.at("action"),
          value: byDefault.text("action"),
          must: "be allow",
          because,
          fix: "allow, or add a rule that allows",
        }),
      );
    }
    if (priorities.length === 0 || byDefault) return;
    refuse(
      problem({
        setting: "rules",
        value: `priorities ${priorities.join(", ")}`,
        must: `have one of priority ${DEFAULT_PRIORITY}`,
        because: "it decides every request that no other rule matches",
        fix: `these and one of priority ${DEFAULT_PRIORITY} that matches srcIpRanges "*"`,
      }),
    );
  },
});
