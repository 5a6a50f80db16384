import { machineTypeProblems } from "../../../capacity/constraints/connector";
import { connectorLimits } from "../../../capacity/limits";
import { CONNECTOR } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const connectorMachineType = resourceRule({
  name: "connector-machine-type",
  info: "A VPC connector runs on one of the three machine types that Google offers for connectors.",
  why: "The preview accepts any text; Google refuses it at creation.",
  severity: "high",
  remediation: "Set machineType to f1-micro, e2-micro or e2-standard-4.",
  types: [CONNECTOR],
  judge({ properties }, { refuse }) {
    refuse(...machineTypeProblems(properties.text("machineType") || connectorLimits.defaultMachineType.value));
  },
});
