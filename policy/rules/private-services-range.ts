import { problem } from "../../capacity/problem";
import { privateServicesProblems } from "../../capacity/ranges";
import { resourceRule } from "../rule";
import { GLOBAL_ADDRESS } from "../types";

export const privateServicesRange = resourceRule({
  name: "private-services-range",
  info: "The range for Google's managed services is internal, has a size of at least a /24 and belongs to a network.",
  why: "No preview looks at it: Google refuses the reservation, or Cloud SQL finds no address in it.",
  severity: "high",
  remediation: "Set addressType INTERNAL, prefixLength (16 is Google's recommendation) and network.",
  types: [GLOBAL_ADDRESS],
  judge({ properties }, { refuse, attempt }) {
    if (properties.choice("purpose") !== "VPC_PEERING") return;
    attempt(() => refuse(...privateServicesProblems(properties.number("prefixLength"))));
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
