import { expect, test } from "vitest";
import { REDIS } from "../../../../config/resource-types";
import { redisAuth } from "../../../../policy/rules/redis/redis-auth";
import { judge, UNKNOWN } from "../../harness";

const messages = async (authEnabled: unknown) =>
  (await judge(redisAuth, { type: REDIS, properties: { memorySizeGb: 1, authEnabled } })).map((f) => f.message);
const refused = (shown: string) => [
  `'authEnabled' (${shown}) must be true because otherwise anyone in the network can read and write it; set 'authEnabled' to true`,
];

test("accepts AUTH", async () => {
  for (const authEnabled of [true, "true"]) expect(await messages(authEnabled)).toEqual([]);
});

test("refuses an instance without AUTH, which is the default", async () => {
  expect(await messages(false)).toEqual(refused("false"));
  for (const authEnabled of [undefined, null]) expect(await messages(authEnabled)).toEqual(refused("not set"));
});

test("cannot evaluate what is unknown at preview or malformed", async () => {
  expect(await messages(UNKNOWN)).toEqual([
    "cannot evaluate: 'authEnabled' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages("")).toEqual(["cannot evaluate: authEnabled must be true or false"]);
});
