import { createHash } from "node:crypto";
import { isUnknownValue } from "../../policy/framework/unknown";
import type { Cloud, Properties, Resource } from "./cloud";
import { EDGE } from "./edge";
import { executed } from "./jobs";
import { sorted } from "./outputs";
import { ROLLOUT, removeRevisions, rolledOut, type Settled } from "./revisions";

/** Where a resource is made when it does not say so itself. */
export interface Place {
  readonly project: string;
  readonly region: string;
}

/** The part of the provider that differs from type to type. */
export interface Kind {
  /** The canonical id. Known before the resource exists, but for a secret's version. */
  id(inputs: Properties, place: Place, cloud: Cloud): string;
  /** The id of this resource, from the form that an import takes where that is another one. */
  readonly fromImportId?: (id: string) => string;
  /** Google's API that must be enabled. */
  readonly api?: string;
  /** Property paths whose change replaces the resource. */
  readonly replaces: readonly string[];
  /** A change that replaces although each of its properties updates in place. */
  readonly replacesWhen?: (olds: Properties, news: Properties) => boolean;
  /** A change that the provider suppresses. */
  readonly ignores?: (path: string, olds: Properties, news: Properties) => boolean;
  /** Properties that the server chooses where the program is silent: that is no difference. */
  readonly serverChooses: readonly string[];
  /** What the provider fills in before a policy sees the inputs, by path; `[]` goes through a list. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /**
   * Properties that the provider writes into the state in another form than a program does. `id` is empty at preview.
   */
  readonly inState?: (properties: Properties, place: Place, id: string) => Properties;
  /** Properties that every update's detailed difference shows as added although no input has them. */
  readonly alwaysAdded?: readonly string[];
  /** Outputs that a preview knows. */
  readonly early?: (inputs: Properties, place: Place) => Properties;
  /** Outputs that exist only after creation. `before`: those of the resource, where it exists. */
  computed(inputs: Properties, place: Place, id: string, before: Properties): Properties;
  /**
   * What Google does afterwards, while the provider waits: outputs of it, and why it failed. A failure keeps resource
   * and id.
   */
  readonly settles?: (cloud: Cloud, id: string, state: Properties, before: Properties) => Settled;
  /** Properties that live in the provider only, and what an import takes for them. */
  readonly onImport?: Properties;
  /** What the provider never reads back: an import does not have it, a refresh keeps what the state holds. */
  readonly writeOnly?: readonly string[];
  /**
   * What Google says where making one fails in the background. It stays, and the provider forgets its id
   * (magic-modules, resource.go.tmpl).
   */
  readonly background?: string;
  /** Whether other calls may be refused for a while because they do not know it yet. */
  readonly isKnownLate?: boolean;
  /** Making one that exists is no conflict: the API sets it again. */
  readonly upsert?: boolean;
  /** What a delete does where it does not remove the resource. */
  readonly onDelete?: (state: Properties) => "keep" | "disable" | "remove";
  /** What a delete does to other resources. */
  readonly afterDelete?: (cloud: Cloud, state: Properties) => void;
  /** How long a call takes, so that calls can overlap. Default: no time. */
  readonly milliseconds?: number;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const last = (path: unknown) => text(path).split("/").at(-1) ?? "";
const digest = (value: string, length: number) => createHash("sha256").update(value).digest("hex").slice(0, length);
const PROJECT_NUMBER = "123456789012";

const projectOf = (inputs: Properties, place: Place) => text(inputs.project) || place.project;
const regional = (collection: string) => (inputs: Properties, place: Place) =>
  `projects/${projectOf(inputs, place)}/locations/${text(inputs.region ?? inputs.location) || place.region}/${collection}/${text(inputs.name)}`;
const computeId = (collection: string) => (inputs: Properties, place: Place) =>
  `projects/${projectOf(inputs, place)}/${collection}/${text(inputs.name)}`;
const computeRegional = (collection: string) => (inputs: Properties, place: Place) =>
  `projects/${projectOf(inputs, place)}/regions/${text(inputs.region) || place.region}/${collection}/${text(inputs.name)}`;
const selfLink = (_: Properties, __: Place, id: string) => ({ selfLink: `${API_ROOT}${id}` });
const known = (value: unknown): value is string => typeof value === "string" && !isUnknownValue(value);
const API_ROOT = "https://www.googleapis.com/compute/v1/";
/** Where compute has the resource of that path, if it is one. */
const addressed = (path: unknown) => (known(path) && path.startsWith("projects/") ? `${API_ROOT}${path}` : path);
const nothing = () => ({});
const accountEmail = (inputs: Properties, place: Place) =>
  `${text(inputs.accountId)}@${projectOf(inputs, place)}.iam.gserviceaccount.com`;

/** Every resource has a project; those of a region also that. The server fills both in. */
const GLOBAL = { serverChooses: ["project"], defaults: {} };
const REGIONAL = { serverChooses: ["project", "region"], defaults: {} };

const MONITORING = { ...GLOBAL, api: "monitoring" };
const drawn = (collection: string) => (inputs: Properties, place: Place) =>
  `projects/${projectOf(inputs, place)}/${collection}/${BigInt(`0x${digest(text(inputs.displayName ?? inputs.dashboardJson), 15)}`)}`;

const PROBE_DEFAULTS = { failureThreshold: 3, periodSeconds: 10, timeoutSeconds: 1 };
const probeDefaults = Object.fromEntries(
  ["startupProbe", "livenessProbe"].flatMap((probe) =>
    Object.entries(PROBE_DEFAULTS).map(([field, value]) => [`template.containers[].${probe}.${field}`, value]),
  ),
);

/*
 * Sources: provider 7.45 and @pulumi/gcp 9.37 (gcp.md 1.3, 2.2; pulumi.md 6.2; provider.md 2, 3); what an import sets,
 * pulumi.md 6.1; id forms, the provider's documentation of each resource. A type that is missing here does not exist.
 */
export const kinds: Readonly<Record<string, Kind>> = {
  "gcp:projects/service:Service": {
    ...GLOBAL,
    id: (inputs, place) => `${projectOf(inputs, place)}/${text(inputs.service)}`,
    replaces: ["project", "service"],
    computed: nothing,
    isKnownLate: true,
    upsert: true, // enabling what is enabled is no change
    onDelete: ({ disableOnDestroy }) => (disableOnDestroy === false ? "keep" : "remove"),
  },
  "gcp:compute/network:Network": {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/networks"),
    replaces: ["name", "project", "autoCreateSubnetworks"],
    defaults: { autoCreateSubnetworks: true, deleteDefaultRoutesOnCreate: false },
    serverChooses: ["project", "routingMode", "mtu"],
    computed: selfLink,
  },
  "gcp:compute/subnetwork:Subnetwork": {
    ...REGIONAL,
    api: "compute",
    id: computeRegional("subnetworks"),
    replaces: ["name", "project", "region", "network"],
    // A range grows in place and cannot shrink (compute API, expandIpCidrRange).
    replacesWhen: (olds, news) => Number(last(news.ipCidrRange)) > Number(last(olds.ipCidrRange)),
    serverChooses: ["project", "region", "purpose", "stackType"],
    computed: selfLink,
  },
  "gcp:compute/globalAddress:GlobalAddress": {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/addresses"),
    replaces: ["name", "project", "address", "prefixLength", "network", "purpose", "addressType"],
    serverChooses: ["project", "address", "ipVersion"],
    defaults: { addressType: "EXTERNAL" },
    computed: (inputs, place, id, before) => ({
      ...selfLink(inputs, place, id),
      ...(inputs.address === undefined
        ? { address: text(before.address) || `34.110.${Number.parseInt(digest(id, 2), 16)}.7` }
        : {}),
    }),
  },
  "gcp:compute/router:Router": {
    ...REGIONAL,
    api: "compute",
    id: computeRegional("routers"),
    replaces: ["name", "project", "region", "network"],
    computed: selfLink,
  },
  "gcp:compute/routerNat:RouterNat": {
    ...REGIONAL,
    api: "compute",
    id: (inputs, place) =>
      `${projectOf(inputs, place)}/${text(inputs.region) || place.region}/${text(inputs.router)}/${text(inputs.name)}`,
    replaces: ["name", "project", "region", "router"],
    computed: nothing,
  },
  [EDGE.neg]: {
    ...REGIONAL,
    api: "compute",
    id: computeRegional("networkEndpointGroups"),
    // The provider keeps the address that the API answers with (ConvertSelfLinkToV1).
    inState: ({ region }, place) =>
      region === undefined || known(region)
        ? { region: addressed(`projects/${place.project}/regions/${text(region) || place.region}`) }
        : {},
    replaces: [
      "name",
      "project",
      "region",
      "networkEndpointType",
      "cloudRun",
      "appEngine",
      "cloudFunction",
      "description",
    ],
    defaults: { networkEndpointType: "SERVERLESS" },
    computed: selfLink,
  },
  [EDGE.backend]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/backendServices"),
    replaces: ["name", "project"],
    serverChooses: ["project", "protocol", "portName", "timeoutSec", "sessionAffinity"],
    defaults: {
      loadBalancingScheme: "EXTERNAL",
      connectionDrainingTimeoutSec: 300,
      "backends[].balancingMode": "UTILIZATION",
      "backends[].capacityScaler": 1,
    },
    computed: selfLink,
  },
  [EDGE.policy]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/securityPolicies"),
    replaces: ["name", "project", "type"],
    computed: selfLink,
  },
  [EDGE.urlMap]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/urlMaps"),
    inState: ({ pathMatchers }) =>
      Array.isArray(pathMatchers)
        ? {
            pathMatchers: pathMatchers.map((matcher: Properties) => ({
              ...matcher,
              defaultService: addressed(matcher.defaultService),
            })),
          }
        : {},
    replaces: ["name", "project"],
    computed: selfLink,
  },
  [EDGE.tls]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/sslPolicies"),
    replaces: ["name", "project"],
    defaults: { profile: "COMPATIBLE", minTlsVersion: "TLS_1_0" },
    computed: selfLink,
  },
  [EDGE.certificate]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/sslCertificates"),
    replaces: ["name", "project", "managed", "description", "type"],
    defaults: { type: "MANAGED" },
    // as long as it is not issued
    computed: (inputs, place, id) => ({ ...selfLink(inputs, place, id), subjectAlternativeNames: [], expireTime: "" }),
  },
  [EDGE.httpsProxy]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/targetHttpsProxies"),
    replaces: ["name", "project"],
    defaults: { quicOverride: "NONE" },
    computed: selfLink,
  },
  [EDGE.httpProxy]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/targetHttpProxies"),
    replaces: ["name", "project"],
    computed: selfLink,
  },
  [EDGE.rule]: {
    ...GLOBAL,
    api: "compute",
    id: computeId("global/forwardingRules"),
    // A port is a range (PortRangeDiffSuppress).
    inState: ({ portRange }) =>
      known(portRange) && /^\d+$/.test(portRange) ? { portRange: `${portRange}-${portRange}` } : {},
    replaces: ["name", "project", "ipAddress", "ipProtocol", "ipVersion", "portRange", "loadBalancingScheme"],
    // An address that is not known yet is no difference at preview, and replaces at `up` (magic-modules,
    // InternalIpDiffSuppress).
    ignores: (path, _, news) => path === "ipAddress" && isUnknownValue(news.ipAddress),
    defaults: { loadBalancingScheme: "EXTERNAL" },
    computed: selfLink,
  },
  "gcp:servicenetworking/connection:Connection": {
    serverChooses: [],
    defaults: {},
    api: "servicenetworking",
    id: ({ network, service }) => `${encodeURIComponent(text(network))}:${text(service)}`,
    replaces: ["network", "service"],
    computed: () => ({ peering: "servicenetworking-googleapis-com" }),
  },
  "gcp:vpcaccess/connector:Connector": {
    ...REGIONAL,
    api: "vpcaccess",
    id: regional("connectors"),
    replaces: ["name", "project", "region", "network", "ipCidrRange", "subnet", "minThroughput", "maxThroughput"],
    replacesWhen: (olds, news) =>
      Number(news.minInstances) < Number(olds.minInstances) || Number(news.maxInstances) < Number(olds.maxInstances),
    serverChooses: ["project", "region", "minThroughput", "maxThroughput", "minInstances", "maxInstances"],
    defaults: { machineType: "e2-micro" },
    computed: (_, __, id) => ({ selfLink: id, state: "READY", connectedProjects: [] }),
    background:
      "Error waiting to create Connector: Error waiting for Creating Connector: Error code 13, message: An internal error occurred: VPC Access connector failed to get healthy. Please check GCE quotas, logs and org policies and recreate.",
  },
  "gcp:sql/databaseInstance:DatabaseInstance": {
    ...REGIONAL,
    api: "sqladmin",
    id: ({ name }) => text(name),
    fromImportId: (id) => last(id),
    replaces: ["name", "project", "region"],
    // Removing the private network and moving to another one are forced to replace; the first one is added in place.
    replacesWhen: (olds, news) => privateNetwork(olds) !== undefined && privateNetwork(olds) !== privateNetwork(news),
    // Storage only grows; with automatic increase the provider suppresses a smaller value (provider.md 3).
    ignores: (path, olds, news) => path === "settings.diskSize" && diskSize(news) < diskSize(olds),
    serverChooses: [
      "project",
      "region",
      "databaseVersion",
      "settings.edition",
      "settings.diskSize",
      "settings.diskType",
      "settings.version",
      "settings.userLabels",
    ],
    defaults: {
      deletionProtection: true,
      "settings.activationPolicy": "ALWAYS",
      "settings.availabilityType": "ZONAL",
      "settings.diskAutoresize": true,
      "settings.pricingPlan": "PER_USE",
    },
    onImport: { deletionProtection: true },
    computed: (inputs, place, _, before) => ({
      connectionName: `${projectOf(inputs, place)}:${text(inputs.region) || place.region}:${text(inputs.name)}`,
      privateIpAddress: privateNetwork(inputs) === undefined ? "" : text(before.privateIpAddress) || "10.107.0.3",
      publicIpAddress: ipConfiguration(inputs).ipv4Enabled === false ? "" : "34.72.1.2",
      serviceAccountEmailAddress: `p${PROJECT_NUMBER}@gcp-sa-cloud-sql.iam.gserviceaccount.com`,
      maintenanceVersion: "POSTGRES_14_13.R20250901.00_00",
    }),
    afterDelete: (cloud, state) => {
      for (const part of ["gcp:sql/database:Database", "gcp:sql/user:User"])
        removeParts(part, ({ instance }, { name }) => instance === name)(cloud, state);
      // Google keeps what lies behind the address for up to four days (Cloud SQL, "Delete instances"), and the
      // connection with it.
      const network = privateNetwork(state);
      if (network !== undefined) cloud.put({ type: PRODUCER, id: text(network), properties: {} });
    },
  },
  "gcp:sql/database:Database": {
    ...GLOBAL,
    id: (inputs, place) =>
      `projects/${projectOf(inputs, place)}/instances/${text(inputs.instance)}/databases/${text(inputs.name)}`,
    replaces: ["name", "project", "instance"],
    serverChooses: ["project", "charset", "collation"],
    onImport: { deletionPolicy: "DELETE" },
    defaults: { deletionPolicy: "DELETE" },
    computed: nothing,
  },
  "gcp:sql/user:User": {
    ...GLOBAL,
    id: ({ name, host, instance }) => `${text(name)}/${text(host)}/${text(instance)}`,
    fromImportId: (id) => {
      const [, instance, name] = id.split("/");
      return id.includes("//") ? id : `${name}//${instance}`;
    },
    replaces: ["name", "project", "instance", "host", "type"],
    writeOnly: ["password"],
    upsert: true, // inserting a user that exists sets its password, which is how `postgres` is managed
    onDelete: ({ deletionPolicy }) => (deletionPolicy === "ABANDON" ? "keep" : "remove"),
    computed: nothing,
  },
  "gcp:redis/instance:Instance": {
    ...REGIONAL,
    api: "redis",
    id: regional("instances"),
    replaces: [
      "name",
      "project",
      "region",
      "tier",
      "connectMode",
      "authorizedNetwork",
      "reservedIpRange",
      "transitEncryptionMode",
    ],
    // An older version replaces (resource_redis_instance.go, isRedisVersionDecreasing).
    replacesWhen: (olds, news) => text(news.redisVersion) < text(olds.redisVersion),
    serverChooses: ["project", "region", "redisVersion", "authorizedNetwork", "locationId"],
    defaults: { tier: "BASIC", connectMode: "DIRECT_PEERING", transitEncryptionMode: "DISABLED" },
    // Nobody but whoever made it knows the range that was asked for; only the effective one is read (magic-modules,
    // redis/Instance.yaml, ignore_read).
    writeOnly: ["reservedIpRange"],
    computed: ({ authEnabled, reservedIpRange }, _, id, before) => ({
      effectiveReservedIpRange: text(before.effectiveReservedIpRange) || text(reservedIpRange) || "10.166.204.80/29",
      host: "10.166.204.83",
      port: 6379,
      authString:
        authEnabled === true
          ? text(before.authString) || `${digest(id, 8)}-0000-4000-8000-${digest(`auth ${id}`, 12)}`
          : "",
      currentLocationId: "us-central1-a",
    }),
    background:
      "Error waiting to create Instance: Error waiting for Creating Instance: Error code 13, message: an internal error has occurred",
  },
  "gcp:secretmanager/secret:Secret": {
    ...GLOBAL,
    api: "secretmanager",
    id: (inputs, place) => `projects/${projectOf(inputs, place)}/secrets/${text(inputs.secretId)}`,
    replaces: ["secretId", "project", "replication"],
    defaults: { deletionProtection: false },
    onImport: { deletionProtection: false },
    afterDelete: removeParts(
      "gcp:secretmanager/secretVersion:SecretVersion",
      ({ secret }, { secretId }) => last(secret) === secretId,
    ),
    computed: (inputs) => ({
      name: `projects/${PROJECT_NUMBER}/secrets/${text(inputs.secretId)}`,
      createTime: "2025-09-01T00:00:00Z",
    }),
  },
  "gcp:secretmanager/secretVersion:SecretVersion": {
    serverChooses: [],
    api: "secretmanager",
    // Secret Manager numbers versions itself, and names them with the project's number.
    id: ({ secret }, _, cloud) =>
      `projects/${PROJECT_NUMBER}/secrets/${last(secret)}/versions/${versionsOf(cloud, last(secret)).length + 1}`,
    fromImportId: (id) => id.replace(/^projects\/[^/]+/, `projects/${PROJECT_NUMBER}`),
    replaces: ["secret", "secretData"],
    defaults: { deletionPolicy: "DELETE", enabled: true },
    onImport: { deletionPolicy: "DELETE" },
    onDelete: ({ deletionPolicy }) =>
      ({ DISABLE: "disable" as const, ABANDON: "keep" as const })[text(deletionPolicy)] ?? "remove",
    computed: (_, __, id) => ({ name: id, version: last(id), createTime: "2025-09-01T00:00:00Z" }),
  },
  "gcp:secretmanager/secretIamMember:SecretIamMember": {
    ...GLOBAL,
    id: (inputs, place) =>
      `projects/${projectOf(inputs, place)}/secrets/${last(inputs.secretId)}/${text(inputs.role)}/${text(inputs.member)}`,
    inState: (inputs, place) =>
      known(inputs.secretId)
        ? { secretId: `projects/${projectOf(inputs, place)}/secrets/${last(inputs.secretId)}` }
        : {},
    replaces: ["secretId", "project", "role", "member"],
    upsert: true,
    computed: () => ({ etag: "BwYXpd" }),
  },
  "gcp:serviceaccount/account:Account": {
    ...GLOBAL,
    api: "iam",
    id: (inputs, place) => `projects/${projectOf(inputs, place)}/serviceAccounts/${accountEmail(inputs, place)}`,
    replaces: ["accountId", "project"],
    early: (inputs, place) => ({
      email: accountEmail(inputs, place),
      member: `serviceAccount:${accountEmail(inputs, place)}`,
    }),
    computed: (inputs, place) => ({
      name: `projects/${projectOf(inputs, place)}/serviceAccounts/${accountEmail(inputs, place)}`,
      uniqueId: "104857600000000000000",
    }),
  },
  "gcp:projects/iAMMember:IAMMember": {
    serverChooses: [],
    defaults: {},
    id: ({ project, role, member }) => `${text(project)}/${text(role)}/${text(member)}`,
    replaces: ["project", "role", "member"],
    upsert: true,
    computed: () => ({ etag: "BwYXpd" }),
  },
  "gcp:cloudrunv2/service:Service": {
    api: "run",
    id: regional("services"),
    replaces: ["name", "project", "location"],
    serverChooses: [
      "project",
      "client",
      "clientVersion",
      "ingress",
      "launchStage",
      "template.revision",
      "template.scaling",
      "template.executionEnvironment",
      "template.timeout",
      "template.maxInstanceRequestConcurrency",
      "template.serviceAccount",
    ],
    defaults: { deletionProtection: true, ...probeDefaults, "template.containers[].startupProbe.httpGet.path": "/" },
    onImport: { deletionProtection: true },
    // Nothing of the program's has them.
    alwaysAdded: ["template.annotations"],
    computed: (inputs, place, id, before) => {
      const generation = String(Number(before.generation ?? 0) + 1);
      const host = `${text(inputs.location) || place.region}.run.app`;
      const uri = `https://${text(inputs.name)}-${digest(id, 10)}-uc.a.run.app`;
      return {
        uri,
        urls: [`https://${text(inputs.name)}-${PROJECT_NUMBER}.${host}`, uri],
        generation,
        // What the rollout makes of them: revisions.ts.
        ...Object.fromEntries(ROLLOUT.map((output) => [output, before[output]])),
        creator: `deployer@${projectOf(inputs, place)}.iam.gserviceaccount.com`,
      };
    },
    settles: rolledOut,
    afterDelete: (cloud, { name }) => removeRevisions(cloud, text(name)),
    milliseconds: 60,
  },
  "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": {
    serverChooses: ["project", "location"],
    defaults: {},
    id: (inputs, place) => `${regional("services")(inputs, place)}/${text(inputs.role)}/${text(inputs.member)}`,
    replaces: ["name", "project", "location", "role", "member"],
    upsert: true,
    computed: () => ({ etag: "BwYXpd" }),
  },
  "gcp:cloudrunv2/job:Job": {
    api: "run",
    id: regional("jobs"),
    replaces: ["name", "project", "location"],
    serverChooses: ["project", "client", "clientVersion", "launchStage"],
    defaults: { deletionProtection: true },
    onImport: { deletionProtection: true },
    // An execution belongs to whoever asked for it: nothing of it is read back.
    writeOnly: ["runExecutionToken"],
    computed: (_, __, ___, before) => ({
      generation: String(Number(before.generation ?? 0) + 1),
      terminalConditions: before.terminalConditions,
    }),
    settles: executed,
    milliseconds: 60,
  },
  "gcp:cloudrunv2/workerPool:WorkerPool": {
    ...GLOBAL,
    api: "run",
    id: regional("workerPools"),
    replaces: ["name", "project", "location"],
    computed: nothing,
  },
  "gcp:cloudrun/service:Service": {
    ...GLOBAL,
    api: "run",
    id: (inputs, place) =>
      `locations/${text(inputs.location) || place.region}/namespaces/${projectOf(inputs, place)}/services/${text(inputs.name)}`,
    replaces: ["name", "project", "location"],
    computed: nothing,
  },
  // Google draws most of these ids; here they follow from the title, so that two clouds can be compared.
  "gcp:monitoring/notificationChannel:NotificationChannel": {
    ...MONITORING,
    id: drawn("notificationChannels"),
    replaces: ["project"],
    defaults: { enabled: true, forceDelete: false },
    writeOnly: ["sensitiveLabels"],
    computed: (_, __, id) => ({ name: id, verificationStatus: "" }),
  },
  "gcp:monitoring/alertPolicy:AlertPolicy": {
    ...MONITORING,
    id: drawn("alertPolicies"),
    inState: ({ conditions }, _, id) =>
      Array.isArray(conditions) && id !== ""
        ? { conditions: conditions.map((condition, i) => ({ ...condition, name: `${id}/conditions/${i + 1}` })) }
        : {},
    replaces: ["project"],
    defaults: { enabled: true },
    computed: (_, __, id) => ({ name: id }),
  },
  "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig": {
    ...MONITORING,
    id: drawn("uptimeCheckConfigs"),
    replaces: ["project", "monitoredResource", "httpCheck.requestMethod"],
    defaults: { period: "300s" },
    computed: (_, __, id) => ({ name: id, uptimeCheckId: last(id) }),
  },
  "gcp:monitoring/customService:CustomService": {
    ...MONITORING,
    id: (inputs, place) => `projects/${projectOf(inputs, place)}/services/${text(inputs.serviceId)}`,
    replaces: ["project", "serviceId"],
    computed: (_, __, id) => ({ name: id }),
  },
  "gcp:monitoring/slo:Slo": {
    ...MONITORING,
    id: (inputs, place) =>
      `projects/${projectOf(inputs, place)}/services/${text(inputs.service)}/serviceLevelObjectives/${text(inputs.sloId)}`,
    replaces: ["project", "service", "sloId"],
    computed: (_, __, id) => ({ name: id }),
  },
  "gcp:monitoring/dashboard:Dashboard": {
    ...MONITORING,
    id: drawn("dashboards"),
    inState: ({ dashboardJson }, _, id) =>
      known(dashboardJson) && id !== ""
        ? { dashboardJson: sorted({ ...JSON.parse(dashboardJson), etag: digest(dashboardJson, 8), name: id }) }
        : {},
    replaces: ["project"],
    computed: nothing,
  },
  "gcp:logging/metric:Metric": {
    ...GLOBAL,
    api: "logging",
    id: ({ name }) => text(name),
    replaces: ["project", "name"],
    computed: nothing,
    isKnownLate: true,
  },
  "gcp:cloudfunctionsv2/function:Function": {
    ...GLOBAL,
    id: regional("functions"),
    replaces: ["name", "project", "location"],
    computed: nothing,
  },
};

/**
 * What Google's producer still holds behind a services connection when the last instance is gone. No resource of the
 * provider's.
 */
export const PRODUCER = "producer:servicenetworking/resources:Resources";

/** Deletes what goes with its whole. */
function removeParts(type: string, isPart: (part: Properties, whole: Properties) => boolean) {
  return (cloud: Cloud, whole: Properties) => {
    for (const part of cloud.ofType(type)) if (isPart(part.properties, whole)) cloud.remove(type, part.id);
  };
}

const ipConfiguration = (instance: Properties): Properties =>
  ((instance.settings as Properties | undefined)?.ipConfiguration as Properties | undefined) ?? {};
const privateNetwork = (instance: Properties): unknown => ipConfiguration(instance).privateNetwork;
const diskSize = (instance: Properties): number => Number((instance.settings as Properties | undefined)?.diskSize ?? 0);

/** The versions of a secret, the first one first. */
export function versionsOf(cloud: Cloud, secretId: string) {
  return cloud
    .ofType("gcp:secretmanager/secretVersion:SecretVersion")
    .filter(({ id }) => id.split("/").at(-3) === secretId)
    .toSorted((a, b) => Number(last(a.id)) - Number(last(b.id)));
}

/** Adds a version to a secret as a person does. */
export function addVersion(cloud: Cloud, secretId: string, secretData: string): void {
  const id = `projects/${PROJECT_NUMBER}/secrets/${secretId}/versions/${versionsOf(cloud, secretId).length + 1}`;
  const properties = {
    secret: secretId,
    secretData,
    enabled: true,
    name: id,
    version: last(id),
    createTime: "2025-09-01T00:00:00Z",
  };
  cloud.put({ type: "gcp:secretmanager/secretVersion:SecretVersion", id, properties });
}

/** Whether people have added it: such a version is nobody's in the state. */
export const isSecretVersionOfPeople = ({ type, properties }: Resource): boolean =>
  type === "gcp:secretmanager/secretVersion:SecretVersion" &&
  text(properties.secretData).startsWith("issued elsewhere for ");
