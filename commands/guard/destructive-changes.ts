import {
  ADDRESS,
  ALERT_POLICY,
  CONNECTOR,
  FORWARDING_RULES,
  GLOBAL_ADDRESS,
  HTTPS_PROXIES,
  MANAGED_CERTIFICATE,
  NETWORK,
  NOTIFICATION_CHANNEL,
  REDIS,
  REGIONAL_SECRET_VERSION,
  ROUTER_NAT,
  RUN_SERVICE,
  RUN_SERVICE_V1,
  SECRET_GRANTS,
  SECRET_VERSION,
  SECRETS,
  SERVICE_ACCOUNT,
  SERVICES_CONNECTION,
  SQL_DATABASE,
  SQL_INSTANCE,
  SQL_USER,
  SUBNETWORK,
  URL_MAPS,
} from "../../config/resource-types";
import type { Properties, Step } from "../../engine/preview";
import type { Effect } from "./disruptions";
import { holdingOf, isDeletionProtected } from "./holdings";

/** What is lost when a resource is destroyed. */
export interface Loss {
  /** What people call the resource. */
  readonly what: string;
  /**
   * `refuse`: data, addresses or traffic are lost with it. `announce`: it can be created again, and service is
   * interrupted until then.
   */
  readonly verdict: "refuse" | "announce";
  /** Completes "because". */
  readonly because: string;
  /** The effect of an announced loss. Default: `access`. */
  readonly effect?: Effect;
}

const SECRET: Loss = {
  what: "secret",
  verdict: "refuse",
  because: "all its versions are destroyed with it, and no revision that mounts one can start",
};
const VERSION: Loss = {
  what: "only version of a secret",
  verdict: "refuse",
  because: "this preview leaves no other enabled version of the secret, and no revision that mounts it can start",
};
export const SECRET_VERSIONS: readonly string[] = [SECRET_VERSION, REGIONAL_SECRET_VERSION];
const GRANT: Loss = {
  what: "access to a secret",
  verdict: "announce",
  because: "a revision that still mounts the secret cannot start another instance",
};
const RUN: Loss = {
  what: "Cloud Run service",
  verdict: "refuse",
  because:
    "its clients get errors until a new one exists, the provider's deletionProtection stops `up` half-way, and a new name means a new address",
};

const DATABASE_USER: Loss = {
  what: "database user",
  verdict: "announce",
  because:
    "clients that connect with its password are refused from then on; with deletionPolicy ABANDON the user stays in the database",
};
/** One of several, intended for rotation. */
const CREDENTIAL: Loss = {
  what: "credential",
  verdict: "announce",
  because: "clients that still use it are refused from then on",
};
const WAY_IN: Loss = { what: "entry point", verdict: "refuse", because: "no host can be reached while it is missing" };
/** A global address is either a range of the VPC or the public address of the hosts. */
const PUBLIC_ADDRESS: Loss = {
  what: "public address",
  verdict: "refuse",
  because: "the hosts' DNS records point to it, and Google may assign it to another customer once it is released",
};

/** By type token. Other types are judged by their names ({@link holdingOf}). */
export const lossesByType: Readonly<Record<string, Loss>> = {
  [NETWORK]: {
    what: "VPC",
    verdict: "refuse",
    because: "connector, database, cache and subnet are in it and are deleted with it",
  },
  [SUBNETWORK]: {
    what: "subnet",
    verdict: "refuse",
    because: "every resource with an address in it loses that address",
  },
  [GLOBAL_ADDRESS]: {
    what: "private services range",
    verdict: "refuse",
    because: "the private addresses of Cloud SQL come from it, and Google does not release it while they do",
  },
  [SERVICES_CONNECTION]: {
    what: "private services connection",
    verdict: "refuse",
    because: "it is the only way to the database's private address",
  },
  [CONNECTOR]: {
    what: "VPC connector",
    verdict: "refuse",
    because: "the old one is deleted first, and no service reaches database and cache until the new one exists",
  },
  [SQL_INSTANCE]: {
    what: "database instance",
    verdict: "refuse",
    because: "its data and its backups are deleted with it",
  },
  [SQL_DATABASE]: { what: "database", verdict: "refuse", because: "its data is deleted with it" },
  [REDIS]: { what: "cache", verdict: "refuse", because: "its data, its address and its AUTH string are lost with it" },
  ...Object.fromEntries(SECRETS.map((type) => [type, SECRET])),
  ...Object.fromEntries(SECRET_VERSIONS.map((type) => [type, VERSION])),
  [MANAGED_CERTIFICATE]: {
    what: "certificate",
    verdict: "refuse",
    because:
      "its hosts have no TLS until another one is issued, which takes up to 90 minutes: keep both, each as a list of its own, until the new one is ACTIVE",
  },
  ...Object.fromEntries([...FORWARDING_RULES, ...HTTPS_PROXIES, ...URL_MAPS].map((type) => [type, WAY_IN])),
  [RUN_SERVICE]: RUN,
  [RUN_SERVICE_V1]: RUN,
  [SQL_USER]: DATABASE_USER,
  ...Object.fromEntries(SECRET_GRANTS.map((type) => [type, GRANT])),
  "gcp:alloydb/user:User": DATABASE_USER,
  [SERVICE_ACCOUNT]: {
    what: "service account",
    verdict: "refuse",
    because:
      "every revision that runs as it loses its permissions, and a new account of the same name is another identity",
  },
  "gcp:serviceaccount/key:Key": CREDENTIAL,
  "gcp:storage/hmacKey:HmacKey": CREDENTIAL,
  "gcp:dns/recordSet:RecordSet": {
    what: "DNS record",
    verdict: "announce",
    because: "the name does not resolve until another record exists",
  },
  [ALERT_POLICY]: {
    what: "alert",
    verdict: "announce",
    because: "nobody is notified of what it watched until another one exists, and its open incidents close",
    effect: "silence",
  },
  [NOTIFICATION_CHANNEL]: {
    what: "notification channel",
    verdict: "announce",
    because: "its recipients no longer receive alerts",
    effect: "silence",
  },
  [ROUTER_NAT]: {
    what: "Cloud NAT",
    verdict: "announce",
    because: "services that send all their traffic through the VPC lose internet access",
  },
};

function heldBy(type: string, inputs: Properties): Loss | undefined {
  const holding = holdingOf(type, inputs);
  return holding && { ...holding, verdict: "refuse" };
}

/** What is lost with the resource of a step; `undefined`: nothing. */
export function lossOf({ type, old, isComponent }: Pick<Step, "type" | "old" | "isComponent">): Loss | undefined {
  const inputs = old?.inputs ?? {};
  if (type === GLOBAL_ADDRESS && inputs.addressType === "EXTERNAL") return PUBLIC_ADDRESS;
  if (type === ADDRESS && inputs.addressType !== "INTERNAL") return PUBLIC_ADDRESS;
  const known = Object.hasOwn(lossesByType, type) ? lossesByType[type] : isComponent ? undefined : heldBy(type, inputs);
  if (known?.verdict === "refuse" || !isDeletionProtected(inputs)) return known;
  return {
    what: known?.what ?? type,
    verdict: "refuse",
    because: "it is protected from deletion, so the provider or the cloud stops `up` half-way",
  };
}

/**
 * What an operation does to the existing resource; operations that are not listed are unknown.
 * Source: pulumi/pulumi 3.259, pkg/resource/deploy/step.go.
 */
export const operations: Readonly<Record<string, "keeps" | "replace" | "delete">> = {
  create: "keeps",
  update: "keeps",
  import: "keeps",
  "extend-parameterize": "keeps",
  // For a resource that the program only reads: the engine forgets it and does not touch it.
  discard: "keeps",
  "discard-replaced": "keeps",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "read-replacement": "replace",
  "import-replacement": "replace",
  "remove-pending-replace": "replace",
  delete: "delete",
};
