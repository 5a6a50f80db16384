import { expect, test } from "vitest";
import { CONNECTOR } from "../../../../config/resource-types";
import { connectorMachineType } from "../../../../policy/rules/connector/connector-machine-type";
import { judge, UNKNOWN } from "../../harness";

const messages = async (machineType: unknown) =>
  (await judge(connectorMachineType, { type: CONNECTOR, properties: { name: "staging-connector", machineType } })).map(
    (f) => f.message,
  );

test("accepts the three machine types, and the default where none is stated", async () => {
  for (const machineType of ["f1-micro", "e2-micro", "e2-standard-4", undefined, null, ""])
    expect(await messages(machineType)).toEqual([]);
});

test("refuses a machine type that no connector has", async () => {
  expect(await messages("e2-standard-8")).toEqual([
    "'machineType' (e2-standard-8) must be one of f1-micro, e2-micro, e2-standard-4 because a Serverless VPC Access connector runs on no other machine type; set 'machineType' to e2-standard-4",
  ]);
  expect(await messages("E2-micro")).toEqual([
    "'machineType' (E2-micro) must be one of f1-micro, e2-micro, e2-standard-4 because a Serverless VPC Access connector runs on no other machine type; set 'machineType' to e2-micro",
  ]);
});

test("cannot evaluate a machine type that is unknown at preview or no text", async () => {
  expect(await messages(UNKNOWN)).toEqual([
    "cannot evaluate: 'machineType' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages(4)).toEqual(["cannot evaluate: machineType must be a text"]);
});
