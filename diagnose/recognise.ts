import { cloudName } from "../policy/cloud-name";
import { SOURCES, type Source } from "./sources";

/** An object of the cloud as gcloud or REST showed it. */
export interface Found {
  readonly source: Source;
  readonly object: Readonly<Record<string, unknown>>;
  /** The file or API it came from, for messages. */
  readonly from: string;
}

/** What was found, and what could not be. */
export interface Collection {
  readonly found: readonly Found[];
  /** Sources of which something is known, be it an empty list. */
  readonly collected: ReadonlySet<Source>;
  /** Sources of which a list is known: what it does not show is not there. */
  readonly listed: ReadonlySet<Source>;
  /** Secrets of which the list of versions is known. */
  readonly listedSecrets: ReadonlySet<string>;
  /** Why there may be more of a source than is known, unless it is listed. */
  readonly hidden: ReadonlyMap<Source, string>;
  /** Why a source could not be read. */
  readonly gaps: ReadonlyMap<Source, string>;
  /** Why the versions of single secrets could not be read. */
  readonly secretGaps: ReadonlyMap<string, string>;
  /** Secrets that do not exist. */
  readonly absentSecrets: ReadonlySet<string>;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json => value !== null && typeof value === "object" && !Array.isArray(value);

/** How each kind of object is known, whatever its file is called. */
const SHAPES: readonly (readonly [Source, (object: Json) => boolean])[] = [
  ["services", ({ apiVersion, kind }) => kind === "Service" && startsWith(apiVersion, "serving.knative.dev/")],
  ["services", ({ name, template }) => isOne(name, "services") && isObject(template)],
  ["jobs", ({ apiVersion, kind }) => kind === "Job" && startsWith(apiVersion, "run.googleapis.com/")],
  ["jobs", ({ name, template }) => isOne(name, "jobs") && isObject(template)],
  ["instances", ({ kind, databaseVersion, settings }) => kind === "sql#instance" || (typeof databaseVersion === "string" && isObject(settings))],
  ["connectors", ({ name }) => isOne(name, "connectors")],
  ["caches", ({ name, redisVersion }) => isOne(name, "instances") && redisVersion !== undefined],
  ["versions", ({ name, state }) => isOne(name, "versions") && typeof state === "string"],
  ["secrets", ({ name }) => isOne(name, "secrets")],
  ["networks", ({ kind }) => kind === "compute#network"],
  ["subnetworks", ({ kind }) => kind === "compute#subnetwork"],
  ["routers", ({ kind }) => kind === "compute#router"],
  ["alerts", ({ name }) => isOne(name, "alertPolicies")],
  ["channels", ({ name }) => isOne(name, "notificationChannels")],
];

const startsWith = (value: unknown, prefix: string) => typeof value === "string" && value.startsWith(prefix);
const isOne = (name: unknown, collection: string) => typeof name === "string" && cloudName(name)?.collection === collection;

/** What an object is, by its content; `undefined`: nothing that is read here. */
export function recognise(value: unknown): Source | undefined {
  return isObject(value) ? SHAPES.find(([, fits]) => fits(value))?.[0] : undefined;
}

/** The objects of a file: a list, a page of a REST answer, or the one object itself. */
export function elementsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value) || recognise(value) !== undefined) return [value];
  const lists = [...new Set(Object.values(SOURCES).map(({ items }) => items))].flatMap((key) => (Array.isArray(value[key]) ? [value[key]] : []));
  return lists.length > 0 ? lists.flat() : [value];
}
