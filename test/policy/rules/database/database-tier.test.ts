import { expect, test } from "vitest";
import { databaseTier } from "../../../../policy/rules/database/database-tier";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (settings: object, properties: object = {}) =>
  (await judge(databaseTier, soundDatabase(settings, properties))).map((f) => f.message);

test("accepts a tier of its edition", async () => {
  expect(await messages({})).toEqual([]);
  expect(await messages({ tier: "db-custom-2-7680", edition: null })).toEqual([]);
  expect(await messages({ tier: "db-perf-optimized-N-2", edition: "ENTERPRISE_PLUS" })).toEqual([]);
  expect(await messages({ tier: "db-perf-optimized-N-2", edition: "" }, { databaseVersion: "POSTGRES_16" })).toEqual(
    [],
  );
  expect(await messages({ tier: "db-c4a-highmem-4", edition: "ENTERPRISE_PLUS" })).toEqual([]);
  expect(await messages({ tier: "db-custom-N4-2-8192" })).toEqual([]);
});

test("refuses a tier that does not exist, and none", async () => {
  const expected = (shown: string) => [
    `'settings.tier' (${shown}) must be a tier such as db-custom-1-3840 (db-custom-<vCPU>-<MiB>) because Cloud SQL has no tier of that name and only says so when it creates the instance; set 'settings.tier' to db-custom-1-3840`,
  ];
  expect(await messages({ tier: "db-custom-1-3840 " })).toEqual(expected("db-custom-1-3840 "));
  expect(await messages({ tier: "" })).toEqual(expected("empty"));
  for (const tier of [undefined, null]) expect(await messages({ tier })).toEqual(expected("not set"));
  expect(await messages({}, { settings: undefined })).toEqual(expected("not set"));
});

test("refuses a custom tier against the rules of custom tiers", async () => {
  expect(await messages({ tier: "db-custom-3-3841" })).toEqual([
    "'settings.tier' (db-custom-3-3841) must have 1 or an even number of vCPUs up to 96 and 0.9 to 6.5 GiB per vCPU, in steps of 256 MiB and at least 3840 MiB because Cloud SQL creates no other custom tier; set 'settings.tier' to db-custom-4-4096",
  ]);
});

test("refuses a tier of another edition", async () => {
  expect(await messages({ edition: "ENTERPRISE_PLUS" })).toEqual([
    "'settings.tier' (db-custom-1-3840) must be a db-perf-optimized-N tier because edition ENTERPRISE_PLUS has no custom or shared-core tiers; set 'settings.tier' to db-perf-optimized-N-2",
  ]);
  expect(await messages({ tier: "db-c4a-highmem-2" })).toEqual([
    "'settings.tier' (db-c4a-highmem-2) must be a custom tier because db-c4a-highmem tiers belong to edition ENTERPRISE_PLUS; set 'settings.tier' to db-custom-2-13312",
  ]);
});

test("leaves an edition that must be stated to its own rule, and shared cores to theirs", async () => {
  expect(await messages({ edition: null }, { databaseVersion: "POSTGRES_16" })).toEqual([]);
  expect(await messages({ tier: "db-g1-small" })).toEqual([]);
});

test("leaves other engines alone", async () => {
  for (const databaseVersion of ["MYSQL_8_0", "SQLSERVER_2019_STANDARD"])
    expect(await messages({ tier: "db-n1-standard-1" }, { databaseVersion })).toEqual([]);
});

test("cannot evaluate a tier that is unknown at preview or no text", async () => {
  expect(await messages({ tier: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.tier' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ tier: { name: "db-custom-1-3840" } })).toEqual([
    "cannot evaluate: settings.tier must be a text",
  ]);
  expect(await messages({}, { settings: [] })).toEqual(["cannot evaluate: settings must be an object"]);
});
