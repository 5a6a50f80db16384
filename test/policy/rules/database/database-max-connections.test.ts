import { expect, test } from "vitest";
import { databaseMaxConnections } from "../../../../policy/rules/database/database-max-connections";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

type Flag = { name: unknown; value?: unknown };
const judged = async (settings: object, properties: object = {}) =>
  (await judge(databaseMaxConnections, soundDatabase(settings, properties))).map((f) => f.message);
const messages = (...databaseFlags: Flag[]) => judged({ databaseFlags });
const max = (value: unknown): Flag => ({ name: "max_connections", value });

test("accepts a value within the flag's range and the tier's memory, as number or text", async () => {
  for (const value of [150, "150", 14]) expect(await messages(max(value))).toEqual([]);
  expect(await messages(max("150"), { name: "log_min_duration_statement", value: UNKNOWN })).toEqual([]);
});

test("refuses a flag that is not stated, with the tier's default", async () => {
  const expected = [
    "'settings.databaseFlags[max_connections]' (not set) must be stated because the connection budget is counted against it, and Google's default changes with the tier; set 'settings.databaseFlags[max_connections]' to 100",
  ];
  expect(await messages()).toEqual(expected);
  expect(await judged({ databaseFlags: null })).toEqual(expected);
  expect(await messages({ name: "max_connections" })).toEqual(expected);
  expect(await messages({ name: "MAX_CONNECTIONS", value: "150" })).toEqual(expected);
  expect(await judged({ databaseFlags: [], tier: "" })).toEqual([
    "'settings.databaseFlags[max_connections]' (not set) must be stated because the connection budget is counted against it, and Google's default changes with the tier; set 'settings.databaseFlags[max_connections]' to what the budget needs, such as 100",
  ]);
});

test("proposes the primary's number to a read replica, not the tier's", async () => {
  expect(await judged({ databaseFlags: [] }, { masterInstanceName: "staging-shared-postgres" })).toEqual([
    expect.stringMatching(/; set 'settings\.databaseFlags\[max_connections\]' to the primary's number$/),
  ]);
});

test("refuses a flag that is stated twice", async () => {
  expect(await messages(max("150"), max("200"))).toEqual([
    "'settings.databaseFlags[max_connections]' (stated more than once) must be stated once because only one of the values can count; set 'settings.databaseFlags[max_connections]' to the intended one",
  ]);
  expect(await messages(max("150"), { name: "work_mem", value: 4096 }, { name: "work_mem", value: 8192 })).toEqual([
    "'settings.databaseFlags[work_mem]' (stated more than once) must be stated once because only one of the values can count; set 'settings.databaseFlags[work_mem]' to the intended one",
  ]);
  expect(
    await messages(max("150"), { name: "log_lock_waits", value: "on" }, { name: "log_lock_waits", value: "off" }),
  ).toEqual([
    "'settings.databaseFlags[log_lock_waits]' (stated more than once) must be stated once because only one of the values can count; set 'settings.databaseFlags[log_lock_waits]' to the intended one",
  ]);
});

test("refuses a value outside the flag's range", async () => {
  const expected = (value: number, fix: number) => [
    `'settings.databaseFlags[max_connections]' (${value}) must be a whole number from 14 to 262142 because Cloud SQL refuses the flag otherwise; set 'settings.databaseFlags[max_connections]' to ${fix}`,
  ];
  expect(await messages(max("13"))).toEqual(expected(13, 14));
  expect(await messages(max("-1"))).toEqual(expected(-1, 14));
  expect(await messages(max(150.5))).toEqual(expected(150.5, 151));
  expect(await messages(max("300000"))).toEqual(expected(300000, 220));
});

test("refuses more backends than the tier's memory holds, and names the tier that does", async () => {
  expect(await messages(max("500"))).toEqual([
    "'settings.databaseFlags[max_connections]' (500) must be at most 220 on db-custom-1-3840 because 500 backends x 9 MiB + 1280 MiB shared_buffers = 5780 MiB exceed the usable 3264 MiB, and the instance would run out of memory; set 'settings.databaseFlags[max_connections]' to 220, or set 'settings.tier' to db-custom-2-13312",
  ]);
});

test("reads shared_buffers in pages of 8 kB and work_mem in kB", async () => {
  // 131072 pages are 1024 MiB; 16384 kB are 16 MiB a backend: (3264 - 1024) / 21 = 106.
  const flags = [
    { name: "shared_buffers", value: "131072" },
    { name: "work_mem", value: 16384 },
  ];
  expect(await messages(max(106), ...flags)).toEqual([]);
  expect((await messages(max(107), ...flags))[0]).toContain(
    "must be at most 106 on db-custom-1-3840 because 107 backends x 21 MiB + 1024 MiB shared_buffers",
  );
});

test("checks the range even where the tier is none", async () => {
  expect(await judged({ tier: "db-typo", databaseFlags: [max(13)] })).toHaveLength(1);
  expect(await judged({ tier: "db-typo", databaseFlags: [max(150)] })).toEqual([]);
});

test("leaves other engines alone", async () => {
  expect(await judged({ databaseFlags: [] }, { databaseVersion: "MYSQL_8_0" })).toEqual([]);
});

test("cannot evaluate what is unknown at preview or no number", async () => {
  expect(await messages(max(UNKNOWN))).toEqual([
    "cannot evaluate: 'settings.databaseFlags[0].value' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ name: UNKNOWN, value: "150" })).toHaveLength(1);
  expect((await judged({ databaseFlags: UNKNOWN }))[0]).toMatch(
    /^cannot evaluate: 'settings.databaseFlags' is not known at preview/,
  );
  for (const value of ["many", "", "0x96", "1e2", "150 connections", true])
    expect(await messages(max(value))).toEqual(["cannot evaluate: settings.databaseFlags[0].value must be a number"]);
  expect(await messages(max("150"), { name: "shared_buffers", value: "1GB" })).toEqual([
    "cannot evaluate: settings.databaseFlags[1].value must be a number",
  ]);
  expect(await messages(max("150"), { name: "shared_buffers", value: -1 })).toEqual([
    "cannot evaluate: settings.databaseFlags[shared_buffers] must be a whole number of its units, at least 1",
  ]);
  expect(await judged({ databaseFlags: { max_connections: "150" } })).toEqual([
    "cannot evaluate: settings.databaseFlags must be a list",
  ]);
});
