import { connectorRangeProblems } from "../../../capacity/constraints/connector";
import { problem } from "../../../capacity/problem";
import { CONNECTOR } from "../../../config/resource-types";
import { type StackResource, stackRule } from "../../framework/rule";
import { regionOf } from "../../resources/cloud-name";
import { subnetworkOf } from "../../resources/subnetworks";

export const connectorSubnet = stackRule({
  name: "connector-subnet",
  info: "A subnetwork of the stack that a VPC connector uses is a /28 in the connector's region, and nothing else uses it.",
  why: "No preview checks the subnetwork: Google refuses one of another size or region, or one that is in use.",
  severity: "high",
  remediation: "Set subnet.name to a /28 of the connector's region that nothing else uses.",
  judge(resources, { refuse, attempt }) {
    const users = new Map<StackResource, StackResource>();
    for (const connector of resources.filter(
      ({ type, properties }) => type === CONNECTOR && !properties.isUnknown("subnet"),
    ))
      attempt(connector, () => {
        const inputs = connector.properties.object("subnet");
        if (!inputs.mayHave("name")) return;
        const name = inputs.knownOnly().text("name");
        const own = regionOf(connector);
        const { subnet, region } = subnetworkOf(connector, name, [own], resources);
        const wrong = (must: string, because: string, fix: string) =>
          refuse(problem({ setting: inputs.at("name"), value: name ?? subnet?.name, must, because, fix }), connector);
        if (own !== undefined && region !== undefined && region !== own)
          return wrong(
            `be a subnetwork in ${own}`,
            `the connector is there, and this one is in ${region}`,
            `a /28 in ${own}`,
          );
        if (!subnet) return;
        const other = users.get(subnet);
        if (other)
          wrong(
            "be a subnetwork of its own",
            `${other.name} lies in it, and a connector shares its addresses with nothing`,
            "another /28",
          );
        users.set(subnet, connector);
        attempt(subnet, () => {
          for (const found of other ? [] : connectorRangeProblems(subnet.properties.text("ipCidrRange") ?? ""))
            refuse(found, subnet);
        });
      });
  },
});
