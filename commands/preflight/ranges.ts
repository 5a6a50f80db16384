import { freeRange, type NamedRange, overlap, parseRange } from "../../capacity/constraints/ranges";
import { usesPrivateServices } from "../../capacity/constraints/redis";
import { Inputs } from "../../policy/framework/inputs";
import { cloudName } from "../../policy/resources/cloud-name";
import { type Answer, fine, wrong } from "./answer";
import { type Facts, listOf, unread } from "./facts";
import { globalAddress, route } from "./schemas";

/** Whether the plan's ranges are free in its network, or already its own. */
export function judgeRanges(facts: Facts): Answer[] {
  const { network, connector, cache } = facts.settings;
  const [addresses, routes] = [listOf(facts, "addresses", globalAddress), listOf(facts, "routes", route)];
  const lists = (["subnetworks", "connectors", "caches"] as const).filter(
    (source) => !facts.collection.listed.has(source) && !isNothing(facts, source),
  );
  const unknown = [
    ...lists.map((source) => unread(facts, source)),
    ...[addresses, routes].flatMap((known) => ("open" in known ? [known.open] : [])),
  ];
  if ("open" in addresses || "open" in routes || unknown.length > 0) return unknown;

  const planned: readonly (NamedRange & { readonly owner: string })[] = [
    { label: "netra:network.subnetCidr", cidr: network.subnetCidr, owner: `subnetworks ${network.subnet}` },
    { label: "netra:connector.ipCidrRange", cidr: connector.ipCidrRange, owner: `connectors ${connector.name}` },
    {
      label: "netra:network.privateServicesCidr",
      cidr: network.privateServicesCidr,
      owner: `addresses ${network.privateServicesRange}`,
    },
    ...(cache.reservedIpRange === undefined || usesPrivateServices(cache)
      ? []
      : [{ label: "netra:cache.reservedIpRange", cidr: cache.reservedIpRange, owner: `caches ${cache.name}` }]),
  ];
  const taken = [
    ...takenRanges(facts),
    ...addresses.objects.filter((one) => isHere(facts, one.network)).flatMap(addressRange),
  ];
  const owners = new Set(planned.map(({ owner }) => owner));
  const routed = routes.objects
    .filter((one) => isHere(facts, one.network) && parseRange(one.destRange)?.prefix !== 0)
    // Ignore routes to known ranges, and to ranges within a planned one.
    .filter(
      ({ destRange, nextHopPeering }) =>
        !taken.some(
          ({ cidr, owner }) =>
            cidr === destRange || (nextHopPeering !== undefined && owners.has(owner) && overlap(cidr, destRange)),
        ),
    )
    .map(({ name, destRange }) => ({ label: `route ${name}`, cidr: destRange, owner: "" }));
  const all = [...taken, ...routed];
  const answers = planned.flatMap(({ label, cidr, owner }) => {
    const others = all.filter((one) => one.owner !== owner && overlap(one.cidr, cidr));
    if (others.length === 0) return [];
    const free = freeRange(parseRange(cidr)?.prefix ?? 28, [...all, ...planned]);
    const shown = others.map((one) => `${one.label} (${one.cidr})`).join(" and ");
    return [
      wrong(
        `'${label}' (${cidr}) must be free because ${shown} overlaps it, and Google refuses a range that is in use`,
        [`set '${label}' to ${free}`],
      ),
    ];
  });
  return answers.length > 0
    ? answers
    : [fine(`free, or the stack's own: ${planned.map(({ cidr }) => cidr).join(", ")}`)];
}

const isNothing = (facts: Facts, source: "subnetworks" | "connectors" | "caches") => {
  const known = listOf(facts, source, globalAddress.partial());
  return "objects" in known && known.objects.length === 0;
};

/** Whether something is in the plan's network. */
const isHere = ({ settings }: Facts, network: string | undefined) =>
  network === undefined || cloudName(network)?.name === settings.network.vpc;

interface TakenRange extends NamedRange {
  /** Source and name of what holds it. */
  readonly owner: string;
}

/** Ranges of subnetworks, connectors and Redis instances in the network. */
function takenRanges(facts: Facts): TakenRange[] {
  return facts.deployed.flatMap(({ source, name, inputs }) => {
    const raw = new Inputs(inputs);
    const at = (cidr: string | undefined): TakenRange[] =>
      cidr === undefined ? [] : [{ label: `${name}`, cidr, owner: `${source} ${name}` }];
    if (source === "subnetworks" && isHere(facts, raw.text("network")))
      return [
        raw.text("ipCidrRange"),
        ...raw.list("secondaryIpRanges").map((range) => range.text("ipCidrRange")),
      ].flatMap(at);
    if (source === "connectors" && isHere(facts, raw.text("network"))) return at(raw.text("ipCidrRange"));
    if (source === "caches" && isHere(facts, raw.text("authorizedNetwork"))) return at(raw.text("reservedIpRange"));
    return [];
  });
}

function addressRange({
  name,
  address,
  prefixLength,
  purpose,
}: {
  readonly name: string;
  readonly address?: string | undefined;
  readonly prefixLength?: number | undefined;
  readonly purpose?: string | undefined;
}): TakenRange[] {
  if (purpose !== "VPC_PEERING" || address === undefined || prefixLength === undefined) return [];
  return [{ label: name, cidr: `${address}/${prefixLength}`, owner: `addresses ${name}` }];
}
