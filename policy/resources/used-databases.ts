import { isPostgres } from "../../capacity/constraints/cloudsql";
import { isPrivateAddress, overlap } from "../../capacity/constraints/ranges";
import { memoized } from "../../capacity/memoized";
import { DNS_RECORDS, GLOBAL_ADDRESS, SQL_INSTANCE } from "../../config/resource-types";
import type { StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { cloudName, mayName } from "./cloud-name";
import { addressesOf } from "./database";
import { databaseContainers, V1_INSTANCES } from "./database-containers";
import {
  CONNECTION_NAME,
  endpointsIn,
  isConnectionString,
  isDatabaseHost,
  isLoopback,
  isOtherStore,
  knownValue,
  namesDatabase,
  namesInstance,
  normalName,
} from "./database-names";
import { dependenciesOf } from "./dependencies";
import { primariesOf } from "./primaries";
import { databasesBehind } from "./property-dependencies";
import { mountedSecrets } from "./secret-reference";
import { dataOf, versionsNamed } from "./secret-versions";
import { argumentsOf, isLocal, isProxy, proxiedInstances } from "./sidecars";
import { type Container, revisionAnnotations, secretSourceOf, type Variable, type Workload } from "./workload";

/** Which databases a container uses. */
export interface UsedDatabases {
  readonly instances: readonly StackResource[];
  /** Whether it (also) uses a database outside the stack. */
  readonly outside: boolean;
}

/**
 * The database instances of the stack that a container uses: those whose connection names or addresses it has, else
 * those it depends on. A preview often knows neither names nor addresses; if nothing is known, it is the stack's only
 * instance. `undefined`: it is not known which.
 */
export function databasesOf(
  resource: StackResource,
  workload: Workload,
  container: Container,
  resources: readonly StackResource[],
): UsedDatabases | undefined {
  const instances = ofTypes(resources, SQL_INSTANCE);
  if (instances.length === 0) return { instances, outside: true };
  const locations = [
    ...databaseLocations(workload, container),
    ...container.variables.flatMap((variable) => secretTexts(variable, resources)),
  ];
  const named = locations.flatMap((text) => text.match(CONNECTION_NAME) ?? []);
  if (named.length > 0) {
    const found = named.map((name) => instances.find((instance) => isNamed(instance, name)));
    return { instances: [...new Set(found.flatMap((instance) => instance ?? []))], outside: found.includes(undefined) };
  }
  const hosts = [...new Set(locations.flatMap(hostsIn))];
  const places = hosts.map((host) => databaseAt(host, instances, resources));
  const certain = places.flatMap((place) => (typeof place === "object" ? [place] : []));
  const outside = places.includes("outside");
  if (hosts.length > 0 && !places.includes("unknown")) return { instances: [...new Set(certain)], outside };
  const needed = dependenciesOf(resource, [SQL_INSTANCE]);
  if (needed.length > 0) return { instances: [...new Set([...certain, ...needed])], outside };
  if (hosts.length > 0) return certain.length > 0 ? { instances: certain, outside } : undefined;
  if (resource.propertyDependencies.some(({ type }) => OTHER_PROVIDERS.test(type))) return undefined;
  const postgres = instances.filter(mayBePostgres);
  const ofEngine = postgres.length > 0 ? postgres : instances;
  // A client of an unknown database may write to it, and a replica is read-only.
  const candidates = ofEngine.filter((instance) => primariesOf(instance, resources).length === 0);
  return candidates.length === 1 ? { instances: candidates, outside: false } : undefined;
}

/** Resources whose outputs may be the address of a database elsewhere: of another stack or cloud, or of AlloyDB. */
const OTHER_PROVIDERS =
  /^(pulumi:pulumi:StackReference$|gcp:alloydb\/|(aws|aws-native|azure-native|azure|digitalocean|neon|supabase|aiven|timescale|crunchybridge|scaleway|heroku):)/;

/** The database behind a host: `outside` the stack, or `unknown` if a preview does not know enough. */
function databaseAt(
  host: string,
  instances: readonly StackResource[],
  resources: readonly StackResource[],
): StackResource | "outside" | "unknown" {
  const known = instances.find((instance) => namesOf(instance, resources).includes(host));
  if (known) return known;
  const unknown = instances.filter((instance) => knownAddressesOf(instance) === undefined);
  if (unknown.length === 0) return isAddress(host) || isPublicName(host) ? "outside" : "unknown";
  if (!isAddress(host)) return isPublicName(host) ? "outside" : "unknown";
  if (!isPrivateAddress(host))
    return unknown.some((instance) => addressesOf(instance).isPublic) ? "unknown" : "outside";
  const ranges = servicesRanges(resources);
  // Google assigns private addresses only from the range that the stack reserves for its services.
  if (ranges.length === 0) return "unknown";
  if (!ranges.some((range) => overlap(range, `${host}/32`))) return "outside";
  const [only, ...others] = unknown.filter((instance) => addressesOf(instance).isPrivate);
  return only && others.length === 0 ? only : "unknown";
}

const isAddress = (host: string) => new RegExp(`^${ADDRESS.source}$`).test(host);

/** A public DNS name. A private zone's name, or Cloud SQL's own, may be this stack's instance. */
const isPublicName = (host: string) =>
  host.includes(".") && !/\.(internal|local|lan|corp|private|home|intern|svc|sql\.goog)\.?$/i.test(host);

/** The known ranges that the stack reserves for Google's services; empty where any is unknown. */
function servicesRanges(resources: readonly StackResource[]): string[] {
  const reserved = ofTypes(resources, GLOBAL_ADDRESS).filter(
    ({ properties }) => properties.knownOnly().choice("purpose") === "VPC_PEERING",
  );
  const ranges = reserved.map(({ properties }) => {
    const [address, prefix] = [properties.knownOnly().text("address"), properties.knownOnly().number("prefixLength")];
    return address && prefix ? `${address}/${prefix}` : undefined;
  });
  return ranges.includes(undefined) ? [] : ranges.flatMap((range) => range ?? []);
}

/** Everything that resolves to an instance: its addresses, its DNS names, the records that point to it. */
function namesOf(instance: StackResource, resources: readonly StackResource[]): string[] {
  const known = instance.properties.knownOnly();
  const records = ofTypes(resources, ...DNS_RECORDS);
  const pointing = records.filter((record) => {
    const texts = record.properties.knownOnly().texts("rrdatas");
    return (
      knownAddressesOf(instance)?.some((address) => texts.includes(address)) ||
      databasesBehind(record, resources).includes(instance)
    );
  });
  const dns = [known.text("dnsName"), ...pointing.map((record) => record.properties.knownOnly().text("name"))];
  return [...(knownAddressesOf(instance) ?? []), ...dns.flatMap((name) => (name ? name.replace(/\.$/, "") : []))];
}

/**
 * The containers of a workload that hold connections, with the stack as context: also those that have one of its
 * instances in a variable with another name, or take its address from a secret.
 */
export function clientContainers(workload: Workload, resources: readonly StackResource[]): Container[] {
  const counted = databaseContainers(workload);
  const isName = instanceNamer(resources);
  return workload.containers.filter(
    (container) =>
      counted.includes(container) ||
      (!isProxy(container) && !isLocal(container) && isToldByStack(workload, container, isName, resources)),
  );
}

/** Whether a text names one of the stack's instances: by its connection name, an address, a DNS name. */
export const instanceNamer = memoized((resources: readonly StackResource[]): ((text: string) => boolean) => {
  const instances = ofTypes(resources, SQL_INSTANCE);
  const names = instances.flatMap((instance) => namesOf(instance, resources));
  // Other services may have addresses in the range that is reserved for Google's services.
  const isAlone = !resources.some(
    ({ type, properties }) =>
      SERVICES_USERS.test(type) && properties.knownOnly().choice("connectMode") !== "DIRECT_PEERING",
  );
  const leadsTo = (word: string, instance: StackResource) =>
    isAddress(word) && databaseAt(word, instances, resources) === instance;
  return (text) =>
    (text.match(CONNECTION_NAME) ?? []).some((name) => instances.some((instance) => isNamed(instance, name))) ||
    wordsIn(text).some(
      (word) => names.includes(word) || (isAlone && instances.some((instance) => leadsTo(word, instance))),
    );
});

const SERVICES_USERS = /^gcp:(redis|memcache|filestore|alloydb|netapp|vmwareengine|tpu)\//;

function isToldByStack(
  workload: Workload,
  container: Container,
  isName: (text: string) => boolean,
  resources: readonly StackResource[],
): boolean {
  const files = mountedVersions(workload, container, resources);
  return (
    argumentsOf(container).some(isName) ||
    files.some((version) => databasesBehind(version, resources).length > 0 || leads(dataOf(version), isName)) ||
    container.variables.some(
      (variable) =>
        !isOtherStore(normalName(variable.name)) &&
        (isName(knownValue(variable)) ||
          secretTexts(variable, resources).some((text) => isConnectionString(text) || isName(text)) ||
          isSecretBehind(variable, resources)),
    )
  );
}

const leads = (text: string | undefined, isName: (text: string) => boolean) =>
  text !== undefined && (isConnectionString(text) || isName(text));

/** The versions of the stack's secrets that a container mounts as files. */
function mountedVersions(
  workload: Workload,
  { inputs }: Container,
  resources: readonly StackResource[],
): StackResource[] {
  const mounts = inputs.list("volumeMounts").map((mount) => mount.text("name"));
  return mountedSecrets(workload).flatMap(({ secret, volume }) =>
    secret && mounts.includes(volume) ? versionsNamed(secret, resources) : [],
  );
}

const wordsIn = (text: string) => text.match(/[\w.-]+/g) ?? [];

const isSecretBehind = (variable: Variable, resources: readonly StackResource[]) =>
  versionsOfVariable(variable, resources).some((version) => databasesBehind(version, resources).length > 0);

/** The known values of a variable's secret in the stack. Never show them in a message. */
export const secretTexts = (variable: Variable, resources: readonly StackResource[]): string[] =>
  versionsOfVariable(variable, resources).flatMap((version) => dataOf(version) ?? []);

function versionsOfVariable(variable: Variable, resources: readonly StackResource[]): readonly StackResource[] {
  const source = secretSourceOf(variable);
  const secret = source?.reference.knownOnly().text(source.secretKey);
  return secret ? versionsNamed(secret, resources) : [];
}

/** The known addresses of a container's database. */
export const databaseAddresses = (workload: Workload, container: Container): string[] =>
  // Not the instance's own address: a proxy listens there.
  databaseLocations(workload, container)
    .flatMap((text) => text.match(ADDRESS) ?? [])
    .filter((address) => !isLoopback(address));

/** Whether the container connects over the built-in Cloud SQL socket. */
export function usesSocket(workload: Workload, container: Container): boolean {
  if (databaseLocations(workload, container).some((text) => text.includes("/cloudsql/"))) return true;
  return (
    socketVolumes(workload, container).length > 0 ||
    (workload.kind === "v1 service" && revisionAnnotations(workload).mayHave(V1_INSTANCES))
  );
}

/**
 * Whether its processes call the Admin API before they connect: over the socket, or with a library that knows only the
 * connection name.
 */
export function callsAdminApi(workload: Workload, container: Container): boolean {
  const variables = container.variables.filter(namesDatabase);
  return usesSocket(workload, container) || (variables.length > 0 && variables.every(namesInstance));
}

const ADDRESS = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;

/** The hosts in a text, without the instance's own and without sockets. */
const hostsIn = (text: string) =>
  endpointsIn(text)
    .map(({ host }) => host.toLowerCase().replace(/\.$/, ""))
    .filter((host) => !isLoopback(host) && !host.startsWith("/"));

/** The known locations of the container's database. Never show them in a message: an address may contain a password. */
function databaseLocations(workload: Workload, container: Container): string[] {
  const literals = container.variables
    .filter(
      (variable) =>
        namesDatabase(variable) &&
        !secretSourceOf(variable) &&
        (isDatabaseHost(variable.name) || isLocation(knownValue(variable))),
    )
    .map((variable) => decoded(knownValue(variable)));
  const given = isProxy(container) ? [] : argumentsOf(container).filter(isLocation);
  const mounted = socketVolumes(workload, container).flatMap((volume) =>
    volume.knownOnly().object("cloudSqlInstance").texts("instances"),
  );
  const annotations = workload.kind === "v1 service" ? revisionAnnotations(workload) : undefined;
  const annotated =
    annotations && !annotations.isUnknown(V1_INSTANCES) ? (annotations.text(V1_INSTANCES) ?? "").split(",") : [];
  const proxied = isLocal(container) ? proxiedInstances(workload) : [];
  return [...literals, ...given, ...mounted, ...annotated, ...proxied].filter((text) => text !== "");
}

const isLocation = (text: string) => isConnectionString(text) || text.search(CONNECTION_NAME) >= 0;
/** The Cloud SQL volumes that the container mounts; all of them if no container mounts any. */
function socketVolumes(workload: Workload, container: Container) {
  const volumes = workload.pod.list("volumes").filter((volume) => volume.mayHave("cloudSqlInstance"));
  const mountedBy = ({ inputs }: Container) => {
    const mounts = inputs.list("volumeMounts").map((mount) => mount.text("name"));
    return volumes.filter((volume) => mounts.includes(volume.text("name")));
  };
  return workload.containers.some((any) => mountedBy(any).length > 0) ? mountedBy(container) : volumes;
}

/** A socket path in a URL is percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isNamed(instance: StackResource, connectionName: string): boolean {
  const named = cloudName(connectionName);
  return named !== undefined && mayName(named, instance);
}

/** The instance's addresses; `undefined` if they are unknown at preview. */
function knownAddressesOf(instance: StackResource): string[] | undefined {
  const known = instance.properties.knownOnly();
  const addresses = ["privateIpAddress", "publicIpAddress", "firstIpAddress"].flatMap((key) => known.text(key) || []);
  return addresses.length > 0 ? addresses : undefined;
}

const mayBePostgres = (instance: StackResource) =>
  isPostgres(instance.properties.knownOnly().text("databaseVersion") ?? "");
