import { expect, test } from "vitest";
import { serviceSocketPool } from "../../../../policy/rules/service/service-socket-pool";
import { messages, UNKNOWN } from "../../harness";
import { type Overrides, soundService, soundServiceV1 } from "../../services";

const socket = { volumes: [{ name: "cloudsql", cloudSqlInstance: { instances: [UNKNOWN] } }] };
const pooled = (variables: Overrides["variables"] = {}, others: Overrides = {}) =>
  messages(serviceSocketPool, soundService({ pod: socket, variables, ...others }));
const refused = (setting: string, value: number, connections: number, fix: number | string) =>
  `'${setting}' (${value}) must keep one instance within 100 connections (it has ${connections}) because the built-in Cloud SQL socket carries no more per instance; set '${setting}' to ${fix}`;

test("accepts 100 connections over the socket, and any number over a private address", async () => {
  expect(await pooled({ DB_POOL_SIZE: "40", DB_MAX_OVERFLOW: "10", WEB_CONCURRENCY: "2" })).toEqual([]);
  expect(await messages(serviceSocketPool, soundService({ variables: { DB_POOL_SIZE: "200" } }))).toEqual([]);
});

test("refuses more, workers included", async () => {
  const setting = "template.containers[0].envs[DB_POOL_SIZE]";
  expect(await pooled({ DB_POOL_SIZE: "50", DB_MAX_OVERFLOW: "51" })).toEqual([refused(setting, 50, 101, 49)]);
  expect(await pooled({ DB_POOL_SIZE: "50", DB_MAX_OVERFLOW: "10", WEB_CONCURRENCY: "2" })).toEqual([
    refused(setting, 50, 120, 40),
  ]);
  expect(await pooled({ DB_POOL_SIZE: "5", DB_MAX_OVERFLOW: "100" })).toEqual([
    refused(setting, 5, 105, "1, with a smaller overflow and fewer workers"),
  ]);
});

test("adds up the containers of an instance and blames the largest", async () => {
  const pool = { DB_POOL_SIZE: "30", DB_MAX_OVERFLOW: "30", DB_STARTUP_CONNECTIONS: "1", WEB_CONCURRENCY: "1" };
  const timeouts = { DB_POOL_TIMEOUT_SECONDS: "30", DB_CONNECT_TIMEOUT_SECONDS: "10", DB_INIT_TIMEOUT_SECONDS: "75" };
  const sidecar = {
    image: "worker:1.0.0",
    envs: Object.entries({ ...pool, ...timeouts }).map(([name, value]) => ({ name, value })),
  };
  expect(await pooled({ DB_POOL_SIZE: "59" }, { sidecars: [sidecar] })).toEqual([
    refused("template.containers[0].envs[DB_POOL_SIZE]", 59, 121, 38),
  ]);
});

test("reads a v1 service", async () => {
  const annotations = { "run.googleapis.com/cloudsql-instances": "netra-staging:us-central1:staging-shared-postgres" };
  expect(
    await messages(serviceSocketPool, soundServiceV1({ annotations, variables: { DB_POOL_SIZE: "120" } })),
  ).toHaveLength(1);
});

test("leaves a container that does not state its pool to service-database-variables, and judges what the others hold", async () => {
  expect(await pooled({ DB_POOL_SIZE: undefined })).toEqual([]);
  expect(await pooled({ DB_POOL_SIZE: UNKNOWN })).toEqual([]);
  const sidecar = { image: "worker:1.0.0", envs: [{ name: "POSTGRES_HOST", value: UNKNOWN }] };
  expect(await pooled({ DB_POOL_SIZE: "120" }, { sidecars: [sidecar] })).toHaveLength(1);
});

test("counts a pool in a framework's own name, and blames it", async () => {
  const variables = {
    DB_POOL_SIZE: undefined,
    DB_MAX_OVERFLOW: undefined,
    SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE: "120",
  };
  const setting = "template.containers[0].envs[SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE]";
  expect(await pooled(variables)).toEqual([refused(setting, 120, 120, 100)]);
});
