import { expect, test } from "vitest";
import { databaseDeletionProtection } from "../../../../policy/rules/database/database-deletion-protection";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (settings: object, properties: object = {}) =>
  (await judge(databaseDeletionProtection, soundDatabase(settings, properties))).map((f) => f.message);
const GOOGLES = (shown: string) =>
  `'settings.deletionProtectionEnabled' (${shown}) must be true because otherwise the console, gcloud and the API can delete the instance; set 'settings.deletionProtectionEnabled' to true`;
const PULUMIS =
  "'deletionProtection' (false) must be true because a replacement deletes the data first; set 'deletionProtection' to true";

test("accepts both protections; Pulumi's is on by default", async () => {
  expect(await messages({})).toEqual([]);
  expect(await messages({}, { deletionProtection: undefined })).toEqual([]);
  expect(await messages({}, { deletionProtection: null })).toEqual([]);
});

test("refuses either protection off, and Google's where it is not set", async () => {
  expect(await messages({}, { deletionProtection: false })).toEqual([PULUMIS]);
  expect(await messages({ deletionProtectionEnabled: false }, { deletionProtection: "false" })).toEqual([
    PULUMIS,
    GOOGLES("false"),
  ]);
  for (const deletionProtectionEnabled of [undefined, null])
    expect(await messages({ deletionProtectionEnabled })).toEqual([GOOGLES("not set")]);
});

test("judges every engine, but no read replica", async () => {
  expect(
    await messages({ deletionProtectionEnabled: null }, { databaseVersion: "SQLSERVER_2019_STANDARD" }),
  ).toHaveLength(1);
  expect(
    await messages({ deletionProtectionEnabled: null }, { deletionProtection: false, masterInstanceName: UNKNOWN }),
  ).toEqual([]);
});

test("cannot evaluate what is unknown at preview or malformed", async () => {
  expect(await messages({ deletionProtectionEnabled: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.deletionProtectionEnabled' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({}, { deletionProtection: "" })).toEqual([
    "cannot evaluate: deletionProtection must be true or false",
  ]);
});
