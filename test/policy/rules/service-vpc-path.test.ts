import { expect, test } from "vitest";
import { serviceVpcPath } from "../../../policy/rules/service-vpc-path";
import { messages, UNKNOWN } from "../harness";
import { soundJob, soundService, soundServiceV1, soundWorkerPool } from "../services";

const reaching = (vpcAccess: unknown, pod: Record<string, unknown> = {}) => messages(serviceVpcPath, soundService({ pod: { vpcAccess, ...pod } }));
const refused = (setting: string, because: string) =>
  `'${setting}' (not set) must name a connector unless there are network interfaces because ${because}; set '${setting}' to the connector's id`;
const PRIVATE = "a private address is only reached through the VPC, and the service has no connector";
const EMPTY = "access to the VPC without either leads nowhere";

test("accepts a connector or a network interface, known or not", async () => {
  for (const vpcAccess of [
    { connector: UNKNOWN },
    { connector: "projects/netra-staging/locations/us-central1/connectors/staging-connector" },
    { networkInterfaces: [{ network: UNKNOWN, subnetwork: "staging-subnet" }] },
    { networkInterfaces: UNKNOWN },
    { connector: null, networkInterfaces: [{ subnetwork: "staging-subnet" }] },
  ])
    expect(await reaching(vpcAccess)).toEqual([]);
});

test("refuses a service on a private database without a way into the VPC", async () => {
  for (const absent of [undefined, null]) expect(await reaching(absent)).toEqual([refused("template.vpcAccess.connector", PRIVATE)]);
});

test("accepts no access to the VPC without a database, and with the built-in socket", async () => {
  const withoutDatabase = soundService({ pod: { vpcAccess: undefined }, variables: { POSTGRES_HOST: undefined } });
  expect(await messages(serviceVpcPath, withoutDatabase)).toEqual([]);
  expect(await reaching(undefined, { volumes: [{ name: "cloudsql", cloudSqlInstance: { instances: [UNKNOWN] } }] })).toEqual([]);
});

test("refuses access to the VPC that leads nowhere", async () => {
  for (const empty of [{}, { egress: "PRIVATE_RANGES_ONLY" }, { connector: "" }, { networkInterfaces: [] }, { networkInterfaces: [{}] }])
    expect(await reaching(empty)).toEqual([refused("template.vpcAccess.connector", EMPTY)]);
});

test("reads every kind of workload", async () => {
  expect(await messages(serviceVpcPath, soundJob({ pod: { vpcAccess: undefined } }))).toEqual([refused("template.template.vpcAccess.connector", PRIVATE)]);
  expect(await messages(serviceVpcPath, soundWorkerPool({ pod: { vpcAccess: undefined } }))).toHaveLength(1);
  const key = "run.googleapis.com/vpc-access-connector";
  const setting = `template.metadata.annotations.${key}`;
  const v1 = (annotations: Record<string, unknown>) => messages(serviceVpcPath, soundServiceV1({ annotations: { [key]: undefined, ...annotations } }));
  expect(await v1({})).toEqual([refused(setting, EMPTY)]); // its egress is still stated
  expect(await v1({ "run.googleapis.com/vpc-access-egress": undefined })).toEqual([refused(setting, PRIVATE)]);
  expect(await v1({ "run.googleapis.com/network-interfaces": "[]" })).toEqual([refused(setting, EMPTY)]);
  expect(await v1({ "run.googleapis.com/network-interfaces": '[{"network":"staging-vpc"}]' })).toEqual([]);
});

test("reports what it cannot evaluate", async () => {
  expect(await reaching(UNKNOWN)).toEqual([
    "cannot evaluate: 'template.vpcAccess' is not known at preview; give it a plain value instead of another resource's output",
  ]);
  expect(await reaching("connector")).toEqual(["cannot evaluate: template.vpcAccess must be an object"]);
});
