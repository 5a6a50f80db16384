import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call, Cloud } from "../cloud/cloud";
import { environment as variablesOf, versionOf } from "../cloud/revisions";
import { stagingConfiguration } from "../stack-settings";
import { type Ended, Environment, UNMONITORED } from "./environment";

const RUN = "gcp:cloudrunv2/service:Service";
const VERSION = "gcp:secretmanager/secretVersion:SecretVersion";
const USER = "gcp:sql/user:User";
const JOB = "gcp:cloudrunv2/job:Job";
const SERVICES = ["netra-auth-service", "netra-backend-staging", "netra-frontend-staging"];

let staging: Environment;

beforeAll(async () => {
  staging = await Environment.ofStagingThatIsUp(UNMONITORED);
});
afterAll(() => staging.remove());

/** Changes the stack file and updates; the log holds this update's calls. */
async function update(changes: Parameters<typeof stagingConfiguration>[0]): Promise<Ended> {
  staging.configure(stagingConfiguration({ ...UNMONITORED, ...changes }));
  staging.cloud.forgetCalls();
  return staging.up();
}

/** What was done to the cloud, in the order in which it was done. */
const done = (cloud: Cloud): Call[] =>
  cloud
    .calls()
    .filter(
      ({ phase, method, preview }) => phase === "end" && !preview && ["create", "update", "delete"].includes(method),
    );
const position = (calls: readonly Call[], name: string, type: string, method: string) => {
  const found = calls.findIndex((call) => call.name === name && call.type === type && call.method === method);
  expect(found, `${method} of ${name}`).toBeGreaterThanOrEqual(0);
  return found;
};

/** The services as they were started and finished, one entry for each. */
const services = (cloud: Cloud) =>
  cloud
    .calls()
    .filter(({ type, method }) => type === RUN && ["create", "update"].includes(method))
    .map(({ name, phase }) => [name, phase]);
const oneAfterAnother = SERVICES.flatMap((name) => [
  [name, "start"],
  [name, "end"],
]);

/** What a service's running revision has for a variable: the literal, or the version it mounts. */
function variable(cloud: Cloud, service: string, name: string): string | undefined {
  const properties = cloud.ofType(RUN).find((resource) => resource.properties.name === service)?.properties ?? {};
  const found = variablesOf(properties).find((entry) => entry.name === name);
  return found?.valueSource?.secretKeyRef?.version ?? found?.value;
}

const isEnabled = (cloud: Cloud, secret: string, version: string) => versionOf(cloud, secret, version)?.enabled;

describe("rollout order", () => {
  test("creates the services one after another", () => {
    expect(services(staging.cloud)).toEqual(oneAfterAnother);
  });

  test("updates the services one after another when all of them change", async () => {
    const changed = Object.fromEntries(
      ["auth", "backend", "frontend"].map((service) => [service, { environment: { LOG_LEVEL: "debug" } }]),
    );
    expect(await update({ "netra:services": changed })).toMatchObject({ code: 0 });
    expect(services(staging.cloud)).toEqual(oneAfterAnother);
  });
});

describe("rotating the JWT secret", () => {
  const rotated = { JWT_SECRET_KEY: { version: 2, rotation: 2 } };

  test("adds the new version, then rolls both services over to it, and keeps the old version", async () => {
    expect(await update({ "netra:secrets": rotated })).toMatchObject({ code: 0 });
    const calls = done(staging.cloud);
    const added = position(calls, "jwt-secret-staging-r2", VERSION, "create");
    for (const service of SERVICES.slice(0, 2)) expect(position(calls, service, RUN, "update")).toBeGreaterThan(added);
    expect(SERVICES.slice(0, 2).map((service) => variable(staging.cloud, service, "JWT_SECRET_KEY"))).toEqual([
      "2",
      "2",
    ]);
    expect(isEnabled(staging.cloud, "jwt-secret-staging", "1")).toBe(true);
    expect(calls.flatMap(({ broken }) => broken)).toEqual([]);
  });

  test("disables the old version when the stack file says so", async () => {
    expect(
      await update({ "netra:secrets": { JWT_SECRET_KEY: { ...rotated.JWT_SECRET_KEY, disabledThroughRotation: 1 } } }),
    ).toMatchObject({ code: 0 });
    expect([
      isEnabled(staging.cloud, "jwt-secret-staging", "1"),
      isEnabled(staging.cloud, "jwt-secret-staging", "2"),
    ]).toEqual([false, true]);
    expect(done(staging.cloud).flatMap(({ broken }) => broken)).toEqual([]);
  });

  test("disables the old version last even when one edit both rotates and disables", async () => {
    const both = { JWT_SECRET_KEY: { version: 3, rotation: 3, disabledThroughRotation: 2 } };
    expect(await update({ "netra:secrets": both })).toMatchObject({ code: 0 });
    const calls = done(staging.cloud);
    const disabled = position(calls, "jwt-secret-staging-r2", VERSION, "delete");
    for (const service of SERVICES.slice(0, 2)) expect(position(calls, service, RUN, "update")).toBeLessThan(disabled);
    expect([
      isEnabled(staging.cloud, "jwt-secret-staging", "2"),
      isEnabled(staging.cloud, "jwt-secret-staging", "3"),
    ]).toEqual([false, true]);
    expect(calls.flatMap(({ broken }) => broken)).toEqual([]);
  });
});

test("ends before any service starts when Secret Manager numbers a version differently", async () => {
  const numbered = await Environment.byRunner({ "netra:secrets": { JWT_SECRET_KEY: { version: 9 } } });
  try {
    const { code, stdout } = await numbered.up();
    expect(code).toBe(1);
    expect(stdout).toContain(
      "'netra:secrets.JWT_SECRET_KEY.version' (9) must be 1 because Secret Manager called the version of rotation 1 1; set 'netra:secrets.JWT_SECRET_KEY.version' to 1 before services mount it",
    );
    expect(stdout).toContain("The update stops here: nothing that depends on this has been changed.");
    expect(services(numbered.cloud)).toEqual([]);
  } finally {
    numbered.remove();
  }
});

describe("rotating the database password", () => {
  /** The whole life of it: each step is one edit of the stack file. */
  test.each([
    { rotation: 2, suffix: "b" },
    { rotation: 2, disabledThroughRotation: 1, suffix: "b" },
    { rotation: 3, disabledThroughRotation: 1, suffix: "a" },
    { rotation: 4, disabledThroughRotation: 3, suffix: "b" },
  ])("leaves no moment in which a running revision's credentials are invalid: %o", async ({ suffix, ...password }) => {
    const jwt = { version: 3, rotation: 3, disabledThroughRotation: 2 };
    expect(
      await update({
        "netra:secrets": { JWT_SECRET_KEY: jwt, POSTGRES_PASSWORD: { version: password.rotation, ...password } },
      }),
    ).toMatchObject({
      code: 0,
    });
    const calls = done(staging.cloud);
    expect(calls.flatMap(({ broken }) => broken)).toEqual([]);
    for (const service of SERVICES.slice(0, 2)) {
      expect(variable(staging.cloud, service, "POSTGRES_USER")).toMatch(new RegExp(`^netra_(auth|backend)_${suffix}$`));
      expect(variable(staging.cloud, service, "POSTGRES_PASSWORD")).toBe(String(password.rotation));
    }
    const rolled = calls.flatMap(({ type, method }, i) => (type === RUN && method === "update" ? [i] : []));
    const set = calls.flatMap(({ type, method }, i) => (type === USER && method !== "delete" ? [i] : []));
    for (const i of set) expect(Math.min(...rolled, calls.length)).toBeGreaterThan(i);
  });
});

describe("the job that lets the services in", () => {
  const jwt = { version: 3, rotation: 3, disabledThroughRotation: 2 };
  const rotated = { JWT_SECRET_KEY: jwt, POSTGRES_PASSWORD: { version: 5, rotation: 5, disabledThroughRotation: 4 } };
  const adopting = (formerOwners: readonly string[]) =>
    update({ "netra:secrets": rotated, "netra:database": { roles: { formerOwners } } });

  test("keeps every service as it is where it fails, and the update says why", async () => {
    const { code, stdout } = await adopting(["somebody"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/execution netra-database-roles-[0-9a-f]{16} has failed: role "somebody" does not exist/);
    expect(services(staging.cloud)).toEqual([]);
    expect(done(staging.cloud).flatMap(({ broken }) => broken)).toEqual([]);
    expect(variable(staging.cloud, "netra-auth-service", "POSTGRES_USER")).toBe("netra_auth_b");
  });

  test("runs again with the cause mended, before the services roll", async () => {
    expect(await adopting(["postgres"])).toMatchObject({ code: 0 });
    const calls = done(staging.cloud);
    const ran = position(calls, "netra-database-roles", JOB, "update");
    for (const service of SERVICES.slice(0, 2)) expect(position(calls, service, RUN, "update")).toBeGreaterThan(ran);
    expect(calls.flatMap(({ broken }) => broken)).toEqual([]);
  });

  test("that has failed for a moment does not run again by itself: no service rolls until its count is raised", async () => {
    const admin = "/postgres-admin-password-staging/";
    const turn = (enabled: boolean) => {
      for (const { id } of staging.cloud.ofType(VERSION).filter((version) => version.id.includes(admin)))
        staging.cloud.change(VERSION, id, (version) => (version.enabled = enabled));
    };
    const settings = (run: number, size: number) => ({
      "netra:secrets": rotated,
      "netra:database": { roles: { formerOwners: ["postgres"], run } },
      "netra:services": { backend: { database: { poolSize: size } } },
    });
    turn(false);
    expect((await update(settings(1, 2))).stdout).toMatch(/execution netra-database-roles-[0-9a-f]{16} has failed/);
    expect(services(staging.cloud)).toEqual([]);
    turn(true);
    const { code, stderr } = await staging.npmRun(["up", "--yes", "--skip-preview"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^'netra-database-roles' must complete before services roll out: execution netra-database-roles-[0-9a-f]{16} has failed: .+\. Fix the cause; if the fix does not change the job, raise 'netra:database\.roles\.run' by one, because an unchanged job is not run again\. Then: npm run up\n$/,
      ),
    ]);
    expect(services(staging.cloud)).toEqual([]);
    expect(await update(settings(2, 2))).toMatchObject({ code: 0 });
    expect(services(staging.cloud)).toContainEqual(["netra-backend-staging", "end"]);
  });

  test("does not run in an update that changes nothing of its own", async () => {
    const changed = {
      "netra:services": { backend: { database: { poolSize: 2 } }, frontend: { environment: { LOG_LEVEL: "debug" } } },
    };
    const roles = { formerOwners: ["postgres"], run: 2 };
    expect(await update({ "netra:secrets": rotated, "netra:database": { roles }, ...changed })).toMatchObject({
      code: 0,
    });
    expect(done(staging.cloud).filter(({ type }) => type === JOB)).toEqual([]);
  });
});
