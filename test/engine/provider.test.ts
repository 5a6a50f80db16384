import * as gcp from "@pulumi/gcp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RUN_SERVICE } from "../../config/resource-types";
import { type Preview, readPreview } from "../../engine/preview";
import { UNKNOWN } from "../../policy/framework/unknown";
import { stagingConfiguration } from "../stack-settings";
import { Environment } from "./environment";
import { enableApis } from "./examples/sound";

/*
 * What the real provider does with edits and at previews, as runs of it showed (9.35 on the engine 3.259), and the
 * twin, too: the tests beside this one rest on it.
 */

const network = (name: string) => `projects/netra-staging/global/networks/${name}`;

const program = { network: "first", redisVersion: "REDIS_7_2", labels: { a: "1" } };
const declare = async () => {
  new gcp.sql.DatabaseInstance("database", {
    name: "database",
    databaseVersion: "POSTGRES_14",
    settings: {
      tier: "db-custom-1-3840",
      edition: "ENTERPRISE",
      ipConfiguration: { ipv4Enabled: false, privateNetwork: network(program.network) },
    },
  });
  new gcp.redis.Instance("redis", { name: "redis", memorySizeGb: 1, redisVersion: program.redisVersion });
  const container = { image: "us-docker.pkg.dev/cloudrun/container/hello:1.0.0" };
  new gcp.cloudrunv2.Service("service", {
    name: "service",
    location: "us-central1",
    labels: program.labels,
    scaling: { maxInstanceCount: 2 },
    template: {
      containers: [
        { ...container, ports: { containerPort: 80 } },
        { ...container, name: "sidecar" },
      ],
    },
  });
  new gcp.cloudrunv2.Job("job", {
    name: "job",
    location: "us-central1",
    template: { template: { containers: [container] } },
  });
  new gcp.compute.SecurityPolicy("policy", {
    name: "policy",
    rules: [
      {
        action: "allow",
        priority: 2_147_483_647,
        match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } },
      },
    ],
  });
  const channel = new gcp.monitoring.NotificationChannel("channel", {
    displayName: "channel",
    type: "email",
    labels: { email_address: "a@example.com" },
  });
  new gcp.monitoring.AlertPolicy("alert", {
    displayName: "alert",
    combiner: "OR",
    conditions: [{ displayName: "a", conditionAbsent: { filter: 'metric.type="a"', duration: "60s" } }],
    notificationChannels: ["projects/netra-staging/notificationChannels/1", channel.id],
  });
  return {};
};

let environment: Environment;
beforeAll(async () => {
  environment = await Environment.of(declare, stagingConfiguration());
  const { cloud } = environment;
  enableApis(cloud);
  for (const name of ["first", "second"]) {
    cloud.put({ type: "gcp:compute/network:Network", id: network(name), properties: { name } });
    cloud.put({
      type: "gcp:servicenetworking/connection:Connection",
      id: name,
      properties: { network: network(name) },
    });
  }
  cloud.put({
    type: "gcp:monitoring/notificationChannel:NotificationChannel",
    id: "projects/netra-staging/notificationChannels/1",
    properties: {},
  });
});
afterAll(() => environment?.remove());

async function previewed(): Promise<Preview> {
  const { code, stdout } = await environment.preview("--json", "--show-sames");
  expect(code).toBe(0);
  return readPreview(stdout, "preview", "staging");
}

/** The outputs that a preview hands to stack rules, by the resource's name: only the stream of events has them. */
async function foreseen(): Promise<Readonly<Record<string, unknown>>> {
  process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW = "true";
  const { code, stdout } = await environment
    .preview("--json")
    .finally(() => delete process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW);
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return Object.fromEntries(
    events.flatMap(({ resOutputsEvent: event }) =>
      event ? [[event.metadata.urn.split("::").at(-1), event.metadata.new?.outputs]] : [],
    ),
  );
}

/** The step that a preview shows of the resource with that name. */
const stepOf = ({ steps, unchanged }: Preview, name: string) =>
  [...steps, ...unchanged].find((step) => step.name === name);

test("a preview does not know what the cloud fills in where the program leaves it out, and null is what nobody will", async () => {
  const { service, job, database, policy, alert } = await foreseen();
  expect(service).toMatchObject({
    scaling: { manualInstanceCount: UNKNOWN },
    template: {
      annotations: null,
      containers: [{ startupProbe: UNKNOWN, livenessProbe: null }, { startupProbe: UNKNOWN }],
    },
  });
  expect(job).toMatchObject({ template: { template: { containers: [{ startupProbe: UNKNOWN }] } } });
  expect(database).toMatchObject({ masterInstanceName: UNKNOWN, clone: null });
  expect(policy).toMatchObject({ rules: [{ preview: UNKNOWN, rateLimitOptions: null }] });
  // One element that is not known yet.
  expect(alert).toMatchObject({ notificationChannels: UNKNOWN });
});

test("after the `up` it knows all of it, and nothing changes", async () => {
  const { code, stdout } = await environment.up();
  expect(code, stdout).toBe(0);
  const preview = await previewed();
  expect(Object.keys(preview.changes)).toEqual(["same"]);
  const outputs = await foreseen();
  expect(Object.keys(outputs)).toEqual(expect.arrayContaining(["service", "job", "database", "policy", "alert"]));
  expect(JSON.stringify(outputs)).not.toContain(UNKNOWN);
});

test("every update of a service shows an annotation of the template as added", async () => {
  program.labels = { a: "2" };
  const step = stepOf(await previewed(), "service");
  expect(step).toMatchObject({ op: "update", type: RUN_SERVICE });
  expect(step?.changed.toSorted()).toEqual(["labels.a", "template.annotations"]);
  program.labels = { a: "1" };
});

test("another network of a database, and an older version of Redis, replace", async () => {
  program.network = "second";
  program.redisVersion = "REDIS_7_0";
  const { steps } = await previewed();
  expect(steps.filter(({ op }) => op === "replace").map(({ name }) => name)).toEqual(
    expect.arrayContaining(["database", "redis"]),
  );
});
