import { expect, test } from "vitest";
import { databaseReplicaFlags } from "../../../../policy/rules/database/database-replica-flags";
import { type Declared, judgeStack, UNKNOWN } from "../../harness";
import { soundDatabase } from "../../services";

type Flags = Readonly<Record<string, unknown>>;
const settings = (flags: Flags, tier = "db-custom-1-3840") => ({
  tier,
  databaseFlags: Object.entries(flags).map(([name, value]) => ({ name, value })),
});
const primary = (flags: Flags, tier?: string) => soundDatabase(settings(flags, tier));
const replica = (flags: Flags, properties: object = {}, tier?: string): Declared => ({
  ...soundDatabase(settings(flags, tier), {
    name: "staging-replica",
    masterInstanceName: "staging-shared-postgres",
    ...properties,
  }),
  name: "replica",
});
const judge = (resources: readonly Declared[]) => judgeStack(databaseReplicaFlags, resources);
const messages = async (...resources: readonly Declared[]) => (await judge(resources)).map(({ message }) => message);
const refused = (flag: string, value: string | number, wanted: number) =>
  `'settings.databaseFlags[${flag}]' (${value}) must be at least ${wanted} because database, its primary, has ${wanted}, and a standby with fewer does not start; set 'settings.databaseFlags[${flag}]' to ${wanted}`;

test("accepts a replica with as many slots as its primary, or more", async () => {
  for (const slots of ["200", "300"])
    expect(await messages(primary({ max_connections: "200" }), replica({ max_connections: slots }))).toEqual([]);
  expect(await messages(primary({}), replica({}))).toEqual([]);
  expect(await messages(primary({ max_wal_senders: "5" }), replica({}))).toEqual([]);
});

test("refuses a replica with fewer: the primary's number is proposed", async () => {
  expect(await judge([primary({ max_connections: "200" }), replica({ max_connections: "100" })])).toEqual([
    { message: refused("max_connections", 100, 200), resource: "replica", waived: false },
  ]);
});

test("compares the tier's default where the primary states none", async () => {
  expect(await messages(primary({}, "db-custom-4-15360"), replica({ max_connections: "200" }))).toEqual([
    refused("max_connections", 200, 500),
  ]);
  expect(await messages(primary({}, "db-custom-1-3840"), replica({ max_connections: "200" }))).toEqual([]);
});

test.each([
  ["max_worker_processes", 16, 8],
  ["max_wal_senders", 20, 10],
  ["max_prepared_transactions", 100, 0],
  ["max_locks_per_transaction", 128, 64],
])("compares %s too, PostgreSQL's default where the replica states none", async (flag, more, fewer) => {
  expect(await messages(primary({ [flag]: String(more) }), replica({}))).toEqual([refused(flag, "not set", more)]);
  expect(await messages(primary({ [flag]: String(more) }), replica({ [flag]: String(fewer) }))).toEqual([
    refused(flag, fewer, more),
  ]);
  expect(await messages(primary({ [flag]: String(more) }), replica({ [flag]: String(more) }))).toEqual([]);
});

test("finds the primary by the replica's property dependencies if a preview does not know its name, and leaves others alone", async () => {
  const unknown = replica({ max_connections: "100" }, { masterInstanceName: UNKNOWN });
  expect(
    await messages(primary({ max_connections: "200" }), { ...unknown, propertyDependencies: ["database"] }),
  ).toEqual([refused("max_connections", 100, 200)]);
  // Of an instance that is no replica a preview does not know the name either.
  expect(await messages(primary({ max_connections: "200" }), unknown)).toEqual([]);
  expect(
    await messages(
      primary({ max_connections: "200" }),
      replica({ max_connections: "100" }, { masterInstanceName: "elsewhere" }),
    ),
  ).toEqual([]);
  expect(
    await messages(
      primary({ max_connections: "200" }),
      replica({ max_connections: "100" }, { databaseVersion: "MYSQL_8_0" }),
    ),
  ).toEqual([]);
});

test("cannot evaluate a number that is unknown at preview", async () => {
  expect(await messages(primary({ max_connections: UNKNOWN }), replica({ max_connections: "100" }))).toEqual([
    expect.stringMatching(/^cannot evaluate: /),
  ]);
});
