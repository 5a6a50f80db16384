import { isPostgres } from "../capacity/cloudsql";
import { cloudName, mayName } from "./cloud-name";
import { V1_INSTANCES } from "./database-clients";
import { CONNECTION_NAME, namesInstance, tellsDatabase } from "./database-names";
import { dependenciesOf } from "./dependencies";
import type { StackResource } from "./rule";
import { SQL_INSTANCE } from "./types";
import { type Container, revisionAnnotations, secretSourceOf, type Workload } from "./workload";

/** Which databases a container uses. */
export interface UsedDatabases {
  readonly instances: readonly StackResource[];
  /** Whether it (also) uses one that does not stand in the stack. */
  readonly outside: boolean;
}

/**
 * The database instances of the stack that a container uses: those whose connection names or addresses it is told, else
 * those it depends on, else the only one there is. `undefined`: it cannot be told. A preview often knows neither names
 * nor addresses, so that the dependencies decide.
 */
export function databasesOf(resource: StackResource, workload: Workload, container: Container, resources: readonly StackResource[]): UsedDatabases | undefined {
  const instances = resources.filter(({ type }) => type === SQL_INSTANCE);
  if (instances.length === 0) return { instances, outside: true };
  const told = toldLocations(workload, container);
  const named = told.flatMap((text) => text.match(CONNECTION_NAME) ?? []);
  if (named.length > 0) {
    const found = named.map((name) => instances.find((instance) => isNamed(instance, name)));
    return { instances: [...new Set(found.flatMap((instance) => instance ?? []))], outside: found.includes(undefined) };
  }
  const addresses = addressesIn(told);
  const addressed = instances.filter((instance) => knownAddressesOf(instance)?.some((address) => addresses.includes(address)));
  if (addressed.length > 0) return { instances: addressed, outside: false };
  const needed = dependenciesOf(resource, [SQL_INSTANCE]);
  if (needed.length > 0) return { instances: needed, outside: false };
  if (addresses.length > 0 && instances.every(knownAddressesOf)) return { instances: [], outside: true };
  const postgres = instances.filter(mayBePostgres);
  const candidates = postgres.length > 0 ? postgres : instances;
  return candidates.length === 1 ? { instances: candidates, outside: false } : undefined;
}

/** The addresses that a container is told as its database's, as far as a preview knows them. */
export const toldAddresses = (workload: Workload, container: Container): string[] => addressesIn(toldLocations(workload, container));

/** Not this instance's own: there a proxy listens. */
const addressesIn = (told: readonly string[]) => told.flatMap((text) => text.match(ADDRESS) ?? []).filter((address) => !address.startsWith("127."));

/** Whether the container connects over the built-in Cloud SQL socket. */
export function usesSocket(workload: Workload, container: Container): boolean {
  if (toldLocations(workload, container).some((text) => text.includes("/cloudsql/"))) return true;
  return socketVolumes(workload, container).length > 0 || (workload.kind === "v1 service" && revisionAnnotations(workload).mayHave(V1_INSTANCES));
}

/** Whether its processes ask the Admin API before they connect: over the socket, or with a library that knows only the connection name. */
export function callsAdminApi(workload: Workload, container: Container): boolean {
  const told = container.variables.filter(tellsDatabase);
  return usesSocket(workload, container) || (told.length > 0 && told.every(namesInstance));
}

const ADDRESS = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g;

/** What the container is told about its database, as far as a preview knows it. Never shown: an address may carry a password. */
function toldLocations(workload: Workload, container: Container): string[] {
  const literals = container.variables
    .filter((variable) => tellsDatabase(variable) && !variable.inputs.isUnknown("value") && !secretSourceOf(variable))
    .map((variable) => decoded(variable.inputs.text("value") ?? ""));
  const mounted = socketVolumes(workload, container).flatMap((volume) => volume.knownOnly().object("cloudSqlInstance").texts("instances"));
  const annotations = workload.kind === "v1 service" ? revisionAnnotations(workload) : undefined;
  const annotated = annotations && !annotations.isUnknown(V1_INSTANCES) ? (annotations.text(V1_INSTANCES) ?? "").split(",") : [];
  return [...literals, ...mounted, ...annotated];
}

/** The Cloud SQL volumes that the container mounts; all of them where no container mounts any. */
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

/** The instance's addresses; `undefined` where a preview does not know them. */
function knownAddressesOf(instance: StackResource): string[] | undefined {
  const known = instance.properties.knownOnly();
  const addresses = ["privateIpAddress", "publicIpAddress", "firstIpAddress"].flatMap((key) => known.text(key) || []);
  return addresses.length > 0 ? addresses : undefined;
}

const mayBePostgres = (instance: StackResource) => isPostgres(instance.properties.knownOnly().text("databaseVersion") ?? "");
