import { expect, test } from "vitest";
import { databaseDedicatedCore } from "../../../../policy/rules/database/database-dedicated-core";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (settings: object, properties: object = {}) =>
  (await judge(databaseDedicatedCore, soundDatabase(settings, properties))).map((f) => f.message);

test("accepts dedicated cores", async () => {
  expect(await messages({})).toEqual([]);
  expect(await messages({ tier: "db-perf-optimized-N-2", edition: "ENTERPRISE_PLUS" })).toEqual([]);
});

test("refuses the shared core that staging had", async () => {
  expect(await messages({ tier: "db-g1-small" })).toEqual([
    "'settings.tier' (db-g1-small) must be a dedicated-core tier because a shared core has a fraction of a CPU for the TLS and SCRAM work of a storm, and no SLA; set 'settings.tier' to db-custom-1-3840",
  ]);
  expect(await messages({ tier: "db-f1-micro" })).toHaveLength(1);
});

test("leaves other engines, and tiers that do not exist, to others", async () => {
  expect(await messages({ tier: "db-g1-small" }, { databaseVersion: "MYSQL_8_0" })).toEqual([]);
  expect(await messages({ tier: null })).toEqual([]);
});

test("cannot evaluate a tier that is unknown at preview or no text", async () => {
  expect(await messages({ tier: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.tier' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ tier: 1 })).toEqual(["cannot evaluate: settings.tier must be a text"]);
});
