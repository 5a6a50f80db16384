import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  checkStatements,
  cleanUpStatements,
  type DatabaseRolesPlan,
  reassignedOwners,
  setupStatements,
} from "../../../components/database-roles/statements";
import { CloudSql } from "./cloud-sql";

/* Every statement runs on a real PostgreSQL 14, as the roles that Cloud SQL makes. */

const ADMIN = "netra_admin";
const USERS = ["netra_auth_a", "netra_auth_b", "netra_backend_a", "netra_backend_b"];

let cloud: CloudSql;
beforeAll(async () => {
  cloud = await CloudSql.start();
  for (const user of [ADMIN, ...USERS, "stranger"]) await cloud.addUser(user);
});
afterAll(() => cloud?.remove());

let databases = 0;
/** A plan for a database of its own; its owner role, too, so that no test sees another's. */
async function planned(changes: Partial<DatabaseRolesPlan> = {}, databaseOwner?: string): Promise<DatabaseRolesPlan> {
  const database = `netra_${++databases}`;
  await cloud.addDatabase(database, databaseOwner);
  return {
    database,
    owner: `${database}_owner`,
    users: USERS.map((name) => ({ name, connectionLimit: 4 })),
    formerOwners: [],
    lockTimeoutSeconds: 10,
    idleInTransactionSeconds: 300,
    ...changes,
  };
}

const setUp = (plan: DatabaseRolesPlan) => cloud.run(ADMIN, plan.database, setupStatements(plan));

async function check(plan: DatabaseRolesPlan, users: readonly string[] = USERS): Promise<void> {
  for (const user of users) await cloud.run(user, plan.database, checkStatements(plan));
  await cloud.run(users.at(-1) ?? "", plan.database, cleanUpStatements());
}

/** PostgreSQL's code for what a promise is refused with; nothing where it is not. */
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code?: string; message: string }) => `${error.code} ${error.message}`,
  );

const TABLE = "CREATE TABLE users (id int PRIMARY KEY)";
const READ = "SELECT * FROM users";
const MIGRATE = "ALTER TABLE users ADD COLUMN name text";

describe("the fault", () => {
  test("without the statements a rotated user may neither read nor migrate what the one before has made", async () => {
    const { database } = await planned();
    await cloud.run("netra_auth_a", database, [TABLE]);
    expect(await refusal(cloud.run("netra_auth_b", database, [READ]))).toBe("42501 permission denied for table users");
    expect(await refusal(cloud.run("netra_auth_b", database, [MIGRATE]))).toBe("42501 must be owner of table users");
  });

  test("without the statements the tables of postgres are closed to the application's user", async () => {
    const { database } = await planned();
    await cloud.run("postgres", database, [TABLE]);
    expect(await refusal(cloud.run("netra_auth_a", database, [READ]))).toBe("42501 permission denied for table users");
  });
});

describe("roles", () => {
  test("a rotation there and back: each user reads, writes and migrates what the other has made", async () => {
    const plan = await planned();
    await setUp(plan);
    await cloud.run("netra_auth_a", plan.database, [TABLE, "INSERT INTO users VALUES (1)"]);
    await setUp(plan);
    await cloud.run("netra_auth_b", plan.database, [
      READ,
      MIGRATE,
      "INSERT INTO users VALUES (2, 'b')",
      "CREATE TABLE made_by_b (id serial)",
    ]);
    await setUp(plan);
    await cloud.run("netra_auth_a", plan.database, [
      "INSERT INTO made_by_b DEFAULT VALUES",
      "DROP TABLE made_by_b",
      "DROP TABLE users",
    ]);
  });

  test("every user acts as the owner, waits for locks and idles no longer than planned", async () => {
    const plan = await planned();
    await setUp(plan);
    for (const user of USERS)
      expect(
        await cloud.rows(
          user,
          plan.database,
          "SELECT current_user AS acts, current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle",
        ),
      ).toEqual([{ acts: plan.owner, lock: "10s", idle: "5min" }]);
  });

  test("a user can no longer raise its own limit, nor make roles", async () => {
    const plan = await planned();
    await setUp(plan);
    const raised = (first: string) =>
      refusal(cloud.run("netra_auth_a", plan.database, [first, "ALTER ROLE netra_auth_a CONNECTION LIMIT 1000"]));
    expect(await raised("SELECT 1")).toBe("42501 permission denied");
    expect(await raised("SET ROLE NONE")).toBe("42501 permission denied");
    expect(await refusal(cloud.run("netra_auth_a", plan.database, ["SET ROLE cloudsqlsuperuser"]))).toBe(
      '42501 permission denied to set role "cloudsqlsuperuser"',
    );
  });

  test("the statements can be run again, and those of a smaller plan lower the limits", async () => {
    const plan = await planned();
    await setUp(plan);
    await setUp({ ...plan, users: [{ name: "netra_auth_a", connectionLimit: 2 }] });
    await check(plan);
    expect(
      await cloud.rows(
        ADMIN,
        plan.database,
        "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname LIKE 'netra\\_auth\\__' ORDER BY 1",
      ),
    ).toEqual([
      { rolname: "netra_auth_a", rolconnlimit: 2 },
      { rolname: "netra_auth_b", rolconnlimit: 4 },
    ]);
  });

  test("a service at its limit is refused, and the other still connects", async () => {
    const plan = await planned();
    await setUp(plan);
    const greedy: Client[] = [];
    try {
      for (let i = 0; i < 4; i++) greedy.push(await cloud.connect("netra_backend_a", plan.database));
      expect(await refusal(cloud.connect("netra_backend_a", plan.database))).toBe(
        '53300 too many connections for role "netra_backend_a"',
      );
      await cloud.run("netra_auth_a", plan.database, ["SELECT 1"]);
      // The rotation's other user has slots of its own.
      await cloud.run("netra_backend_b", plan.database, ["SELECT 1"]);
    } finally {
      for (const client of greedy) await client.end();
    }
  });

  test("names and values are quoted", async () => {
    const plan = await planned({ owner: `an "owner'; $netra$` });
    await setUp(plan);
    await check(plan);
  });
});

describe("the check as each user", () => {
  test("passes after the set-up and leaves nothing behind", async () => {
    const plan = await planned();
    await setUp(plan);
    await check(plan);
    expect(
      await cloud.rows(
        ADMIN,
        plan.database,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
      ),
    ).toEqual([]);
  });

  test("passes where an earlier one was interrupted after any statement", async () => {
    const plan = await planned();
    await setUp(plan);
    const statements = checkStatements(plan);
    for (let done = 1; done <= statements.length; done++) {
      await cloud.run("netra_auth_a", plan.database, statements.slice(0, done));
      await check(plan, ["netra_backend_b", "netra_auth_b"]);
    }
  });

  test("refuses a user that does not act as the owner", async () => {
    const plan = await planned();
    await setUp({ ...plan, users: [] });
    expect(await refusal(check(plan, ["stranger"]))).toBe(
      `P0001 user stranger acts as stranger and must act as ${plan.owner}`,
    );
  });

  test("refuses a user that could raise its own limit", async () => {
    const plan = await planned({ users: [{ name: "stranger", connectionLimit: 4 }] });
    await setUp(plan);
    await cloud.asCloud(plan.database, ["GRANT cloudsqlsuperuser TO stranger"]);
    expect(await refusal(check(plan, ["stranger"]))).toBe(
      "P0001 user stranger must not be a member of cloudsqlsuperuser because it could raise its own connection limit",
    );
  });

  test("refuses a user whose owner role may not create in the schema", async () => {
    const plan = await planned();
    await setUp(plan);
    await cloud.asCloud(plan.database, ["REVOKE CREATE ON SCHEMA public FROM PUBLIC"]);
    expect(await refusal(check(plan))).toBe("42501 permission denied for schema public");
  });

  test.each([
    ["table", TABLE],
    ["view", "CREATE VIEW users AS SELECT 1"],
    ["sequence", "CREATE SEQUENCE users"],
  ])("refuses a %s that belongs to somebody else, and names the setting that moves it", async (_, made) => {
    const plan = await planned();
    await setUp(plan);
    await cloud.run("postgres", plan.database, [made]);
    expect(await refusal(check(plan))).toBe(
      `P0001 users belongs to postgres and must belong to ${plan.owner}; list postgres under netra:database.roles.formerOwners`,
    );
  });
});

describe("adoption", () => {
  const OBJECTS = [
    TABLE,
    "CREATE TABLE orders (id serial PRIMARY KEY, kind text)",
    "CREATE VIEW big_orders AS SELECT * FROM orders",
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA reports",
    "CREATE TABLE reports.daily (id int)",
  ];

  async function adopted(databaseOwner?: string) {
    const plan = await planned({ formerOwners: ["postgres"] }, databaseOwner);
    await cloud.run("postgres", plan.database, OBJECTS);
    return plan;
  }

  /** The owners of everything that users have made. */
  const owners = (database: string) =>
    cloud.rows(
      ADMIN,
      database,
      `SELECT DISTINCT pg_get_userbyid(owner) AS owner FROM (
         SELECT relowner AS owner FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'reports'::regnamespace)
         UNION SELECT typowner FROM pg_type WHERE typname = 'mood' UNION SELECT proowner FROM pg_proc WHERE proname = 'one'
         UNION SELECT nspowner FROM pg_namespace WHERE nspname = 'reports') AS made`,
    );

  test("what postgres owns goes over to the owner role, and every user reads, writes and migrates it", async () => {
    const plan = await adopted();
    await setUp(plan);
    expect(await owners(plan.database)).toEqual([{ owner: plan.owner }]);
    await check(plan);
    await cloud.run("netra_backend_b", plan.database, [
      READ,
      MIGRATE,
      "INSERT INTO orders (kind) VALUES ('x')",
      "INSERT INTO reports.daily VALUES (1)",
    ]);
  });

  test("a revision that still logs in as postgres keeps working, before and after the new one has migrated", async () => {
    const plan = await adopted();
    const old = await cloud.connect("postgres", plan.database);
    try {
      await setUp(plan);
      await old.query("INSERT INTO users VALUES (1)");
      await cloud.run("netra_auth_a", plan.database, [MIGRATE, "CREATE TABLE later (id int)"]);
      await old.query("INSERT INTO later VALUES (1)");
      await old.query("ALTER TABLE orders ADD COLUMN note text");
    } finally {
      await old.end();
    }
  });

  test("what postgres makes in the meantime goes over with the next run", async () => {
    const plan = await adopted();
    await setUp(plan);
    await cloud.run("postgres", plan.database, ["CREATE TABLE late (id int)"]);
    await setUp(plan);
    await check(plan);
  });

  test("a database that postgres has made itself goes over, too", async () => {
    const plan = await adopted("postgres");
    await setUp(plan);
    await check(plan);
    expect(
      await cloud.rows(
        ADMIN,
        plan.database,
        "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()",
      ),
    ).toEqual([{ owner: plan.owner }]);
  });

  test("the objects of other databases stay", async () => {
    const [plan, other] = [await adopted(), await planned()];
    await cloud.run("postgres", other.database, [TABLE]);
    await setUp(plan);
    expect(
      await cloud.rows(ADMIN, other.database, "SELECT tableowner FROM pg_tables WHERE tablename = 'users'"),
    ).toEqual([{ tableowner: "postgres" }]);
  });

  test("the administrator gives its membership back, and postgres stays what it was", async () => {
    const plan = await adopted();
    await setUp(plan);
    expect(await refusal(cloud.run(ADMIN, plan.database, ["SET ROLE postgres"]))).toBe(
      '42501 permission denied to set role "postgres"',
    );
    expect(
      await cloud.rows(
        "postgres",
        plan.database,
        "SELECT rolcreaterole AS may FROM pg_roles WHERE rolname = 'postgres'",
      ),
    ).toEqual([{ may: true }]);
  });

  test("a run that ends after any statement can be run again, and the old revision works all the while", async () => {
    const plan = await adopted();
    const statements = setupStatements(plan);
    const old = await cloud.connect("postgres", plan.database);
    try {
      for (let done = 0; done <= statements.length; done++) {
        await cloud.run(ADMIN, plan.database, statements.slice(0, done));
        await old.query("INSERT INTO orders (kind) VALUES ('old')");
        await old.query(`CREATE TABLE made_by_old_${done} (id int)`);
        await setUp(plan);
        await check(plan, USERS.slice(-1));
      }
      await check(plan);
    } finally {
      await old.end();
    }
  });

  test("a former owner that does not exist is reported by its name", async () => {
    const plan = await planned({ formerOwners: ["nobody_here"] });
    expect(await refusal(setUp(plan))).toBe('42704 role "nobody_here" does not exist');
  });

  test("the statements say whose objects they take", async () => {
    expect(
      reassignedOwners(setupStatements(await planned({ formerOwners: ["postgres", 'a "b"'] })).join(";\n")),
    ).toEqual(["postgres", 'a "b"']);
    expect(reassignedOwners(setupStatements(await planned()).join(";\n"))).toEqual([]);
  });
});
