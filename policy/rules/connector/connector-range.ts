import { connectorOverlapProblems, connectorRangeProblems } from "../../../capacity/constraints/connector";
import { parseRange, unreachableRangeProblems } from "../../../capacity/constraints/ranges";
import { problem } from "../../../capacity/problem";
import { CONNECTOR } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { otherCidrs } from "../../resources/address-ranges";

export const connectorRange = resourceRule<{ otherCidrs: readonly string[] }>({
  name: "connector-range",
  info: "A VPC connector has its own /28, which nothing else uses.",
  why: "No preview checks the range: Google refuses another size, and an overlapping range is refused or misroutes packets.",
  severity: "high",
  remediation: "Set ipCidrRange to a free /28, or subnet.name to an existing subnet of that size.",
  types: [CONNECTOR],
  config: { otherCidrs },
  judge({ properties }, { config, refuse, cannotEvaluate }) {
    const subnetIsGiven = properties.isUnknown("subnet") || properties.object("subnet").hasText("name");
    const cidr = properties.text("ipCidrRange");
    if (!cidr) {
      // The range of an existing subnet belongs to the subnet.
      if (!subnetIsGiven)
        refuse(
          problem({
            setting: "ipCidrRange",
            value: undefined,
            must: "be stated",
            because: "a connector without 'subnet.name' needs a /28 of its own",
            fix: "a free range such as 10.1.0.0/28",
          }),
        );
      return;
    }
    // Source: the reference of gcp.vpcaccess.Connector, "network: required if ipCidrRange is set".
    if (!properties.hasText("network"))
      refuse(
        problem({
          setting: "network",
          value: undefined,
          must: "name the VPC",
          because: "a connector's range is in a network",
          fix: "the network's name",
        }),
      );
    refuse(
      ...connectorRangeProblems(cidr),
      ...connectorOverlapProblems(cidr, config.otherCidrs),
      ...unreachableRangeProblems("ipCidrRange", cidr, "Cloud SQL"),
    );
    if (config.otherCidrs.some((other) => !parseRange(other)))
      cannotEvaluate(
        "'otherCidrs' of the policy's configuration must hold IPv4 networks like 10.27.0.0/16, with no bits set beyond the prefix",
      );
  },
});
