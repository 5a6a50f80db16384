import { expect, test } from "vitest";
import { serviceJwtName } from "../../../../policy/rules/service/service-jwt-name";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const secret = { valueSource: { secretKeyRef: { secret: "jwt-secret-staging", version: "1" } } };

test("accepts JWT_SECRET_KEY, and names that only look like it", async () => {
  const variables = { JWT_ALGORITHM: "HS256", JWT_ACCESS_TOKEN_EXPIRE_MINUTES: "15", SECRET_KEY: secret };
  expect(await messages(serviceJwtName, soundService({ variables }))).toEqual([]);
});

test("refuses every other name, literal or secret, in every kind of workload", async () => {
  for (const name of [
    "JWT_SECRET",
    "JWT_SECRET_STAGING",
    "JWT_SECRET_KEY_STAGING",
    "AUTH_JWT_SECRET",
    "jwt_secret_key",
  ])
    expect(await messages(serviceJwtName, soundService({ variables: { [name]: secret } }))).toEqual([
      `'template.containers[0].envs[${name}]' must not be set because services resolve several names of one secret in different orders; set 'JWT_SECRET_KEY' instead`,
    ]);
  for (const declare of [soundJob, soundWorkerPool, soundServiceV1])
    expect(await messages(serviceJwtName, declare({ variables: { JWT_SECRET: UNKNOWN } }))).toHaveLength(1);
});

test("reports what it cannot evaluate, and goes on with the other containers", async () => {
  const sidecar = { image: "sidecar:1.0.0", envs: [{ name: "JWT_SECRET", value: "" }] };
  expect(
    await messages(
      serviceJwtName,
      soundService({ container: { envs: [{ name: UNKNOWN, value: "x" }] }, sidecars: [sidecar] }),
    ),
  ).toEqual([
    "cannot evaluate: 'template.containers[0].envs[0].name' is not known at preview; give it a plain value instead of another resource's output",
    expect.stringContaining("'template.containers[1].envs[JWT_SECRET]' must not be set"),
  ]);
  expect(await messages(serviceJwtName, soundService({ container: { envs: { JWT_SECRET: "x" } } }))).toEqual([
    "cannot evaluate: template.containers[0].envs must be a list",
  ]);
});
