import type { DatabaseAddresses, DatabaseRoute, Dialing } from "../../capacity/constraints/path";
import { ROUTER_NAT } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { regionOf } from "./cloud-name";
import { connectorOf } from "./connectors";
import { addressesOf } from "./database";
import { endpointsIn, isLoopback, knownValue, namesDatabase, namesInstance } from "./database-names";
import { isHostName, isPrivateHost } from "./endpoints";
import { servesInternet } from "./nat";
import { argumentsOf, isProxy } from "./sidecars";
import { subnetworkOf } from "./subnetworks";
import { callsAdminApi, usesSocket } from "./used-databases";
import { egressOf, networkInterfacesOf, vpcAccessOf } from "./vpc-access";
import { type Container, regionsOf, secretSourceOf, type Workload, workloadOf } from "./workload";

/**
 * How a container reaches a database of the stack. `undefined`: the container names a host that only DNS resolves, or
 * an address of a kind that this database does not have, so that it may mean another database.
 */
export function databaseRouteOf(
  resource: StackResource,
  workload: Workload,
  container: Container,
  instance: StackResource,
  resources: readonly StackResource[],
): DatabaseRoute | undefined {
  const database = addressesOf(instance);
  const dialing = dialingOf(workload, container);
  if (dialing === undefined || (dialing.dials === "address" && isOther(dialing.address, database))) return undefined;
  return { ...dialing, ...workloadEgress(resource, workload, resources), database };
}

const isOther = (address: "public" | "private" | undefined, { isPublic, isPrivate }: DatabaseAddresses) =>
  (address === "public" && !isPublic) || (address === "private" && !isPrivate && isPublic);

/** Where the packets of a workload leave. */
export function workloadEgress(resource: StackResource, workload: Workload, resources: readonly StackResource[]) {
  // In outputs a preview does not know an egress that the program left out; it is the default.
  const known = workloadOf({ ...resource, properties: resource.properties.knownOnly() }) ?? workload;
  return {
    egress: egressOf(known),
    vpcAccess: vpcAccessKind(workload),
    hasNat: regionsWithoutNat(workload, resources).length === 0,
    privateGoogleAccess: privateGoogleAccessOf(resource, workload, resources),
  } as const;
}

/** The regions of a workload in which no NAT of the stack leads to the internet. */
export const regionsWithoutNat = (workload: Workload, resources: readonly StackResource[]): string[] =>
  regionsOf(workload).filter(
    (region) => !ofTypes(resources, ROUTER_NAT).some((nat) => servesInternet(nat, region, workload, resources)),
  );

function vpcAccessKind(workload: Workload): DatabaseRoute["vpcAccess"] {
  const { inputs, keys, connected } = vpcAccessOf(workload);
  if (inputs.mayHave(keys.connector)) return "connector";
  return connected ? "direct-vpc" : "none";
}

/**
 * Private Google Access of the subnetworks that packets leave through: off if it is off in one of them, unknown if it
 * is unknown in one.
 */
function privateGoogleAccessOf(
  resource: StackResource,
  workload: Workload,
  resources: readonly StackResource[],
): boolean | undefined {
  const subnets = [
    ...interfaceSubnets(resource, workload, resources),
    ...connectorSubnets(resource, workload, resources),
  ];
  const access = subnets.map((subnet) => {
    if (!subnet || subnet.properties.isUnknown("privateIpGoogleAccess")) return undefined;
    return subnet.properties.flag("privateIpGoogleAccess") ?? false;
  });
  if (access.includes(false)) return false;
  return access.length === 0 || access.includes(undefined) ? undefined : true;
}

const interfaceSubnets = (resource: StackResource, workload: Workload, resources: readonly StackResource[]) =>
  networkInterfacesOf(workload).map(
    ({ subnetwork }) => subnetworkOf(resource, subnetwork, regionsOf(workload), resources).subnet,
  );

/** A connector with its own range uses a hidden subnetwork, whose settings are unknown. */
function connectorSubnets(resource: StackResource, workload: Workload, resources: readonly StackResource[]) {
  return (connectorOf(resource, workload, resources)?.candidates ?? []).map((connector) => {
    if (connector.properties.isUnknown("subnet")) return undefined;
    const subnet = connector.properties.object("subnet");
    return subnet.mayHave("name")
      ? subnetworkOf(connector, subnet.knownOnly().text("name"), [regionOf(connector)], resources).subnet
      : undefined;
  });
}

/** How a container dials, and the address if it is known. `undefined`: a name that only DNS resolves. */
export function dialingOf(
  workload: Workload,
  container: Container,
): { readonly dials: Dialing; readonly address?: "public" | "private" } | undefined {
  if (usesSocket(workload, container)) return { dials: "socket" };
  const variables = container.variables.filter(
    (variable) => namesDatabase(variable) && !namesInstance(variable) && !secretSourceOf(variable),
  );
  const hosts = variables.flatMap((variable) => endpointsIn(knownValue(variable))).map(({ host }) => host);
  const beyond = hosts.filter((host) => !isLoopback(host));
  if (beyond.some(isHostName)) return undefined;
  if (beyond.length > 0) return { dials: "address", address: beyond.every(isPrivateHost) ? "private" : "public" };
  const proxy = authProxyOf(workload);
  if (proxy && (proxy === container || hosts.length > 0)) return proxyDialing(proxy);
  return { dials: callsAdminApi(workload, container) ? "proxy" : "address" };
}

const authProxyOf = ({ containers }: Workload): Container | undefined => containers.find(isProxy);

/** The image of version 2; any other proxy may be version 1. */
const VERSION_2 = /\/cloud-sql-proxy:2\./;

/** The number of commands and arguments, known or not; infinite if a preview does not know whether there are any. */
const countOf = ({ inputs }: Container): number =>
  ["commands", "args"].reduce(
    (sum, key) => sum + (inputs.isUnknown(key) ? Number.POSITIVE_INFINITY : inputs.count(key)),
    0,
  );

/**
 * Version 2 dials the public address unless an option says otherwise; version 1 chooses, as the built-in socket does.
 */
function proxyDialing(proxy: Container): { readonly dials: Dialing; readonly address?: "public" | "private" } {
  const { inputs, variables } = proxy;
  const options = argumentsOf(proxy);
  const isVersion2 = VERSION_2.test(inputs.knownOnly().text("image") ?? "");
  const hasOption = (option: RegExp, variable: RegExp) =>
    options.some((text) => option.test(text)) || variables.some(({ name }) => variable.test(name));
  if (hasOption(/^--?(private-ip|psc)\b|ip_address_types=PRIVATE$/, /^CSQL_PROXY_(PRIVATE_IP|PSC)$/))
    return { dials: "proxy", address: "private" };
  const chooses =
    !isVersion2 || hasOption(/^--?auto-ip\b/, /^CSQL_PROXY_(AUTO_IP|INSTANCE_CONNECTION_NAME.*|.*QUERY.*)$/);
  // An unknown option may be any option.
  if (chooses || hasOption(/[?&](private-ip|auto-ip|psc)\b/, /^$/) || options.length < countOf(proxy))
    return { dials: "proxy" };
  return { dials: "proxy", address: "public" };
}

/** The setting that selects the address which the Auth Proxy beside an application dials. */
export function proxySetting(workload: Workload): {
  readonly setting: string;
  readonly value: string;
  readonly fix: string;
} {
  const proxy = authProxyOf(workload);
  const isPrivate = proxy !== undefined && proxyDialing(proxy).address === "private";
  const setting = proxy?.inputs.at("args") ?? "args";
  return isPrivate
    ? { setting, value: "with --private-ip", fix: "the same without --private-ip" }
    : { setting, value: "without --private-ip", fix: "the same with --private-ip" };
}

/** The path to a database that is not in the stack. `undefined`: its address is not known. */
export function databaseRouteOutside(
  resource: StackResource,
  workload: Workload,
  container: Container,
  resources: readonly StackResource[],
): DatabaseRoute | undefined {
  const dialing = dialingOf(workload, container);
  if (dialing?.dials !== "address" || !dialing.address) return undefined;
  const isPrivate = dialing.address === "private";
  return {
    ...dialing,
    ...workloadEgress(resource, workload, resources),
    database: { isPrivate, isPublic: !isPrivate },
  };
}
