import { DEFAULT_PRIORITY } from "../../capacity/edge";
import { problem } from "../../capacity/problem";
import { resourceRule } from "../rule";
import { SECURITY_POLICY } from "../types";

export const edgeDefaultRule = resourceRule({
  name: "edge-default-rule",
  info: "A Cloud Armor policy that states rules states the default one.",
  why: "The preview takes any list of rules; Google refuses one that does not say what happens to all other requests.",
  severity: "low",
  remediation: "Add a rule of priority 2147483647 that matches every address.",
  types: [SECURITY_POLICY],
  judge({ properties }, { refuse }) {
    // Without any rules the provider adds the default one.
    const priorities = properties.list("rules").map((rule) => rule.number("priority"));
    if (priorities.length === 0 || priorities.includes(DEFAULT_PRIORITY)) return;
    refuse(
      problem({
        setting: "rules",
        value: `priorities ${priorities.join(", ")}`,
        must: `have one of priority ${DEFAULT_PRIORITY}`,
        because: "it decides about every request that no other rule matches",
        fix: `these and one of priority ${DEFAULT_PRIORITY} that matches srcIpRanges "*"`,
      }),
    );
  },
});
