import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { type SecurityRule, securityRules } from "../capacity/constraints/edge";
import { backendNames, type EdgeNaming, edgeNames, type Hosted, servicesBehind } from "../config/edge-names";
import type { Service } from "./service";

export interface EdgeArgs extends EdgeNaming {
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Requests a minute from one client address, without health paths. */
  readonly requestsPerMinute: number;
  /** The share of requests that is logged, above 0 and at most 1. */
  readonly logSampleRate: number;
  readonly plan: Hosted<{
    readonly name: string;
    readonly liveness: { readonly path: string };
    readonly probe: { readonly path: string };
  }>;
  /** The declared services, by key: the load balancer depends on them. */
  readonly services: ReadonlyMap<string, Service>;
  /** The enabled APIs. */
  readonly waitsFor: readonly pulumi.Resource[];
}

type DeclareOptions = pulumi.CustomResourceOptions & { readonly parent: pulumi.Resource };

const SCHEME = "EXTERNAL_MANAGED";

/**
 * The global external Application Load Balancer in front of the services: one IPv4 address, TLS 1.2 or newer, a
 * redirect from HTTP, and a backend service for each service, selected by host, throttled and logged.
 *
 * A request, or a WebSocket, lives at most the service's `timeoutSeconds`: for Cloud Run backends Google refuses a
 * time-out and a health check on the load balancer. Cost: 26.25 USD a month, and traffic.
 */
export class Edge extends pulumi.ComponentResource {
  /** Where the hosts' DNS records must point. */
  readonly address: pulumi.Output<string>;
  /** The URL of each service that has a host, by key. */
  readonly urls: Readonly<Record<string, string>>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("netra:staging:Edge", name, {}, opts);
    const own = edgeNames(args);
    const [parent, first]: [DeclareOptions, DeclareOptions] = [
      { parent: this },
      { parent: this, dependsOn: [...args.waitsFor] },
    ];
    const labels = { ...args.labels };
    const address = new gcp.compute.GlobalAddress(
      own.address,
      { name: own.address, addressType: "EXTERNAL", ipVersion: "IPV4", labels },
      // DNS points at it, and Google assigns a released address to another customer.
      { ...first, protect: true },
    );
    const routes = new gcp.compute.URLMap(
      own.routes,
      { name: own.routes, ...routesOf(args, declareBackends(args, own.policy, first)) },
      parent,
    );
    const httpsProxy = new gcp.compute.TargetHttpsProxy(
      own.httpsProxy,
      {
        name: own.httpsProxy,
        urlMap: routes.id,
        // A managed certificate's hosts cannot change. A new certificate takes up to 90 minutes, in which the old ones
        // stay valid.
        sslCertificates: own.certificates.map((certificate) => declareCertificate(certificate, first).id),
        sslPolicy: new gcp.compute.SSLPolicy(
          own.tls,
          { name: own.tls, profile: "MODERN", minTlsVersion: "TLS_1_2" },
          first,
        ).id,
      },
      parent,
    );
    const redirect = new gcp.compute.URLMap(
      own.redirect,
      {
        name: own.redirect,
        defaultUrlRedirect: {
          httpsRedirect: true,
          stripQuery: false,
          redirectResponseCode: "MOVED_PERMANENTLY_DEFAULT",
        },
      },
      first,
    );
    const httpProxy = new gcp.compute.TargetHttpProxy(
      own.httpProxy,
      { name: own.httpProxy, urlMap: redirect.id },
      parent,
    );
    const listen = (rule: string, portRange: string, target: pulumi.Input<string>) =>
      new gcp.compute.GlobalForwardingRule(
        rule,
        {
          name: rule,
          loadBalancingScheme: SCHEME,
          ipProtocol: "TCP",
          ipAddress: address.address,
          portRange,
          target,
          labels,
        },
        parent,
      );
    listen(own.https, "443", httpsProxy.id);
    listen(own.http, "80", httpProxy.id);
    this.address = address.address;
    this.urls = Object.fromEntries(
      Object.entries(args.plan.hosts).flatMap(([key, [host]]) =>
        host === undefined ? [] : [[key, `https://${host}`]],
      ),
    );
    this.registerOutputs({ address: this.address });
  }
}

/** A backend service for each service that has a host, by its key. */
function declareBackends(
  args: EdgeArgs,
  policyName: string,
  opts: DeclareOptions,
): Map<string, gcp.compute.BackendService> {
  const behind = servicesBehind(args.plan);
  const healthPaths = behind.flatMap(([, { liveness, probe }]) => [liveness.path, probe.path]);
  const rules = securityRules(healthPaths, args).map(ruleInputs);
  const securityPolicy = new gcp.compute.SecurityPolicy(
    policyName,
    { name: policyName, type: "CLOUD_ARMOR", rules },
    opts,
  ).id;
  const { parent } = opts;
  const { region, logSampleRate: sampleRate } = args;
  return new Map(
    behind.map(([key, { name: serviceName }]) => {
      const names = backendNames(args, key, serviceName);
      const cloudRun = { service: args.services.get(key)?.service.name ?? serviceName };
      const group = new gcp.compute.RegionNetworkEndpointGroup(
        names.group,
        { name: names.group, region, networkEndpointType: "SERVERLESS", cloudRun },
        { parent },
      ).id;
      const backend = new gcp.compute.BackendService(
        names.backend,
        {
          name: names.backend,
          loadBalancingScheme: SCHEME,
          backends: [{ group }],
          // Cloud Run handles session affinity to an instance, if a service enables it: here each backend service has
          // one backend.
          sessionAffinity: "NONE",
          securityPolicy,
          logConfig: { enable: true, sampleRate },
        },
        { parent },
      );
      return [key, backend];
    }),
  );
}

function ruleInputs({
  priority,
  meaning,
  action,
  expression,
  perMinute,
}: SecurityRule): gcp.types.input.compute.SecurityPolicyRule {
  return {
    priority,
    description: meaning,
    action,
    match:
      expression === undefined
        ? { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } }
        : { expr: { expression } },
    ...(perMinute === undefined
      ? {}
      : {
          rateLimitOptions: {
            conformAction: "allow",
            exceedAction: "deny(429)",
            enforceOnKey: "IP",
            rateLimitThreshold: { count: perMinute, intervalSec: 60 },
          },
        }),
  };
}

/**
 * Routes every host to its service. Requests for other hosts, or for the bare address, are redirected to the first
 * host.
 */
function routesOf(
  { plan: { hosts }, certificates }: EdgeArgs,
  backends: ReadonlyMap<string, gcp.compute.BackendService>,
): gcp.compute.URLMapArgs {
  return {
    hostRules: [...backends.keys()].map((key) => ({ hosts: [...(hosts[key] ?? [])], pathMatcher: key })),
    pathMatchers: [...backends].map(([key, backend]) => ({ name: key, defaultService: backend.id })),
    defaultUrlRedirect: {
      hostRedirect: certificates[0]?.[0] ?? "",
      httpsRedirect: true,
      stripQuery: true,
      redirectResponseCode: "FOUND",
    },
  };
}

const declareCertificate = (
  { name, domains }: { readonly name: string; readonly domains: string[] },
  opts: DeclareOptions,
) => new gcp.compute.ManagedSslCertificate(name, { name, managed: { domains } }, opts);
