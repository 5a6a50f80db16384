import * as gcp from "@pulumi/gcp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judge } from "../../commands/guard/judge";
import { readPreview } from "../../engine/preview";
import { EDGE } from "../cloud/edge";
import { type Changes, stagingConfiguration, stagingSettings } from "../stack-settings";
import { Environment } from "./environment";
import { enableApis, networkEndpointGroup } from "./examples/sound";

/* The load balancer's edits in their order: the twin refuses to delete what another part still uses, as Google does. */

const HOSTS = stagingSettings().edge?.certificates[0] ?? [];
const NEW_HOST = "new.staging.netrasystems.ai";
const withNewHost = (certificates: readonly (readonly string[])[]): Changes => ({
  "netra:hosts": { backend: ["api.staging.netrasystems.ai", NEW_HOST] },
  "netra:edge": { certificates },
});

describe("staging's load balancer", () => {
  let environment: Environment;
  beforeAll(async () => {
    environment = await Environment.ofStagingThatIsUp();
  });
  afterAll(() => environment?.remove());

  /** What an `up` of the stack file with these changes does, call by call; the pack's and the engine's own excluded. */
  async function changesOf(changes: Changes): Promise<string[]> {
    environment.configure(stagingConfiguration(changes));
    environment.cloud.forgetCalls();
    const { code, stdout, stderr } = await environment.up();
    expect(code, stdout + stderr).toBe(0);
    return environment.cloud
      .calls()
      .filter(({ method, phase, type }) => phase === "end" && method !== "read" && type.startsWith("gcp:compute/"))
      .map(({ method, type, name }) => `${method} ${type.split(":").at(-1)} ${name}`);
  }
  const certificates = () => environment.cloud.ofType(EDGE.certificate).map(({ id }) => id);
  const presented = () =>
    environment.cloud.ofType(EDGE.httpsProxy).flatMap(({ properties }) => properties.sslCertificates);

  test("a new host on a certificate of its own leaves the other certificate where it is", async () => {
    const [before = ""] = certificates();
    const changes = await changesOf(withNewHost([HOSTS, [NEW_HOST]]));
    const added = certificates().find((id) => id !== before) ?? "";
    expect(changes.toSorted()).toEqual([
      `create ManagedSslCertificate ${added.split("/").at(-1)}`,
      "update TargetHttpsProxy staging-edge-https-proxy",
      "update URLMap staging-edge-routes",
    ]);
    expect(presented()).toEqual([before, added]);
  });

  test("one certificate takes the others' place: it is made and presented first, and guard has refused that until it is acknowledged", async () => {
    const before = certificates();
    environment.configure(stagingConfiguration(withNewHost([[...HOSTS, NEW_HOST]])));
    const preview = await environment.preview("--json");
    const { refused } = judge(readPreview(preview.stdout, "preview", "staging"));
    expect(refused.map(({ resource, change }) => `${change} ${resource}`)).toEqual(
      before.map((id) => `delete ${id.split("/").at(-1)}`).toSorted(),
    );
    const changes = await changesOf(withNewHost([[...HOSTS, NEW_HOST]]));
    expect(changes.map((change) => change.replace(/-[0-9a-f]{8}$/, ""))).toEqual([
      "create ManagedSslCertificate staging-edge",
      "update TargetHttpsProxy staging-edge-https-proxy",
      "delete ManagedSslCertificate staging-edge",
      "delete ManagedSslCertificate staging-edge",
    ]);
    expect(presented()).toEqual(certificates());
  });

  test("a host that moves to another service is rerouted before what led to the first one goes", async () => {
    const hosts = {
      auth: undefined,
      backend: ["api.staging.netrasystems.ai", NEW_HOST, "auth.staging.netrasystems.ai"],
    };
    const changes = await changesOf({ ...withNewHost([[...HOSTS, NEW_HOST]]), "netra:hosts": hosts });
    expect(changes).toEqual([
      "update URLMap staging-edge-routes",
      "delete BackendService staging-edge-to-auth",
      "delete RegionNetworkEndpointGroup netra-auth-service-neg",
    ]);
  });

  test("it can go as a whole once its address is unprotected, and its services are open again", async () => {
    environment.configure(stagingConfiguration({ "netra:edge": undefined }));
    const refused = await environment.up();
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toContain("staging-edge-ip");
    expect((await environment.run(["state", "unprotect", "--yes", await urnOf("staging-edge-ip")])).code).toBe(0);
    await changesOf({ "netra:edge": undefined });
    expect(Object.values(EDGE).flatMap((type) => environment.cloud.ofType(type).map(({ id }) => id))).toEqual([
      "projects/netra-staging/global/addresses/staging-private-ip-address",
    ]);
    expect(
      environment.cloud.ofType("gcp:cloudrunv2/service:Service").map(({ properties }) => properties.ingress),
    ).toEqual(Array(3).fill("INGRESS_TRAFFIC_ALL"));
  });

  async function urnOf(name: string): Promise<string> {
    // the engine's own format
    const { deployment } = JSON.parse(await environment.state()) as { deployment: { resources: { urn: string }[] } };
    return deployment.resources.find(({ urn }) => urn.endsWith(`::${name}`))?.urn ?? "";
  }
});

test("an address that exists is adopted as it is, and its number with it", async () => {
  const id = "projects/netra-staging/global/addresses/staging-edge-ip";
  const environment = await Environment.ofStaging({ "netra:adopt": { "staging-edge-ip": id } });
  const properties = {
    name: "staging-edge-ip",
    addressType: "EXTERNAL",
    ipVersion: "IPV4",
    address: "34.120.1.2",
    project: "netra-staging",
  };
  environment.cloud.put({ type: EDGE.address, id, properties });
  const { stdout } = await environment.preview("--json");
  const { steps } = readPreview(stdout, "preview", "staging");
  const operations = steps.filter(({ name }) => name === "staging-edge-ip").map(({ op, changed }) => [op, ...changed]);
  expect(operations).toEqual([["import"], ["update", "labels"]]);
  // What depends on it is known before `up`.
  expect(
    steps.filter(({ name }) => /^staging-edge-https?$/.test(name)).map(({ new: state }) => state?.inputs.ipAddress),
  ).toEqual(Array(2).fill("34.120.1.2"));
  environment.remove();
});

describe("what Google refuses of a load balancer, after a preview that lets it through", () => {
  let environment: Environment;
  let program = () => {};
  beforeAll(async () => {
    environment = await Environment.of(async () => program(), stagingConfiguration());
    enableApis(environment.cloud);
  });
  afterAll(() => environment?.remove());

  const backend = (args: Partial<gcp.compute.BackendServiceArgs>) => () => {
    const group = networkEndpointGroup("group").id;
    new gcp.compute.BackendService("backend", {
      name: "backend",
      loadBalancingScheme: "EXTERNAL_MANAGED",
      backends: [{ group }],
      ...args,
    });
  };

  test.each<[string, () => void, string]>([
    [
      "a time-out in front of Cloud Run",
      backend({ timeoutSec: 600 }),
      "Invalid value for field 'resource.timeoutSec': '600'. Timeout sec is not supported for a backend service with Serverless network endpoint groups.",
    ],
    ["health checks in front of Cloud Run", backend({ healthChecks: "check" }), "cannot have health checks"],
    ["a name with capitals", backend({ name: "Backend" }), "Invalid value for field 'resource.name': 'Backend'"],
    [
      "a policy without its default rule",
      () =>
        new gcp.compute.SecurityPolicy("policy", {
          name: "policy",
          rules: [{ action: "allow", priority: 1, match: { expr: { expression: "true" } } }],
        }),
      "The default rule (priority 2147483647) must be present",
    ],
    [
      "a certificate with a wildcard",
      () => new gcp.compute.ManagedSslCertificate("wild", { name: "wild", managed: { domains: ["*.example.org"] } }),
      "Invalid value for field 'resource.managed.domains'",
    ],
    [
      "a host rule without its path matcher",
      () =>
        new gcp.compute.URLMap("hosts", {
          name: "hosts",
          hostRules: [{ hosts: ["a.example.org"], pathMatcher: "a" }],
          defaultUrlRedirect: { httpsRedirect: true, stripQuery: false },
        }),
      "no path matcher is called 'a'",
    ],
  ])("%s", async (_, example, says) => {
    program = example;
    expect((await environment.preview()).code).toBe(0);
    const { code, stdout } = await environment.up();
    expect(stdout).toContain(says);
    expect(code).toBe(1);
  });
});
