import { beforeAll, describe, expect, test } from "vitest";
import { connectionLimits } from "../../../capacity/checks";
import { LONGEST_JOB_NAME, TOKEN_LENGTH } from "../../../capacity/constraints/jobs";
import { readSettings } from "../../../config/read";
import { RUN_JOB, RUN_SERVICE, SECRET_IAM_MEMBER, SQL_USER } from "../../../config/resource-types";
import { loginUser } from "../../../config/role-names";
import { evaluate, type RegisteredResource } from "../../../engine/evaluate";
import { configurationOfRun, declare } from "../../../stack";
import { type Changes, migrating, stagingConfiguration, stagingSettings } from "../../stack-settings";

/** What the stack registers, without the judgement of its plan. */
const preview = (changes: Changes = {}) =>
  evaluate("staging", stagingConfiguration(changes), () => declare(readSettings(configurationOfRun())));
const password = (changes: object): Changes => ({ "netra:secrets": { POSTGRES_PASSWORD: changes } });
const roles = (changes: object): Changes => ({ "netra:database": { roles: changes } });

interface Container {
  readonly image: string;
  readonly commands: readonly string[];
  readonly envs: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueSource?: { readonly secretKeyRef: object };
  }[];
}
interface JobInputs {
  readonly runExecutionToken: string;
  readonly template: {
    readonly template: {
      readonly containers: readonly Container[];
      readonly timeout: string;
      readonly maxRetries: number;
    };
  };
}

function jobIn(registered: readonly RegisteredResource[], name = "netra-database-roles") {
  const job = registered.find((resource) => resource.type === RUN_JOB && resource.name === name);
  if (!job) throw new Error(`no job is called ${name}`);
  const inputs = job.inputs as unknown as JobInputs; // as the component writes it
  const [container] = inputs.template.template.containers;
  const variable = (wanted: string) => container?.envs.find((entry) => entry.name === wanted);
  return { job, inputs, container, variable, value: (wanted: string) => variable(wanted)?.value ?? "" };
}

const dependencies = ({ dependencies: urns }: RegisteredResource) => urns.map((urn) => urn.split("::").at(-1));

let registered: readonly RegisteredResource[] = [];
beforeAll(async () => {
  registered = await preview();
});

test("a user's name is of one service and one rotation: odd ones _a, even ones _b", () => {
  expect([1, 2, 3, 10].map((rotation) => loginUser("netra", "auth", rotation))).toEqual([
    "netra_auth_a",
    "netra_auth_b",
    "netra_auth_a",
    "netra_auth_b",
  ]);
  expect(loginUser("netra", "worker-of-b", 1)).toBe("netra_worker_of_b_a");
});

describe("the users", () => {
  const users = (all: readonly RegisteredResource[]) =>
    all.filter(({ type }) => type === SQL_USER).map(({ name }) => name);

  test("are one to set up the others, and two alternating ones for each service that uses the database", async () => {
    expect(users(registered)).toEqual(["netra_admin", "netra_auth_a", "netra_backend_a"]);
    expect(users(await preview(password({ rotation: 3, version: 3 })))).toEqual([
      "netra_admin",
      "netra_auth_b",
      "netra_backend_b",
      "netra_auth_a",
      "netra_backend_a",
    ]);
  });

  test("go to Google when they leave the program: a revision may still log in as one", () => {
    for (const { inputs } of registered.filter(({ type }) => type === SQL_USER))
      expect(inputs).toMatchObject({ deletionPolicy: "ABANDON" });
  });

  test("are none where no service uses the database, and neither is the job", async () => {
    const without = await preview({
      "netra:services": { auth: { database: undefined, secrets: [] }, backend: { database: undefined, secrets: [] } },
      "netra:monitoring": { disabled: { reason: "a test of something else" } },
    });
    expect(without.filter(({ type }) => type === SQL_USER || type === RUN_JOB)).toEqual([]);
  });
});

describe("the connection limits", () => {
  test("are what the budget gives each service, with both revisions alive", () => {
    expect(connectionLimits(stagingSettings())).toEqual({ auth: 18, backend: 50 });
    expect(
      connectionLimits(
        stagingSettings({ "netra:services": { backend: { maxInstances: 4, database: { poolSize: 4 } } } }),
      ),
    ).toEqual({
      auth: 18,
      backend: 48,
    });
  });

  test("stand in the statements, for the users of both rotations", async () => {
    const sql = jobIn(await preview(password({ rotation: 2, version: 2 }))).value("SETUP_SQL");
    const limits = [...sql.matchAll(/ALTER ROLE "(\w+)" NOCREATEROLE NOCREATEDB CONNECTION LIMIT (\d+)/g)].map(
      ([, user, limit]) => `${user} ${limit}`,
    );
    expect(limits).toEqual(["netra_auth_a 18", "netra_backend_a 50", "netra_auth_b 18", "netra_backend_b 50"]);
  });
});

describe("the job", () => {
  test("runs after database, users and connector, and before every service", () => {
    const { job } = jobIn(registered);
    expect(dependencies(job)).toEqual(
      expect.arrayContaining([
        "netra_staging",
        "netra_admin",
        "netra_auth_a",
        "netra_backend_a",
        "staging-connector",
        "postgres-admin-password-staging-r1",
        "netra-database-roles-reads-postgres-password-staging",
      ]),
    );
    for (const service of registered.filter(({ type }) => type === RUN_SERVICE))
      expect(dependencies(service), service.name).toContain("netra-database-roles");
  });

  test("may read two secrets and nothing else", () => {
    const granted = registered
      .filter(({ type, name }) => type === SECRET_IAM_MEMBER && name.startsWith("netra-database-roles-"))
      .map(({ inputs }) => inputs.secretId);
    expect(granted).toEqual(["postgres-admin-password-staging", "postgres-password-staging"]);
  });

  test("logs in as the user that no service is, and takes both passwords from Secret Manager", () => {
    const { value, variable } = jobIn(registered);
    expect([value("PGUSER"), value("PGDATABASE"), value("PGSSLMODE")]).toEqual([
      "netra_admin",
      "netra_staging",
      "require",
    ]);
    expect(variable("PGPASSWORD")?.valueSource?.secretKeyRef).toEqual({
      secret: "postgres-admin-password-staging",
      version: "1",
    });
    expect(variable("POSTGRES_PASSWORD")?.valueSource?.secretKeyRef).toEqual({
      secret: "postgres-password-staging",
      version: "1",
    });
  });

  test("checks the users that services are about to log in as: those of the current rotation", async () => {
    expect(jobIn(registered).value("CHECK_USERS")).toBe("netra_auth_a netra_backend_a");
    expect(jobIn(await preview(password({ rotation: 2, version: 2 }))).value("CHECK_USERS")).toBe(
      "netra_auth_b netra_backend_b",
    );
  });

  test("runs again whenever something has changed that it sets up, and else never", async () => {
    const token = async (changes: Changes) => jobIn(await preview(changes)).inputs.runExecutionToken;
    const before = await token({});
    expect(before).toMatch(new RegExp(`^[0-9a-f]{${TOKEN_LENGTH}}$`));
    expect(await token({ "netra:services": { frontend: { maxInstances: 2 } } })).toBe(before);
    for (const changes of [
      password({ rotation: 2, version: 2 }),
      { "netra:secrets": { POSTGRES_ADMIN_PASSWORD: { rotation: 2, version: 2 } } },
      { "netra:services": { backend: { maxInstances: 4 } } },
      { "netra:database": { name: "staging-other-postgres" } },
      roles({ formerOwners: ["postgres"] }),
      roles({ lockTimeoutSeconds: 5 }),
      roles({ image: "docker.io/library/postgres:14.19.0" }),
      roles({ run: 2 }),
    ])
      expect(await token(changes), JSON.stringify(changes)).not.toBe(before);
  });

  test("has a name that leaves room for the token of its execution", () => {
    // Registry documentation of gcp.cloudrunv2.Job: together fewer than 63.
    expect(LONGEST_JOB_NAME + TOKEN_LENGTH).toBe(62);
  });
});

describe("migrations", () => {
  const migrated = (changes: object = {}) => migrating({ connections: 2, timeoutSeconds: 900, ...changes });

  test("run after the roles and before every service, with the image, the secrets and the variables of their service", async () => {
    const all = await preview(migrated());
    const { job, inputs, container, value } = jobIn(all, "netra-migrations");
    expect(dependencies(job)).toEqual(
      expect.arrayContaining(["netra-database-roles", "netra-migrations-reads-openai-api-key-staging"]),
    );
    for (const service of all.filter(({ type }) => type === RUN_SERVICE))
      expect(dependencies(service), service.name).toContain("netra-migrations");
    expect(container).toMatchObject({
      image: "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.0",
      commands: ["alembic", "upgrade", "head"],
    });
    expect(inputs.template.template).toMatchObject({ timeout: "900s", maxRetries: 0 });
    expect(value("SERVICE_ID")).toBe("netra-backend");
  });

  test("log in as users of their own, with as many connections as they state, which the budget counts instead of those per start", async () => {
    const { value } = jobIn(await preview(migrated()), "netra-migrations");
    expect(["POSTGRES_USER", "DB_POOL_SIZE", "DB_MAX_OVERFLOW", "WEB_CONCURRENCY"].map(value)).toEqual([
      "netra_migrations_a",
      "2",
      "0",
      "1",
    ]);
    expect(connectionLimits(stagingSettings(migrated()))).toEqual({ auth: 18, backend: 50, migrations: 2 });
  });

  test("run once for each image, command and version of a secret", async () => {
    const token = async (changes: Changes) =>
      jobIn(await preview(changes), "netra-migrations").inputs.runExecutionToken;
    const before = await token(migrated());
    const image = "us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.1";
    expect(await token({ ...migrated(), "netra:services": { backend: { maxInstances: 4 } } })).toBe(before);
    expect(await token({ ...migrated(), "netra:services": { backend: { image } } })).not.toBe(before);
    expect(await token(migrated({ image }))).not.toBe(before);
    expect(await token(migrated({ run: 2 }))).not.toBe(before);
  });
});
