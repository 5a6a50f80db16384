import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as gcp from "@pulumi/gcp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { commandNamed } from "../commands/child";
import { stagingConfiguration } from "../stack-settings";
import { type Ended, Environment, PACK } from "./environment";
import { enableApis } from "./examples/sound";

/**
 * A connector below the floor, an unprotected instance that is too small, and a service without a probe and without a
 * way to the internet.
 */
async function unsound(): Promise<Record<string, unknown>> {
  const connector = new gcp.vpcaccess.Connector("small", {
    name: "small",
    network: "default",
    ipCidrRange: "10.8.0.0/28",
    machineType: "e2-micro",
    minInstances: 2,
    maxInstances: 3,
  });
  new gcp.sql.DatabaseInstance("tiny", {
    name: "tiny",
    databaseVersion: "POSTGRES_14",
    deletionProtection: false,
    settings: { tier: "db-g1-small", edition: "ENTERPRISE" },
  });
  new gcp.cloudrunv2.Service("api", {
    name: "api",
    location: "us-central1",
    scaling: { maxInstanceCount: 5 },
    template: {
      containers: [{ image: "gcr.io/netra-staging/api:latest", envs: [{ name: "POSTGRES_HOST", value: "10.0.0.5" }] }],
      vpcAccess: { connector: connector.id, egress: "ALL_TRAFFIC" },
    },
  });
  return {};
}

/** An exported state comes without a plan that would show whose it is, and what is enough. */
const REASON = "until the new connector serves (#1302)";
const CONFIGURATION = {
  "capacity-alerts": { everywhere: true },
  "service-image": { everywhere: true },
  "connector-floor": {
    minInstances: 3,
    maxInstances: 10,
    waivers: [{ resource: "small", reason: REASON }],
  },
};

let raw: Environment;
beforeAll(async () => {
  raw = await Environment.of(unsound, stagingConfiguration());
  // Without it a preview's JSON leaves out what the policies said.
  raw.variables.PULUMI_ENABLE_STREAMING_JSON_PREVIEW = "true";
  enableApis(raw.cloud);
  raw.cloud.put({
    type: "gcp:compute/network:Network",
    id: "projects/netra-staging/global/networks/default",
    properties: { name: "default" },
  });
});
afterAll(() => raw?.remove());

/** What the pack said, without the order in which it did. */
function said({ stdout }: Ended): string[] {
  const events = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
  return events
    .flatMap(({ policyEvent: event }) =>
      event ? [`${event.enforcementLevel} ${event.policyName} ${event.resourceUrn}\n${event.message.trimEnd()}`] : [],
    )
    .toSorted();
}

/**
 * Level, rule and resource of all that it said. The sentences may differ: a preview does not know an instance's
 * address, so a literal one may be that, and the state knows that it is another.
 */
const heads = (ended: Ended): string[] => [...new Set(said(ended).map((finding) => finding.split("\n")[0] ?? ""))];

const configured = (): string[] => {
  const file = join(raw.folder, "configuration.json");
  writeFileSync(file, JSON.stringify(CONFIGURATION));
  return ["--policy-pack-config", file];
};

/** The verdict over the exported state. */
async function analyzedBy(pack: string): Promise<Ended> {
  const file = join(raw.folder, "export.json");
  writeFileSync(file, await raw.state());
  return raw.run(["policy", "analyze", "--file", file, "--policy-pack", pack, "--json", ...configured()]);
}

let analysis: Ended;

test("the state of a refused program is refused for the same reasons, of the same resources, at the same levels; a waiver waives the same finding", async () => {
  const preview = await raw.preview("--json", "--policy-pack", PACK, ...configured());
  // Somebody has made it all the same, without the pack.
  const { code, stdout } = await raw.up();
  expect(code, stdout).toBe(0);
  analysis = await analyzedBy(PACK);
  expect(heads(preview)).toEqual(
    expect.arrayContaining([
      "mandatory database-deletion-protection urn:pulumi:staging::netra::gcp:sql/databaseInstance:DatabaseInstance::tiny",
      "advisory egress-path urn:pulumi:staging::netra::gcp:cloudrunv2/service:Service::api",
    ]),
  );
  expect(heads(analysis)).toEqual(heads(preview));
  // Both of its counts are below the floor.
  const waived = (ended: Ended) => said(ended).filter((finding) => finding.includes(" connector-floor "));
  for (const ended of [preview, analysis])
    expect(waived(ended).map((finding) => finding.split("\n").slice(0, 2))).toEqual(
      Array(2).fill([
        "advisory connector-floor urn:pulumi:staging::netra::gcp:vpcaccess/connector:Connector::small",
        `waived: ${REASON}`,
      ]),
    );
  expect([preview.code, analysis.code]).toEqual([1, 1]);
});

test("the bundle for other repositories reports what the pack reports", async () => {
  const bundle = join(raw.folder, "bundle");
  expect(await commandNamed("bundle")(bundle)).toMatchObject({ code: 0 });
  // What `npm install` puts there; nothing else of this project's packages is within reach.
  mkdirSync(join(bundle, "node_modules"));
  symlinkSync(join(PROJECT_ROOT, "node_modules", "@pulumi"), join(bundle, "node_modules", "@pulumi"));
  const theirs = await analyzedBy(bundle);
  expect(said(theirs)).toEqual(said(analysis));
  expect(theirs.code).toBe(1);
});
