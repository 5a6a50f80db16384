import { expect, test } from "vitest";
import { SQL_USER } from "../../../../config/resource-types";
import { databaseUserPassword } from "../../../../policy/rules/database/database-user-password";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: object) =>
  (
    await judge(databaseUserPassword, {
      type: SQL_USER,
      properties: { name: "netra_a", instance: "staging-shared-postgres", ...properties },
    })
  ).map((f) => f.message);
const REFUSED = [
  "'password' (not set) must be set because a built-in user logs in with it; set 'password' to a random.RandomPassword's result",
];

test("accepts a password, known or not, in state or write-only", async () => {
  for (const password of [UNKNOWN, "[secret]", "f7Kq2mZr9Xw4Tb6N"]) expect(await messages({ password })).toEqual([]);
  expect(await messages({ passwordWo: UNKNOWN, passwordWoVersion: 1 })).toEqual([]);
  expect(await messages({ password: UNKNOWN, type: UNKNOWN })).toEqual([]);
});

test("accepts users that log in with an identity", async () => {
  for (const type of ["CLOUD_IAM_USER", "CLOUD_IAM_SERVICE_ACCOUNT", "CLOUD_IAM_GROUP", "ENTRAID_USER"])
    expect(await messages({ type })).toEqual([]);
});

test("refuses a built-in user without a password", async () => {
  for (const type of [undefined, null, "", "BUILT_IN", "builtin"]) expect(await messages({ type })).toEqual(REFUSED);
  for (const password of [null, ""]) expect(await messages({ password })).toEqual(REFUSED);
  expect(await messages({ passwordWo: "", passwordWoVersion: 1 })).toEqual(REFUSED);
});

test("refuses a password that protects nothing, without showing it", async () => {
  expect(await messages({ password: "changeme" })).toEqual([
    "'password' (not shown) must be no placeholder because it protects nothing and the consumer fails or, worse, starts; set 'password' to a generated value",
  ]);
  expect(await messages({ passwordWo: "f7Kq2mZr9Xw4Tb6N\n", passwordWoVersion: 1 })).toEqual([
    "'passwordWo' (not shown) must not begin or end with whitespace or an invisible character because the consumer gets it as it stands, and a trailing newline breaks host names and signatures; set 'passwordWo' to the same value without it",
  ]);
});

test("cannot evaluate a password that is no text, or a type that is unknown at preview", async () => {
  expect(await messages({ password: 12345678 })).toEqual(["cannot evaluate: password must be a text"]);
  expect(await messages({ type: UNKNOWN })).toEqual([
    "cannot evaluate: 'type' is not known at preview; give it a plain value instead of another resource's output",
  ]);
});
