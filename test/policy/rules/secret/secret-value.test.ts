import { expect, test } from "vitest";
import { SECRET_VERSION } from "../../../../config/resource-types";
import { secretValue } from "../../../../policy/rules/secret/secret-value";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: object, name = "openai-api-key-staging-v1") =>
  (await judge(secretValue, { type: SECRET_VERSION, name, properties: { secret: UNKNOWN, ...properties } })).map(
    (f) => f.message,
  );
const base64 = (value: string | Buffer) => Buffer.from(value).toString("base64");

const EMPTY =
  "'secretData' (empty) must hold a value because every consumer fails at the first use of an empty secret; set 'secretData' to the secret's value, or leave the version out";
const SURROUNDED =
  "'secretData' (not shown) must not begin or end with whitespace or an invisible character because the consumer gets it as it stands, and a trailing newline breaks host names and signatures; set 'secretData' to the same value without it";
const PLACEHOLDER =
  "'secretData' (not shown) must be no placeholder because it protects nothing and the consumer fails or, worse, starts; set 'secretData' to a generated value";
const SHORT =
  "'secretData' (not shown) must have at least 32 characters because it signs or encrypts, and a shorter key can be found by trying; set 'secretData' to a random value of 32 characters or more";

test("accepts values that are no key's, however short", async () => {
  for (const secretData of ["5432", "postgres", "netra_staging", "10.0.0.3", "sk-proj-9fQ2", '["a","b"]', "8888"])
    expect(await messages({ secretData })).toEqual([]);
});

test("accepts what cannot be known: random results, and a state file without its key", async () => {
  expect(await messages({ secretData: UNKNOWN })).toEqual([]);
  expect(await messages({ secretDataWo: UNKNOWN, secretDataWoVersion: 1 })).toEqual([]);
  expect(await messages({ secretData: "[secret]" }, "jwt-secret-staging-v1")).toEqual([]);
});

test("refuses an empty value", async () => {
  for (const secretData of ["", " \n", "\u200b"]) expect(await messages({ secretData })).toEqual([EMPTY]);
  expect(await messages({ secretData: "", isSecretDataBase64: true })).toEqual([EMPTY]);
});

test("refuses whitespace and invisible characters around a value, but not within", async () => {
  for (const secretData of [
    "netra-auth\n",
    "netra-auth\r\n",
    " netra-auth",
    "\ufeffnetra-auth",
    "netra-auth\u0000",
    "netra-auth\u200b",
  ])
    expect(await messages({ secretData })).toEqual([SURROUNDED]);
  expect(await messages({ secretData: "two words\nand lines" })).toEqual([]);
});

test("refuses placeholders in any dress", async () => {
  const placeholders = [
    ...[
      "changeme",
      "CHANGE_ME",
      "ChangeMe123!",
      "change-this-in-production",
      "placeholder",
      "PLACEHOLDER_VALUE",
      "todo",
      "TODO: set",
      "xxx",
      "xxxx-xxxx",
    ],
    ...[
      "example",
      "svc@example.com",
      "your-api-key",
      "sk-your-key-here",
      "<api key>",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a template that nobody filled in is what is meant
      "${API_KEY}",
      "{{ api_key }}",
      "[redacted]",
      "replace me",
      "dummy",
    ],
    ...["insert-key-here", "secret", "password", "undefined", "null", "********", "aaaaaaaaaaaa", "do-not-use-me"],
    "Calling [toString] on an [Output<T>] is not supported.",
  ];
  for (const secretData of placeholders)
    expect([secretData, await messages({ secretData })]).toEqual([secretData, [PLACEHOLDER]]);
});

test("takes no random value for a placeholder", async () => {
  for (const secretData of ["Xk29-todoZq81-xxW4", "exampleton9", "GOCSPX-4kd92JfQ0zkLwPq", "yourself-in-a-word8"])
    expect(await messages({ secretData })).toEqual([]);
});

test("refuses a key under 32 characters, recognised by the resource's name or by the secret's id", async () => {
  const secretData = "f7Kq2mZr9Xw4Tb6N";
  for (const name of [
    "jwt-secret-staging-v1",
    "secret-key-staging-v1",
    "fernetKey",
    "OAUTH_HMAC_SECRET",
    "signing-key",
  ])
    expect(await messages({ secretData }, name)).toEqual([SHORT]);
  expect(await messages({ secretData, secret: "projects/netra-staging/secrets/jwt-secret-staging" }, "v1")).toEqual([
    SHORT,
  ]);
  expect(await messages({ secretData: secretData.repeat(2) }, "jwt-secret-staging-v1")).toEqual([]);
  for (const name of ["jwt-issuer", "hmac-key-id", "google-oauth-client-secret-staging-v1"])
    expect(await messages({ secretData }, name)).toEqual([]);
});

test("names everything that is wrong with a key at once", async () => {
  expect(await messages({ secretData: "short\n" }, "jwt-secret-staging-v1")).toEqual([SURROUNDED, SHORT]);
  expect(await messages({ secretData: "changeme\n" }, "jwt-secret-staging-v1")).toEqual([SURROUNDED, PLACEHOLDER]);
});

test("judges what base64 stands for", async () => {
  const encoded = (value: string | Buffer, name?: string) =>
    messages({ secretData: base64(value), isSecretDataBase64: true }, name);
  expect(await encoded("netra-auth")).toEqual([]);
  expect(await encoded("netra-auth\n")).toEqual([SURROUNDED]);
  expect(await encoded("changeme")).toEqual([PLACEHOLDER]);
  expect(await encoded(Buffer.concat([Buffer.from("\n"), Buffer.alloc(31, 0xf1)]), "fernet-key")).toEqual([]);
  expect(await encoded(Buffer.alloc(16, 0xf1), "fernet-key")).toEqual([SHORT]);
  expect(await encoded(Buffer.alloc(16, 0xf1))).toEqual([]);
  for (const secretData of ["not base64!", "bmV0cmE=\n", "abcde"])
    expect(await messages({ secretData, isSecretDataBase64: true })).toEqual([
      "'secretData' (not shown) must be base64 because 'isSecretDataBase64' says so and Google decodes it; set 'secretData' to the base64 of the value, without line breaks",
    ]);
});

test("refuses a version without a value", async () => {
  for (const secretData of [undefined, null])
    expect(await messages({ secretData })).toEqual([
      "'secretData' (not set) must be set because a version without a value cannot be created; set 'secretData' to the secret's value",
    ]);
});

test("cannot evaluate a value that is no text, or an encoding that is unknown at preview", async () => {
  expect(await messages({ secretData: 5432 })).toEqual(["cannot evaluate: secretData must be a text"]);
  expect(await messages({ secretData: "netra", isSecretDataBase64: UNKNOWN })).toEqual([
    "cannot evaluate: 'isSecretDataBase64' is not known at preview; give it a plain value instead of another resource's output",
  ]);
});

test("never shows a value", async () => {
  for (const secretData of ["hunter2hunter2 ", "changeme-hunter2", "hunter2"])
    for (const message of await messages({ secretData }, "jwt-secret")) expect(message).not.toContain("hunter2");
});
