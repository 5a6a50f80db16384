import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { CONNECTOR } from "../../../../config/resource-types";
import { configSchema } from "../../../../policy/framework/settings";
import { connectorFloor } from "../../../../policy/rules/connector/connector-floor";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: Record<string, unknown>, config: object = {}) =>
  (await judge(connectorFloor, { type: CONNECTOR, properties }, config)).map((f) => f.message);

test("accepts staging's floor and what is above it", async () => {
  expect(await messages({ machineType: "e2-micro", minInstances: 3, maxInstances: 10 })).toEqual([]);
  expect(await messages({ machineType: "e2-standard-4", minInstances: 4, maxInstances: 10 })).toEqual([]);
  expect(await messages({ minInstances: 3, maxInstances: 10 })).toEqual([]);
});

test("refuses a smaller machine type and smaller counts, all at once", async () => {
  expect(await messages({ machineType: "f1-micro", minInstances: 2, maxInstances: 5 })).toEqual([
    "'machineType' (f1-micro) must carry at least what e2-micro does because the floor is e2-micro, 3..10 instances; set 'machineType' to e2-micro",
    "'minInstances' (2) must be at least 3 because a storm is over before the connector scales out, so its minimum is what carries every start at once; set 'minInstances' to 3",
    "'maxInstances' (5) must be at least 10 because the floor is e2-micro, 3..10 instances; set 'maxInstances' to 10",
  ]);
});

test("takes the floor from the configuration", async () => {
  const small = { minInstances: 2, maxInstances: 3 };
  expect(await messages({ machineType: "e2-micro", ...small }, small)).toEqual([]);
  expect(
    await messages({ machineType: "e2-micro", minInstances: 3, maxInstances: 10 }, { machineType: "e2-standard-4" }),
  ).toEqual([
    "'machineType' (e2-micro) must carry at least what e2-standard-4 does because the floor is e2-standard-4, 3..10 instances; set 'machineType' to e2-standard-4",
  ]);
});

test("cannot evaluate a connector without counts, or with a machine type that no connector has", async () => {
  for (const counts of [{}, { minInstances: 3 }, { minInstances: null, maxInstances: 10 }])
    expect(await messages({ machineType: "e2-micro", ...counts })).toEqual([
      "cannot evaluate: 'minInstances' and 'maxInstances' must both be stated to be compared with the floor of 3..10",
    ]);
  expect(await messages({ machineType: "e2-standard-8", minInstances: 3, maxInstances: 10 })).toEqual([
    "cannot evaluate: 'machineType' must be a connector's to be compared with the floor of e2-micro",
  ]);
});

test("cannot evaluate what is unknown at preview or no number", async () => {
  expect(await messages({ minInstances: 3, maxInstances: UNKNOWN })).toEqual([
    "cannot evaluate: 'maxInstances' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ minInstances: "three", maxInstances: 10 })).toEqual([
    "cannot evaluate: minInstances must be a number",
  ]);
});

test("its configuration takes no floor that no connector can have", () => {
  const validate = new Ajv().compile({ type: "object", properties: configSchema(connectorFloor) });
  for (const floor of [{ minInstances: 2 }, { minInstances: 9 }, { maxInstances: 3 }, { maxInstances: 10 }])
    expect(validate(floor)).toBe(true);
  for (const floor of [
    { minInstances: 1 },
    { minInstances: 10 },
    { maxInstances: 2 },
    { maxInstances: 20 },
    { machineType: "e2-standard-8" },
  ])
    expect(validate(floor)).toBe(false);
});
