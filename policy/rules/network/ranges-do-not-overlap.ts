import { overlap, overlapProblem, rangeProblems } from "../../../capacity/constraints/ranges";
import { CONNECTOR } from "../../../config/resource-types";
import { stackRule } from "../../framework/rule";
import { mayShareNetwork, otherCidrs, rangesOf } from "../../resources/address-ranges";

export const rangesDoNotOverlap = stackRule<{ otherCidrs: readonly string[] }>({
  name: "ranges-do-not-overlap",
  info: "The ranges of connectors, subnetworks, reserved addresses and Redis in one network do not overlap.",
  why: "No preview compares ranges: Google refuses the second one, or packets are sent to the wrong range.",
  severity: "high",
  remediation: "Give each of them a range that nothing else uses.",
  config: { otherCidrs },
  judge(resources, { config, refuse, cannotEvaluate, attempt }) {
    // Connectors first: they are the easiest to move, because nothing depends on their range.
    const inOrder = resources.toSorted((a, b) => Number(b.type === CONNECTOR) - Number(a.type === CONNECTOR));
    const ranges = inOrder.flatMap((resource) => attempt(resource, () => rangesOf(resource)) ?? []);
    const others = config.otherCidrs.map((cidr, i) => ({ label: `otherCidrs[${i}]`, cidr }));
    const taken = [...ranges.map(({ setting, cidr }) => ({ label: setting, cidr })), ...others];
    for (const { label, cidr } of others) for (const { message } of rangeProblems(label, cidr)) cannotEvaluate(message);
    ranges.forEach((range, i) => {
      const { resource, setting, cidr } = range;
      // `connector-range` reports a connector's invalid range and its conflicts with the configured ranges.
      const isConnector = resource.type === CONNECTOR;
      for (const problem of isConnector ? [] : rangeProblems(setting, cidr)) refuse(problem, resource);
      const later = ranges
        .slice(i + 1)
        .filter((other) => mayShareNetwork(range.network, other.network))
        .map((other) => ({ label: `${other.setting} of ${other.resource.name}`, cidr: other.cidr }));
      for (const other of [...later, ...(isConnector ? [] : others)])
        if (overlap(cidr, other.cidr))
          refuse(overlapProblem({ a: { label: setting, cidr }, b: other }, taken), resource);
    });
  },
});
