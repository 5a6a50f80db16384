import { directVpcLimits } from "../limits";
import { identity, type Naming, type Problem, problem } from "../problem";
import { parseRange } from "./ranges";

/** Addresses of a subnetwork that instances can have. */
const usableAddresses = (prefix: number) => 2 ** (32 - prefix) - directVpcLimits.reservedAddresses.value;

/**
 * A subnetwork that Cloud Run refuses for direct VPC egress, or in which `instances` at their maximum find no
 * addresses. A range that cannot be read has no problem here: `rangeProblems` names it.
 */
export function directSubnetProblems(
  cidr: string,
  instances: number,
  name: Naming<"ipCidrRange"> = identity,
): Problem[] {
  const prefix = parseRange(cidr)?.prefix;
  if (prefix === undefined) return [];
  const needed = instances * directVpcLimits.addressesPerInstance.value;
  const smallest = directVpcLimits.maxSubnetPrefix.value;
  const fitting = Math.min(smallest, 32 - Math.ceil(Math.log2(needed + directVpcLimits.reservedAddresses.value)));
  const wrong = (must: string, because: string) => [
    problem({ setting: name("ipCidrRange"), value: cidr, must, because, fix: `a /${fitting} or larger` }),
  ];
  if (prefix > smallest)
    return wrong(`be a /${smallest} or larger`, "Cloud Run takes no smaller subnetwork for direct VPC egress");
  if (usableAddresses(prefix) < needed)
    return wrong(
      `have ${needed} addresses for ${instances} instances (it has ${usableAddresses(prefix)})`,
      `each instance takes ${directVpcLimits.addressesPerInstance.value}, and those that find none do not start`,
    );
  return [];
}
