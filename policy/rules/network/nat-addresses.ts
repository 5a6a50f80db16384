import { problem } from "../../../capacity/problem";
import { ROUTER_NAT } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const natAddresses = resourceRule({
  name: "nat-addresses",
  info: "A Cloud NAT with manual address allocation has addresses.",
  why: "No preview counts them: Google refuses the NAT, and workloads that send all traffic through the VPC cannot reach the internet.",
  severity: "high",
  remediation: "Set natIps to the addresses, or natIpAllocateOption to AUTO_ONLY.",
  types: [ROUTER_NAT],
  judge({ properties }, { refuse }) {
    if (properties.choice("natIpAllocateOption") !== "MANUAL_ONLY") return;
    const hasSome = (key: string) => properties.isUnknown(key) || properties.count(key) > 0;
    if (hasSome("natIps") || hasSome("initialNatIps")) return;
    refuse(
      problem({
        setting: "natIps",
        value: undefined,
        must: "name at least one address",
        because: "'natIpAllocateOption' is MANUAL_ONLY, and Google then allocates no address itself",
        fix: "the addresses' ids, or 'natIpAllocateOption' to AUTO_ONLY",
      }),
    );
  },
});
