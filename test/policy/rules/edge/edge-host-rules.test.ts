import { expect, test } from "vitest";
import { URL_MAP } from "../../../../config/resource-types";
import { edgeHostRules } from "../../../../policy/rules/edge/edge-host-rules";
import { messages, UNKNOWN } from "../../harness";

const judged = (hostRules: unknown, pathMatchers: unknown = [{ name: "api" }, { name: "app" }], type = URL_MAP) =>
  messages(edgeHostRules, { type, properties: { hostRules, pathMatchers } });

test("accepts hosts that lead to path matchers, and a map without hosts", async () => {
  const rules = [
    { hosts: ["api.example.org", "auth.example.org"], pathMatcher: "api" },
    { hosts: ["*"], pathMatcher: "app" },
  ];
  expect(await judged(rules)).toEqual([]);
  expect(await judged(null, null)).toEqual([]);
  expect(await judged(rules, [{ name: "api", defaultService: UNKNOWN }, { name: "app" }])).toEqual([]);
});

test("refuses a path matcher that is not there, in regional maps too", async () => {
  const expected = (value: string, fix: string) => [
    `'hostRules[0].pathMatcher' (${value}) must be the name of a path matcher because 'pathMatchers' has none of that name; set 'hostRules[0].pathMatcher' to ${fix}`,
  ];
  expect(await judged([{ hosts: ["a.example.org"], pathMatcher: "web" }])).toEqual(expected("web", "api or app"));
  expect(await judged([{ hosts: ["a.example.org"] }], null, "gcp:compute/regionUrlMap:RegionUrlMap")).toEqual(
    expected("not set", "the name of a path matcher, and add that to 'pathMatchers'"),
  );
});

test("refuses a host in two rules, however it is spelt", async () => {
  const rules = [
    { hosts: ["a.example.org"], pathMatcher: "api" },
    { hosts: ["A.example.org", "b.example.org"], pathMatcher: "app" },
  ];
  expect(await judged(rules)).toEqual([
    "'hostRules[1].hosts' (A.example.org) must contain no host twice because a request follows the one rule that has its host; set 'hostRules[1].hosts' to hosts that are in no other rule",
  ]);
});

test("cannot evaluate what is unknown at preview or malformed, and goes on with the rest", async () => {
  const unknown = (path: string) =>
    `cannot evaluate: '${path}' is not known at preview; give it a plain value instead of another resource's output`;
  expect(await judged(UNKNOWN)).toEqual([unknown("hostRules")]);
  expect(await judged([{ hosts: UNKNOWN, pathMatcher: "web" }])).toEqual([
    expect.stringContaining("(web)"),
    unknown("hostRules[0].hosts"),
  ]);
  expect(await judged([{ hosts: ["a", "a"], pathMatcher: "api" }], UNKNOWN)).toEqual([
    unknown("pathMatchers"),
    expect.stringContaining("no host twice"),
  ]);
  expect(await judged("none")).toEqual(["cannot evaluate: hostRules must be a list"]);
});
