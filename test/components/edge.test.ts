import type * as gcp from "@pulumi/gcp";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluate, type RegisteredResource } from "../../engine/evaluate";
import { staging } from "../../stack";
import { waitsFor } from "../fixtures/programs";
import { type Changes, configurationProblems, stagingConfiguration } from "../stack-settings";

const HOSTS = [
  "api.staging.netrasystems.ai",
  "app.staging.netrasystems.ai",
  "auth.staging.netrasystems.ai",
  "staging.netrasystems.ai",
];
const partsWith = async (changes: Changes = {}) => {
  const registered = await evaluate("staging", stagingConfiguration(changes), staging);
  const edge = registered.find(({ type }) => type === "netra:staging:Edge");
  return registered.filter(({ parent }) => parent === edge?.urn);
};
/** By name: they register as their inputs resolve. */
const ofType = (parts: readonly RegisteredResource[], type: string) =>
  parts.filter((part) => part.type.endsWith(`:${type}`)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
const inputsOf = (parts: readonly RegisteredResource[], name: string) =>
  parts.find((part) => part.name === name)?.inputs;

describe("staging's load balancer", () => {
  let parts: readonly RegisteredResource[] = [];
  beforeAll(async () => {
    parts = await partsWith();
  });

  test("has one protected IPv4 address with a rule for each port, and TLS 1.2 at least", () => {
    const [address, ...others] = ofType(parts, "GlobalAddress");
    expect(others).toEqual([]);
    expect(address?.inputs).toMatchObject({ name: "staging-edge-ip", addressType: "EXTERNAL", ipVersion: "IPV4" });
    expect(address?.options.protect).toBe(true);
    const rules = ofType(parts, "GlobalForwardingRule");
    expect(
      rules.map((rule) => [rule.inputs.portRange, rule.inputs.loadBalancingScheme, waitsFor(rule).toSorted()]),
    ).toEqual([
      ["80", "EXTERNAL_MANAGED", ["staging-edge-http-proxy", "staging-edge-ip"]],
      ["443", "EXTERNAL_MANAGED", ["staging-edge-https-proxy", "staging-edge-ip"]],
    ]);
    expect(inputsOf(parts, "staging-edge-tls")).toMatchObject({ minTlsVersion: "TLS_1_2", profile: "MODERN" });
  });

  test("leads every host to its service, and every other to the first host", () => {
    expect(inputsOf(parts, "staging-edge-routes")).toMatchObject({
      hostRules: [
        { hosts: ["auth.staging.netrasystems.ai"], pathMatcher: "auth" },
        { hosts: ["api.staging.netrasystems.ai"], pathMatcher: "backend" },
        { hosts: ["app.staging.netrasystems.ai", "staging.netrasystems.ai"], pathMatcher: "frontend" },
      ],
      defaultUrlRedirect: { hostRedirect: "staging.netrasystems.ai", httpsRedirect: true },
    });
    const groups = ofType(parts, "RegionNetworkEndpointGroup").map(({ name, inputs }) => [
      name,
      inputs.region,
      inputs.cloudRun,
    ]);
    expect(groups).toEqual(
      ["netra-auth-service", "netra-backend-staging", "netra-frontend-staging"].map((service) => [
        `${service}-neg`,
        "us-central1",
        { service },
      ]),
    );
  });

  test("states affinity, logs and the policy of every backend, and neither time-out nor health check, which Google refuses", () => {
    const backends = ofType(parts, "BackendService");
    expect(backends.map(({ name }) => name)).toEqual([
      "staging-edge-to-auth",
      "staging-edge-to-backend",
      "staging-edge-to-frontend",
    ]);
    for (const backend of backends) {
      expect(backend.inputs).toMatchObject({
        sessionAffinity: "NONE",
        logConfig: { enable: true, sampleRate: 1 },
        loadBalancingScheme: "EXTERNAL_MANAGED",
      });
      expect(Object.keys(backend.inputs)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/timeoutSec|healthChecks/)]),
      );
      expect(waitsFor(backend)).toContain("staging-edge-policy");
    }
  });

  test("has one certificate with every host", () => {
    expect(ofType(parts, "ManagedSslCertificate").map(({ inputs }) => inputs.managed)).toEqual([{ domains: HOSTS }]);
  });

  test("redirects HTTP with path and query", () => {
    expect(inputsOf(parts, "staging-edge-redirect")).toEqual({
      name: "staging-edge-redirect",
      defaultUrlRedirect: { httpsRedirect: true, stripQuery: false, redirectResponseCode: "MOVED_PERMANENTLY_DEFAULT" },
    });
  });

  test("lets health paths through before it throttles by client address", () => {
    const { rules } = inputsOf(
      parts,
      "staging-edge-policy",
    ) as unknown as gcp.types.output.compute.SecurityPolicyRule extends infer Rule ? { rules: Rule[] } : never;
    expect(rules.map(({ priority, action }) => [priority, action])).toEqual([
      [1000, "allow"],
      [2000, "throttle"],
      [2147483647, "allow"],
    ]);
    expect(rules[0]?.match).toEqual({
      expr: { expression: "request.method == 'GET' && request.path.matches('^(/health|/health/startup)$')" },
    });
    expect(rules[1]).toMatchObject({
      match: { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } },
      rateLimitOptions: {
        conformAction: "allow",
        exceedAction: "deny(429)",
        enforceOnKey: "IP",
        rateLimitThreshold: { count: 600, intervalSec: 60 },
      },
    });
  });

  test("keeps a client on one instance where the service asks for it", async () => {
    const registered = await evaluate("staging", stagingConfiguration(), staging);
    const services = registered.filter(({ type }) => type === "gcp:cloudrunv2/service:Service");
    expect(services.map(({ name, inputs }) => [name, Reflect.get(Object(inputs.template), "sessionAffinity")])).toEqual(
      [
        ["netra-auth-service", false],
        ["netra-backend-staging", true],
        ["netra-frontend-staging", false],
      ],
    );
  });
});

describe("certificates", () => {
  const certificatesWith = async (changes: Changes) =>
    ofType(await partsWith(changes), "ManagedSslCertificate").map(({ name }) => name);
  const NEW = "new.staging.netrasystems.ai";
  const withNew = (certificates: readonly (readonly string[])[]): Changes => ({
    "netra:hosts": { backend: ["api.staging.netrasystems.ai", NEW] },
    "netra:edge": { certificates },
  });

  test("keep their names whatever order their hosts have, and get another with other hosts", async () => {
    const [name = ""] = await certificatesWith({});
    expect(name).toMatch(/^staging-edge-[0-9a-f]{8}$/);
    expect(await certificatesWith({ "netra:edge": { certificates: [HOSTS.toReversed()] } })).toEqual([name]);
    expect(await certificatesWith(withNew([[...HOSTS, NEW]]))).not.toContain(name);
  });

  test("stand beside each other: a new host leaves the others' certificate as it is", async () => {
    const [name] = await certificatesWith({});
    const both = await certificatesWith(withNew([HOSTS, [NEW]]));
    expect(both).toHaveLength(2);
    expect(both).toContain(name);
  });
});

test("a service without hosts is not behind it", async () => {
  const certificates = [HOSTS.filter((host) => !host.startsWith("auth"))];
  const parts = await partsWith({ "netra:hosts": { auth: undefined }, "netra:edge": { certificates } });
  expect(ofType(parts, "BackendService").map(({ name }) => name)).toEqual([
    "staging-edge-to-backend",
    "staging-edge-to-frontend",
  ]);
});

describe("the section netra:edge", () => {
  const problems = (changes: Changes) => configurationProblems(stagingConfiguration(changes));
  const edge = (changes: Changes) => problems({ "netra:edge": changes });
  const SETTING = "'netra:edge.certificates";

  test("wants every host on a certificate, and reports how to add one", () => {
    expect(
      problems({ "netra:hosts": { auth: ["auth.staging.netrasystems.ai", "login.staging.netrasystems.ai"] } }),
    ).toEqual([
      "'netra:hosts.auth[1]' (login.staging.netrasystems.ai) must be on a certificate because no browser talks to a host without one, and a list that changes is another certificate, whose hosts have no TLS until Google has issued it; set 'netra:edge.certificates[1]' to [login.staging.netrasystems.ai]",
    ]);
  });

  test("wants no host on a certificate that does not lead here", () => {
    expect(edge({ certificates: [HOSTS, ["other.example.org"]] })).toEqual([
      `${SETTING}[1][0]' (other.example.org) must be a host under 'netra:hosts' because Google issues and renews a certificate only while every host of it leads here; remove 'netra:edge.certificates[1]', or add it there`,
    ]);
  });

  test("wants 1 to 15 certificates of 1 to 100 hosts each, all different", () => {
    expect(edge({ certificates: [] })[0]).toBe(
      `${SETTING}' (0 of them) must be 1 to 15 lists of hosts because a load balancer takes no other number; set 'netra:edge.certificates' to [[auth.staging.netrasystems.ai, api.staging.netrasystems.ai, app.staging.netrasystems.ai, staging.netrasystems.ai]]`,
    );
    expect(edge({ certificates: [HOSTS, []] })).toEqual([
      `${SETTING}[1]' (0 hosts) must have 1 to 100 hosts because a managed certificate has no other number; remove it`,
    ]);
    expect(edge({ certificates: [HOSTS, HOSTS.toReversed()] })).toEqual([
      `${SETTING}[1]' must differ from the lists before because two of the same hosts are one certificate; remove it`,
    ]);
    expect(edge({ certificates: [[...HOSTS, HOSTS[0]]] })).toEqual([
      `${SETTING}[0]' must name each host once because a certificate does; set '${SETTING.slice(1)}[0]' to [api.staging.netrasystems.ai, app.staging.netrasystems.ai, auth.staging.netrasystems.ai, staging.netrasystems.ai]`,
    ]);
    expect(edge({ certificates: Array.from({ length: 16 }, (_, i) => HOSTS.slice(i % 4)) })[0]).toContain(
      "(16 of them) must be 1 to 15 lists of hosts",
    );
  });

  test("lets a host be on two certificates, as it is while one takes the other's place", () => {
    expect(edge({ certificates: [HOSTS, ["staging.netrasystems.ai"]] })).toEqual([]);
  });

  test("refuses services that can be reached around it, and hosts that lead to one that cannot be reached", () => {
    expect(problems({ "netra:services": { auth: { ingress: "all" }, backend: { ingress: "internal" } } })).toEqual([
      "'netra:services.auth.ingress' (all) must be internal-and-load-balancer because clients could get round the rules of 'netra:edge'; remove it",
      "'netra:services.backend.ingress' (internal) must be internal-and-load-balancer because 'netra:hosts.backend' leads to it through the load balancer; remove it",
    ]);
    expect(problems({ "netra:edge": undefined, "netra:services": { auth: { ingress: "all" } } })).toEqual([]);
  });

  test("wants no more requests than Cloud Armor counts", () => {
    expect(edge({ requestsPerMinute: 1_000_000 })).toEqual([]);
    expect(edge({ requestsPerMinute: 1_000_001 })).toHaveLength(1);
  });

  test("wants names, a rate and a share", () => {
    expect(edge({ name: "Edge", address: "-", requestsPerMinute: 0, logSampleRate: 0 })).toEqual([
      expect.stringMatching(/^'netra:edge.name' \(Edge\) must be lower-case letters/),
      expect.stringMatching(/^'netra:edge.address' \(-\) must be lower-case letters/),
      "'netra:edge.requestsPerMinute' (0) must be a whole number of requests from 1 to 1000000 because it is how many requests one client address may send in a minute, health paths aside; set 'netra:edge.requestsPerMinute' to 600",
      "'netra:edge.logSampleRate' (0) must be a number above 0 and at most 1 because it is the share of requests that is logged; set 'netra:edge.logSampleRate' to 1",
    ]);
  });
});
