import { expect, test } from "vitest";
import { databaseBackups } from "../../../../policy/rules/database/database-backups";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (backupConfiguration: unknown, properties: object = {}) =>
  (await judge(databaseBackups, soundDatabase({ backupConfiguration }, properties))).map((f) => f.message);
const NO_BACKUPS = (shown: string) =>
  `'settings.backupConfiguration.enabled' (${shown}) must be true because nothing else brings the data back, and point-in-time recovery starts from a backup; set 'settings.backupConfiguration.enabled' to true`;
const NO_RECOVERY = (shown: string) =>
  `'settings.backupConfiguration.pointInTimeRecoveryEnabled' (${shown}) must be true because a backup alone loses what was written since; set 'settings.backupConfiguration.pointInTimeRecoveryEnabled' to true`;

test("accepts backups with point-in-time recovery", async () => {
  expect(await messages({ enabled: true, pointInTimeRecoveryEnabled: true })).toEqual([]);
});

test("refuses an instance without backups, and one without point-in-time recovery", async () => {
  expect(await messages(undefined)).toEqual([NO_BACKUPS("not set"), NO_RECOVERY("not set")]);
  expect(await messages({ enabled: true })).toEqual([NO_RECOVERY("not set")]);
  expect(await messages({ enabled: true, pointInTimeRecoveryEnabled: false })).toEqual([NO_RECOVERY("false")]);
});

test("refuses point-in-time recovery without backups", async () => {
  expect(await messages({ enabled: false, pointInTimeRecoveryEnabled: true })).toEqual([NO_BACKUPS("false")]);
  expect(await messages({ pointInTimeRecoveryEnabled: true })).toEqual([NO_BACKUPS("not set")]);
});

test("asks nothing of a read replica, whose primary a preview may not know", async () => {
  expect(await messages(undefined, { masterInstanceName: "staging-shared-postgres" })).toEqual([]);
  expect(await messages(undefined, { masterInstanceName: UNKNOWN })).toEqual([]);
  expect(await messages(undefined, { masterInstanceName: "" })).toHaveLength(2);
});

test("asks MySQL for backups only", async () => {
  expect(await messages({ enabled: true, binaryLogEnabled: true }, { databaseVersion: "MYSQL_8_0" })).toEqual([]);
  expect(await messages({}, { databaseVersion: "MYSQL_8_0" })).toEqual([NO_BACKUPS("not set")]);
});

test("cannot evaluate what is unknown at preview or malformed", async () => {
  expect(await messages({ enabled: UNKNOWN, pointInTimeRecoveryEnabled: true })).toEqual([
    "cannot evaluate: 'settings.backupConfiguration.enabled' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ enabled: "yes" })).toEqual([
    "cannot evaluate: settings.backupConfiguration.enabled must be true or false",
  ]);
  expect(await messages([])).toEqual(["cannot evaluate: settings.backupConfiguration must be an object"]);
});
