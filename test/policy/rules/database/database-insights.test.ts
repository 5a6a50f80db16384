import { expect, test } from "vitest";
import { databaseInsights } from "../../../../policy/rules/database/database-insights";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (insightsConfig: unknown, settings: object = {}, properties: object = {}) =>
  (await judge(databaseInsights, soundDatabase({ insightsConfig, ...settings }, properties))).map((f) => f.message);

test("accepts what the edition allows, and no insights at all", async () => {
  expect(await messages({ queryInsightsEnabled: true })).toEqual([]);
  expect(await messages(undefined)).toEqual([]);
  expect(await messages({ queryStringLength: 4500, queryPlansPerMinute: 20 })).toEqual([]);
  expect(
    await messages({ queryStringLength: 100000, queryPlansPerMinute: 200 }, { edition: "ENTERPRISE_PLUS" }),
  ).toEqual([]);
});

test("refuses what the edition does not allow", async () => {
  expect(await messages({ queryStringLength: 5000, queryPlansPerMinute: 25 })).toEqual([
    "'settings.insightsConfig.queryStringLength' (5000) must be from 256 to 4500 because Cloud SQL allows no more for edition ENTERPRISE; set 'settings.insightsConfig.queryStringLength' to 4500",
    "'settings.insightsConfig.queryPlansPerMinute' (25) must be from 0 to 20 because Cloud SQL allows no more for edition ENTERPRISE; set 'settings.insightsConfig.queryPlansPerMinute' to 20",
  ]);
  expect(await messages({ queryStringLength: "100" })).toHaveLength(1);
});

test("judges by Google's default edition where none is stated", async () => {
  expect(await messages({ queryStringLength: 5000 }, { edition: null })).toHaveLength(1);
  expect(await messages({ queryStringLength: 5000 }, { edition: null }, { databaseVersion: "POSTGRES_16" })).toEqual(
    [],
  );
});

test("leaves other engines alone", async () => {
  expect(await messages({ queryStringLength: 5000 }, {}, { databaseVersion: "MYSQL_8_0" })).toEqual([]);
});

test("cannot evaluate what is unknown at preview or no number", async () => {
  expect(await messages({ queryStringLength: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.insightsConfig.queryStringLength' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ queryPlansPerMinute: "five" })).toEqual([
    "cannot evaluate: settings.insightsConfig.queryPlansPerMinute must be a number",
  ]);
});
