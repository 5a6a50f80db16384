import { directSubnetProblems } from "../../capacity/direct-vpc";
import { problem } from "../../capacity/problem";
import { regionOf } from "../connectors";
import { dependenciesOf } from "../dependencies";
import { type StackResource, stackRule } from "../rule";
import { SUBNETWORK } from "../types";
import { networkInterfacesOf } from "../vpc-access";
import { maximumOf, regionsOf, WORKLOAD_TYPES, workloadOf } from "../workload";

export const directEgressSubnet = stackRule({
  name: "direct-egress-subnet",
  info: "Workloads with a network interface have a subnetwork in their own region, with addresses for all their instances.",
  why: "With a subnetwork of another region packets are dropped in silence; without free addresses instances do not start at a scale-out.",
  severity: "high",
  remediation: "Name a subnetwork of the workload's region, a /26 or larger, with two addresses for each instance.",
  judge(resources, { refuse, attempt }) {
    const instancesIn = new Map<StackResource, number>();
    for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const own = regionsOf(workload);
        for (const { setting, subnetwork } of networkInterfacesOf(workload)) {
          const stated = /regions\/([^/]+)\/subnetworks\//.exec(subnetwork ?? "")?.[1];
          const candidates = subnetwork === undefined ? dependenciesOf(resource, [SUBNETWORK]) : namedIn(resources, subnetwork, stated);
          // A name without a region is looked for in the workload's own.
          const subnet = candidates.find((candidate) => own.includes(regionOf(candidate) ?? "")) ?? candidates[0];
          const region = stated ?? (subnet && regionOf(subnet));
          if (region !== undefined && own.some((wanted) => wanted !== region)) {
            const must = `be in ${own.join(" and ")}`;
            const because = `${workload.label} runs there, and packets for another region are dropped in silence`;
            refuse(problem({ setting, value: `in ${region}`, must, because, fix: `a subnetwork in ${own.join(" and ")}` }), resource);
          } else if (subnet) instancesIn.set(subnet, (instancesIn.get(subnet) ?? 0) + maximumOf(workload).instances);
        }
      });
    for (const [subnet, instances] of instancesIn)
      attempt(subnet, () => {
        for (const found of directSubnetProblems(subnet.properties.text("ipCidrRange") ?? "", instances)) refuse(found, subnet);
      });
  },
});

/** The stack's subnetworks that a name or a path may mean. */
function namedIn(resources: readonly StackResource[], subnetwork: string, region: string | undefined): StackResource[] {
  const isMeant = (subnet: StackResource) => subnet.properties.knownOnly().text("name") === subnetwork.split("/").at(-1);
  return resources.filter((subnet) => subnet.type === SUBNETWORK && isMeant(subnet) && (!region || (regionOf(subnet) ?? region) === region));
}
