import { instanceCountProblems } from "../../../capacity/constraints/connector";
import { problem } from "../../../capacity/problem";
import { CONNECTOR } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const connectorInstanceCounts = resourceRule({
  name: "connector-instance-counts",
  info: "A VPC connector states both instance counts within Google's limits and states no throughput.",
  why: "The preview accepts any count; Google refuses it at creation, or replaces the connector later.",
  severity: "high",
  remediation:
    "Set minInstances (2..9) and maxInstances (3..10) with the minimum below the maximum, and remove minThroughput and maxThroughput.",
  types: [CONNECTOR],
  judge({ properties }, { refuse }) {
    refuse(
      ...instanceCountProblems({
        minInstances: properties.number("minInstances"),
        maxInstances: properties.number("maxInstances"),
      }),
    );
    for (const field of ["minThroughput", "maxThroughput"])
      if (properties.has(field))
        refuse(
          problem({
            setting: field,
            must: "not be set",
            because: "throughput settings are deprecated and force replacements",
            instead: "set 'minInstances' and 'maxInstances' instead",
          }),
        );
  },
});
