import fc from "fast-check";
import { expect, test } from "vitest";
import { securityRules } from "../../../capacity/constraints/edge";

const expressionOf = (...paths: string[]) => securityRules(paths, { requestsPerMinute: 600 })[0]?.expression ?? "";

test("health paths come before the throttle, and the throttle before everything else", () => {
  expect(securityRules(["/health", "/health/startup", "/health"], { requestsPerMinute: 600 })).toEqual([
    {
      priority: 1000,
      meaning: "health checks and uptime probes are never throttled",
      action: "allow",
      expression: "request.method == 'GET' && request.path.matches('^(/health|/health/startup)$')",
    },
    { priority: 2000, meaning: "so many requests a minute from one address", action: "throttle", perMinute: 600 },
    { priority: 2147483647, meaning: "everything else", action: "allow" },
  ]);
});

/** What Cloud Armor reads between the quotation marks: a backslash makes the next character a plain one. */
function patternIn(expression: string): RegExp {
  const [, text = ""] =
    /^request\.method == 'GET' && request\.path\.matches\('((?:[^'\\]|\\.)*)'\)$/s.exec(expression) ?? [];
  return new RegExp(text.replaceAll(/\\(.)/gs, "$1"));
}

test("a rule matches its paths and no other, whatever is in them", () => {
  const path = fc.string({ minLength: 1 }).filter((text) => /^\S+$/.test(text));
  fc.assert(
    fc.property(path, path, (own, other) => {
      const pattern = patternIn(expressionOf(`/${own}`));
      expect(pattern.test(`/${own}`)).toBe(true);
      expect(pattern.test(`/${other}`)).toBe(other === own);
    }),
  );
});

test.each([
  ["/health.json", "^(/health\\\\.json)$"],
  ["/it's", "^(/it\\'s)$"],
  ["/a\\b", "^(/a\\\\\\\\b)$"],
])("%s cannot end the text that it stands in", (path, text) => {
  expect(expressionOf(path)).toBe(`request.method == 'GET' && request.path.matches('${text}')`);
});

test("has three rules, whatever paths there are: they are paid for by the month", () => {
  expect(securityRules([], { requestsPerMinute: 1 })).toHaveLength(3);
});
