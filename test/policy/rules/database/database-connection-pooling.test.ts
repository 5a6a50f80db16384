import { expect, test } from "vitest";
import { databaseConnectionPooling } from "../../../../policy/rules/database/database-connection-pooling";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const ENABLED = [{ connectionPoolingEnabled: true, flags: [{ name: "max_pool_size", value: "50" }] }];
const messages = async (connectionPoolConfigs: unknown, settings: object = {}, properties: object = {}) =>
  (await judge(databaseConnectionPooling, soundDatabase({ connectionPoolConfigs, ...settings }, properties))).map(
    (f) => f.message,
  );
const refused = [
  "'settings.connectionPoolConfigs' (enabled) must not be set because managed connection pooling needs edition ENTERPRISE_PLUS and this instance is ENTERPRISE; set 'settings.connectionPoolConfigs' to nothing and keep the pools in the application",
];

test("accepts none, one that is off, and one on Enterprise Plus", async () => {
  for (const pools of [undefined, null, [], [{ connectionPoolingEnabled: false }]])
    expect(await messages(pools)).toEqual([]);
  expect(await messages(ENABLED, { edition: "ENTERPRISE_PLUS" })).toEqual([]);
  expect(await messages(ENABLED, { edition: null }, { databaseVersion: "POSTGRES_16" })).toEqual([]);
});

test("refuses one on another edition, stated or by default", async () => {
  expect(await messages(ENABLED)).toEqual(refused);
  expect(await messages([{ flags: [] }], { edition: null })).toEqual(refused);
  expect(await messages(ENABLED, { edition: "" }, { databaseVersion: "MYSQL_8_0" })).toEqual(refused);
});

test("cannot evaluate what is unknown at preview or malformed", async () => {
  expect(await messages(UNKNOWN)).toEqual([
    "cannot evaluate: 'settings.connectionPoolConfigs' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ connectionPoolingEnabled: true })).toEqual([
    "cannot evaluate: settings.connectionPoolConfigs must be a list",
  ]);
});
