import * as gcp from "@pulumi/gcp";
import { expect, test } from "vitest";
import { type SecretArgs, Secrets } from "../../components/secrets";
import { SECRET_VERSION } from "../../config/resource-types";
import { withoutSecrets } from "../../engine/evaluate";
import { UNKNOWN } from "../../policy/framework/unknown";
import { type Cloud, create, only, registeredBy, waitsFor, wireSecret } from "../fixtures/programs";

const SECRET = "gcp:secretmanager/secret:Secret";
const PASSWORD = "random:index/randomPassword:RandomPassword";

const jwt: SecretArgs = { id: "jwt-secret-staging", version: 1, rotation: 1 };
const redis: SecretArgs = { id: "redis-password-staging", version: 1, rotation: 1, format: "redis-auth" };
const declare = (secrets: Readonly<Record<string, SecretArgs>>, redisAuth = "d6b0-4f8e") =>
  new Secrets("secrets", { secrets, redisAuth, labels: { environment: "staging" }, waitsFor: [] });
const preview = (secrets: Readonly<Record<string, SecretArgs>>) => registeredBy(() => declare(secrets));

const SOUND = "k3Yq8Zt1Lw9Rb5Nc7Vx2Mf6Jh4Gd0Ps8Ta1Ue3Wi5Xo7";
const cloud: Cloud = ({ type, name }) => {
  if (type === PASSWORD) return { result: wireSecret(SOUND) };
  return type === SECRET_VERSION ? { version: name.split("-r").at(-1) } : {};
};
/** The data of every version that `up` creates, by its name. */
const written = async (secrets: Readonly<Record<string, SecretArgs>>, redisAuth?: string, answers = cloud) => {
  const created = await create(() => {
    declare(secrets, redisAuth);
    return {};
  }, answers);
  return Object.fromEntries(
    created.filter(({ type }) => type === SECRET_VERSION).map(({ name, inputs }) => [name, inputs.secretData]),
  );
};

test("declares a protected container for a secret of somebody else's, and no value", async () => {
  const registered = await preview({ OPENAI_API_KEY: { id: "openai-api-key-staging", version: 4 } });
  const container = only(registered, SECRET);
  expect(container.inputs).toMatchObject({
    secretId: "openai-api-key-staging",
    replication: { auto: {} },
    deletionProtection: true,
  });
  expect(container.options.protect).toBe(true);
  expect(registered).toHaveLength(1);
});

test("creates containers once the APIs are enabled", async () => {
  const registered = await registeredBy(() => {
    const api = new gcp.projects.Service("api-secretmanager", { service: "secretmanager.googleapis.com" });
    new Secrets("secrets", { secrets: { JWT_SECRET_KEY: jwt }, redisAuth: "", labels: {}, waitsFor: [api] });
  });
  expect(waitsFor(only(registered, SECRET))).toEqual(["api-secretmanager"]);
});

test("generates an owned secret: 48 letters and digits, in a version that is disabled rather than destroyed", async () => {
  const registered = await preview({ JWT_SECRET_KEY: jwt });
  expect(only(registered, PASSWORD)).toMatchObject({
    name: "jwt-secret-staging-r1",
    inputs: { length: 48, special: false },
  });
  const version = only(registered, SECRET_VERSION);
  expect(version.name).toBe("jwt-secret-staging-r1");
  expect(withoutSecrets(version.inputs)).toEqual({
    secret: UNKNOWN,
    secretData: UNKNOWN,
    enabled: true,
    deletionPolicy: "DISABLE",
  });
  expect(waitsFor(version)).toEqual(["jwt-secret-staging", "jwt-secret-staging-r1"]);
});

test("writes a Fernet key in its real format, 32 bytes in URL-safe base64 with padding, from a value that is no resource's id", async () => {
  const fernet: SecretArgs = { id: "fernet-key-staging", version: 1, rotation: 1, format: "fernet" };
  expect(only(await preview({ FERNET_KEY: fernet }), PASSWORD).inputs).toEqual({ length: 48, special: false });
  expect(await written({ FERNET_KEY: fernet })).toEqual({
    "fernet-key-staging-r1": wireSecret("-Tb4cxcvuD-RyXP2P_e8hdUQSs38PeLT1cIPxQMUsNI="),
  });
});

test("adds the versions of a secret one after another, named for their rotation, because the cloud numbers them as they come", async () => {
  const registered = await preview({ JWT_SECRET_KEY: { ...jwt, version: 5, rotation: 3 } });
  const versions = registered.filter(({ type }) => type === SECRET_VERSION);
  // Each also depends on the password of its own rotation, which has the same name.
  expect(versions.map((version) => waitsFor(version).filter((name) => name !== version.name))).toEqual([
    ["jwt-secret-staging"],
    ["jwt-secret-staging", "jwt-secret-staging-r1"],
    ["jwt-secret-staging", "jwt-secret-staging-r2"],
  ]);
  expect(registered.filter(({ type }) => type === PASSWORD).map(({ name }) => name)).toEqual(
    [1, 2, 3].map((rotation) => `jwt-secret-staging-r${rotation}`),
  );
});

test("leaves a disabled rotation out: the engine disables its version last, when the services have rolled over", async () => {
  const registered = await preview({ JWT_SECRET_KEY: { ...jwt, version: 5, rotation: 3, disabledThroughRotation: 2 } });
  for (const type of [SECRET_VERSION, PASSWORD]) expect(only(registered, type).name).toBe("jwt-secret-staging-r3");
});

test("expects an earlier rotation's version at the number before", async () => {
  const secrets = { JWT_SECRET_KEY: { ...jwt, version: 5, rotation: 2 } };
  const numbered: Cloud = (resource) =>
    resource.type === SECRET_VERSION ? { version: resource.name.endsWith("-r1") ? "4" : "5" } : cloud(resource);
  expect(Object.keys(await written(secrets, undefined, numbered))).toEqual([
    "jwt-secret-staging-r1",
    "jwt-secret-staging-r2",
  ]);
});

test("writes only the current rotation of the Redis string, because Redis has one", async () => {
  const versions = await written({ REDIS_PASSWORD: { ...redis, version: 2, rotation: 2 } });
  expect(versions).toEqual({ "redis-password-staging-r2": wireSecret("d6b0-4f8e") });
});

test("hands out references as plain texts that a preview knows", async () => {
  let secrets: Secrets | undefined;
  await registeredBy(() => {
    secrets = declare({
      JWT_SECRET_KEY: { ...jwt, version: 7 },
      OPENAI_API_KEY: { id: "openai-api-key-staging", version: 4 },
    });
  });
  expect(secrets?.references).toMatchObject({
    JWT_SECRET_KEY: { secretId: "jwt-secret-staging", version: "7" },
    OPENAI_API_KEY: { secretId: "openai-api-key-staging", version: "4" },
  });
});

test.each([
  { rotation: 1, disabledThroughRotation: undefined, valid: [1] },
  { rotation: 2, disabledThroughRotation: undefined, valid: [1, 2] },
  { rotation: 2, disabledThroughRotation: 1, valid: [2] },
  { rotation: 4, disabledThroughRotation: 1, valid: [3, 4] },
])(
  "keeps the passwords of rotations $valid valid at rotation $rotation, disabled through $disabledThroughRotation",
  async ({ valid, ...rotated }) => {
    let secrets: Secrets | undefined;
    await registeredBy(() => {
      secrets = declare({
        POSTGRES_PASSWORD: {
          id: "postgres-password-staging",
          version: rotated.rotation,
          format: "database-password",
          ...rotated,
        },
      });
    });
    expect(secrets?.databaseLogin?.passwords.map(({ rotation }) => rotation)).toEqual(valid);
  },
);

test("refuses a Redis string that ends in a newline, without showing it", async () => {
  await expect(written({ REDIS_PASSWORD: redis }, "hunter2\n")).rejects.toThrow(
    "'redis-password-staging' (not shown) must not begin or end with whitespace or an invisible character because the consumer gets it as it stands, and a trailing newline breaks host names and signatures; set 'redis-password-staging' to the same value without it",
  );
  await expect(written({ REDIS_PASSWORD: redis }, "hunter2\n")).rejects.not.toThrow("hunter2");
});

test("refuses an empty Redis string and a placeholder, but no short one: Google makes it", async () => {
  await expect(written({ REDIS_PASSWORD: redis }, "")).rejects.toThrow(
    "'redis-password-staging' (empty) must hold a value",
  );
  await expect(written({ REDIS_PASSWORD: redis }, "changeme")).rejects.toThrow(
    "'redis-password-staging' (not shown) must be no placeholder",
  );
  expect(await written({ REDIS_PASSWORD: redis }, "d6b0")).toEqual({ "redis-password-staging-r1": wireSecret("d6b0") });
});

test("refuses a key under 32 characters", async () => {
  const short: Cloud = (resource) => (resource.type === PASSWORD ? { result: wireSecret("abc123") } : cloud(resource));
  await expect(written({ JWT_SECRET_KEY: jwt }, undefined, short)).rejects.toThrow(
    "'jwt-secret-staging' (not shown) must have at least 32 characters because it signs or encrypts, and a shorter key can be found by trying",
  );
});

test("what waits for a secret fails where the cloud numbered its version differently", async () => {
  const program = () => {
    const { references } = declare({ JWT_SECRET_KEY: { ...jwt, version: 2 } });
    new gcp.compute.Network(
      "consumer",
      { name: "consumer" },
      { dependsOn: Object.values(references).map(({ ready }) => ready) },
    );
    return {};
  };
  const seen: string[] = [];
  const renumbered: Cloud = (resource) => {
    seen.push(resource.name);
    return resource.type === SECRET_VERSION ? { version: "9" } : cloud(resource);
  };
  await expect(create(program, renumbered)).rejects.toThrow(
    "'netra:secrets.JWT_SECRET_KEY.version' (2) must be 9 because Secret Manager called the version of rotation 1 9; set 'netra:secrets.JWT_SECRET_KEY.version' to 9 before services mount it",
  );
  expect(seen).not.toContain("consumer");
});
