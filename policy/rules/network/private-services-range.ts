import { privateServicesProblems, unreachableRangeProblems } from "../../../capacity/constraints/ranges";
import { redisRangeProblems } from "../../../capacity/constraints/redis";
import { problem } from "../../../capacity/problem";
import { GLOBAL_ADDRESS, REDIS } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

/** Google chooses one if none is stated. */
const freeAddress = (range: string) => `that of a free range, such as ${range.split("/")[0]}, or leave it out`;

export const privateServicesRange = resourceRule({
  name: "private-services-range",
  info: "The range for Google's managed services is internal, routable, at least a /24 and in a network; a Redis instance states its range in the form of its connect mode.",
  why: "No preview checks the range: Google refuses the reservation or the instance, or assigns an unreachable address.",
  severity: "high",
  remediation:
    "Set addressType INTERNAL, prefixLength (16 is Google's recommendation) and network; a Redis instance's reservedIpRange in the form of its connectMode.",
  types: [GLOBAL_ADDRESS, REDIS],
  judge({ type, properties }, { refuse, attempt }) {
    if (type === REDIS) {
      const reservedIpRange = properties.isUnknown("reservedIpRange") ? undefined : properties.text("reservedIpRange");
      return refuse(...redisRangeProblems({ connectMode: properties.choice("connectMode"), reservedIpRange }));
    }
    if (properties.choice("purpose") !== "VPC_PEERING") return;
    attempt(() => {
      const prefix = properties.number("prefixLength");
      refuse(
        ...privateServicesProblems(prefix),
        ...unreachableRangeProblems(
          "address",
          `${properties.knownOnly().text("address")}/${prefix}`,
          "Cloud Run",
          freeAddress,
        ),
      );
    });
    const addressType = properties.text("addressType");
    if (addressType !== "INTERNAL")
      refuse(
        problem({
          setting: "addressType",
          value: addressType,
          must: "be INTERNAL",
          because: "an address is external by default, and only an internal range can be peered",
          fix: "INTERNAL",
        }),
      );
    if (!properties.hasText("network"))
      refuse(
        problem({
          setting: "network",
          value: undefined,
          must: "name the VPC",
          because: "the range is reserved in one network and peered with it",
          fix: "the network's id",
        }),
      );
  },
});
