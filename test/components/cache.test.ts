import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { Cache, type CacheArgs } from "../../components/cache";
import { REDIS } from "../../policy/types";
import { create, only, registeredBy, waitsFor } from "../fixtures/programs";

const args: CacheArgs = {
  name: "staging-redis",
  region: "us-central1",
  network: "projects/netra-staging/global/networks/staging-vpc",
  labels: { environment: "staging" },
  version: "REDIS_7_2",
  memoryGb: 1,
  connectMode: "DIRECT_PEERING",
  waitsFor: [],
};

test("creates Redis with AUTH in the network, protected", async () => {
  const redis = only(await registeredBy(() => new Cache("cache", { ...args, reservedIpRange: "10.166.204.80/29" })), REDIS);
  expect(redis.inputs).toEqual({
    name: "staging-redis",
    region: "us-central1",
    tier: "BASIC",
    memorySizeGb: 1,
    redisVersion: "REDIS_7_2",
    connectMode: "DIRECT_PEERING",
    authorizedNetwork: "projects/netra-staging/global/networks/staging-vpc",
    authEnabled: true,
    labels: { environment: "staging" },
    reservedIpRange: "10.166.204.80/29",
  });
  expect(redis.options.protect).toBe(true);
});

test("leaves the range to Google where none is stated, and waits for the APIs", async () => {
  const registered = await registeredBy(() => {
    const api = new gcp.projects.Service("api-redis", { service: "redis.googleapis.com" });
    new Cache("cache", { ...args, waitsFor: [api] });
  });
  const redis = only(registered, REDIS);
  expect(Object.keys(redis.inputs)).not.toContain("reservedIpRange");
  expect(waitsFor(redis)).toEqual(["api-redis"]);
});

test("hands out the AUTH string as a secret, whatever the provider marks", async () => {
  let isSecret: Promise<boolean> | undefined;
  await create(
    () => {
      isSecret = pulumi.isSecret(new Cache("cache", args).authString);
      return {};
    },
    () => ({ authString: "plain" }),
  );
  expect(await isSecret).toBe(true);
});
