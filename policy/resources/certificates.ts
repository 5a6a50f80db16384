import {
  CERTIFICATE_MAP,
  CERTIFICATE_MAP_ENTRY,
  MANAGED_CERTIFICATES,
  SELF_MANAGED_CERTIFICATES,
} from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { referredBy } from "./references";

/** The hosts that a proxy has certificates for. */
export interface Certified {
  /** Hosts, and wildcards like `*.example.org`. */
  readonly domains: readonly string[];
  /** Whether there are certificates with unknown hosts: uploaded ones, or others outside the stack. */
  readonly unclear: boolean;
}

const CERTIFICATE_LISTS = ["sslCertificates", "certificateManagerCertificates"];

/** Whether an HTTPS proxy has a certificate or a certificate map, known or not. */
export function presentsAny({ properties }: StackResource): boolean {
  return ["certificateMap", ...CERTIFICATE_LISTS].some((key) => properties.mayHave(key));
}

/** The certificates that an HTTPS proxy of the stack presents, its own or those of its certificate map. */
export function certifiedBy(proxy: StackResource, stack: readonly StackResource[]): Certified {
  const maps = referredBy(proxy, "certificateMap", [CERTIFICATE_MAP], stack);
  const entries = maps.resources.flatMap((map) =>
    stack.filter(
      (entry) =>
        entry.type === CERTIFICATE_MAP_ENTRY &&
        referredBy(entry, "map", [CERTIFICATE_MAP], stack).resources.includes(map),
    ),
  );
  const parts = [
    ...CERTIFICATE_LISTS.map((key) => certificatesOf(proxy, key, stack)),
    ...entries.map((entry) => entryOf(entry, stack)),
  ];
  return {
    domains: parts.flatMap(({ domains }) => domains),
    unclear: maps.beyond || parts.some(({ unclear }) => unclear),
  };
}

/** An entry is for one host or wildcard; the primary entry is for every host of its certificates. */
function entryOf(entry: StackResource, stack: readonly StackResource[]): Certified {
  const hostname = entry.properties.text("hostname");
  return hostname ? { domains: [hostname], unclear: false } : certificatesOf(entry, "certificates", stack);
}

function certificatesOf(holder: StackResource, key: string, stack: readonly StackResource[]): Certified {
  if (!holder.properties.mayHave(key)) return { domains: [], unclear: false };
  const { resources, beyond } = referredBy(holder, key, [...MANAGED_CERTIFICATES, ...SELF_MANAGED_CERTIFICATES], stack);
  const domains = resources.map((certificate) => certificate.properties.object("managed").texts("domains"));
  return { domains: domains.flat(), unclear: beyond || domains.some(({ length }) => length === 0) };
}

/** Whether a certificate for that domain covers the host. A wildcard covers one label. */
export function isFor(host: string, domain: string): boolean {
  const [one, other] = [plain(host), plain(domain)];
  return (
    one === other || (other.startsWith("*.") && !one.startsWith("*.") && one.slice(one.indexOf(".")) === other.slice(1))
  );
}

const plain = (host: string) => host.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");

/** Whether the proxy leads to that URL map. */
export const leadsTo = (proxy: StackResource, urlMap: StackResource, stack: readonly StackResource[]) =>
  referredBy(proxy, "urlMap", [urlMap.type], stack).resources.includes(urlMap);
