import type { Cloud, Properties } from "./cloud";

/*
 * What Google refuses of a load balancer's parts, and that none may go while another one uses it (provider.md 4: a
 * preview lets all of it through).
 */

export const EDGE = {
  address: "gcp:compute/globalAddress:GlobalAddress",
  neg: "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
  policy: "gcp:compute/securityPolicy:SecurityPolicy",
  backend: "gcp:compute/backendService:BackendService",
  urlMap: "gcp:compute/uRLMap:URLMap",
  certificate: "gcp:compute/managedSslCertificate:ManagedSslCertificate",
  tls: "gcp:compute/sSLPolicy:SSLPolicy",
  httpsProxy: "gcp:compute/targetHttpsProxy:TargetHttpsProxy",
  httpProxy: "gcp:compute/targetHttpProxy:TargetHttpProxy",
  rule: "gcp:compute/globalForwardingRule:GlobalForwardingRule",
} as const;
const TYPES: readonly string[] = Object.values(EDGE);

const list = (value: unknown): readonly Properties[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value : []);
const inside = (value: unknown): Properties =>
  typeof value === "object" && value !== null ? (value as Properties) : {};
/** Every text in it that is the id of a part. */
const references = (value: unknown): string[] =>
  typeof value === "string"
    ? [value].filter((text) => /^projects\/[^/]+\/(global|regions\/[^/]+)\/(?!networks\/)\w+\/[^/]+$/.test(text))
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(references)
      : [];

type Says = (inputs: Properties, cloud: Cloud) => string | false | undefined;

const hosts = (urlMap: Properties) => list(urlMap.hostRules).flatMap((rule) => texts(rule.hosts));
const isTaken = (cloud: Cloud, { name, ipAddress, portRange }: Properties) =>
  cloud
    .ofType(EDGE.rule)
    .some(
      ({ properties }) =>
        properties.ipAddress === ipAddress && properties.portRange === portRange && properties.name !== name,
    );

const refusals: readonly { readonly type: string; readonly source: string; readonly says: Says }[] = [
  ...[...TYPES].map((type) => ({
    type,
    source: "RFC 1035 names, as the provider's documentation of each has them",
    says: (({ name }) =>
      !/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(String(name)) &&
      `Invalid value for field 'resource.name': '${name}'. Must be a match of regex`) satisfies Says,
  })),
  ...[...TYPES].map((type) => ({
    type,
    source: "the API",
    says: ((inputs, cloud) => {
      const missing = references(inputs).find((id) => !cloud.all().some((resource) => resource.id === id));
      return missing !== undefined && `The resource '${missing}' was not found`;
    }) satisfies Says,
  })),
  {
    type: EDGE.backend,
    source: "terraform-google-modules/terraform-google-lb-http#358",
    says: (inputs, cloud) =>
      isServerless(inputs, cloud) &&
      inputs.timeoutSec !== undefined &&
      `Invalid value for field 'resource.timeoutSec': '${inputs.timeoutSec}'. Timeout sec is not supported for a backend service with Serverless network endpoint groups.`,
  },
  {
    type: EDGE.backend,
    source: "docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts, limitations",
    says: (inputs, cloud) =>
      isServerless(inputs, cloud) &&
      inputs.healthChecks !== undefined &&
      "Invalid value for field 'resource.healthChecks'. A backend service with Serverless network endpoint groups cannot have health checks.",
  },
  {
    type: EDGE.neg,
    source: "registry documentation of gcp.compute.RegionNetworkEndpointGroup 9.37",
    says: ({ cloudRun }) => {
      const { service, urlMask } = inside(cloudRun);
      return (
        cloudRun !== undefined &&
        (service === undefined) === (urlMask === undefined) &&
        "Exactly one of service and urlMask must be set for cloudRun"
      );
    },
  },
  {
    type: EDGE.policy,
    source: "registry documentation of gcp.compute.SecurityPolicy 9.37",
    says: ({ rules }) =>
      !list(rules).some(({ priority }) => priority === 2_147_483_647) &&
      "The default rule (priority 2147483647) must be present",
  },
  {
    type: EDGE.policy,
    source: "docs.cloud.google.com/armor/quotas, expressions",
    says: ({ rules }) =>
      list(rules).some(
        ({ match }) => String(inside(inside(match).expr).expression ?? "").split(/&&|\|\|/).length > 5,
      ) && "Expression count of 6 exceeded maximum limit of 5",
  },
  {
    type: EDGE.urlMap,
    source: "provider.md 4",
    says: (urlMap) => {
      const known = list(urlMap.pathMatchers).map(({ name }) => name);
      const unknown = list(urlMap.hostRules).find(({ pathMatcher }) => !known.includes(pathMatcher));
      return (
        unknown && `Invalid value for field 'resource.hostRules': no path matcher is called '${unknown.pathMatcher}'`
      );
    },
  },
  {
    type: EDGE.urlMap,
    source: "provider.md 4",
    says: (urlMap) =>
      new Set(hosts(urlMap)).size < hosts(urlMap).length &&
      "Invalid value for field 'resource.hostRules': a host occurs more than once",
  },
  {
    type: EDGE.certificate,
    source: "docs.cloud.google.com/load-balancing/docs/ssl-certificates/google-managed-certs",
    says: ({ managed }) => {
      const domains = texts(inside(managed).domains);
      return (
        (domains.length < 1 || domains.length > 100 || domains.some((domain) => domain.includes("*"))) &&
        "Invalid value for field 'resource.managed.domains'"
      );
    },
  },
  {
    type: EDGE.httpsProxy,
    source: "docs.cloud.google.com/load-balancing/docs/quotas",
    says: ({ sslCertificates, certificateMap }) =>
      certificateMap === undefined &&
      (texts(sslCertificates).length < 1 || texts(sslCertificates).length > 15) &&
      "Invalid value for field 'resource.sslCertificates': 1 to 15 certificates must be given",
  },
  {
    type: EDGE.rule,
    source: "the API",
    says: (inputs, cloud) => isTaken(cloud, inputs) && `Specified IP address is in-use and would result in a conflict.`,
  },
];

const isServerless = ({ backends }: Properties, cloud: Cloud) =>
  list(backends).some(
    ({ group }) => cloud.find(EDGE.neg, String(group))?.properties.networkEndpointType === "SERVERLESS",
  );

/** The API's error for making or changing a part, if it refuses. */
export function edgeRefusalOf(type: string, inputs: Properties, cloud: Cloud): string | undefined {
  for (const refusal of refusals) {
    const message = refusal.type === type && refusal.says(inputs, cloud);
    if (message) return message;
  }
  return undefined;
}

/** Why a part cannot go: another one uses it. */
export function edgeDeletionRefusalOf(type: string, id: string, state: Properties, cloud: Cloud): string | undefined {
  if (!TYPES.includes(type)) return undefined;
  const user = cloud
    .all()
    .find(
      (other) =>
        other.id !== id &&
        TYPES.includes(other.type) &&
        (references(other.properties).includes(id) ||
          (state.address !== undefined && other.properties.ipAddress === state.address)),
    );
  return (
    user &&
    `googleapi: Error 400: The resource '${id}' is already being used by '${user.id}', resourceInUseByAnotherResource`
  );
}
