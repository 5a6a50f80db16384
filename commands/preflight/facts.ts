import type { z } from "zod";
import { APIS } from "../../config/apis";
import type { Settings } from "../../config/schema";
import type { Preview } from "../../engine/preview";
import type { Collection } from "../shared/cloud/classify";
import type { Reading } from "../shared/cloud/collect-api";
import { type Deployed, deployedFrom } from "../shared/cloud/deployed";
import { collectingLine, type Items, isItemSource, SOURCES, type Source } from "../shared/cloud/sources";
import { type Answer, open } from "./answer";
import { constraints } from "./constraints";
import { registriesOf } from "./image-reference";
import { enabledApis } from "./schemas";

/** What was read before an update. */
export interface Facts {
  readonly settings: Settings;
  readonly collection: Collection;
  readonly deployed: readonly Deployed[];
  /** What the update would do; `undefined`: not given. */
  readonly preview: Preview | undefined;
  /** Whether images outside Artifact Registry exist, from {@link publicImages}. */
  readonly publicImages: ReadonlyMap<string, boolean | string>;
}

/** Everything that is read. */
export const PREFLIGHT_SOURCES: readonly Source[] = [
  ...([
    "apis",
    "project",
    "access",
    "quotas",
    "projectQuotas",
    "regionQuotas",
    "policies",
    "images",
    "secrets",
    "versions",
  ] as const),
  ...([
    "services",
    "jobs",
    "connectors",
    "instances",
    "databases",
    "caches",
    "accounts",
    "networks",
    "subnetworks",
    "routers",
    "routes",
    "addresses",
  ] as const),
  ...([
    "securityPolicies",
    "sslPolicies",
    "certificates",
    "urlMaps",
    "httpsProxies",
    "httpProxies",
    "forwardingRules",
    "backends",
    "endpointGroups",
  ] as const),
];

export const readingOf = (settings: Settings): Reading => ({
  sources: PREFLIGHT_SOURCES,
  items: (soFar) => {
    const { deployed } = deployedFrom(soFar, settings);
    const exists = (source: Source, name: string) =>
      !soFar.listed.has(source) || deployed.some((one) => one.source === source && one.name === name);
    const items = itemsOf(settings);
    return {
      ...items,
      versions: items.versions.filter((id) => exists("secrets", id)),
      databases: items.databases.filter((name) => exists("instances", name)),
    };
  },
});

/** What is read one by one. */
const itemsOf = (settings: Settings) =>
  ({
    policies: constraints.map(({ name }) => name),
    images: registriesOf(settings),
    versions: Object.values(settings.secrets).map(({ id }) => id),
    databases: [settings.database.name],
  }) satisfies Items;

/** The objects of a list, or why they are not known. */
export type Lookup<T> = { readonly objects: readonly T[] } | { readonly open: Answer };

/** The complete list of a source; empty where its API is off. */
export function listOf<Schema extends z.ZodType>(
  facts: Facts,
  source: Source,
  schema: Schema,
): Lookup<z.output<Schema>> {
  if (isOff(facts, SOURCES[source].api)) return { objects: [] };
  return facts.collection.listed.has(source) ? objectsOf(facts, source, schema) : { open: unread(facts, source) };
}

/** The one object of a source. */
export function theOnly<Schema extends z.ZodType>(
  facts: Facts,
  source: Source,
  schema: Schema,
): { readonly object: z.output<Schema> } | { readonly open: Answer } {
  const known = objectsOf(facts, source, schema);
  if ("open" in known) return known;
  const [object] = known.objects;
  return object === undefined ? { open: unread(facts, source) } : { object };
}

/** The objects of a source, complete or not. */
export function objectsOf<Schema extends z.ZodType>(
  { collection, settings }: Facts,
  source: Source,
  schema: Schema,
): Lookup<z.output<Schema>> {
  const found = collection.objects.filter((one) => one.source === source);
  const parsed = found.map(({ object, from }) => ({ from, result: schema.safeParse(object) }));
  const broken = parsed.find(({ result }) => !result.success);
  if (broken)
    return {
      open: open(
        SOURCES[source].what,
        `${broken.from} shows an object of an unknown form`,
        collectingLine(source, settings),
      ),
    };
  return { objects: parsed.flatMap(({ result }) => (result.success ? [result.data] : [])) };
}

/** Why a source, or one of its items, is unknown. */
export function unread({ collection, settings }: Facts, source: Source, item?: string): Answer {
  const ofItem = isItemSource(source) && item !== undefined ? collection.items[source].gaps.get(item) : undefined;
  const gap = ofItem ?? collection.gaps.get(source);
  const why = gap?.why ?? collection.hidden.get(source);
  const isPartly = item === undefined && collection.collected.has(source);
  const { what } = SOURCES[source];
  return open(
    item === undefined ? what : `${what} of ${item}`,
    why ?? (isPartly ? "not all of them are shown" : "no file shows them"),
    gap?.mend ?? collectingLine(source, settings, item),
  );
}

/** The APIs that are on, without `.googleapis.com`; `undefined`: it is not known. */
export function apisOf(facts: Facts): readonly string[] | undefined {
  if (!facts.collection.listed.has("apis")) return undefined;
  const known = objectsOf(facts, "apis", enabledApis);
  return "open" in known
    ? undefined
    : known.objects.map(({ config: { name } }) => name.replace(/\.googleapis\.com$/, ""));
}

/** Whether an API that the program turns on is off, so that none of its resources exist. */
export const isOff = (facts: Facts, api: string): boolean =>
  (APIS as readonly string[]).includes(api) && apisOf(facts)?.includes(api) === false;
