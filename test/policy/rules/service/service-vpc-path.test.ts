import { expect, test } from "vitest";
import { serviceVpcPath } from "../../../../policy/rules/service/service-vpc-path";
import { messages, UNKNOWN } from "../../harness";
import { type Overrides, soundJob, soundService, soundServiceV1, soundWorkerPool } from "../../services";

const CONNECTOR = "template.vpcAccess.connector";
const reaching = (vpcAccess: unknown, overrides: Overrides = {}) =>
  messages(serviceVpcPath, soundService({ ...overrides, pod: { vpcAccess } }));
/** A service without VPC access, with these variables. */
const messagesWith = (variables: Overrides["variables"]) =>
  reaching(undefined, { variables: { POSTGRES_HOST: undefined, ...variables } });
const refused = (because: string, setting = CONNECTOR) =>
  `'${setting}' (not set) must name a connector unless there are network interfaces because ${because}; set '${setting}' to the connector's id`;
const isPrivate = (variable: string, envs = "template.containers[0].envs") =>
  `'${envs}[${variable}]' is a private address, which is reachable only through the VPC`;
const EMPTY = "access to the VPC without either leads nowhere";

test("accepts a connector or a network interface, known or not", async () => {
  for (const vpcAccess of [
    { connector: UNKNOWN },
    { connector: "projects/netra-staging/locations/us-central1/connectors/staging-connector" },
    { networkInterfaces: [{ network: UNKNOWN, subnetwork: "staging-subnet" }] },
    { networkInterfaces: UNKNOWN },
    { connector: null, networkInterfaces: [{ subnetwork: "staging-subnet" }] },
  ])
    expect(await reaching(vpcAccess, { variables: { POSTGRES_HOST: "10.107.0.3" } })).toEqual([]);
});

test("refuses a private address of a database or a cache without a way into the VPC", async () => {
  for (const [name, value] of [
    ["POSTGRES_HOST", "10.107.0.3"],
    ["DATABASE_URL", "postgresql://app:secret@10.107.0.3:5432/app?sslmode=require"],
    ["REDIS_HOST", "10.166.204.83"],
    ["REDIS_URL", "rediss://:secret@192.168.3.4:6378/0"],
    ["CELERY_BROKER", "redis://172.20.0.3:6379"],
    ["MEMORYSTORE", "10.166.204.83:6379"],
    ["CACHE_ENDPOINT", "100.64.1.2:6379"],
    ["REDIS_NODES", "10.0.0.1:6379,10.0.0.2:6379"],
    ["SEARCH", "http://10.0.0.9:9200"],
  ] as const)
    expect(await messagesWith({ [name]: value })).toEqual([refused(isPrivate(name))]);
});

test("accepts what is no private address: this instance itself, a name, a public address, a socket, a list of who may call", async () => {
  for (const [name, value] of [
    ["REDIS_HOST", "127.0.0.1"],
    ["REDIS_URL", "redis://localhost:6379"],
    ["REDIS_HOST", "redis-12345.c1.us-east1-2.gce.cloud.redislabs.com"],
    ["DATABASE_URL", "postgresql://app:secret@db.example.com/app"],
    ["POSTGRES_HOST", "203.0.113.7"],
    ["POSTGRES_HOST", "/cloudsql/netra-staging:us-central1:staging-shared-postgres"],
    ["POSTGRES_HOST", UNKNOWN],
    ["ALLOWED_HOSTS", "10.0.0.1"],
    ["NO_PROXY", "10.0.0.1,localhost"],
    ["TRUSTED_PROXIES", "10.0.0.1"],
    ["HOST", "0.0.0.0"],
    ["PRIVATE_RANGE", "10.0.0.0/8"],
    ["SERVICE_VERSION", "10.1.2.3"],
  ] as const)
    expect(await messagesWith({ [name]: value })).toEqual([]);
  expect(
    await messagesWith({
      REDIS_HOST: { valueSource: { secretKeyRef: { secret: "redis-host-staging", version: "1" } } },
    }),
  ).toEqual([]);
});

test("refuses access to the VPC that leads nowhere", async () => {
  for (const empty of [
    {},
    { egress: "PRIVATE_RANGES_ONLY" },
    { connector: "" },
    { networkInterfaces: [] },
    { networkInterfaces: [{}] },
  ])
    expect(await reaching(empty)).toEqual([refused(EMPTY)]);
});

test("reads every kind of workload, and every container", async () => {
  const variables = { REDIS_HOST: "10.166.204.83" };
  const pod = { vpcAccess: undefined };
  expect(await messages(serviceVpcPath, soundJob({ pod, variables }))).toEqual([
    refused(isPrivate("REDIS_HOST", "template.template.containers[0].envs"), "template.template.vpcAccess.connector"),
  ]);
  expect(await messages(serviceVpcPath, soundWorkerPool({ pod, variables }))).toHaveLength(1);
  const sidecars = [{ image: "sidecar:1.0.0", envs: [{ name: "REDIS_HOST", value: "10.166.204.83" }] }];
  expect(await messages(serviceVpcPath, soundService({ pod, sidecars }))).toEqual([
    refused(isPrivate("REDIS_HOST", "template.containers[1].envs")),
  ]);
  const key = "run.googleapis.com/vpc-access-connector";
  const setting = `template.metadata.annotations.${key}`;
  const v1 = (annotations: Record<string, unknown>) =>
    messages(serviceVpcPath, soundServiceV1({ variables, annotations: { [key]: undefined, ...annotations } }));
  expect(await v1({})).toEqual([refused(EMPTY, setting)]); // its egress is still stated
  expect(await v1({ "run.googleapis.com/vpc-access-egress": undefined })).toEqual([
    refused(isPrivate("REDIS_HOST", "template.spec.containers[0].envs"), setting),
  ]);
  expect(await v1({ "run.googleapis.com/network-interfaces": "[]" })).toEqual([refused(EMPTY, setting)]);
  expect(await v1({ "run.googleapis.com/network-interfaces": '[{"network":"staging-vpc"}]' })).toEqual([]);
});

test("reports what it cannot evaluate", async () => {
  expect(await reaching(UNKNOWN)).toEqual([
    "cannot evaluate: 'template.vpcAccess' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await reaching("connector")).toEqual(["cannot evaluate: template.vpcAccess must be an object"]);
});
