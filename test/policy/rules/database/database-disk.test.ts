import { expect, test } from "vitest";
import { databaseDisk } from "../../../../policy/rules/database/database-disk";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (settings: object) => (await judge(databaseDisk, soundDatabase(settings))).map((f) => f.message);

test("accepts the smallest disks and a size that is left to Google", async () => {
  expect(await messages({ diskSize: 10 })).toEqual([]);
  expect(await messages({ diskSize: "10", diskType: "" })).toEqual([]);
  expect(await messages({ diskSize: 20, diskType: "HYPERDISK_BALANCED" })).toEqual([]);
  for (const diskSize of [undefined, null]) expect(await messages({ diskSize })).toEqual([]);
});

test("refuses a smaller disk than its type starts at", async () => {
  expect(await messages({ diskSize: 5 })).toEqual([
    "'settings.diskSize' (5) must be at least 10 because a PD_SSD disk starts at 10 GB and Cloud SQL only says so when it creates the instance; set 'settings.diskSize' to 10",
  ]);
  expect(await messages({ diskSize: 0, diskType: null })).toHaveLength(1);
  expect(await messages({ diskSize: 10, diskType: "HYPERDISK_BALANCED" })).toEqual([
    "'settings.diskSize' (10) must be at least 20 because a HYPERDISK_BALANCED disk starts at 20 GB and Cloud SQL only says so when it creates the instance; set 'settings.diskSize' to 20",
  ]);
});

test("refuses a type that does not exist", async () => {
  expect(await messages({ diskType: "PD_STANDARD" })).toEqual([
    "'settings.diskType' (PD_STANDARD) must be one of PD_SSD, PD_HDD, HYPERDISK_BALANCED because there is no other and Cloud SQL only says so when it creates the instance; set 'settings.diskType' to PD_SSD",
  ]);
});

test("cannot evaluate a size that is unknown at preview or no number", async () => {
  expect(await messages({ diskSize: UNKNOWN })).toEqual([
    "cannot evaluate: 'settings.diskSize' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ diskSize: "20GB" })).toEqual(["cannot evaluate: settings.diskSize must be a number"]);
});
