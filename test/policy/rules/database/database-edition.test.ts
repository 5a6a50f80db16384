import { expect, test } from "vitest";
import { databaseEdition } from "../../../../policy/rules/database/database-edition";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (settings: object, properties: object = {}) =>
  (await judge(databaseEdition, soundDatabase(settings, properties))).map((f) => f.message);

test("accepts a stated edition, and none where Google's default fits the tier", async () => {
  expect(await messages({})).toEqual([]);
  expect(await messages({}, { databaseVersion: "POSTGRES_16" })).toEqual([]);
  expect(await messages({ edition: null })).toEqual([]);
  expect(await messages({ edition: "", tier: "db-perf-optimized-N-2" }, { databaseVersion: "POSTGRES_17" })).toEqual(
    [],
  );
});

test("refuses PostgreSQL 16 with a custom or shared-core tier and no edition", async () => {
  for (const edition of [undefined, null, ""])
    expect(await messages({ edition }, { databaseVersion: "POSTGRES_16" })).toEqual([
      "'settings.edition' (not set) must be ENTERPRISE because PostgreSQL 16 and newer default to ENTERPRISE_PLUS, which has no tier db-custom-1-3840; set 'settings.edition' to ENTERPRISE",
    ]);
  expect(await messages({ edition: null, tier: "db-g1-small" }, { databaseVersion: "POSTGRES_17" })).toHaveLength(1);
});

test("refuses an edition that does not exist, whatever the engine", async () => {
  expect(await messages({ edition: "enterprise-plus" })).toEqual([
    "'settings.edition' (enterprise-plus) must be ENTERPRISE or ENTERPRISE_PLUS because Cloud SQL has no other edition; set 'settings.edition' to ENTERPRISE_PLUS",
  ]);
  expect(await messages({ edition: "STANDARD" }, { databaseVersion: "MYSQL_8_0" })).toEqual([
    "'settings.edition' (STANDARD) must be ENTERPRISE or ENTERPRISE_PLUS because Cloud SQL has no other edition; set 'settings.edition' to ENTERPRISE",
  ]);
});

test("leaves other engines' defaults alone", async () => {
  expect(await messages({ edition: null }, { databaseVersion: "MYSQL_8_4" })).toEqual([]);
});

test("cannot evaluate an edition that is unknown at preview or no text", async () => {
  expect(await messages({ edition: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.edition' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ edition: true })).toEqual(["cannot evaluate: settings.edition must be a text"]);
});
