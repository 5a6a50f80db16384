import { closest } from "fastest-levenshtein";
import type { InputProblem } from "../capacity/problem";
import { APIS } from "./apis";
import { backendNames, edgeNames, servicesBehind } from "./edge-names";
import { shown } from "./references";
import {
  CONNECTOR,
  FORWARDING_RULE,
  GLOBAL_ADDRESS,
  HTTPS_PROXY,
  MANAGED_CERTIFICATE,
  NETWORK,
  REDIS,
  REGION_NEG,
  ROUTER,
  ROUTER_NAT,
  RUN_JOB,
  RUN_SERVICE,
  SECRET,
  SECURITY_POLICY,
  SERVICE_ACCOUNT,
  SERVICES_CONNECTION,
  SQL_DATABASE,
  SQL_INSTANCE,
  SSL_POLICY,
  SUBNETWORK,
  URL_MAP,
} from "./resource-types";
import type { ServiceSettings, Settings } from "./schema";

/*
 * The resources that may exist before the stack does, and are then imported. The stack always creates secret versions
 * (the old values are compromised), database users and IAM members (setting one twice is no conflict).
 */

/** A resource of the program, and the one id under which the engine may import it. */
export interface Adoptable {
  /** Pulumi's type token. */
  readonly type: string;
  /** The resource's name in the program. Two types may share one. */
  readonly name: string;
  /** The id as the provider returns it: an import under another form would be another resource to the engine. */
  readonly id: string;
}

/** The settings that ids are made of, and the list of resources that exist. */
export interface AdoptionSettings
  extends Pick<
    Settings,
    | "project"
    | "region"
    | "network"
    | "connector"
    | "database"
    | "cache"
    | "secrets"
    | "hosts"
    | "edge"
    | "migrations"
    | "adopt"
  > {
  readonly services: Readonly<Record<string, Pick<ServiceSettings, "name" | "account">>>;
}

/**
 * Every resource of the settings that can be adopted. Source of the id forms: the provider's documentation of each
 * resource, section Import.
 */
export function adoptables(settings: Omit<AdoptionSettings, "adopt">): Adoptable[] {
  const { project, region, network, connector, database, cache, secrets, services, migrations } = settings;
  const { vpc, subnet, privateServicesRange, nat } = network;
  const vpcId = `projects/${project}/global/networks/${vpc}`;
  const inRegion = `projects/${project}/regions/${region}`;
  const located = `projects/${project}/locations/${region}`;
  const instanceId = `projects/${project}/instances/${database.name}`;
  return [
    ...APIS.map((api) => ({
      type: "gcp:projects/service:Service",
      name: `api-${api}`,
      id: `${project}/${api}.googleapis.com`,
    })),
    { type: NETWORK, name: vpc, id: vpcId },
    { type: SUBNETWORK, name: subnet, id: `${inRegion}/subnetworks/${subnet}` },
    {
      type: GLOBAL_ADDRESS,
      name: privateServicesRange,
      id: `projects/${project}/global/addresses/${privateServicesRange}`,
    },
    {
      type: SERVICES_CONNECTION,
      name: `${vpc}-services`,
      id: `${encodeURIComponent(vpcId)}:servicenetworking.googleapis.com`,
    },
    ...(nat
      ? [
          { type: ROUTER, name: `${nat.name}-router`, id: `${inRegion}/routers/${nat.name}-router` },
          { type: ROUTER_NAT, name: nat.name, id: `${project}/${region}/${nat.name}-router/${nat.name}` },
        ]
      : []),
    { type: CONNECTOR, name: connector.name, id: `${located}/connectors/${connector.name}` },
    { type: SQL_INSTANCE, name: database.name, id: instanceId },
    { type: SQL_DATABASE, name: database.database, id: `${instanceId}/databases/${database.database}` },
    { type: REDIS, name: cache.name, id: `${located}/instances/${cache.name}` },
    ...Object.values(secrets).map(({ id }) => ({ type: SECRET, name: id, id: `projects/${project}/secrets/${id}` })),
    ...[
      ...Object.values(services).map((service) => ({ ...service, type: RUN_SERVICE, collection: "services" })),
      ...[database.roles, ...(migrations ? [migrations] : [])].map((job) => ({
        ...job,
        type: RUN_JOB,
        collection: "jobs",
      })),
    ].flatMap(({ name, account, type, collection }) => [
      {
        type: SERVICE_ACCOUNT,
        name: account,
        id: `projects/${project}/serviceAccounts/${account}@${project}.iam.gserviceaccount.com`,
      },
      { type, name, id: `${located}/${collection}/${name}` },
    ]),
    ...edgeAdoptables(settings),
  ];
}

/** The load balancer's parts. The existing one has other, unrecorded names: only its address is adopted. */
function edgeAdoptables({ project, region, edge, hosts, services }: Omit<AdoptionSettings, "adopt">): Adoptable[] {
  if (!edge) return [];
  const names = edgeNames(edge);
  const part = (type: string, collection: string, name: string, place = "global"): Adoptable => ({
    type,
    name,
    id: `projects/${project}/${place}/${collection}/${name}`,
  });
  return [
    part(GLOBAL_ADDRESS, "addresses", names.address),
    part(SECURITY_POLICY, "securityPolicies", names.policy),
    part(SSL_POLICY, "sslPolicies", names.tls),
    ...names.certificates.map(({ name }) => part(MANAGED_CERTIFICATE, "sslCertificates", name)),
    ...[names.routes, names.redirect].map((name) => part(URL_MAP, "urlMaps", name)),
    part(HTTPS_PROXY, "targetHttpsProxies", names.httpsProxy),
    part("gcp:compute/targetHttpProxy:TargetHttpProxy", "targetHttpProxies", names.httpProxy),
    ...[names.https, names.http].map((name) => part(FORWARDING_RULE, "forwardingRules", name)),
    ...servicesBehind({ hosts, services }).flatMap(([key, service]) => {
      const { group, backend } = backendNames(edge, key, service.name);
      return [
        part(REGION_NEG, "networkEndpointGroups", group, `regions/${region}`),
        part("gcp:compute/backendService:BackendService", "backendServices", backend),
      ];
    }),
  ];
}

/**
 * A property that the provider never reads back, and whose change replaces the resource: an import that took it from
 * the program would replace the existing resource.
 */
interface NotReadBack {
  readonly type: string;
  readonly property: string;
  readonly setting: string;
  /** Whether the program states it. */
  readonly isStated: (settings: AdoptionSettings) => boolean;
  /** Completes "because". */
  readonly because: string;
  readonly source: string;
}

/**
 * The components state these properties at creation and ignore later changes (`ignoreChanges`), so an import leaves
 * them out and no later update adds them. The list is complete for the types that can be adopted: the inputs of each
 * were compared with what the provider reads (`ignore_read` and `ImportStateVerifyIgnore` in its sources). Other
 * properties that are not read back update in place: `deletionProtection`, `disableOnDestroy`.
 */
export const NOT_READ_BACK: readonly NotReadBack[] = [
  {
    type: REDIS,
    property: "reservedIpRange",
    setting: "netra:cache.reservedIpRange",
    isStated: ({ cache }) => cache.reservedIpRange !== undefined,
    because: "the provider reads back only the effective range, and adding this one later would replace the instance",
    source:
      "GoogleCloudPlatform/magic-modules, mmv1/products/redis/Instance.yaml (ignore_read); google/services/redis/resource_redis_instance_generated_test.go",
  },
];

/** The resources that `netra:adopt` lists. */
export const adopted = (settings: AdoptionSettings): Adoptable[] =>
  adoptables(settings).filter(({ name, id }) => settings.adopt[name] === id);

/** The properties that the imports of the listed resources leave out, in a sentence each. */
export function leftOutOfImports(settings: AdoptionSettings): string[] {
  return adopted(settings).flatMap(({ type, name }) =>
    NOT_READ_BACK.filter((entry) => entry.type === type && entry.isStated(settings)).map(
      ({ property, setting, because }) =>
        `'${name}' is imported without ${property} because ${because}; '${setting}' must be what the cloud has`,
    ),
  );
}

/** The problems of `netra:adopt`: a name that no adoptable resource has, or an id that is not the canonical one. */
export function adoptionProblems(settings: AdoptionSettings): InputProblem[] {
  const all = adoptables(settings);
  return Object.entries(settings.adopt).flatMap(([name, id]) => {
    const setting = `netra:adopt.${name}`;
    const ids = all.filter((adoptable) => adoptable.name === name).map((adoptable) => adoptable.id);
    if (ids.includes(id)) return [];
    if (ids.length > 0)
      return [
        {
          setting,
          message: `'${setting}' (${shown(id)}) must be the canonical id of what the settings describe because to the engine every other form is another resource; set '${setting}' to ${ids.join(" or ")}`,
        },
      ];
    const meant =
      all.find((adoptable) => adoptable.id === id)?.name ??
      closest(name, [...new Set(all.map((adoptable) => adoptable.name))]);
    return [
      {
        setting,
        message: `'${setting}' (${shown(id)}) must be the name of a resource that the program can import because the list is looked up by name (versions of secrets, database users and IAM members are always made anew); rename it to 'netra:adopt.${meant}', or remove it`,
      },
    ];
  });
}
