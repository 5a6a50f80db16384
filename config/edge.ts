import { edgeLimits } from "../capacity/limits";
import { type Change, type InputProblem, problem } from "../capacity/problem";
import { computeName, fraction, list, section, text, whole } from "./fields";
import { entriesOf, isMapping, shown } from "./references";

/* The load balancer in front of the services. Its hosts are under `netra:hosts`, which monitoring also reads. */

export const edge = section("the load balancer in front of the services; absent: clients reach them directly", {
  // The longest of its parts' names adds 32 characters at most.
  name: text(
    "what the names of its parts begin with",
    "staging-edge",
    /^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/,
    "be lower-case letters, digits and hyphens, starting with a letter, at most 30",
  ),
  address: computeName("the name of its address, to which the hosts' DNS records point", "staging-edge-ip"),
  certificates: list(
    "the certificates, each the list of its hosts; a list that changes is another certificate, so a new host gets a list of its own",
    list(
      "the hosts of one certificate",
      text("a host under 'netra:hosts'", "api.staging.netrasystems.ai"),
      "api.staging.netrasystems.ai",
    ),
    "[api.staging.netrasystems.ai]",
  ),
  requestsPerMinute: whole(
    "how many requests one client address may send in a minute, health paths aside",
    "requests",
    600,
    1,
    edgeLimits.requestsPerThrottle.value,
  ),
  logSampleRate: fraction("the share of requests that is logged", 1, { above: 0, atMost: 1 }),
}).optional();

/**
 * Hosts without a certificate, certificates that Google would not issue, and services that can be reached around the
 * edge.
 */
export function edgeProblems(own: Readonly<Record<string, unknown>>): InputProblem[] {
  const [stated] = entriesOf({ edge: own.edge });
  if (!stated) return [];
  const hosts = entriesOf(own.hosts, true).flatMap(([service, names]) =>
    textsIn(names).map((host, i) => ({ host, setting: `netra:hosts.${service}[${i}]` })),
  );
  const { certificates: lists } = stated[1];
  // Where one of the two cannot be read, that is the problem.
  if (!Array.isArray(lists) || !lists.every(Array.isArray) || !isMapping(own.hosts)) return ingressProblems(own);
  const certificates = lists.map(textsIn);
  return [
    ...certificateProblems(
      certificates,
      hosts.map(({ host }) => host),
    ),
    ...hosts
      .filter(({ host }) => certificates.length > 0 && !certificates.flat().includes(host))
      .map(({ host, setting }) =>
        problem({
          setting,
          value: shown(host),
          must: "be on a certificate",
          because:
            "no browser talks to a host without one, and a list that changes is another certificate, whose hosts have no TLS until Google has issued it",
          ways: [
            [
              [
                `${CERTIFICATES}[${certificates.length}]`,
                hosts.map((other) => other.host).filter((other) => !certificates.flat().includes(other)),
              ],
            ],
          ],
        }),
      ),
    ...ingressProblems(own),
  ];
}

const CERTIFICATES = "netra:edge.certificates";

function certificateProblems(certificates: readonly (readonly string[])[], hosts: readonly string[]): InputProblem[] {
  const { certificatesPerProxy, hostsPerCertificate } = edgeLimits;
  const at = (i: number) => `${CERTIFICATES}[${i}]`;
  const alike = (one: readonly string[], other: readonly string[]) => one.toSorted().join() === other.toSorted().join();
  return [
    ...(certificates.length >= 1 && certificates.length <= certificatesPerProxy.value
      ? []
      : [
          problem({
            setting: CERTIFICATES,
            value: `${certificates.length} of them`,
            must: `be 1 to ${certificatesPerProxy.value} lists of hosts`,
            because: "a load balancer takes no other number",
            ways:
              hosts.length >= 1 && hosts.length <= hostsPerCertificate.value ? [[[CERTIFICATES, [[...hosts]]]]] : [],
            otherwise:
              hosts.length <= hostsPerCertificate.value
                ? undefined
                : `divide the hosts into lists of at most ${hostsPerCertificate.value}`,
          }),
        ]),
    ...certificates.flatMap((names, i) => [
      ...(names.length >= 1 && names.length <= hostsPerCertificate.value
        ? []
        : [
            problem({
              setting: at(i),
              value: `${names.length} hosts`,
              must: `have 1 to ${hostsPerCertificate.value} hosts`,
              because: "a managed certificate has no other number",
              ...(names.length === 0
                ? { ways: [[[at(i), certificates.length > 1 ? null : [...hosts]]]] }
                : { instead: "divide it" }),
            }),
          ]),
      ...(certificates.findIndex((other) => alike(other, names)) < i
        ? [
            problem({
              setting: at(i),
              must: "differ from the lists before",
              because: "two of the same hosts are one certificate",
              ways: [[[at(i), null]]],
            }),
          ]
        : []),
      ...names.flatMap((host, j) =>
        hosts.includes(host)
          ? []
          : [
              problem({
                setting: `${at(i)}[${j}]`,
                value: shown(host),
                must: "be a host under 'netra:hosts'",
                because: "Google issues and renews a certificate only while every host of it leads here",
                ways: [withoutHosts(certificates, [host])],
                otherwise: "add it there",
              }),
            ],
      ),
      ...(new Set(names).size < names.length
        ? [
            problem({
              setting: at(i),
              must: "name each host once",
              because: "a certificate does",
              ways: [[[at(i), [...new Set(names)]]]],
            }),
          ]
        : []),
    ]),
  ];
}

/** With the edge, what clients send comes through it or not at all. */
function ingressProblems({ services, hosts }: Readonly<Record<string, unknown>>): InputProblem[] {
  const behind = entriesOf(hosts, true).map(([service]) => service);
  return entriesOf(services).flatMap(([key, { ingress }]) => {
    const setting = `netra:services.${key}.ingress`;
    if (ingress === "all")
      return [
        problem({
          setting,
          value: "all",
          must: "be internal-and-load-balancer",
          because: "clients could get round the rules of 'netra:edge'",
          ways: [[[setting, null]]],
        }),
      ];
    if (ingress === "internal" && behind.includes(key))
      return [
        problem({
          setting,
          value: "internal",
          must: "be internal-and-load-balancer",
          because: `'netra:hosts.${key}' leads to it through the load balancer`,
          ways: [[[setting, null]]],
        }),
      ];
    return [];
  });
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
/** Takes hosts off the lists that have them; a list of no others goes. */
export function withoutHosts(lists: readonly unknown[], gone: readonly unknown[]): Change[] {
  const left = lists.map((names) =>
    Array.isArray(names)
      ? (names as unknown[]).filter((host): host is string => typeof host === "string" && !gone.includes(host))
      : [],
  );
  const changed = left.flatMap((names, i) =>
    Array.isArray(lists[i]) && names.length < lists[i].length
      ? [[`${CERTIFICATES}[${i}]`, names.length > 0 ? names : null] as const]
      : [],
  );
  return changed;
}
