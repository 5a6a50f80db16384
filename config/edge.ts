import { edgeLimits } from "../capacity/limits";
import type { InputProblem } from "../capacity/problem";
import { computeName, fraction, list, section, text, whole } from "./fields";
import { entriesOf, isMapping, shown } from "./references";

/* The load balancer in front of the services. Its hosts stand in `netra:hosts`, where monitoring reads them, too. */

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
    list("the hosts of one certificate", text("a host under 'netra:hosts'", "api.staging.netrasystems.ai"), "api.staging.netrasystems.ai"),
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

/** Hosts without a certificate, certificates that Google would not issue, and services that can be reached around the edge. */
export function edgeProblems(own: Readonly<Record<string, unknown>>): InputProblem[] {
  const [stated] = entriesOf({ edge: own.edge });
  if (!stated) return [];
  const hosts = entriesOf(own.hosts, true).flatMap(([service, names]) => textsIn(names).map((host, i) => ({ host, setting: `netra:hosts.${service}[${i}]` })));
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
        wrong(
          setting,
          `(${shown(host)}) must be on a certificate because no browser talks to a host without one`,
          `add [${host}] to '${CERTIFICATES}' as a list of its own: a list that changes is another certificate, and its hosts have no TLS until Google has issued that`,
        ),
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
          wrong(
            CERTIFICATES,
            `(${certificates.length} of them) must be 1 to ${certificatesPerProxy.value} lists of hosts because a load balancer takes no other number`,
            `set '${CERTIFICATES}' to one list of all hosts`,
          ),
        ]),
    ...certificates.flatMap((names, i) => [
      ...(names.length >= 1 && names.length <= hostsPerCertificate.value
        ? []
        : [
            wrong(
              at(i),
              `(${names.length} hosts) must have 1 to ${hostsPerCertificate.value} hosts because a managed certificate has no other number`,
              "remove the list, or divide it",
            ),
          ]),
      ...(certificates.findIndex((other) => alike(other, names)) < i
        ? [wrong(at(i), "must differ from the lists before because two of the same hosts are one certificate", "remove it")]
        : []),
      ...names.flatMap((host, j) =>
        hosts.includes(host)
          ? []
          : [
              wrong(
                `${at(i)}[${j}]`,
                `(${shown(host)}) must be a host under 'netra:hosts' because Google issues and renews a certificate only while every host of it leads here`,
                "add it there, or put the other hosts on a list without it and, once that one is issued, remove this list",
              ),
            ],
      ),
      ...(new Set(names).size < names.length ? [wrong(at(i), "must name each host once because a certificate does", "remove the repetition")] : []),
    ]),
  ];
}

/** With the edge, what clients send comes through it or not at all. */
function ingressProblems({ services, hosts }: Readonly<Record<string, unknown>>): InputProblem[] {
  const behind = entriesOf(hosts, true).map(([service]) => service);
  return entriesOf(services).flatMap(([key, { ingress }]) => {
    const setting = `netra:services.${key}.ingress`;
    if (ingress === "all")
      return [wrong(setting, "(all) must be internal-and-load-balancer because clients could get round the rules of 'netra:edge'", "remove it")];
    if (ingress === "internal" && behind.includes(key))
      return [
        wrong(
          setting,
          `(internal) must be internal-and-load-balancer because 'netra:hosts.${key}' leads to it through the load balancer`,
          `remove it, or 'netra:hosts.${key}'`,
        ),
      ];
    return [];
  });
}

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : []);
const wrong = (setting: string, must: string, fix: string): InputProblem => ({ setting, message: `'${setting}' ${must}; ${fix}` });
