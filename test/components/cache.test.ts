import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test, vi } from "vitest";
import { Cache, type CacheArgs } from "../../components/cache";
import { REDIS } from "../../config/resource-types";
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
  const redis = only(
    await registeredBy(() => new Cache("cache", { ...args, reservedIpRange: "10.166.204.80/29" })),
    REDIS,
  );
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
  // The range: see config/adoption.ts, NOT_READ_BACK.
  expect(redis.options).toMatchObject({ protect: true, ignoreChanges: ["reservedIpRange"] });
});

describe("a range that the stack file has otherwise than the instance", () => {
  async function warnings(more: Partial<CacheArgs>): Promise<string[]> {
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    await create(
      () => {
        new Cache("cache", { ...args, ...more });
        return {};
      },
      () => ({ effectiveReservedIpRange: "10.166.204.80/29" }),
    );
    const said = warn.mock.calls.map(([message]) => message);
    warn.mockRestore();
    return said;
  }

  test("is warned of, because it changes nothing", async () => {
    expect(await warnings({ reservedIpRange: "10.166.204.88/29" })).toEqual([
      "'netra:cache.reservedIpRange' (10.166.204.88/29) must be 10.166.204.80/29 because the instance has that range until it is replaced; set 'netra:cache.reservedIpRange' to 10.166.204.80/29",
    ]);
  });

  test("is nothing where it is the same, left to Google, or the name of a range", async () => {
    expect(await warnings({ reservedIpRange: "10.166.204.80/29" })).toEqual([]);
    expect(await warnings({})).toEqual([]);
    expect(
      await warnings({ reservedIpRange: "staging-private-ip-address", connectMode: "PRIVATE_SERVICE_ACCESS" }),
    ).toEqual([]);
  });
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
