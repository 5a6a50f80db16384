import { expect, test } from "vitest";
import { databaseVersion } from "../../../policy/rules/database-version";
import { judge, UNKNOWN } from "../harness";
import { soundDatabase } from "../services";

const messages = async (version: unknown) => (await judge(databaseVersion, soundDatabase({}, { databaseVersion: version }))).map((f) => f.message);

test("accepts every engine's spelling", async () => {
  for (const version of ["POSTGRES_14", "POSTGRES_9_6", "POSTGRES_18", "MYSQL_8_0", "MYSQL_8_0_31", "MYSQL_8_4", "SQLSERVER_2019_STANDARD"])
    expect(await messages(version)).toEqual([]);
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
