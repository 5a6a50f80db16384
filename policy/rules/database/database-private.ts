import { isOpenRange } from "../../../capacity/constraints/ranges";
import { problem } from "../../../capacity/problem";
import { SQL_INSTANCE } from "../../../config/resource-types";
import { MalformedValueError } from "../../framework/inputs";
import { resourceRule } from "../../framework/rule";
import { addressesOf, settingsOf } from "../../resources/database";

export const databasePrivate = resourceRule({
  name: "database-private",
  info: "A database instance has only a private address and authorizes no range that covers the whole internet.",
  why: "Without ipv4Enabled false Google gives the instance a public address, and staging's was open to 0.0.0.0/0.",
  severity: "critical",
  remediation:
    "Set settings.ipConfiguration.ipv4Enabled to false and privateNetwork to the VPC; remove wide authorizedNetworks.",
  types: [SQL_INSTANCE],
  judge(resource, { refuse }) {
    const ip = settingsOf(resource).object("ipConfiguration");
    if (!addressesOf(resource).isPrivate)
      refuse(
        problem({
          setting: ip.at("privateNetwork"),
          value: undefined,
          must: "name the VPC",
          because: "otherwise the instance has no private address",
          fix: "the network's id, projects/<project>/global/networks/<name>",
        }),
      );
    const ipv4Enabled = ip.flag("ipv4Enabled");
    if (ipv4Enabled !== false)
      refuse(
        problem({
          setting: ip.at("ipv4Enabled"),
          value: ipv4Enabled,
          must: "be false",
          because: "otherwise Google assigns the instance a public address",
          fix: "false",
        }),
      );
    for (const network of ip.list("authorizedNetworks")) {
      const range = network.text("value") ?? "";
      const open = isOpenRange(range);
      if (open === undefined)
        throw new MalformedValueError(`${network.at("value")} must be an address range such as 203.0.113.0/24`);
      if (open)
        refuse(
          problem({
            setting: network.at("value"),
            value: range,
            must: "be one network's own range",
            because: "such a wide range admits strangers",
            fix: "a range such as 203.0.113.0/24, or remove it: a private address needs none",
          }),
        );
    }
  },
});
