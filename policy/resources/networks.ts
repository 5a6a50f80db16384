import { NETWORK, REDIS, SUBNETWORK } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { type CloudName, namedBy, ownName, regionOf } from "./cloud-name";
import { connectorOf } from "./connectors";
import { addressesOf, settingsOf } from "./database";
import { dependenciesOf } from "./dependencies";
import { subnetworkOf } from "./subnetworks";
import { clientContainers, databasesOf } from "./used-databases";
import { networkInterfacesOf } from "./vpc-access";
import { regionsOf, type Workload } from "./workload";

/* The VPC networks of resources, as far as they are known: `undefined` stands for any. */

/** The project and name of a network. */
type NetworkName = CloudName;

/**
 * The network that a text names, else the only one that the resource refers to or depends on: the id of a new network
 * is unknown.
 */
export function networkOf(resource: StackResource, stated: string | undefined): NetworkName | undefined {
  const named = namedBy(resource, stated, "networks");
  if (named) return named;
  const referenced = resource.propertyDependencies.filter(({ type }) => type === NETWORK);
  const [network, ...others] = new Set(referenced.length > 0 ? referenced : dependenciesOf(resource, [NETWORK]));
  return network && others.length === 0
    ? { ...ownName(network), collection: "networks", location: undefined }
    : undefined;
}

/** A subnetwork's own network. */
const networkOfSubnet = (subnet: StackResource) => networkOf(subnet, subnet.properties.knownOnly().text("network"));

/** A setting that puts a resource into a network. */
export interface InNetwork {
  readonly resource: StackResource;
  readonly setting: string;
  readonly network: NetworkName;
  /** The setting names a subnetwork of the network. */
  readonly bySubnet?: true;
}

/** The known networks that a workload's connector and network interfaces lead into. */
export function networksBehind(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): InNetwork[] {
  const connectors = connectorOf(resource, workload, resources)?.candidates ?? [];
  const known = connectors.flatMap((connector) => connectorNetwork(connector, resources) ?? []);
  // Of several candidates it is not known which one the workload uses.
  return [...(connectors.length === 1 ? known : []), ...interfaceNetworks(resource, workload, resources)];
}

function connectorNetwork(connector: StackResource, resources: readonly StackResource[]): InNetwork | undefined {
  const { properties } = connector;
  const subnet = properties.isUnknown("subnet") ? undefined : properties.object("subnet");
  if (!subnet?.mayHave("name")) {
    const network = networkOf(connector, properties.knownOnly().text("network"));
    return network && subnet && { resource: connector, setting: properties.at("network"), network };
  }
  const { name, projectId } = {
    name: subnet.knownOnly().text("name"),
    projectId: subnet.knownOnly().text("projectId"),
  };
  const path = name && projectId ? `projects/${projectId}/regions/${regionOf(connector)}/subnetworks/${name}` : name;
  const found = subnetworkOf(connector, path, [regionOf(connector)], resources).subnet;
  const network = found && networkOfSubnet(found);
  return network && { resource: connector, setting: subnet.at("name"), network, bySubnet: true };
}

function interfaceNetworks(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): InNetwork[] {
  return networkInterfacesOf(workload).flatMap(
    ({ setting, networkSetting, network: stated, subnetwork }): InNetwork[] => {
      const within = namedBy(resource, subnetwork, "subnetworks");
      const named = namedBy(resource, stated, "networks");
      // A network without a project is in the project of the subnetwork beside it.
      if (named)
        return [
          {
            resource,
            setting: networkSetting,
            network: stated?.includes("/") ? named : { ...named, project: within?.project ?? named.project },
          },
        ];
      const referenced = resource.propertyDependencies.filter(({ type }) => type === NETWORK || type === SUBNETWORK);
      const subnet = within
        ? subnetworkOf(resource, subnetwork, regionsOf(workload), resources).subnet
        : referenced.find(({ type }) => type === SUBNETWORK);
      const network = subnet
        ? networkOfSubnet(subnet)
        : referenced.length === 1
          ? networkOf(resource, undefined)
          : undefined;
      return network
        ? [
            {
              resource,
              setting: subnetwork === undefined ? networkSetting : setting,
              network,
              ...(subnet ? { bySubnet: true } : {}),
            },
          ]
        : [];
    },
  );
}

/** The networks of a workload's databases and caches that have only private addresses. */
export function privateEndpoints(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): InNetwork[] {
  const databases = clientContainers(workload, resources).flatMap(
    (container) => databasesOf(resource, workload, container, resources)?.instances ?? [],
  );
  return [
    ...databases.filter(isPrivateOnly).map(databaseNetwork),
    ...usedCaches(resource, workload).map(cacheNetwork),
  ].flatMap((end) => end ?? []);
}

/** Names of variables that hold a cache's address. */
const CACHE = /(^|_)(REDIS|MEMORYSTORE|VALKEY|CACHE)(_|$)/i;

/**
 * The caches whose outputs a workload uses; if a variable with an unknown value names a cache, those it depends on.
 * Unlike `cachesOf` of private-stores.ts, it leaves out caches that the workload only may use, which no rule refuses
 * for their network.
 */
function usedCaches(resource: StackResource, { containers }: Workload): StackResource[] {
  const referenced = resource.propertyDependencies.filter(({ type }) => type === REDIS);
  if (referenced.length > 0) return [...new Set(referenced)];
  const isTold = containers.some(({ variables }) =>
    variables.some(({ name, inputs }) => CACHE.test(name) && inputs.isUnknown("value")),
  );
  return isTold ? dependenciesOf(resource, [REDIS]) : [];
}

/** It has no public address and no Private Service Connect, whose endpoints may be in any network. */
const isPrivateOnly = (instance: StackResource) =>
  !addressesOf(instance).isPublic &&
  !settingsOf(instance)
    .object("ipConfiguration")
    .list("pscConfigs")
    .some((psc) => psc.flag("pscEnabled"));

/** The network of an instance's private address. */
export function databaseNetwork(instance: StackResource): InNetwork | undefined {
  const settings = settingsOf(instance);
  const ip = settings.isUnknown("ipConfiguration") ? undefined : settings.object("ipConfiguration");
  if (!ip?.mayHave("privateNetwork")) return undefined;
  const network = networkOf(instance, ip.knownOnly().text("privateNetwork"));
  return network && { resource: instance, setting: ip.at("privateNetwork"), network };
}

/** The network of a cache's address. Google's default is the project's network `default`. */
export function cacheNetwork(cache: StackResource): InNetwork | undefined {
  const { properties } = cache;
  const stated = properties.mayHave("authorizedNetwork") ? properties.knownOnly().text("authorizedNetwork") : "default";
  const network = networkOf(cache, stated);
  return network && { resource: cache, setting: properties.at("authorizedNetwork"), network };
}

/** A network as messages and programs write it. */
export const networkPath = ({ project, name }: NetworkName): string =>
  project ? `projects/${project}/global/networks/${name}` : name;
