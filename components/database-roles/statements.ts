import { block, identifier, literal } from "./sql";

/*
 * Ownership and privileges in the application's database. One role without login owns everything. Users log in, act as
 * that role, and each has a connection limit. A rotation changes the user, and no object changes its owner.
 *
 * Cloud SQL's API makes every user a member of `cloudsqlsuperuser` with CREATEROLE and CREATEDB, and none a superuser
 * (https://docs.cloud.google.com/sql/docs/postgres/users). A table belongs to the user that created it, and no other
 * such user may access it: without these statements the first rotation of a password ends with 42501.
 *
 * Each statement can be repeated, and after each one the database works: the list can be interrupted anywhere and run
 * again from its beginning.
 */

/** A user that logs in. */
interface LoginUser {
  readonly name: string;
  /** Connections that the user may hold at once; PostgreSQL refuses one more with 53300. */
  readonly connectionLimit: number;
}

export interface DatabaseRolesPlan {
  /** The application's database. */
  readonly database: string;
  /** The role without login that owns the application's objects. */
  readonly owner: string;
  readonly users: readonly LoginUser[];
  /** Roles whose objects in this database are given to the owner. */
  readonly formerOwners: readonly string[];
  /** How long a statement of a user waits for a lock, seconds. */
  readonly lockTimeoutSeconds: number;
  /** How long a user's transaction may be idle, seconds; then PostgreSQL ends the connection. */
  readonly idleInTransactionSeconds: number;
}

/** The role that Cloud SQL's API grants every user. */
const EVERY_USER = "cloudsqlsuperuser";

/**
 * How long the statements themselves wait for a lock: longer than a request's transaction, much shorter than the job.
 */
const SETUP_LOCK_TIMEOUT = "30s";

/**
 * The statements that set up roles, limits and ownership. Run in the application's database by a user that Cloud SQL's
 * API has created and that the plan does not list.
 */
export function setupStatements(plan: DatabaseRolesPlan): string[] {
  const owner = identifier(plan.owner);
  return [
    `SET lock_timeout = ${literal(SETUP_LOCK_TIMEOUT)}`,
    block(`CREATE ROLE ${owner} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL;`),
    // Only a member of a role may give it objects.
    `GRANT ${owner} TO CURRENT_USER`,
    // The database belongs to `cloudsqlsuperuser`, because the API created it.
    `GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${identifier(plan.database)} TO ${owner}`,
    // Up to version 14 everybody may create objects in it, and its owner is a superuser, which Cloud SQL does not
    // offer.
    block(
      `IF NOT (has_schema_privilege(${literal(plan.owner)}, 'public', 'USAGE') AND has_schema_privilege(${literal(plan.owner)}, 'public', 'CREATE')) THEN GRANT USAGE, CREATE ON SCHEMA public TO ${owner}; END IF;`,
    ),
    ...plan.users.flatMap((user) => userStatements(user, plan)),
    ...plan.formerOwners.flatMap((former) => adoptionStatements(former, owner)),
  ];
}

function userStatements({ name, connectionLimit }: LoginUser, plan: DatabaseRolesPlan): string[] {
  const user = identifier(name);
  return [
    `GRANT ${identifier(plan.owner)} TO ${user}`,
    // With CREATEROLE the user could raise its own limit.
    `ALTER ROLE ${user} NOCREATEROLE NOCREATEDB CONNECTION LIMIT ${connectionLimit}`,
    `ALTER ROLE ${user} SET lock_timeout = ${literal(`${plan.lockTimeoutSeconds}s`)}`,
    `ALTER ROLE ${user} SET idle_in_transaction_session_timeout = ${literal(`${plan.idleInTransactionSeconds}s`)}`,
    `ALTER ROLE ${user} SET role = ${literal(plan.owner)}`,
    block(
      `IF EXISTS (SELECT FROM pg_auth_members WHERE roleid = to_regrole(${literal(EVERY_USER)}) AND member = to_regrole(${literal(user)})) THEN REVOKE ${identifier(EVERY_USER)} FROM ${user}; END IF;`,
    ),
  ];
}

/**
 * Gives another role's objects to the owner: those of this database, and the databases that the role owns. The former
 * owner becomes a member first, so that revisions that still log in as it keep working.
 */
function adoptionStatements(name: string, owner: string): string[] {
  const former = identifier(name);
  return [
    `GRANT ${owner} TO ${former}`,
    `GRANT ${former} TO CURRENT_USER`,
    `REASSIGN OWNED BY ${former} TO ${owner}`,
    `REVOKE ${former} FROM CURRENT_USER`,
  ];
}

/** The former owners in a text of statements. */
export const reassignedOwners = (sql: string): string[] =>
  [...sql.matchAll(/REASSIGN OWNED BY "((?:[^"]|"")*)"/g)].map(([, name = ""]) => name.replaceAll('""', '"'));

const PROBE = `public.${identifier("netra_roles_probe")}`;

/**
 * Checks what each user must be able to do before a revision logs in as it. Run as every user in turn, then
 * {@link cleanUpStatements} as the last one: each user sees, changes and extends the objects of the previous ones.
 */
export function checkStatements({ owner }: Pick<DatabaseRolesPlan, "owner">): string[] {
  const isOwned = `pg_has_role(current_user, c.relowner, 'USAGE')`;
  return [
    block(
      `IF current_user <> ${literal(owner)} THEN RAISE EXCEPTION 'user % acts as % and must act as %', session_user, current_user, ${literal(owner)}; END IF;`,
    ),
    block(
      `IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(EVERY_USER)} AND pg_has_role(session_user, oid, 'MEMBER')) THEN RAISE EXCEPTION 'user % must not be a member of ${EVERY_USER} because it could raise its own connection limit', session_user; END IF;`,
    ),
    `CREATE TABLE IF NOT EXISTS ${PROBE} (written_by name NOT NULL)`,
    `INSERT INTO ${PROBE} VALUES (session_user)`,
    `ALTER TABLE ${PROBE} ALTER COLUMN written_by SET NOT NULL`,
    `SELECT written_by FROM ${PROBE}`,
    // The application must be able to read, write and migrate every object there.
    block(
      [
        "DECLARE stray record;",
        `BEGIN SELECT c.oid::regclass AS name, pg_get_userbyid(c.relowner) AS owner INTO stray FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT ${isOwned} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname LIMIT 1;`,
        `IF FOUND THEN RAISE EXCEPTION '% belongs to % and must belong to %; list % under netra:database.roles.formerOwners', stray.name, stray.owner, ${literal(owner)}, stray.owner; END IF; END;`,
      ].join(" "),
    ),
  ];
}

/**
 * Removes the objects of {@link checkStatements}. The last user runs it, which shows that it may drop the first user's
 * objects.
 */
export const cleanUpStatements = (): string[] => [`DROP TABLE IF EXISTS ${PROBE}`];
