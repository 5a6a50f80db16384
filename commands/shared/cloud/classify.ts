import { cloudName } from "../../../policy/resources/cloud-name";
import { type ItemSource, SOURCES, type Source } from "./sources";

/** An object as gcloud or REST prints it. */
export interface CloudObject {
  readonly source: Source;
  readonly object: Readonly<Record<string, unknown>>;
  /** The file or API it came from, for messages. */
  readonly from: string;
}

/** The objects that were read, and what could not be read. */
export interface Collection {
  readonly objects: readonly CloudObject[];
  /** Sources of which something is known, even an empty list. */
  readonly collected: ReadonlySet<Source>;
  /** Sources with a complete list: what it does not show does not exist. */
  readonly listed: ReadonlySet<Source>;
  /** Why a source may have more objects, unless it is listed. */
  readonly hidden: ReadonlyMap<Source, string>;
  /** Why a source could not be read. */
  readonly gaps: ReadonlyMap<Source, Gap>;
  /** What is known of sources that are collected one by one. */
  readonly items: Readonly<Record<ItemSource, ItemsKnown>>;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** Why something could not be read. */
export interface Gap {
  readonly why: string;
  /** The command that lets it be read. Default: the one that collects it. */
  readonly mend?: string | undefined;
}

/** Items (secrets, constraints, repositories, instances) of which something is known. */
interface ItemsKnown {
  /** Items whose list is known: of a secret all its versions. */
  readonly listed: ReadonlySet<string>;
  /** Items that do not exist. */
  readonly absent: ReadonlySet<string>;
  /** Why single items could not be read. */
  readonly gaps: ReadonlyMap<string, Gap>;
}

/** Empty sets, which the readers fill. */
export const noItems = () => {
  const none = () => ({ listed: new Set<string>(), absent: new Set<string>(), gaps: new Map<string, Gap>() });
  return { versions: none(), policies: none(), images: none(), databases: none() } satisfies Collection["items"];
};

type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** How each kind of object is recognised, independent of its file name. */
const SHAPES: readonly (readonly [Source, (object: Json) => boolean])[] = [
  ["services", ({ apiVersion, kind }) => kind === "Service" && startsWith(apiVersion, "serving.knative.dev/")],
  ["services", ({ name, template }) => isOne(name, "services") && isObject(template)],
  ["jobs", ({ apiVersion, kind }) => kind === "Job" && startsWith(apiVersion, "run.googleapis.com/")],
  ["jobs", ({ name, template }) => isOne(name, "jobs") && isObject(template)],
  [
    "instances",
    ({ kind, databaseVersion, settings }) =>
      kind === "sql#instance" || (typeof databaseVersion === "string" && isObject(settings)),
  ],
  ["connectors", ({ name }) => isOne(name, "connectors")],
  ["caches", ({ name, redisVersion }) => isOne(name, "instances") && redisVersion !== undefined],
  ["versions", ({ name, state }) => isOne(name, "versions") && typeof state === "string"],
  ["secrets", ({ name }) => isOne(name, "secrets")],
  ["networks", ({ kind }) => kind === "compute#network"],
  ["subnetworks", ({ kind }) => kind === "compute#subnetwork"],
  ["routers", ({ kind }) => kind === "compute#router"],
  ["alerts", ({ name }) => isOne(name, "alertPolicies")],
  ["channels", ({ name }) => isOne(name, "notificationChannels")],
  ["apis", ({ name, config, state }) => isOne(name, "services") && isObject(config) && typeof state === "string"],
  ["project", ({ projectNumber, projectId }) => projectNumber !== undefined && typeof projectId === "string"],
  ["access", ({ bindings }) => Array.isArray(bindings)],
  ["quotas", ({ name, quotaId }) => isOne(name, "quotaInfos") && typeof quotaId === "string"],
  ["policies", ({ name }) => isOne(name, "policies")],
  ["images", (object) => registryOf(object) !== undefined],
  ["databases", ({ kind }) => kind === "sql#database"],
  ["accounts", ({ name }) => isOne(name, "serviceAccounts")],
  ["projectQuotas", ({ kind }) => kind === "compute#project"],
  ["regionQuotas", ({ kind }) => kind === "compute#region"],
  ["routes", ({ kind }) => kind === "compute#route"],
  ["addresses", ({ kind }) => kind === "compute#address"],
  ["securityPolicies", ({ kind }) => kind === "compute#securityPolicy"],
  ["sslPolicies", ({ kind }) => kind === "compute#sslPolicy"],
  ["certificates", ({ kind }) => kind === "compute#sslCertificate"],
  ["urlMaps", ({ kind }) => kind === "compute#urlMap"],
  ["httpsProxies", ({ kind }) => kind === "compute#targetHttpsProxy"],
  ["httpProxies", ({ kind }) => kind === "compute#targetHttpProxy"],
  ["forwardingRules", ({ kind }) => kind === "compute#forwardingRule"],
  ["backends", ({ kind }) => kind === "compute#backendService"],
  ["endpointGroups", ({ kind }) => kind === "compute#networkEndpointGroup"],
];

const startsWith = (value: unknown, prefix: string) => typeof value === "string" && value.startsWith(prefix);
const isOne = (name: unknown, collection: string) =>
  typeof name === "string" && cloudName(name)?.collection === collection;

/**
 * The repository that an image stands in, as `us-central1-docker.pkg.dev/P/R`: REST has it in `uri`, gcloud in
 * `package`.
 */
function registryOf({ uri, package: image }: Json): string | undefined {
  const address = [uri, image].find((text) => typeof text === "string");
  return /^[\w-]+-docker\.pkg\.dev\/[^/]+\/[^/]+(?=\/)/.exec(String(address))?.[0];
}

/** Which secret, constraint, repository or instance an object belongs to. */
export function itemOf({ source, object }: CloudObject): string | undefined {
  if (source === "versions") return cloudName(String(object.name), "secrets")?.name;
  if (source === "policies") return cloudName(String(object.name))?.name;
  if (source === "images") return registryOf(object);
  return source === "databases" ? String(object.instance) : undefined;
}

/** The source of an object, by its content; `undefined`: unknown. */
export function classify(value: unknown): Source | undefined {
  return isObject(value) ? SHAPES.find(([, fits]) => fits(value))?.[0] : undefined;
}

/** The objects of a file: a list, a page of a REST answer, or the one object itself. */
export function elementsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value) || classify(value) !== undefined) return [value];
  const keys = new Set(Object.values(SOURCES).flatMap(({ items }) => items ?? []));
  const lists = [...keys].flatMap((key) => (Array.isArray(value[key]) ? [value[key]] : []));
  return lists.length > 0 ? lists.flat() : [value];
}
