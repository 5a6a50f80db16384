import ipaddr from "ipaddr.js";
import { cloudSqlLimits } from "../limits";
import { identity, type Naming, type Problem, problem } from "../problem";

/** An IPv4 range with the name it has in the plan or the program. */
export interface NamedRange {
  readonly label: string;
  readonly cidr: string;
}

interface ParsedRange {
  readonly address: ipaddr.IPv4;
  readonly prefix: number;
}

/** Reads `10.1.0.0/28`; `undefined` unless it is an IPv4 network in CIDR form with no host bits set. */
export function parseRange(cidr: string): ParsedRange | undefined {
  // No leading zeros: some readers, this library's included, take them for octal numbers.
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){3}\/(0|[1-9]\d*)$/.test(cidr) || !ipaddr.IPv4.isValidCIDR(cidr)) return undefined;
  const [address, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  return ipaddr.IPv4.networkAddressFromCIDR(cidr).toString() === address.toString() ? { address, prefix } : undefined;
}

/** Whether two ranges share an address. Ranges that cannot be read overlap nothing: `rangeProblems` names those. */
export function overlap(a: string, b: string): boolean {
  const [x, y] = [parseRange(a), parseRange(b)];
  return x !== undefined && y !== undefined && shareAddress(x, y);
}

const shareAddress = (a: ParsedRange, b: ParsedRange) => a.address.match(b.address, Math.min(a.prefix, b.prefix));

/**
 * A range that is no IPv4 network, or (with `prefix`) has another size, or (with `maxPrefix`) is too small. `free` is
 * one that would do.
 */
export function rangeProblems(
  setting: string,
  cidr: string,
  size: { exactly?: number; maxPrefix?: number; free?: string } = {},
): Problem[] {
  const range = parseRange(cidr);
  const { free } = size;
  if (!range) {
    const network = ipaddr.IPv4.isValidCIDR(cidr)
      ? `${ipaddr.IPv4.networkAddressFromCIDR(cidr)}/${ipaddr.IPv4.parseCIDR(cidr)[1]}`
      : undefined;
    const fixes = [...(network === undefined ? [] : [network]), ...(free === undefined ? [] : [free])];
    return [
      problem({
        setting,
        value: cidr,
        must: "be an IPv4 network like 10.1.0.0/28, with no bits set beyond its prefix",
        because: "Google refuses anything else when it creates the network",
        ...(fixes.length > 0
          ? { ways: fixes.map((fix) => [[setting, fix]] as const) }
          : { fix: "a range such as 10.1.0.0/28" }),
      }),
    ];
  }
  if (size.exactly !== undefined && range.prefix !== size.exactly)
    return [
      problem({
        setting,
        value: cidr,
        must: `be exactly a /${size.exactly}`,
        because: "a Serverless VPC Access connector takes no other size and gains nothing from a larger one",
        ways: [`${range.address}/${size.exactly}`, ...(free === undefined ? [] : [free])].map(
          (fix) => [[setting, fix]] as const,
        ),
      }),
    ];
  if (size.maxPrefix !== undefined && range.prefix > size.maxPrefix)
    return [
      problem({
        setting,
        value: cidr,
        must: `be a /${size.maxPrefix} or larger`,
        because: "Google's managed services need at least that many addresses",
        fix: free ?? `a /${size.maxPrefix}, or better a /16`,
      }),
    ];
  return [];
}

/** A range of which `what` cannot be reached: Cloud SQL from a client's range, its clients from Cloud SQL's own. */
export function unreachableRangeProblems(
  setting: string,
  cidr: string,
  what: string,
  free?: (range: string) => string,
): Problem[] {
  const unreachable = cloudSqlLimits.unreachableRange.value;
  const [range, other] = [parseRange(cidr), parseRange(unreachable)];
  // Of a wider range Google may take addresses elsewhere.
  if (!range || !other || range.prefix < other.prefix || !overlap(cidr, unreachable)) return [];
  return [
    problem({
      setting,
      value: cidr,
      must: `lie outside ${unreachable}`,
      because: `that is Docker's bridge network on Google's machines, and connections between it and ${what} fail`,
      fix: free?.(freeRange(range.prefix, [])) ?? freeRange(range.prefix, []),
    }),
  ];
}

/** Every pair of ranges that share an address. */
export function overlaps(ranges: readonly NamedRange[]): { readonly a: NamedRange; readonly b: NamedRange }[] {
  return ranges.flatMap((a, i) =>
    ranges
      .slice(i + 1)
      .filter((b) => overlap(a.cidr, b.cidr))
      .map((b) => ({ a, b })),
  );
}

/**
 * Private networks of a /16 each, from 10.1.0.0 on: 10.0.0.0 is where most subnets begin, and 172.17.0.0 is Docker's.
 */
const CANDIDATES = [
  ...Array.from({ length: 255 }, (_, i) => `10.${i + 1}`),
  ...Array.from({ length: 16 }, (_, i) => `172.${i + 16}`).filter((network) => network !== "172.17"),
  "192.168",
].map((network) => ipaddr.IPv4.parse(`${network}.0.0`));

/** The first range of that size, or of a /16, that overlaps none of the others. */
export function freeRange(prefix: number, taken: readonly NamedRange[]): string {
  const length = Math.max(prefix, 16);
  const others = taken.flatMap(({ cidr }) => parseRange(cidr) ?? []);
  const free = CANDIDATES.find((address) => !others.some((other) => shareAddress({ address, prefix: length }, other)));
  return free ? `${free}/${length}` : "one that nothing else uses";
}

/** The widest range that may still be one place's own (an office, a provider's customer): bits of its prefix. */
const SHORTEST_PREFIX = { ipv4: 16, ipv6: 32 } as const;

/**
 * Whether a range of addresses is wide enough to stand for "everyone": 0.0.0.0/0, its halves, ::/0. A single address is
 * a range of one. `undefined`: it cannot be read.
 */
export function isOpenRange(range: string): boolean | undefined {
  const text = range.trim();
  if (ipaddr.isValid(text)) return false;
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [address, prefix] = ipaddr.parseCIDR(text);
  if (address instanceof ipaddr.IPv4) return prefix < SHORTEST_PREFIX.ipv4;
  // An IPv4 range in IPv6 clothes: ::ffff:0.0.0.0/96.
  const hidden = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && prefix >= 96;
  return hidden ? prefix - 96 < SHORTEST_PREFIX.ipv4 : prefix < SHORTEST_PREFIX.ipv6;
}

/** The pair's overlap as a problem of `a`. `taken` are the ranges that the proposed one must keep clear of. */
export function overlapProblem(
  { a, b }: { readonly a: NamedRange; readonly b: NamedRange },
  taken: readonly NamedRange[],
): Problem {
  return problem({
    setting: a.label,
    value: a.cidr,
    must: `not overlap '${b.label}' (${b.cidr})`,
    because: "Google refuses a range that is in use, and routes between overlapping ranges are undefined",
    fix: freeRange(parseRange(a.cidr)?.prefix ?? 28, taken),
  });
}

/** Whether an IPv4 address is one that only a private network routes (RFC 1918). */
export const isPrivateAddress = (address: string): boolean =>
  ipaddr.IPv4.isValid(address) && ipaddr.IPv4.parse(address).range() === "private";

/** A range for Google's managed services whose size is not stated, or too small. */
export function privateServicesProblems(
  prefixLength: number | undefined,
  name: Naming<"prefixLength"> = identity,
): Problem[] {
  const most = cloudSqlLimits.privateServicesMaxPrefix.value;
  if (prefixLength !== undefined && Number.isInteger(prefixLength) && prefixLength >= 1 && prefixLength <= most)
    return [];
  return [
    problem({
      setting: name("prefixLength"),
      value: prefixLength,
      must: `be stated, and at most ${most}`,
      because: "Google reserves no range without a size, and its managed services need at least that many addresses",
      fix: `16, or at most ${most}`,
    }),
  ];
}
