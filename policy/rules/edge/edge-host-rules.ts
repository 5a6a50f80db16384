import { problem } from "../../../capacity/problem";
import { URL_MAPS } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const edgeHostRules = resourceRule({
  name: "edge-host-rules",
  info: "A URL map's host rules name path matchers that it has, and no host is in two host rules.",
  why: "No preview checks the map; Google refuses it after the services behind it have been created.",
  severity: "medium",
  remediation: "Set hostRules[].pathMatcher to the name of a path matcher, and keep each host in one host rule.",
  types: URL_MAPS,
  judge({ properties }, { refuse, attempt }) {
    const rules = properties.list("hostRules");
    attempt(() => {
      const matchers = properties.list("pathMatchers").map((matcher) => matcher.text("name") ?? "");
      for (const rule of rules) {
        const value = rule.text("pathMatcher");
        if (value !== undefined && matchers.includes(value)) continue;
        const fix = matchers.join(" or ") || "the name of a path matcher, and add that to 'pathMatchers'";
        refuse(
          problem({
            setting: rule.at("pathMatcher"),
            value,
            must: "be the name of a path matcher",
            because: "'pathMatchers' has none of that name",
            fix,
          }),
        );
      }
    });
    const seen = new Set<string>();
    for (const rule of rules)
      attempt(() => {
        for (const host of rule.texts("hosts")) {
          const repeated = seen.has(host.toLowerCase());
          seen.add(host.toLowerCase());
          if (!repeated) continue;
          const because = "a request follows the one rule that has its host";
          refuse(
            problem({
              setting: rule.at("hosts"),
              value: host,
              must: "contain no host twice",
              because,
              fix: "hosts that are in no other rule",
            }),
          );
        }
      });
  },
});
