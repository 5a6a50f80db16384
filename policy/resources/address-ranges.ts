import { parseRange } from "../../capacity/constraints/ranges";
import { usesPrivateServices } from "../../capacity/constraints/redis";
import type { CapacityPlan } from "../../capacity/plan";
import { ADDRESS, CONNECTOR, GLOBAL_ADDRESS, REDIS, SUBNETWORK } from "../../config/resource-types";
import { type Inputs, MalformedValueError } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { type CloudName, mayBeSame } from "./cloud-name";
import { networkOf } from "./networks";

/** The setting of the rules that compare ranges. */
export const otherCidrs = {
  type: "array",
  items: { type: "string" },
  description: "IPv4 networks that exist beside the stack's own and must stay free, in CIDR form.",
  default: [] as readonly string[],
  fromPlan: ({ network }: CapacityPlan) => network.otherCidrs,
};

/** A range of addresses that a resource uses in its network. */
export interface TakenRange {
  readonly resource: StackResource;
  readonly setting: string;
  readonly cidr: string;
  readonly network: CloudName | undefined;
}

/**
 * The known ranges of a resource. A range that Google chooses collides with nothing. Throws if a stated one is unknown.
 */
export function rangesOf(resource: StackResource): TakenRange[] {
  const { properties, type } = resource;
  const take = (networkKey: string, found: readonly (readonly [setting: string, cidr: string | undefined])[]) =>
    found.flatMap(([setting, cidr]) =>
      cidr ? [{ resource, setting, cidr, network: networkOf(resource, properties.knownOnly().text(networkKey)) }] : [],
    );
  const own = (key: string) => [properties.at(key), properties.text(key)] as const;
  switch (type) {
    case CONNECTOR:
      // An existing subnet's range belongs to the subnet, and a connector in it is no overlap.
      return properties.isUnknown("subnet") || properties.object("subnet").mayHave("name")
        ? []
        : take("network", [own("ipCidrRange")]);
    case SUBNETWORK: {
      const secondary = properties.isUnknown("secondaryIpRanges") ? [] : properties.list("secondaryIpRanges");
      return take("network", [properties, ...secondary].map(subnetRange));
    }
    case REDIS:
      // With private services access it is the name of another range. `private-services-range` refuses invalid ranges.
      if (
        usesPrivateServices({ connectMode: properties.choice("connectMode") }) ||
        properties.isUnknown("reservedIpRange")
      )
        return [];
      return take(
        "authorizedNetwork",
        [redisRange(properties)].filter(([, range]) => range && parseRange(range)),
      );
    case GLOBAL_ADDRESS:
      return properties.choice("purpose") === "VPC_PEERING" ? take("network", [addressRange(properties)]) : [];
    case ADDRESS:
      // An address within a subnet belongs to the subnet's range.
      return properties.knownOnly().text("subnetwork") || !properties.knownOnly().number("prefixLength")
        ? []
        : take("network", [addressRange(properties)]);
    default:
      return [];
  }
}

function subnetRange(inputs: Inputs): [string, string | undefined] {
  const isChosen = inputs.isUnknown("ipCidrRange") && inputs.mayHave("reservedInternalRange");
  return [inputs.at("ipCidrRange"), isChosen ? undefined : inputs.text("ipCidrRange")];
}

/** An adopted instance does not state its range: the provider reads back only the effective one. */
function redisRange(properties: Inputs): [string, string | undefined] {
  const stated = properties.text("reservedIpRange");
  if (stated) return [properties.at("reservedIpRange"), stated];
  return [properties.at("effectiveReservedIpRange"), properties.knownOnly().text("effectiveReservedIpRange")];
}

function addressRange(properties: Inputs): [string, string | undefined] {
  const known = properties.knownOnly();
  const [address, prefixLength] = [known.text("address"), known.number("prefixLength")];
  // IPv6 ranges do not overlap with the others.
  if (!address || address.includes(":")) return ["address", undefined];
  if (!prefixLength)
    throw new MalformedValueError(
      "'prefixLength' must be stated because the address alone does not say how far the range goes",
    );
  return ["address", `${address}/${prefixLength}`];
}

/** Whether two ranges may be in one network. Unknown networks may be the same. */
export const mayShareNetwork = (a: CloudName | undefined, b: CloudName | undefined): boolean =>
  !a || !b || mayBeSame(a, b);
