import { expect, test } from "vitest";
import { problem } from "../../capacity/problem";
import { MASK, masked, maskedText, maskedValue, UNKNOWN } from "../../capacity/secrecy";

const LONG = "Zq7hunter2Zq7hunter2";

test.each([
  ["postgresql://netra:hun/ter2@10.107.0.3/netra", `postgresql://${MASK}@10.107.0.3/netra`],
  [`https://${LONG}@o1.ingest.sentry.io/1`, `https://${MASK}@o1.ingest.sentry.io/1`],
  ["host=10.107.0.3 password=hunter2 user=netra", `host=10.107.0.3 password=${MASK} user=netra`],
  ["GET /health?a=hunter2&b=hunter2 of auth", `GET /health?a=${MASK}&b=${MASK} of auth`],
  ["/health?a=1&amp;b=hunter2", `/health?a=${MASK}&amp;b=${MASK}`],
  [`authorization: Bearer ${LONG}=`, `authorization: Bearer ${MASK}`],
  [`a eyJ${LONG}.eyJ${LONG}.${LONG} b`, `a ${MASK} b`],
  [`x -----BEGIN RSA PRIVATE KEY-----\n${LONG}\n-----END RSA PRIVATE KEY----- y`, `x ${MASK} y`],
  [`"-----BEGIN PRIVATE KEY-----\\n${LONG}\\n${LONG}"`, `"${MASK}"`],
  [`AKIA${"A1B2".repeat(4)}, AIza${"a".repeat(35)}`, `${MASK}, ${MASK}`],
  [
    `sk-ant-${LONG} and https://hooks.slack.com/services/T0/B0/x`,
    `${MASK} and https://hooks.slack.com/services/${MASK}`,
  ],
])("masks what has the form of a secret: %s", (text, expected) => {
  expect(maskedText(text)).toBe(expected);
});

test.each([
  `us-central1-docker.pkg.dev/netra-staging/netra/backend:1.0.0@sha256:${"0".repeat(64)}`,
  "serviceAccount:netra-worker@netra-staging.iam.gserviceaccount.com, platform@example.org",
  'curl -H "Authorization: Bearer $(gcloud auth print-access-token)" https://run.googleapis.com:443/v1/users@me',
  "https://console.cloud.google.com/iam-admin/quotas?project=netra-staging",
  "redis://10.166.204.84:6379/0, gcloud run services update x --update-secrets=JWT_SECRET_KEY=jwt-secret:2",
])("leaves alone what is no secret: %s", (text) => {
  expect(maskedText(text)).toBe(text);
});

test("masks what is a secret by its name, in variables, properties, evidence and settings", () => {
  expect(
    masked({
      envs: [
        { name: "MY_TOKEN", value: "hunter2" },
        { name: "APP_DSN", value: "hunter2" },
        { name: "NEXT_PUBLIC_API_KEY", value: "shown" },
        { name: "TOKEN_SECONDS", value: "3600" },
        { name: "REQUIRE_TOKEN", value: "true" },
        { name: "JWT_SECRET_KEY", valueSource: { secretKeyRef: { secret: "jwt-secret", version: "1" } } },
      ],
      password: "hunter2",
      secretData: "hunter2",
      secret: "projects/p/secrets/s",
      enforceOnKey: "IP",
      evidence: [{ field: "template.containers[0].envs[API_KEY]", value: "hunter2" }],
      problem: { setting: "netra:services.auth.environment.API_KEY", value: "not set" },
      hosts: ["netra:hunter2@api.example.org"],
    }),
  ).toEqual({
    envs: [
      { name: "MY_TOKEN", value: MASK },
      { name: "APP_DSN", value: MASK },
      { name: "NEXT_PUBLIC_API_KEY", value: "shown" },
      { name: "TOKEN_SECONDS", value: "3600" },
      { name: "REQUIRE_TOKEN", value: "true" },
      { name: "JWT_SECRET_KEY", valueSource: { secretKeyRef: { secret: "jwt-secret", version: "1" } } },
    ],
    password: MASK,
    secretData: MASK,
    secret: "projects/p/secrets/s",
    enforceOnKey: "IP",
    evidence: [{ field: "template.containers[0].envs[API_KEY]", value: MASK }],
    problem: { setting: "netra:services.auth.environment.API_KEY", value: "not set" },
    hosts: [`${MASK}@api.example.org`],
  });
});

test("masks what the program wrapped, wherever it stands", () => {
  expect(masked({ message: "'machineType' (hunter2) must", "hunter2 a": 1 }, ["hunter2"])).toEqual({
    message: `'machineType' (${MASK}) must`,
    [`${MASK} a`]: 1,
  });
});

test("a problem does not show the value of a setting that is a secret", () => {
  const of = (setting: string, value: string) => problem({ setting, value, must: "x", because: "y", fix: "z" }).value;
  expect(of("template.containers[0].envs[API_KEY]", "hunter2")).toBe("not shown");
  expect(of("template.containers[0].envs[DATABASE]", "a://b:c@d")).toBe(`a://${MASK}@d`);
  expect(of("template.containers[0].envs[API_KEY]", "")).toBe("empty");
  expect(maskedValue("netra:connector.machineType", "e2-micro")).toBe("e2-micro");
});

test("a value that is not known yet is shown as that, also under the name of a secret", () => {
  expect(masked({ inputs: { password: UNKNOWN, userPassword: "hunter2" } })).toEqual({
    inputs: { password: UNKNOWN, userPassword: MASK },
  });
});
