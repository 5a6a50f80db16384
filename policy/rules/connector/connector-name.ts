import { connectorNameProblems } from "../../../capacity/constraints/connector";
import { CONNECTOR } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";

export const connectorName = resourceRule({
  name: "connector-name",
  info: "A VPC connector states a name that Google accepts.",
  why: "Pulumi's automatic names exceed Google's limit of 20 characters, and no preview checks it.",
  severity: "medium",
  remediation:
    "Set name to lower-case letters, digits and hyphens, at most 20 characters with each hyphen counted as two.",
  types: [CONNECTOR],
  judge({ name: resourceName, properties }, { refuse }) {
    const name = properties.text("name");
    // The provider has already filled in an automatic name, and the engine removes the list of defaults that would show
    // it.
    const isAutomatic =
      name?.startsWith(`${resourceName}-`) && /^[0-9a-f]{7}$/.test(name.slice(resourceName.length + 1));
    refuse(...connectorNameProblems(isAutomatic ? undefined : name));
  },
});
