import { expect, test } from "vitest";
import { CONNECTOR } from "../../../../config/resource-types";
import { connectorInstanceCounts } from "../../../../policy/rules/connector/connector-instance-counts";
import { judge, UNKNOWN } from "../../harness";

const connector = (properties: Record<string, unknown>) =>
  judge(connectorInstanceCounts, { type: CONNECTOR, properties });

test("accepts 3..10 and the smallest legal connector", async () => {
  expect(await connector({ minInstances: 3, maxInstances: 10 })).toEqual([]);
  expect(await connector({ minInstances: 2, maxInstances: 3 })).toEqual([]);
});

test("refuses the counts of the incident's fixes and names the legal range", async () => {
  const found = await connector({ minInstances: 12, maxInstances: 120 });
  expect(found.map((f) => f.message)).toEqual([
    "'minInstances' (12) must be a whole number from 2 to 9 because a connector has at most 10 instances and at least 2; set 'minInstances' to 9",
    "'maxInstances' (120) must be a whole number from 3 to 10 because a connector has at most 10 instances and at least 2; set 'maxInstances' to 10",
  ]);
});

test("refuses a minimum that is not below the maximum", async () => {
  const found = await connector({ minInstances: 5, maxInstances: 5 });
  expect(found.map((f) => f.message)).toEqual([
    "'minInstances' (5) must be below 'maxInstances' (5) because Google refuses a connector whose maximum is not greater than its minimum; set 'minInstances' to 4",
  ]);
});

test("refuses a connector without counts, and one sized by throughput", async () => {
  expect(await connector({})).toHaveLength(2);
  const found = await connector({ minInstances: 3, maxInstances: 10, maxThroughput: 300 });
  expect(found.map((f) => f.message)).toEqual([
    "'maxThroughput' must not be set because throughput settings are deprecated and force replacements; set 'minInstances' and 'maxInstances' instead",
  ]);
});

test("reports a count that is unknown at preview, or no number, as not evaluated", async () => {
  expect((await connector({ minInstances: UNKNOWN, maxInstances: 10 })).map((f) => f.message)).toEqual([
    "cannot evaluate: 'minInstances' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect((await connector({ minInstances: 3, maxInstances: "ten" })).map((f) => f.message)).toEqual([
    "cannot evaluate: maxInstances must be a number",
  ]);
});

test("ignores other types", async () => {
  expect(await judge(connectorInstanceCounts, { type: "gcp:compute/network:Network", properties: {} })).toEqual([]);
});
