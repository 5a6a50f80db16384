import { expect, test } from "vitest";
import { databaseVersion } from "../../../../policy/rules/database/database-version";
import { judge, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

const messages = async (version: unknown) =>
  (await judge(databaseVersion, soundDatabase({}, { databaseVersion: version }))).map((f) => f.message);

test("accepts every engine's spelling", async () => {
  for (const version of [
    "POSTGRES_14",
    "POSTGRES_18",
    "MYSQL_8_0",
    "MYSQL_8_0_31",
    "MYSQL_8_4",
    "SQLSERVER_2019_STANDARD",
  ])
    expect(await messages(version)).toEqual([]);
  expect(
    (await judge(databaseVersion, soundDatabase({}, { databaseVersion: "POSTGRES_9_6" }))).map(({ advice }) => advice),
  ).toEqual([true]);
});

test("refuses another spelling, and none", async () => {
  const expected = (shown: string, fix: string) => [
    `'databaseVersion' (${shown}) must be written like POSTGRES_14 because Cloud SQL has no version of that name and only says so when it creates the instance; set 'databaseVersion' to ${fix}`,
  ];
  expect(await messages("postgres_15")).toEqual(expected("postgres_15", "POSTGRES_15"));
  expect(await messages("14")).toEqual(expected("14", "POSTGRES_14"));
  expect(await messages("POSTGRES_9")).toEqual(expected("POSTGRES_9", "POSTGRES_14"));
  expect(await messages("POSTGRES_100")).toEqual(expected("POSTGRES_100", "POSTGRES_14"));
  expect(await messages("POSTGRES_14 ")).toEqual(expected("POSTGRES_14 ", "POSTGRES_14"));
  expect(await messages(undefined)).toEqual(expected("not set", "POSTGRES_14"));
  expect(await messages("")).toEqual(expected("empty", "POSTGRES_14"));
});

test("cannot evaluate a version that is unknown at preview or no text", async () => {
  expect(await messages(UNKNOWN)).toEqual([
    "cannot evaluate: 'databaseVersion' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages(14)).toEqual(["cannot evaluate: databaseVersion must be a text"]);
});

test("advises of a version that costs for its age, from the day on which it does", async () => {
  const on = (today: string, version = "POSTGRES_14") =>
    judge(databaseVersion, soundDatabase({}, { databaseVersion: version }), { today });
  expect(await on("2027-01-31")).toEqual([]);
  const message =
    "'databaseVersion' (POSTGRES_14) must be a version in regular support because its community's support ends on 2026-11-12, and from 2027-02-01 its extended support is charged per vCPU on top of the instance (not priced here: cloud.google.com/sql/pricing) until 2030-02-01; set 'databaseVersion' to POSTGRES_17, as the runbook's section on the major upgrade says";
  expect(await on("2027-02-01")).toEqual([{ message, resource: "database", waived: false, advice: true }]);
  expect((await on("2030-02-01")).map((one) => one.message)).toEqual([
    "'databaseVersion' (POSTGRES_14) must be a version in regular support because Cloud SQL ended its support on 2030-02-01; set 'databaseVersion' to POSTGRES_17, as the runbook's section on the major upgrade says",
  ]);
  for (const version of ["POSTGRES_17", "POSTGRES_18", "MYSQL_8_0"])
    expect(await on("2027-02-01", version)).toEqual([]);
});
