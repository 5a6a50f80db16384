import { createHash } from "node:crypto";

/** What the names of a load balancer's parts are made of. */
export interface EdgeNaming {
  /** What they begin with. */
  readonly name: string;
  readonly address: string;
  /** The hosts of each certificate. */
  readonly certificates: readonly (readonly string[])[];
}

/** The parts' names, in the cloud as in the program. No two are alike, even of different types. */
export function edgeNames({ name, address, certificates }: EdgeNaming) {
  return {
    address,
    policy: `${name}-policy`,
    tls: `${name}-tls`,
    routes: `${name}-routes`,
    redirect: `${name}-redirect`,
    httpsProxy: `${name}-https-proxy`,
    httpProxy: `${name}-http-proxy`,
    https: `${name}-https`,
    http: `${name}-http`,
    certificates: certificates.map((hosts) => {
      const domains = hosts.toSorted();
      // For its hosts: another list is another certificate beside this one, and this one goes last.
      return { name: `${name}-${createHash("sha256").update(domains.join()).digest("hex").slice(0, 8)}`, domains };
    }),
  };
}

/**
 * The names of what leads to one service. For the service: a group cannot be pointed elsewhere, nor be replaced while
 * it is in use.
 */
export const backendNames = ({ name }: EdgeNaming, key: string, service: string) => ({
  group: `${service}-neg`,
  backend: `${name}-to-${key}`,
});

/** Which hosts lead to which service, by the service's key. */
export interface Hosted<Service> {
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly services: Readonly<Record<string, Service>>;
}

/** The services that have a host. */
export const servicesBehind = <Service>({ hosts, services }: Hosted<Service>): [key: string, service: Service][] =>
  Object.entries(services).filter(([key]) => (hosts[key] ?? []).length > 0);
