import { expect, test } from "vitest";
import { SECURITY_POLICY } from "../../../../config/resource-types";
import { edgeDefaultRule } from "../../../../policy/rules/edge/edge-default-rule";
import { messages, UNKNOWN } from "../../harness";

const judged = (rules: unknown) => messages(edgeDefaultRule, { type: SECURITY_POLICY, properties: { rules } });

test("accepts a policy with its default rule, and one that leaves all rules out", async () => {
  expect(await judged([{ priority: 1000 }, { priority: 2147483647 }])).toEqual([]);
  for (const none of [undefined, null, []]) expect(await judged(none)).toEqual([]);
});

test("refuses rules without the default one", async () => {
  expect(await judged([{ priority: 1000 }, { priority: "2000" }])).toEqual([
    "'rules' (priorities 1000, 2000) must have one of priority 2147483647 because it decides every request that no other rule matches; set 'rules' to these and one of priority 2147483647 that matches srcIpRanges \"*\"",
  ]);
});

test("cannot evaluate rules or priorities that are unknown at preview or no numbers", async () => {
  const unknown = (path: string) => [
    `cannot evaluate: '${path}' is not known at preview; give it a plain value instead of another resource's output`,
  ];
  expect(await judged(UNKNOWN)).toEqual(unknown("rules"));
  expect(await judged([{ priority: UNKNOWN }])).toEqual(unknown("rules[0].priority"));
  expect(await judged([{ priority: "last" }])).toEqual(["cannot evaluate: rules[0].priority must be a number"]);
});

test("refuses a policy that lets nobody in", async () => {
  const last = { priority: 2147483647, action: "deny(403)" };
  const refused = (setting: string) => [
    `'${setting}' (deny(403)) must be allow because no other rule lets anybody in, and every request is refused; set '${setting}' to allow, or add a rule that allows`,
  ];
  expect(await judged([last])).toEqual(refused("rules[0].action"));
  expect(
    await judged([{ priority: 1000, action: "deny(404)" }, { priority: 900, action: "allow", preview: true }, last]),
  ).toEqual(refused("rules[2].action"));
  for (const action of ["allow", "throttle", "rate_based_ban", "redirect"])
    expect(await judged([{ priority: 1000, action }, last])).toEqual([]);
});
