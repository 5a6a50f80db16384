import { describe, expect, test } from "vitest";
import { type Changes, configurationProblems, migrating, stagingConfiguration } from "../stack-settings";

const problems = (changes: Changes) => configurationProblems(stagingConfiguration(changes));
const secrets = (changes: object): Changes => ({ "netra:secrets": changes });
const roles = (changes: object): Changes => ({ "netra:database": { roles: changes } });

describe("the database's roles", () => {
  test("have names that PostgreSQL does not cut off", () => {
    const user = "a".repeat(57);
    expect(problems({ "netra:database": { user } })).toEqual([
      `'netra:database.user' (${user}) must leave the user ${user}_backend_a with at most 63 characters (it has 67) because PostgreSQL cuts longer names off; set 'netra:database.user' to ${"a".repeat(53)}`,
    ]);
    expect(problems({ "netra:database": { user: "a".repeat(53) } })).toEqual([]);
  });

  test("are set up with a password that the stack makes and that no service has", () => {
    expect(problems(secrets({ POSTGRES_ADMIN_PASSWORD: undefined }))).toEqual([
      `'netra:secrets' must have a secret of format database-admin-password because the job that sets up the database's roles logs in with it; set 'netra:secrets.POSTGRES_ADMIN_PASSWORD' to { id: postgres-admin-password, version: 1, rotation: 1, format: database-admin-password }`,
    ]);
    expect(problems(secrets({ SECRET_KEY: { format: "database-admin-password" } }))).toEqual(
      expect.arrayContaining([
        expect.stringContaining("must be set for one secret only because one user sets up the others"),
      ]),
    );
    expect(
      problems({ "netra:services": { auth: { secrets: ["POSTGRES_PASSWORD", "POSTGRES_ADMIN_PASSWORD"] } } }),
    ).toEqual([
      "'netra:services.auth.secrets[1]' (POSTGRES_ADMIN_PASSWORD) must not be mounted by a service because whoever has it can raise its own connection limit; remove it",
    ]);
  });

  test("take nothing from Google's roles, nor from their own", () => {
    expect(problems(roles({ formerOwners: ["postgres", "cloudsqladmin", "netra_owner", "netra_auth_b"] }))).toEqual([
      "'netra:database.roles.formerOwners[1]' (cloudsqladmin) must be a role that people or an earlier set-up have made because Cloud SQL's own roles keep what they own; remove it",
      "'netra:database.roles.formerOwners[2]' (netra_owner) must be a role that people or an earlier set-up have made because the stack makes this role, and it owns nothing that others could not use; remove it",
      "'netra:database.roles.formerOwners[3]' (netra_auth_b) must be a role that people or an earlier set-up have made because the stack makes this role, and it owns nothing that others could not use; remove it",
    ]);
  });

  test("are set up by a job with a name that leaves room for its executions, and an identity of its own", () => {
    expect(problems(roles({ name: "n".repeat(47) }))).toEqual([
      expect.stringContaining("starting with a letter, at most 46 because it is the job's name in Cloud Run"),
    ]);
    expect(problems(roles({ account: "netra-auth" }))).toEqual([
      "'netra:database.roles.account' must differ from 'netra:services.auth.account' because each job has an identity of its own; set 'netra:database.roles.account' to a text of its own",
    ]);
  });
});

describe("migrations", () => {
  test("can be stated", () => {
    expect(problems(migrating())).toEqual([]);
  });

  test("belong to a service that uses the database", () => {
    expect(problems(migrating({ service: "frontend" }))).toEqual([
      "'netra:migrations.service' (frontend) must be one of auth, backend because the job has the image, the variables and the secrets of a service that uses the database; set 'netra:migrations.service' to auth, or set 'netra:migrations.service' to backend",
    ]);
  });

  test("are not counted per start, too", () => {
    expect(problems({ "netra:migrations": migrating()["netra:migrations"] })).toEqual([
      "'netra:database.migrationConnections' (10) must be 0 because 'netra:migrations.connections' counts what the job holds, and no service migrates when it starts; set 'netra:database.migrationConnections' to 0",
    ]);
  });

  test("have database users that no service has", () => {
    const { config } = { config: stagingConfiguration(migrating()) };
    const services = config["netra:services"] as Record<string, object>; // as the stack file has it
    const renamed = {
      ...config,
      "netra:services": {
        ...services,
        migrations: { ...services.frontend, name: "netra-other", account: "netra-other" },
      },
    };
    expect(configurationProblems(renamed)).toContain(
      "'netra:services.migrations' must have another key because the migrations' database users are called so; rename it",
    );
  });
});
