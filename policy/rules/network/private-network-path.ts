import { usesPrivateServices } from "../../../capacity/constraints/redis";
import { problem } from "../../../capacity/problem";
import { REDIS } from "../../../config/resource-types";
import { type StackContext, type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { mayBeSame, mayBeSameProject, projectOf } from "../../resources/cloud-name";
import { cacheNetwork, type InNetwork, networkPath, networksBehind, privateEndpoints } from "../../resources/networks";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const privateNetworkPath = stackRule({
  name: "private-network-path",
  info: "A workload's VPC access leads to the network in which its database and its cache have their private addresses.",
  why: "Private addresses are reachable only from their own network, because peering is not transitive: every connect times out, whatever the size.",
  severity: "critical",
  remediation:
    "Use one network for the connector or network interface, the database's privateNetwork and the cache's authorizedNetwork.",
  judge(resources, context) {
    const elsewhere = resources.filter(
      (cache) => cache.type === REDIS && context.attempt(cache, () => isElsewhere(cache, context)),
    );
    // Networks may exchange the routes of private services over such a connection.
    if (resources.some(({ type }) => LINKS.test(type))) return;
    const ways = new Map<string, { readonly way: InNetwork; readonly ends: Map<StackResource, InNetwork> }>();
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      context.attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const ends = privateEndpoints(resource, workload, resources).filter((end) => !elsewhere.includes(end.resource));
        for (const way of networksBehind(resource, workload, resources)) {
          const key = way.resource.urn + way.setting;
          ways.set(key, {
            way,
            ends: new Map([...(ways.get(key)?.ends ?? []), ...ends.map((end) => [end.resource, end] as const)]),
          });
        }
      });
    const blamed = new Set<StackResource>();
    for (const { way, ends } of ways.values())
      for (const found of faultsOf(way, [...ends.values()])) {
        if (!blamed.has(found.resource)) context.refuse(mismatch(found), found.resource);
        blamed.add(found.resource);
      }
  },
});

const LINKS = /^gcp:(compute\/(\w*vpn\w*|interconnect\w*)|networkconnectivity\/(hub|spoke)):/i;

/** With direct peering Redis accepts only a network of its own project. */
function isElsewhere(cache: StackResource, { refuse }: StackContext<object>): boolean {
  const [own, used] = [projectOf(cache), cacheNetwork(cache)];
  const known = cache.properties.knownOnly();
  if (
    usesPrivateServices({ connectMode: known.choice("connectMode") }) ||
    !used ||
    mayBeSameProject(own, used.network.project)
  )
    return false;
  refuse(
    problem({
      setting: used.setting,
      value: networkPath(used.network),
      must: `be a network of ${own}`,
      because: "direct peering does not reach networks of other projects",
      fix: `a network of ${own}, or 'connectMode' to PRIVATE_SERVICE_ACCESS`,
    }),
    cache,
  );
  return true;
}

interface Mismatch extends InNetwork {
  readonly other: InNetwork;
  readonly because: string;
}

/** The workload's access is at fault if it misses everything; else the resources that it misses are. */
function faultsOf(way: InNetwork, ends: readonly InNetwork[]): Mismatch[] {
  const missed = ends.filter((end) => !mayBeSame(way.network, end.network));
  const [first] = missed;
  if (!first) return [];
  if (missed.length === ends.length && missed.every((end) => mayBeSame(end.network, first.network))) {
    const names = missed.map(({ resource }) => resource.name).join(" and ");
    return [
      { ...way, other: first, because: `${names} has its private address there, and is reached from no other network` },
    ];
  }
  return missed.map((end) => ({
    ...end,
    other: way,
    because: `${way.resource.name} leads there, and reaches private addresses of no other network`,
  }));
}

function mismatch({ resource, setting, network, bySubnet, other, because }: Mismatch) {
  const wanted = networkPath(other.network);
  const common = { setting, value: bySubnet ? `in ${networkPath(network)}` : networkPath(network), because };
  if (bySubnet) return problem({ ...common, must: `be a subnetwork of ${wanted}`, fix: `a subnetwork of ${wanted}` });
  const must = `be ${wanted}`;
  if (setting === "network" && !mayBeSameProject(projectOf(resource), other.network.project))
    return problem({
      ...common,
      must,
      instead: `set 'subnet.name' and 'subnet.projectId' to a /28 of ${wanted}, and remove 'network' and 'ipCidrRange'`,
    });
  return problem({ ...common, must, fix: wanted });
}
