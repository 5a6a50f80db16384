import { directSubnetProblems } from "../../../capacity/constraints/direct-vpc";
import { unreachableRangeProblems } from "../../../capacity/constraints/ranges";
import { problem } from "../../../capacity/problem";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { maximumOf } from "../../resources/scaling";
import { subnetworkOf } from "../../resources/subnetworks";
import { networkInterfacesOf } from "../../resources/vpc-access";
import { regionsOf, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const directEgressSubnet = stackRule({
  name: "direct-egress-subnet",
  info: "Workloads with a network interface have a subnetwork in their own region, with addresses for all their instances.",
  why: "With a subnetwork of another region packets are dropped silently; without free addresses new instances do not start.",
  severity: "high",
  remediation: "Name a subnetwork of the workload's region, a /26 or larger, with two addresses for each instance.",
  judge(resources, { refuse, attempt }) {
    const instancesIn = new Map<StackResource, number>();
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const own = regionsOf(workload);
        for (const { setting, subnetwork } of networkInterfacesOf(workload)) {
          const { subnet, region } = subnetworkOf(resource, subnetwork, own, resources);
          if (region !== undefined && own.some((wanted) => wanted !== region)) {
            const must = `be in ${own.join(" and ")}`;
            const because = `${workload.label} runs there, and packets for another region are dropped in silence`;
            refuse(
              problem({ setting, value: `in ${region}`, must, because, fix: `a subnetwork in ${own.join(" and ")}` }),
              resource,
            );
          } else if (subnet) instancesIn.set(subnet, (instancesIn.get(subnet) ?? 0) + maximumOf(workload).instances);
        }
      });
    for (const [subnet, instances] of instancesIn)
      attempt(subnet, () => {
        const cidr = subnet.properties.text("ipCidrRange") ?? "";
        for (const found of [
          ...directSubnetProblems(cidr, instances),
          ...unreachableRangeProblems("ipCidrRange", cidr, "Cloud SQL"),
        ])
          refuse(found, subnet);
      });
  },
});
