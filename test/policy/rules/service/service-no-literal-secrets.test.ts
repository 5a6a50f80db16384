import { expect, test } from "vitest";
import { serviceNoLiteralSecrets } from "../../../../policy/rules/service/service-no-literal-secrets";
import { messages, UNKNOWN } from "../../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const given = (name: string, value: unknown) =>
  messages(serviceNoLiteralSecrets, soundService({ variables: { [name]: { value } } }));
const refused = (name: string, known = "not shown", because = "a literal") =>
  `'template.containers[0].envs[${name}]' (${known}) must be taken from Secret Manager because ${because} is stored in clear text; set 'template.containers[0].envs[${name}]' to a secretKeyRef with the secret and its version`;

test.each([
  "JWT_SECRET_KEY",
  "POSTGRES_PASSWORD",
  "PGPASSWORD",
  "DB_PASS",
  "ADMIN_PASSWD",
  "GITHUB_TOKEN",
  "OPENAI_API_KEY",
  "APIKEY",
  "FERNET_KEY",
  "TLS_PRIVATE_KEY",
  "GOOGLE_CLIENT_SECRET",
  "GOOGLE_CREDENTIALS",
  "JWT_SECRET_STAGING",
  "SECRET_KEY_2",
  "SECRET_KEY_BASE",
  "API_KEY_OLD",
  "clientSecret",
])("refuses a literal under %s", async (name) => {
  expect(await given(name, "hunter2")).toEqual([refused(name)]);
});

test.each([
  "GOOGLE_CLIENT_ID",
  "SECRET_ID",
  "JWT_SECRET_NAME",
  "API_KEY_FILE",
  "TOKEN_PATH",
  "TOKEN_LIFETIME_SECONDS",
  "OPENAI_MAX_TOKENS",
  "JWT_PUBLIC_KEY",
  "STRIPE_PUBLISHABLE_KEY",
  "NEXT_PUBLIC_FIREBASE_API_KEY",
  "KEYCLOAK_REALM",
  "SECRETARY",
])("accepts a literal under %s", async (name) => {
  expect(await given(name, "some-value")).toEqual([]);
});

test.each([
  `ghp_${"a1B2".repeat(9)}`,
  `github_pat_${"a1B2".repeat(9)}`,
  "xoxb-1234567890-abcdef",
  `sk_live_${"a1B2".repeat(6)}`,
  `AKIA${"A1B2".repeat(4)}`,
  "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
])("refuses an issued token under any name: %s", async (value) => {
  expect(await given("SETTING", value)).toEqual([refused("SETTING")]);
  expect(await given("NEXT_PUBLIC_SETTING", value)).toEqual([refused("NEXT_PUBLIC_SETTING")]);
});

test("accepts secrets from Secret Manager, empty values, switches and paths to credentials", async () => {
  const secret = { valueSource: { secretKeyRef: { secret: "postgres-password-staging", version: "1" } } };
  expect(await messages(serviceNoLiteralSecrets, soundService({ variables: { POSTGRES_PASSWORD: secret } }))).toEqual(
    [],
  );
  // As outputs have it: a variable from a secret also has an empty value.
  expect(
    await messages(
      serviceNoLiteralSecrets,
      soundService({ variables: { POSTGRES_PASSWORD: { value: "", ...secret } } }),
    ),
  ).toEqual([]);
  expect(await given("POSTGRES_PASSWORD", "")).toEqual([]);
  expect(await given("REQUIRE_TOKEN", "true")).toEqual([]);
  expect(await given("GOOGLE_APPLICATION_CREDENTIALS", "/secrets/key.json")).toEqual([]);
});

test("refuses a literal beside the secret", async () => {
  const both = {
    value: "hunter2",
    valueSource: { secretKeyRef: { secret: "postgres-password-staging", version: "1" } },
  };
  expect(await messages(serviceNoLiteralSecrets, soundService({ variables: { POSTGRES_PASSWORD: both } }))).toEqual([
    refused("POSTGRES_PASSWORD"),
  ]);
});

test.each([
  ["DATABASE_URL", "postgresql+asyncpg://netra:hunter2@10.107.0.3/netra_staging"],
  ["REDIS_URL", "redis://:hunter2@10.166.204.84:6379/0"],
  ["BROKER", "amqp://netra:hun/ter2@broker:5672"],
  ["JDBC", "jdbc:postgresql://10.107.0.3:5432/netra?user=netra&password=hunter2"],
  ["DSN", "host=10.107.0.3 user=netra password=hunter2"],
  ["CERTIFICATE", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"],
])("refuses a secret inside the value of %s", async (name, value) => {
  expect(await given(name, value)).toEqual([refused(name)]);
});

test.each([
  ["API_URL", "https://api.staging.netrasystems.ai:443/v1/users@me"],
  ["REDIS_URL", "redis://10.166.204.84:6379/0"],
  ["DATABASE_URL", "postgresql://netra@10.107.0.3:5432/netra_staging"],
  ["SENTRY_DSN", "https://0123abcd@o1.ingest.sentry.io/1"],
])("accepts %s without a password", async (name, value) => {
  expect(await given(name, value)).toEqual([]);
});

test("refuses a secret that is not known at preview and not taken from Secret Manager", async () => {
  expect(await given("POSTGRES_PASSWORD", UNKNOWN)).toEqual([
    refused("POSTGRES_PASSWORD", "not known at preview", "its value"),
  ]);
  for (const name of ["POSTGRES_HOST", "API_URL", "REDIS_PORT"]) expect(await given(name, UNKNOWN)).toEqual([]);
});

test("reads every kind of workload and every container", async () => {
  for (const declare of [soundJob, soundWorkerPool, soundServiceV1])
    expect(await messages(serviceNoLiteralSecrets, declare({ variables: { API_KEY: "hunter2" } }))).toHaveLength(1);
  const sidecar = { image: "sidecar:1.0.0", envs: [{ name: "API_KEY", value: "hunter2" }] };
  expect((await messages(serviceNoLiteralSecrets, soundService({ sidecars: [sidecar] })))[0]).toMatch(
    /^'template\.containers\[1\]\.envs\[API_KEY\]'/,
  );
});

test("reports what it cannot evaluate", async () => {
  expect(await given("DATABASE_URL", UNKNOWN)).toEqual([
    "cannot evaluate: 'template.containers[0].envs[DATABASE_URL]' is not known at preview and may carry a password; set 'template.containers[0].envs[DATABASE_URL]' to a secretKeyRef with the secret and its version, or give its parts in variables of their own",
  ]);
  expect(await given("API_KEY", ["hunter2"])).toEqual([
    "cannot evaluate: template.containers[0].envs[9].value must be a text",
  ]);
  expect(await messages(serviceNoLiteralSecrets, soundService({ container: { envs: UNKNOWN } }))).toEqual([
    "cannot evaluate: 'template.containers[0].envs' is not known at preview; give it a plain value instead of another resource's output",
  ]);
});
