import { expect, test } from "vitest";
import { SECRETS } from "../../../../config/resource-types";
import { secretId } from "../../../../policy/rules/secret/secret-id";
import { messages, UNKNOWN } from "../../harness";

const said = async (id: unknown) =>
  (await Promise.all(SECRETS.map((type) => messages(secretId, { type, properties: { secretId: id } })))).flat();

test("accepts what Secret Manager takes", async () => {
  for (const id of ["jwt-secret-staging", "JWT_SECRET_KEY", "1", "a".repeat(255)]) expect(await said(id)).toEqual([]);
});

test("refuses an id with other characters, one that is too long, and none, and echoes none", async () => {
  const refused = (shown: string) =>
    SECRETS.map(
      () =>
        `'secretId' (${shown}) must be letters, digits, hyphens and underscores, at most 255 because Secret Manager refuses any other id, after the preview; set 'secretId' to a name such as jwt-secret-staging`,
    );
  for (const id of ["a b", "projects/p/secrets/jwt", "jwt\n", "a".repeat(256)])
    expect(await said(id)).toEqual(refused("not shown"));
  expect(await said("")).toEqual(refused("empty"));
  expect(await said(null)).toEqual(refused("not set"));
});

test("cannot evaluate an id that is unknown at preview or no text", async () => {
  const why = "'secretId' is not known at preview; give it a plain value instead of another resource's output";
  expect(await said(UNKNOWN)).toEqual(SECRETS.map(() => `cannot evaluate: ${why}`));
  expect(await said(7)).toEqual(SECRETS.map(() => "cannot evaluate: secretId must be a text"));
});
