import { checkStatements, cleanUpStatements, type DatabaseRolesPlan, setupStatements } from "./statements";

/*
 * The job runs `psql`, from any image that has it and a shell. Statements come from standard input, one transaction
 * each; the first error ends the job, and `psql` prints it.
 */

const SCRIPT = [
  "set -eu",
  "run() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null; }",
  'echo "setting up the roles of $PGDATABASE"',
  `printf '%s' "$SETUP_SQL" | run`,
  'export PGPASSWORD="$POSTGRES_PASSWORD"',
  // Each on its own connection: only a user who has logged in shows what it may do.
  'for user in $CHECK_USERS; do export PGUSER="$user"; echo "checking $user"; printf \'%s\' "$CHECK_SQL" | run; done',
  `printf '%s' "$CLEAN_UP_SQL" | run`,
].join("\n");

export const ROLES_COMMAND: readonly string[] = ["sh", "-c", SCRIPT];

const script = (statements: readonly string[]) => statements.map((statement) => `${statement};\n`).join("");

/** The variables that the script reads. `checked`: the users that have the current password. */
export function rolesVariables(plan: DatabaseRolesPlan, checked: readonly string[]): Readonly<Record<string, string>> {
  return {
    SETUP_SQL: script(setupStatements(plan)),
    CHECK_SQL: script(checkStatements(plan)),
    CLEAN_UP_SQL: script(cleanUpStatements()),
    CHECK_USERS: checked.join(" "),
  };
}
