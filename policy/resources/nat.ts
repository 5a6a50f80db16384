import { ROUTER, ROUTER_NAT, SUBNETWORK } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { cloudName, mayBeSame, regionOf } from "./cloud-name";
import { connectorOf } from "./connectors";
import { dependenciesOf } from "./dependencies";
import { networkOf, networksBehind } from "./networks";
import { referredBy } from "./references";
import { networkInterfacesOf } from "./vpc-access";
import type { Workload } from "./workload";

/** Whether it is a NAT that leads a workload's traffic to the internet, in that region as far as its own is known. */
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

/** What gives a workload in that region a way to the internet: a NAT, or that the one there serves all subnetworks. */
export function natRemedy(region: string, workload: Workload, stack: readonly StackResource[]): string {
  const nat = stack.find((other) => leadsOut(other, region, workload, stack));
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

/** Whether a NAT's router is in a network that the workload's traffic is in, as far as anything says. */
function isInNetwork(nat: StackResource, workload: Workload, stack: readonly StackResource[]): boolean {
  const user = stack.find(({ urn }) => urn === workload.resource.urn);
  const [router, ...others] = referredBy(nat, "router", [ROUTER], stack).resources;
  const network =
    router && others.length === 0 ? networkOf(router, router.properties.knownOnly().text("network")) : undefined;
  const ways = user ? networksBehind(user, workload, stack) : [];
  return !network || ways.length === 0 || ways.some((way) => mayBeSame(way.network, network));
}

/** A subnetwork that nobody can list: Google makes it for a connector with a range of its own. */
const HIDDEN = Symbol("a connector's own subnetwork");

/** The subnetworks from which a workload's traffic comes; an `undefined` one is not known. */
function sourcesOf(workload: Workload, stack: readonly StackResource[]): (string | typeof HIDDEN | undefined)[] {
  const user = stack.find(({ urn }) => urn === workload.resource.urn);
  const connector = user && connectorOf(user, workload, stack);
  if (!connector) return networkInterfacesOf(workload).map(({ subnetwork }) => cloudName(subnetwork)?.name);
  // A connector outside the stack may have any.
  return connector.candidates.map(({ properties }) => {
    if (properties.hasText("ipCidrRange")) return HIDDEN;
    const subnet = properties.isUnknown("subnet") ? undefined : properties.object("subnet").knownOnly().text("name");
    return cloudName(subnet)?.name;
  });
}

/**
 * The subnetworks that a NAT serves; `undefined`: all, or ones that are not known. A list leaves out whatever it does
 * not name. Sources: google_compute_router_nat, source_subnetwork_ip_ranges_to_nat; traffic of a connector "originates
 * from the subnet or CIDR range that you specify" (docs.cloud.google.com/vpc/docs/serverless-vpc-access).
 */
function listedBy(nat: StackResource): (string | typeof HIDDEN)[] | undefined {
  if (nat.properties.knownOnly().choice("sourceSubnetworkIpRangesToNat") !== "LIST_OF_SUBNETWORKS") return undefined;
  if (nat.properties.isUnknown("subnetworks")) return undefined;
  const stated = nat.properties
    .list("subnetworks")
    .map((item) => (item.isUnknown("name") ? undefined : cloudName(item.text("name"))?.name));
  const own = dependenciesOf(nat, [SUBNETWORK]).map((subnet) => subnet.properties.knownOnly().text("name"));
  const names = [...stated.filter((name) => name !== undefined), ...(stated.includes(undefined) ? own : [])];
  // What a preview does not know is one of the stack's subnetworks, which are no connector's hidden one.
  return names.length >= stated.length ? names.flatMap((name) => name ?? []) : undefined;
}
