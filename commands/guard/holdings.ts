import type { Properties } from "../../engine/preview";

/*
 * What a resource holds, derived from the name of its type, because no list of types is complete and an unlisted type
 * may be a database. The last word of an English compound names the thing: a `bucketAccessControl` is a control, a
 * `databaseInstance` an instance. test/commands/guard/holdings.txt lists the result for every type of @pulumi/gcp.
 */

const DATA = "its data is deleted with it, and a new one starts empty";
const EVERYTHING = "everything in it is deleted with it";
const IDENTITY = "every grant to it is lost, and a new one of the same name is another identity";
const KEY = "what it encrypts can no longer be read, and what it signs or authorizes is refused";
const VALUES = "its values are deleted with it";
const ADDRESS =
  "clients, allow lists and DNS records refer to it, and it may be assigned to another customer once it is released";
const NAMES = "its names no longer resolve, and a new one has other name servers";
const MESSAGES = "unread messages are lost, and its publishers and subscribers fail";
const TLS = "its hosts have no TLS until another one is issued";

/** By the last words of a type's name. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  [DATA]: [
    ..."database,db,instance,bucket,disk,snapshot,instant snapshot,backup,vault,volume,share,claim,table,dataset,collection,store,datastore".split(
      ",",
    ),
    ..."warehouse,lake,catalog,repository,registry,keystore,filesystem,file system,workspace,workstation,notebook,stream".split(
      ",",
    ),
    ..."machine image,storage pool,db system,metastore service,log group,bucket config,replication group,tensorboard,storage account,vm,virtual machine".split(
      ",",
    ),
  ],
  [VALUES]: ["secret"],
  [EVERYTHING]:
    "cluster,project,folder,organization,namespace,resource group,private cloud,exadata infrastructure".split(","),
  [IDENTITY]: "account,user,identity,tenant,identity pool,workforce pool,user pool".split(","),
  [KEY]: "key,key version,key ring,authority,ca pool".split(","),
  [ADDRESS]: "address,eip,public ip,static ip,vpn gateway,prefix".split(","),
  [NAMES]: "zone,domain,registration".split(","),
  [MESSAGES]: "topic,subscription,queue".split(","),
  [TLS]: ["certificate"],
};

/** Names that end in such a word but hold nothing: references, and what the program itself states. */
const HOLD_NOTHING: readonly string[] = [
  ..."attached disk,backend bucket,region backend bucket,target instance,usage export bucket,linked dataset,source representation instance".split(
    ",",
  ),
  ..."plugin instance,extensions instance,service identity,monitored project,host project registration,tag key,tag binding collection".split(
    ",",
  ),
  ..."shared vpc host project,shared vpc service project,router nat address,peered dns domain,multicast domain,domain mapping".split(
    ",",
  ),
  ..."app hosting domain,app hosting default domain,hosting custom domain,ssl certificate,region ssl certificate,user workloads secret".split(
    ",",
  ),
  ..."ssh public key,backend bucket signed url key,backend service signed url key,external vpn gateway".split(","),
];

/** Types whose names are not conclusive. */
const BY_TYPE: Readonly<Record<string, string>> = {
  "gcp:appengine/application:Application": EVERYTHING,
  "gcp:cloudidentity/group:Group": IDENTITY,
  "gcp:colab/runtime:Runtime": DATA,
  "gcp:composer/environment:Environment": EVERYTHING,
  "gcp:compute/image:Image": DATA,
  "gcp:configdeployment/deployment:Deployment": EVERYTHING,
  "gcp:deploymentmanager/deployment:Deployment": EVERYTHING,
  "gcp:iam/oauthClient:OauthClient": IDENTITY,
  "gcp:iap/client:Client": IDENTITY,
  "gcp:notebooks/runtime:Runtime": DATA,
  "gcp:spanner/instancePartition:InstancePartition": DATA,
  "gcp:vertex/aiIndex:AiIndex": DATA,
};

/** Database engines. A resource with the engine's name, or a server or service of an engine, holds data. */
const ENGINES =
  /sql|postgres|^pg$|mariadb|oracledatabase|mongo|redis|valkey|memcache|memorystore|cassandra|cosmos|documentdb|dynamodb|elasticsearch|opensearch|kafka|clickhouse|neo4j|couch|bigtable|spanner|firestore|alloydb/;
const OF_AN_ENGINE = ["server", "service", "deployment", "project", "schema", "account"];

/** Kubernetes' built-in kinds that hold data; the program can create all others again. */
const OF_KUBERNETES: Readonly<Record<string, string>> = {
  PersistentVolume: DATA,
  PersistentVolumeClaim: DATA,
  VolumeSnapshot: DATA,
  Namespace: EVERYTHING,
  CustomResourceDefinition: "every resource of its kind is deleted with it",
};
/** Holdings that count for the kinds of Kubernetes operators; their secrets, accounts and certificates are references. */
const OF_OPERATORS = [DATA, EVERYTHING, MESSAGES];

/** What a resource holds. */
export interface Holding {
  /** What people call the resource. */
  readonly what: string;
  /** What is lost with it; completes "because". */
  readonly because: string;
}

/** What is lost with a resource, by the name of its type; `undefined`: the name indicates no holding. */
export function holdingOf(type: string, inputs: Properties): Holding | undefined {
  const [provider = "", module = "", kind = ""] = type.split(":");
  if (provider === "pulumi" || isView(type, inputs)) return undefined;
  if (provider === "kubernetes" && isBuiltIn(module)) return holding(wordsOf(kind), named(OF_KUBERNETES, kind));
  const words = wordsOf(kind);
  const because = named(BY_TYPE, type) ?? becauseOf(words, `${provider} ${module} ${kind}`);
  return holding(words, provider !== "kubernetes" || OF_OPERATORS.includes(because ?? "") ? because : undefined);
}

const named = (all: Readonly<Record<string, string>>, name: string) =>
  Object.hasOwn(all, name) ? all[name] : undefined;

const holding = (words: readonly string[], because: string | undefined): Holding | undefined =>
  because === undefined ? undefined : { what: words.join(" "), because };

function becauseOf(all: readonly string[], token: string): string | undefined {
  const words = untilPreposition(all).filter((word, i) => i === 0 || !/^v?\d+$/.test(word)); // BucketV2
  const name = words.join(" ");
  if (HOLD_NOTHING.includes(name)) return undefined;
  const endsIn = (ending: string) => name === ending || name.endsWith(` ${ending}`);
  const found = Object.entries(HOLDERS).find(([, endings]) => endings.some(endsIn));
  if (found) return found[0];
  const last = words.at(-1) ?? "";
  const isOfEngine = token
    .toLowerCase()
    .split(/[ /.-]/)
    .some((part) => ENGINES.test(part));
  return ENGINES.test(last) || (isOfEngine && OF_AN_ENGINE.includes(last)) ? DATA : undefined;
}

/** `InstanceFromTemplate` is an instance. */
function untilPreposition(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word, i) => i > 0 && ["from", "for", "of", "with"].includes(word));
  return at > 0 ? words.slice(0, at) : words;
}

/** `DatabaseInstance` in words: `database instance`. */
const wordsOf = (kind: string): string[] =>
  kind
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(" ");

/** `core/v1`, `storage.k8s.io/v1`; the API groups of operators have other domains. */
const isBuiltIn = (module: string) => {
  const [group = ""] = module.split("/");
  return !group.includes(".") || group.endsWith(".k8s.io");
};

/** A BigQuery table without rows of its own. */
const isView = (type: string, { view, materializedView, externalDataConfiguration }: Properties) =>
  type === "gcp:bigquery/table:Table" &&
  [view, materializedView, externalDataConfiguration].some((value) => value !== undefined && value !== null);

/** Properties by which the provider or the cloud prevents deletion. */
const PROTECTIONS = /^(enable)?(deletion|delete|drop|termination)Protect(ion)?(Enabled)?$/i;

/** Whether the provider or the cloud refuses to delete the resource. */
export const isDeletionProtected = (inputs: Properties): boolean =>
  inputs.deletionPolicy === "PREVENT" ||
  Object.entries(inputs).some(([key, value]) => PROTECTIONS.test(key) && (value === true || value === "ENABLED"));
