import { beforeAll, expect, test } from "vitest";
import { changesBy, keptDespitePlan } from "../../../commands/diagnose/difference";
import { collectFromFiles } from "../../../commands/shared/cloud/collect-files";
import { deployedFrom } from "../../../commands/shared/cloud/deployed";
import { readSettings } from "../../../config/read";
import { REDIS } from "../../../config/resource-types";
import { evaluate, type RegisteredResource } from "../../../engine/evaluate";
import { declare } from "../../../stack";
import { stagingConfiguration } from "../../stack-settings";
import { collectionOf, LOCATION } from "./fixtures";

let plan: readonly RegisteredResource[] = [];
beforeAll(async () => {
  plan = await evaluate("staging", stagingConfiguration(), () => declare(readSettings(stagingConfiguration())));
});

const changes = (name: Parameters<typeof collectionOf>[0]) => {
  const collection = collectFromFiles(collectionOf(name), LOCATION);
  return changesBy(plan, deployedFrom(collection, LOCATION).deployed, collection);
};

test("what is deployed as planned is left alone", () => {
  expect(changes("healthy")).toEqual([]);
});

test("a property that counts at creation only is no change: what is deployed stays, and a note reports it", () => {
  const collection = collectFromFiles(collectionOf("healthy"), LOCATION);
  const { deployed } = deployedFrom(collection, LOCATION);
  const other = plan.map((one) =>
    one.type === REDIS ? { ...one, inputs: { ...one.inputs, reservedIpRange: "10.166.204.88/29" } } : one,
  );
  expect(changesBy(other, deployed, collection)).toEqual([]);
  expect(keptDespitePlan(plan, deployed)).toEqual([]);
  expect(keptDespitePlan(other, deployed)).toEqual([
    "staging-redis keeps reservedIpRange 10.166.204.80/29: the stack file has 10.166.204.88/29, which applies at creation only",
  ]);
});

test("every property that the program states otherwise, by resource; no value of a variable but the plan's numbers", () => {
  const of = (resource: string) => changes("incident").find((change) => change.resource === resource);
  expect(of("staging-connector")).toEqual({
    resource: "staging-connector",
    type: "gcp:vpcaccess/connector:Connector",
    change: "update",
    properties: ["minInstances: 2 -> 3"],
  });
  expect(of("fernet-key-staging")).toMatchObject({ change: "create" });
  expect(of("netra-backend-staging")?.properties).toEqual(
    expect.arrayContaining([
      "scaling.maxInstanceCount: not set -> 5",
      "template.containers[0].envs[DB_POOL_SIZE]: 20 -> 3",
      "template.containers[0].envs[POSTGRES_HOST]: postgres-host-staging:latest -> a value",
      "template.containers[0].envs[JWT_SECRET_KEY]: jwt-secret-staging:latest -> jwt-secret-staging:1",
      "template.containers[0].envs[JWT_SECRET_STAGING]: jwt-secret-staging:latest -> not set",
      "template.volumes[cloudsql]: removed",
    ]),
  );
});

test("what only `up` will know is a difference only where nothing is there", () => {
  const ofDatabase = changes("incident").find(({ resource }) => resource === "staging-shared-postgres");
  expect(ofDatabase?.properties).toContain("settings.ipConfiguration.privateNetwork: not set -> not known yet");
});

test("what was not collected is no difference: nobody knows whether it is there", () => {
  expect(changes("partial").map(({ resource, change }) => `${change} ${resource}`)).toEqual([
    "update staging-shared-postgres",
    "update netra-backend-staging",
  ]);
});
