import { type Adoptable, adoptables } from "../../config/adoption";
import {
  CONNECTOR,
  FORWARDING_RULE,
  GLOBAL_ADDRESS,
  HTTPS_PROXY,
  MANAGED_CERTIFICATE,
  NETWORK,
  REDIS,
  REGION_NEG,
  ROUTER,
  ROUTER_NAT,
  RUN_JOB,
  RUN_SERVICE,
  SECRET,
  SECURITY_POLICY,
  SERVICE_ACCOUNT,
  SERVICES_CONNECTION,
  SQL_DATABASE,
  SQL_INSTANCE,
  SSL_POLICY,
  SUBNETWORK,
  URL_MAP,
} from "../../config/resource-types";
import { cloudName } from "../../policy/resources/cloud-name";
import { inspectionCommand, unreadyFindings } from "../diagnose/readiness";
import { collectingLine, SOURCES, type Source } from "../shared/cloud/sources";
import { type Answer, fine, nameList, open, wrong } from "./answer";
import { type Facts, isOff, objectsOf, unread } from "./facts";
import { namedObject as namedSchema, network } from "./schemas";

/** The source that shows whether a resource exists. APIs are left out: turning one on twice is no conflict. */
export const SOURCE_OF: Readonly<Record<string, Source>> = {
  [NETWORK]: "networks",
  [SERVICES_CONNECTION]: "networks",
  [SUBNETWORK]: "subnetworks",
  [GLOBAL_ADDRESS]: "addresses",
  [ROUTER]: "routers",
  [ROUTER_NAT]: "routers",
  [CONNECTOR]: "connectors",
  [SQL_INSTANCE]: "instances",
  [SQL_DATABASE]: "databases",
  [REDIS]: "caches",
  [SECRET]: "secrets",
  [SERVICE_ACCOUNT]: "accounts",
  [RUN_SERVICE]: "services",
  [RUN_JOB]: "jobs",
  [SECURITY_POLICY]: "securityPolicies",
  [SSL_POLICY]: "sslPolicies",
  [MANAGED_CERTIFICATE]: "certificates",
  [URL_MAP]: "urlMaps",
  [HTTPS_PROXY]: "httpsProxies",
  "gcp:compute/targetHttpProxy:TargetHttpProxy": "httpProxies",
  [FORWARDING_RULE]: "forwardingRules",
  [REGION_NEG]: "endpointGroups",
  "gcp:compute/backendService:BackendService": "backends",
};

/** Whether a resource of the plan exists; `undefined`: it is not known, or its kind is not read. */
export function existenceOf(facts: Facts, { type, id }: Adoptable): boolean | undefined {
  const source = SOURCE_OF[type];
  if (source === undefined) return undefined;
  if (isOff(facts, SOURCES[source].api)) return false;
  const name = cloudName(id)?.name ?? id;
  if (facts.deployed.some((one) => one.type === type && one.id === id)) return true;
  if (type === SERVICES_CONNECTION) return hasPeering(facts);
  if (type === SQL_DATABASE) return hasDatabase(facts, name);
  const known = objectsOf(facts, source, namedSchema.partial());
  // Deployed resources were compared by id above.
  const isRead = facts.deployed.some((one) => one.source === source);
  if (!isRead && !("open" in known) && known.objects.some((one) => cloudName(one.name)?.name === name)) return true;
  return facts.collection.listed.has(source) ? false : undefined;
}

/** The name that Google gives the peering of private services access. */
const PEERING = "servicenetworking-googleapis-com";

function hasPeering(facts: Facts): boolean | undefined {
  const known = objectsOf(facts, "networks", network);
  if ("open" in known) return undefined;
  const own = known.objects.find(({ name }) => name === facts.settings.network.vpc);
  if (own) return own.peerings.some(({ name }) => name === PEERING);
  return facts.collection.listed.has("networks") ? false : undefined;
}

/** A database exists in an instance that does. */
function hasDatabase(facts: Facts, name: string): boolean | undefined {
  const { database, project } = facts.settings;
  const instance = existenceOf(facts, {
    type: SQL_INSTANCE,
    name: database.name,
    id: `projects/${project}/instances/${database.name}`,
  });
  if (instance !== true) return instance;
  const { listed, absent } = facts.collection.items.databases;
  if (!listed.has(database.name)) return absent.has(database.name) ? false : undefined;
  const known = objectsOf(facts, "databases", namedSchema);
  return "open" in known ? undefined : known.objects.some((one) => one.name === name);
}

/** Whether existing resources are in the stack or adopted, adopted ones exist, and all work. */
export function judgeExisting(facts: Facts): Answer[] {
  const { settings, preview } = facts;
  const all = adoptables(settings).filter(({ type }) => SOURCE_OF[type] !== undefined);
  const isAdopted = ({ name, id }: Adoptable) => settings.adopt[name] === id;
  const [existing, missing, unknown] = ([true, false, undefined] as const).map((wanted) =>
    all.filter((one) => existenceOf(facts, one) === wanted),
  ) as [Adoptable[], Adoptable[], Adoptable[]]; // one for each
  const loose = existing.filter((one) => !isAdopted(one));
  const colliding = preview
    ? loose.filter(({ type, name }) =>
        preview.steps.some((step) => step.op === "create" && step.type === type && step.name === name),
      )
    : [];
  const answers = [
    ...broken(facts),
    ...(colliding.length > 0
      ? [
          wrong(
            `${nameList(colliding.map(({ name }) => name))} must be adopted, or have another name, because \`up\` creates what is not in the stack's state, and Google refuses that (409)`,
            [
              ...colliding.map(({ name, id }) => `add 'netra:adopt.${name}' as ${id}`),
              "where an earlier `up` was interrupted, instead: npm run recover",
            ],
          ),
        ]
      : []),
    ...(!preview && loose.length > 0
      ? [
          {
            status: "open" as const,
            about: nameList(loose.map(({ name }) => name)),
            text: "they exist, and only a preview shows whether the stack owns them or would create them again (409)",
            mend: ["npm run --silent preview -- --json > preview.json", "run this command with --preview preview.json"],
          },
        ]
      : []),
    ...missing
      .filter(isAdopted)
      .map(({ name }) =>
        wrong(`'netra:adopt.${name}' must name something that exists because \`up\` imports it`, [
          `remove 'netra:adopt.${name}': \`up\` then creates it`,
        ]),
      ),
    ...[...new Set(unknown.map(({ type }) => SOURCE_OF[type] ?? "networks"))].map((source) =>
      unread(facts, source, source === "databases" ? settings.database.name : undefined),
    ),
  ];
  return answers.length > 0
    ? answers
    : [fine(`${existing.length} of ${all.length} exist and are in the stack's state or adopted`)];
}

/**
 * What exists and does not work: an update waits for it, or is refused. Services are left out, because an update can
 * mend them.
 */
function broken(facts: Facts): Answer[] {
  const { settings, deployed } = facts;
  const own = deployed.filter(
    ({ source, id }) =>
      ["connectors", "instances", "caches"].includes(source) && adoptables(settings).some((one) => one.id === id),
  );
  return own.flatMap((one) => {
    const [found] = unreadyFindings([one], settings);
    if (found === undefined) {
      const { field, value } = one.unready ?? { field: "", value: "" };
      return value === undefined
        ? [open(one.label, `'${field}' is not shown, so its state is unknown`, collectingLine(one.source, settings))]
        : [];
    }
    const state = found.evidence[0]?.value ?? "";
    const { project, region } = settings;
    if (one.source === "connectors" && state === "ERROR")
      return [
        wrong(
          `${one.label} is in ERROR and must be deleted because no connector of the same name can be created beside it; it carries no traffic`,
          [
            `gcloud compute networks vpc-access connectors delete ${one.name} --region=${region} --project=${project}`,
            ...(settings.adopt[one.name] === undefined ? [] : [`remove 'netra:adopt.${one.name}'`]),
          ],
        ),
      ];
    return [
      wrong(
        `${one.label} must be ready because \`up\` waits for it or is refused (${found.evidence[0]?.field ?? "state"} = ${state})`,
        [inspectionCommand(one, settings)],
      ),
    ];
  });
}
