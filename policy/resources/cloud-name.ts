import { indexed } from "../../capacity/memoized";
import { NETWORK, SUBNETWORK } from "../../config/resource-types";
import type { Resource, StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";

/** The parts of a resource's name. A part that the text leaves out is undefined. */
export interface CloudName {
  /** The project's id or number. */
  readonly project: string | undefined;
  /** A region, a zone or `global`, in lower case. */
  readonly location: string | undefined;
  /** `networks`, `connectors`: as in Google's paths. */
  readonly collection: string | undefined;
  readonly name: string;
}

const GLOBAL = "global";
/** Path segments before a project or a location. Cloud Run v1 writes `namespaces` for a project. */
const SCOPES: ReadonlyMap<string, "project" | "location"> = new Map([
  ["projects", "project"],
  ["namespaces", "project"],
  ["regions", "location"],
  ["zones", "location"],
  ["locations", "location"],
]);
const REGION = "[a-z]+-[a-z]+\\d+";
const ZONE = new RegExp(`^(${REGION})-[a-z0-9]+$`);
/** Cloud SQL's `project:region:name`, where the project may have a domain before it: `example.com:project`. */
const CONNECTION_NAME = new RegExp(`^(.+):(${REGION}):([^:]+)$`);

/**
 * Reads a name in every form that Google and the provider use: bare; `global/networks/n`; `regions/r/subnetworks/n`;
 * `projects/p/...`; the same after a service's address, with or without `https:` and API version; Cloud SQL's
 * connection name. `collection`: the collection to stop at, if others may be nested below it, as versions are below a
 * secret. `undefined`: no name.
 */
export function cloudName(text: string | undefined, collection?: string): CloudName | undefined {
  const segments = (text ?? "").trim().split("/");
  // Host and API version precede the first scope.
  const start = segments.findIndex((segment) => segment.toLowerCase() === GLOBAL || SCOPES.has(segment.toLowerCase()));
  if (segments.length > 1 && start >= 0) return pathName(segments.slice(start), collection);
  const bare = segments.at(-1) ?? "";
  const [, project, location, name = bare] = CONNECTION_NAME.exec(bare) ?? [];
  return name === "" ? undefined : { project, location, collection, name };
}

function pathName(segments: readonly string[], wanted: string | undefined): CloudName | undefined {
  const scope: { project?: string; location?: string } = {};
  let found: Pick<CloudName, "collection" | "name"> | undefined;
  const left = segments.values();
  for (const collection of left) {
    if (collection.toLowerCase() === GLOBAL) {
      scope.location = GLOBAL; // no name follows
      continue;
    }
    const name: string = left.next().value ?? "";
    const part = SCOPES.get(collection.toLowerCase());
    if (part) scope[part] = part === "location" ? name.toLowerCase() : name;
    found = { collection, name };
    if (collection === wanted) break;
  }
  return found?.name ? { project: scope.project, location: scope.location, ...found } : undefined;
}

/** The region of a location in any form: a region's path or address, or a zone, in any case of letters. */
export function regionIn(location: string | undefined): string | undefined {
  const { location: stated, name } = cloudName(location) ?? {};
  const place = (stated ?? name)?.toLowerCase();
  return ZONE.exec(place ?? "")?.[1] ?? place;
}

/**
 * A resource's region, or the provider's if it states none: in outputs a preview does not know what the program left
 * out.
 */
export const regionOf = (resource: Resource): string | undefined =>
  statedRegionOf(resource) ?? regionIn(resource.provider.knownOnly().text("region"));

function statedRegionOf({ properties }: Resource): string | undefined {
  const known = properties.knownOnly();
  return regionIn(known.text("region") || known.text("location") || known.text("zone"));
}

/** A resource's project, or the provider's if it states none. */
export const projectOf = ({ properties, provider }: Resource): string | undefined =>
  cloudName(properties.knownOnly().text("project") || provider.knownOnly().text("project"))?.name;

/** The name in a property of the resource. Without a project it is in the resource's own. */
export function namedBy(resource: Resource, text: string | undefined, collection?: string): CloudName | undefined {
  const named = cloudName(text, collection);
  return named && { ...named, project: named.project ?? projectOf(resource) };
}

/** Whether two names may mean the same resource. A missing part matches any. */
export function mayBeSame(a: CloudName, b: CloudName): boolean {
  return (
    mayBeSameProject(a.project, b.project) &&
    mayBeSameLocation(a.location, b.location) &&
    (!a.collection || !b.collection || a.collection.toLowerCase() === b.collection.toLowerCase()) &&
    // Google also numbers networks, and a number may stand for any name.
    (a.name === b.name || [a, b].some((name) => isNetwork(name) && isNumber(name.name)))
  );
}

/** The resource's own name; Pulumi's name if it is unknown at preview. */
export function ownName(resource: Resource): CloudName {
  const own = cloudName(resource.properties.knownOnly().text("name"));
  return {
    collection: own?.collection,
    name: own?.name ?? resource.name,
    project: projectOf(resource),
    location: regionOf(resource),
  };
}

/** Whether the name may be that resource's. */
export function mayName(named: CloudName, resource: Resource): boolean {
  // The provider's region does not apply to global resources.
  const isGlobal = named.location === GLOBAL && statedRegionOf(resource) === undefined;
  return mayBeSame(isGlobal ? { ...named, location: undefined } : named, ownName(resource));
}

const byName = indexed((resource: StackResource) => [ownName(resource).name]);

/** The stack's resources of some types that the name may mean. */
export const namedIn = (
  stack: readonly StackResource[],
  named: CloudName,
  types: readonly string[],
): readonly StackResource[] =>
  // A number may stand for any network's name.
  (isNetwork(named) || types.some((type) => NETWORKS.includes(type))
    ? ofTypes(stack, ...types)
    : byName(stack, named.name)
  ).filter((other) => types.includes(other.type) && mayName(named, other));

/** Whether two names of a project may mean the same one: a project's id cannot be compared with its number. */
export const mayBeSameProject = (a: string | undefined, b: string | undefined): boolean =>
  !a || !b || a === b || isNumber(a) !== isNumber(b);

/** A zone is in its region. */
function mayBeSameLocation(a: string | undefined, b: string | undefined): boolean {
  if (!a || !b || a === b) return true;
  return ZONE.test(a) !== ZONE.test(b) && regionIn(a) === regionIn(b);
}

const NETWORKS = [NETWORK, SUBNETWORK];
const isNetwork = ({ collection }: CloudName) => /^(sub)?networks$/i.test(collection ?? "");
const isNumber = (name: string) => /^\d+$/.test(name);
