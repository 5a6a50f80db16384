import * as gcp from "@pulumi/gcp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GuardVerdict, judge } from "../../commands/guard/judge";
import { REDIS } from "../../config/resource-types";
import { readPreview } from "../../engine/preview";
import { type Changes, stagingConfiguration } from "../stack-settings";
import { Environment, PACK } from "./environment";
import { enableApis } from "./examples/sound";

/* What guard says of previews as the engine prints them, and that the way it proposes is one. */

interface Judged extends GuardVerdict {
  /** Pulumi's own exit code. */
  readonly code: number | null;
}

async function judged(environment: Environment, ...args: readonly string[]): Promise<Judged> {
  const { code, stdout } = await environment.preview("--json", ...args);
  return { ...judge(readPreview(stdout, "preview", "staging")), code };
}

/** The same from the stream of events. */
async function judgedStream(environment: Environment, ...args: readonly string[]): Promise<Judged> {
  process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW = "true";
  return await judged(environment, ...args).finally(() => delete process.env.PULUMI_ENABLE_STREAMING_JSON_PREVIEW);
}

const messages = ({ refused }: GuardVerdict) => refused.map(({ message }) => message);

describe("on staging", () => {
  const OLD = "urn:pulumi:staging::netra::netra:staging:Connector$gcp:vpcaccess/connector:Connector::staging-connector";
  let environment: Environment;
  beforeAll(async () => {
    environment = await Environment.ofStagingThatIsUp();
  });
  afterAll(() => environment.remove());
  const configure = (changes: Changes) => environment.configure(stagingConfiguration(changes));

  test("a connector that shrinks is refused, with the safe procedure instead of the engine's advice to unprotect it", async () => {
    configure({ "netra:connector": { maxInstances: 9 } });
    const verdict = await judged(environment);
    expect(verdict.code).toBe(1); // protected: the preview fails
    expect(messages(verdict)).toEqual([
      [
        "'staging-connector' (VPC connector) must not be replaced because the old one is deleted first, and no service reaches database and cache until the new one exists; maxInstances can only grow in place. To shrink it safely:",
        "1. give the connector another name, another free /28 and the smaller counts: `up` creates the new one beside the old one, moves services one after another, and deletes the old one last",
        `2. record the decision: 'netra:acknowledge' {staging-connector: {change: delete, reason: ...}}, and lift the engine's protection: pulumi state unprotect '${OLD}'`,
        "3. preview, guard, up; then remove the acknowledgement",
      ].join("\n    "),
    ]);
    expect(await judgedStream(environment)).toEqual(verdict);
  });

  test("Redis is made with the range of the stack file; another one later changes nothing, and guard repeats the warning", async () => {
    const [redis] = environment.cloud.ofType(REDIS);
    expect(redis?.properties).toMatchObject({ reservedIpRange: "10.166.204.80/29" });
    configure({ "netra:cache": { reservedIpRange: "10.166.204.88/29" } });
    const { ok, changes, warnings } = await judged(environment);
    expect({ ok, operations: Object.keys(changes) }).toEqual({ ok: true, operations: ["same"] });
    expect(warnings).toEqual([
      expect.stringContaining("'netra:cache.reservedIpRange' (10.166.204.88/29) must be 10.166.204.80/29 because"),
    ]);
  });

  test("`npm run preview -- --json` lists what stays, which guard judges, too", async () => {
    configure({ "netra:edge": { address: "staging-other-ip" } });
    const { stdout } = await environment.npmRun(["preview", "--json"]);
    const { refused } = judge(readPreview(stdout, "preview", "staging"));
    expect(refused.map(({ resource, change }) => `${change} ${resource}`)).toEqual(
      expect.arrayContaining(["replace staging-edge-http", "replace staging-edge-https", "delete staging-edge-ip"]),
    );
  });

  test("the safe procedure passes, step by step, and the old connector goes last", async () => {
    const smaller = { "netra:connector": { name: "staging-small", ipCidrRange: "10.1.0.16/28", maxInstances: 9 } };
    const decided = {
      ...smaller,
      "netra:acknowledge": { "staging-connector": { change: "delete", reason: "fewer VMs do (#1301)" } },
    };
    configure(decided);
    const still = await judged(environment);
    expect(still.ok).toBe(false);
    expect(still.refused).toMatchObject([
      { resource: "staging-connector", change: "delete", acknowledged: "fewer VMs do (#1301)" },
      {
        resource: "staging-connector",
        change: "preview",
        message: expect.stringMatching(
          /; the change is acknowledged, but the engine still protects the resource: pulumi state unprotect 'urn:pulumi:[^']+::staging-connector'$/,
        ),
      },
    ]);

    expect((await environment.run(["state", "unprotect", OLD, "--yes"])).code).toBe(0);
    const passes = await judged(environment);
    expect(passes).toMatchObject({
      code: 0,
      ok: true,
      refused: [{ change: "delete", acknowledged: "fewer VMs do (#1301)" }],
      unusedAcknowledgements: [],
    });
    expect(passes.announced.map(({ resource, effect }) => `${resource}: ${effect}`)).toEqual([
      "netra-auth-service: new revision",
      "netra-backend-staging: new revision",
      "netra-frontend-staging: new revision",
    ]);

    environment.cloud.forgetCalls();
    expect((await environment.up()).code).toBe(0);
    const order = environment.cloud
      .calls()
      .filter(
        ({ phase, preview, method }) =>
          phase === "start" && !preview && ["create", "update", "delete"].includes(method),
      )
      // Alerts on the connector follow it.
      .filter(({ type }) => !type.startsWith("gcp:monitoring/"));
    expect(order.map(({ method, name }) => `${method} ${name}`)).toEqual([
      "create staging-small",
      "update netra-database-roles",
      "update netra-auth-service",
      "update netra-backend-staging",
      "update netra-frontend-staging",
      "delete staging-connector",
    ]);

    expect(await judged(environment)).toMatchObject({
      ok: true,
      refused: [],
      unusedAcknowledgements: ["staging-connector"],
    });
  });

  test("a plan that the program refuses is not passed", async () => {
    configure({
      "netra:connector": { name: "staging-small", ipCidrRange: "10.1.0.16/28", maxInstances: 9 },
      "netra:database": { maxConnections: 60 },
    });
    const verdict = await judged(environment);
    expect(verdict).toMatchObject({ ok: false, refused: [{ resource: "", change: "preview" }] });
    expect(messages(verdict)[0]).toContain(
      "The capacity plan is refused, nothing was registered:\n  'netra:database.maxConnections' (60) must cover 92 connections",
    );
  });
});

describe("on programs that protect nothing, where Pulumi itself passes", () => {
  const ID = "projects/netra-staging/locations/us-central1/connectors/shared";
  const program = { imports: true, maxInstances: 9, version: true, everyone: false };
  const declare = async () => {
    const sizes = { minInstances: 3, maxInstances: program.maxInstances, machineType: "e2-micro" };
    new gcp.vpcaccess.Connector(
      "shared",
      { name: "shared", region: "us-central1", network: "legacy", ipCidrRange: "10.9.0.0/28", ...sizes },
      program.imports ? { import: ID } : {},
    );
    const secret = new gcp.secretmanager.Secret("key", { secretId: "key", replication: { auto: {} } });
    if (program.version)
      new gcp.secretmanager.SecretVersion("key-r1", {
        secret: secret.id,
        secretData: "a-value-that-nobody-may-see-in-a-message",
      });
    if (program.everyone)
      new gcp.secretmanager.SecretIamMember("all", {
        secretId: secret.id,
        role: "roles/secretmanager.secretAccessor",
        member: "allUsers",
      });
    return {};
  };
  let environment: Environment;
  beforeAll(async () => {
    environment = await Environment.of(declare, stagingConfiguration());
    const { cloud } = environment;
    enableApis(cloud);
    cloud.put({
      type: "gcp:compute/network:Network",
      id: "projects/netra-staging/global/networks/legacy",
      properties: { name: "legacy" },
    });
    const sizes = { minInstances: 2, maxInstances: 10, machineType: "e2-micro" };
    const properties = {
      name: "shared",
      project: "netra-staging",
      region: "us-central1",
      network: "legacy",
      ipCidrRange: "10.9.0.0/28",
      ...sizes,
    };
    cloud.put({ type: "gcp:vpcaccess/connector:Connector", id: ID, properties });
  });
  afterAll(() => environment.remove());

  test("an import that would replace: a warning of Pulumi's, refused here", async () => {
    const verdict = await judged(environment);
    expect(verdict.code).toBe(0);
    expect(messages(verdict)).toEqual([
      "'shared' (VPC connector) must not be replaced because the existing resource differs from the program in a way that only a replacement can change; `pulumi up` would stop half-way; set maxInstances, minInstances to the cloud's value, or larger where it can grow",
    ]);
    expect(await judgedStream(environment)).toEqual(verdict);
  });

  test("an import that updates passes, and once it is done a connector that shrinks is refused", async () => {
    program.maxInstances = 10;
    expect(await judged(environment)).toMatchObject({
      code: 0,
      ok: true,
      refused: [],
      changes: { import: 1, update: 1 },
    });
    const { code, stdout } = await environment.up();
    expect(code, stdout).toBe(0);
    program.imports = false;
    program.maxInstances = 9;
    const verdict = await judged(environment);
    expect(verdict.code).toBe(0);
    expect(verdict.refused).toMatchObject([{ resource: "shared", change: "replace" }]);
    program.maxInstances = 10;
  });

  test("the deletion of a secret's only version", async () => {
    program.version = false;
    const verdict = await judged(environment);
    expect(verdict.code).toBe(0);
    expect(messages(verdict)).toEqual([
      "'key-r1' (only version of a secret) must not be deleted because this preview leaves no other enabled version of the secret, and no revision that mounts it can start; restore it in the program; if it is intended, record the decision: 'netra:acknowledge' {key-r1: {change: delete, reason: ...}}",
    ]);
    expect(JSON.stringify(verdict)).not.toContain("a-value-that-nobody");
    program.version = true;
  });

  test("a preview that a policy has stopped: the digest does not say which one, and it is no pass", async () => {
    program.everyone = true;
    const verdict = await judged(environment, "--policy-pack", PACK);
    expect(verdict.code).toBe(1);
    expect(messages(verdict)).toEqual([
      "the preview must complete because guard cannot judge what it does not show: a rule of the policy pack was violated, or the provider refused; this format does not show which; run `pulumi preview` without --json to see it",
    ]);
    expect(await judgedStream(environment, "--policy-pack", PACK)).toEqual(verdict);
  });
});
