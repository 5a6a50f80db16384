import { expect, test } from "vitest";
import { REDIS } from "../../../../config/resource-types";
import { redisVersionAndSize } from "../../../../policy/rules/redis/redis-version-and-size";
import { judge, UNKNOWN } from "../../harness";

const messages = async (properties: object) =>
  (await judge(redisVersionAndSize, { type: REDIS, properties: { memorySizeGb: 1, ...properties } })).map(
    (f) => f.message,
  );

test("accepts whole gigabytes, and a version in Memorystore's spelling or none", async () => {
  for (const redisVersion of ["REDIS_7_2", "REDIS_6_X", undefined, null, ""])
    expect(await messages({ redisVersion })).toEqual([]);
  expect(await messages({ memorySizeGb: "5" })).toEqual([]);
});

test("refuses no memory and parts of a gigabyte", async () => {
  const refused = (shown: string, fix: number) => [
    `'memorySizeGb' (${shown}) must be a whole number of at least 1 because Memorystore sells whole gigabytes and refuses anything else at creation; set 'memorySizeGb' to ${fix}`,
  ];
  expect(await messages({ memorySizeGb: 0 })).toEqual(refused("0", 1));
  expect(await messages({ memorySizeGb: -3 })).toEqual(refused("-3", 1));
  expect(await messages({ memorySizeGb: 2.5 })).toEqual(refused("2.5", 3));
  expect(await messages({ memorySizeGb: null })).toEqual(refused("not set", 1));
});

test("refuses another spelling of a version, and proposes Memorystore's", async () => {
  const refused = (shown: string, fix: string) => [
    `'redisVersion' (${shown}) must be written like REDIS_7_2 because Memorystore knows no other spelling and only says so at creation; set 'redisVersion' to ${fix}`,
  ];
  expect(await messages({ redisVersion: "7.2" })).toEqual(refused("7.2", "REDIS_7_2"));
  expect(await messages({ redisVersion: "redis_6_x" })).toEqual(refused("redis_6_x", "REDIS_6_X"));
  expect(await messages({ redisVersion: "latest" })).toEqual(refused("latest", "REDIS_7_2"));
});

test("cannot evaluate what is unknown at preview or malformed", async () => {
  expect(await messages({ memorySizeGb: UNKNOWN })).toEqual([
    "cannot evaluate: 'memorySizeGb' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await messages({ memorySizeGb: "1GB" })).toEqual(["cannot evaluate: memorySizeGb must be a number"]);
  expect(await messages({ redisVersion: 7.2 })).toEqual(["cannot evaluate: redisVersion must be a text"]);
});

test("refuses read replicas of tier BASIC, which is the default", async () => {
  const replicas = { readReplicasMode: "READ_REPLICAS_ENABLED", replicaCount: 3 };
  for (const tier of ["BASIC", undefined])
    expect(await messages({ ...replicas, tier })).toEqual([
      "'tier' (BASIC) must be STANDARD_HA because an instance of tier BASIC has no read replicas, and Memorystore refuses them at creation; set 'tier' to STANDARD_HA, or leave out the replicas",
    ]);
  for (const tier of ["STANDARD_HA", UNKNOWN]) expect(await messages({ ...replicas, tier })).toEqual([]);
  expect(await messages({ readReplicasMode: "READ_REPLICAS_DISABLED", tier: "BASIC" })).toEqual([]);
});
