import { indexed } from "../../capacity/memoized";
import { ROUTER, ROUTER_NAT, SUBNETWORK } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { cloudName, mayBeSame, regionOf } from "./cloud-name";
import { connectorOf } from "./connectors";
import { dependenciesOf } from "./dependencies";
import { networkOf, networksBehind } from "./networks";
import { referredBy } from "./references";
import { networkInterfacesOf } from "./vpc-access";
import type { Workload } from "./workload";

/** Whether it is a NAT for a workload's traffic to the internet in that region. An unknown region may be that one. */
export function servesInternet(
  nat: StackResource,
  region: string,
  workload: Workload,
  stack: readonly StackResource[],
): boolean {
  if (!leadsOut(nat, region, workload, stack)) return false;
  const sources = sourcesOf(workload, stack);
  const listed = listedBy(nat);
  return (
    listed === undefined ||
    sources.length === 0 ||
    sources.some((source) => source === undefined || listed.includes(source))
  );
}

/**
 * The change that gives a workload in that region access to the internet: a NAT, or an existing NAT for all
 * subnetworks.
 */
export function natRemedy(region: string, workload: Workload, stack: readonly StackResource[]): string {
  const nat = ofTypes(stack, ROUTER_NAT).find((other) => leadsOut(other, region, workload, stack));
  return nat
    ? `set 'sourceSubnetworkIpRangesToNat' of ${nat.name} to ALL_SUBNETWORKS_ALL_IP_RANGES`
    : `add a gcp.compute.RouterNat in ${region}`;
}

function leadsOut(nat: StackResource, region: string, workload: Workload, stack: readonly StackResource[]): boolean {
  if (nat.type !== ROUTER_NAT) return false;
  const known = nat.properties.knownOnly();
  const hasAddresses =
    known.choice("natIpAllocateOption") !== "MANUAL_ONLY" ||
    nat.properties.isUnknown("natIps") ||
    known.count("natIps") > 0;
  return (
    hasAddresses &&
    known.choice("type") !== "PRIVATE" &&
    (regionOf(nat) ?? region) === region &&
    isInNetwork(nat, workload, stack)
  );
}

const byUrn = indexed(({ urn }: StackResource) => [urn]);
const userOf = ({ resource }: Workload, stack: readonly StackResource[]) => byUrn(stack, resource.urn)[0];

/** Whether a NAT's router is in a network of the workload's traffic, as far as they are known. */
function isInNetwork(nat: StackResource, workload: Workload, stack: readonly StackResource[]): boolean {
  const user = userOf(workload, stack);
  const [router, ...others] = referredBy(nat, "router", [ROUTER], stack).resources;
  const network =
    router && others.length === 0 ? networkOf(router, router.properties.knownOnly().text("network")) : undefined;
  const ways = user ? networksBehind(user, workload, stack) : [];
  return !network || ways.length === 0 || ways.some((way) => mayBeSame(way.network, network));
}

/** A subnetwork that no NAT can list: Google creates it for a connector with its own range. */
const HIDDEN = Symbol("a connector's own subnetwork");

/** The subnetworks of a workload's traffic; `undefined` for an unknown one. */
function sourcesOf(workload: Workload, stack: readonly StackResource[]): (string | typeof HIDDEN | undefined)[] {
  const user = userOf(workload, stack);
  const connector = user && connectorOf(user, workload, stack);
  if (!connector) return networkInterfacesOf(workload).map(({ subnetwork }) => cloudName(subnetwork)?.name);
  // A connector outside the stack may use any subnetwork.
  return connector.candidates.map(({ properties }) => {
    if (properties.hasText("ipCidrRange")) return HIDDEN;
    const subnet = properties.isUnknown("subnet") ? undefined : properties.object("subnet").knownOnly().text("name");
    return cloudName(subnet)?.name;
  });
}

/**
 * The subnetworks that a NAT serves; `undefined`: all, or unknown ones. A list excludes every subnetwork that it does
 * not name.
 * Source: google_compute_router_nat, source_subnetwork_ip_ranges_to_nat; traffic of a connector "originates from the
 * subnet or CIDR range that you specify" (docs.cloud.google.com/vpc/docs/serverless-vpc-access).
 */
function listedBy(nat: StackResource): (string | typeof HIDDEN)[] | undefined {
  if (nat.properties.knownOnly().choice("sourceSubnetworkIpRangesToNat") !== "LIST_OF_SUBNETWORKS") return undefined;
  if (nat.properties.isUnknown("subnetworks")) return undefined;
  const stated = nat.properties
    .list("subnetworks")
    .map((item) => (item.isUnknown("name") ? undefined : cloudName(item.text("name"))?.name));
  const own = dependenciesOf(nat, [SUBNETWORK]).map((subnet) => subnet.properties.knownOnly().text("name"));
  const names = [...stated.filter((name) => name !== undefined), ...(stated.includes(undefined) ? own : [])];
  // An unknown name is one of the stack's subnetworks, and never a connector's hidden one.
  return names.length >= stated.length ? names.flatMap((name) => name ?? []) : undefined;
}
