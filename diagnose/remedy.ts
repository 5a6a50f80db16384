import { databaseVariables } from "../capacity/plan";
import type { ServiceSettings, Settings } from "../config";
import { Inputs } from "../policy/inputs";
import type { Deployed } from "./deployed";
import type { Evidence } from "./evidence";
import type { Collection } from "./recognise";
import { filledIn, type Place } from "./sources";
import { newestEnabledOf, versionStates } from "./versions";

/** What a remedy is made of: the plan, and the resource that breaks it. */
interface Broken {
  readonly resource: Deployed;
  readonly settings: Settings;
  /** The service's plan, where the plan has it. */
  readonly service: ServiceSettings | undefined;
  readonly evidence: readonly Evidence[];
  readonly collection: Collection;
}

/** The gcloud command that brings the plan's value, without a resource's own prefix; `undefined`: the plan has none. */
type Remedy = (broken: Broken) => string | undefined;

const egress: Remedy = () => "--vpc-egress=private-ranges-only";
const counts: Remedy = ({ settings: { connector } }) =>
  `--machine-type=${connector.machineType} --min-instances=${connector.minInstances} --max-instances=${connector.maxInstances}`;
const tier: Remedy = ({ settings: { database } }) => `--tier=${database.tier}`;
const maximum: Remedy = ({ service }) => service && `--max-instances=${service.maxInstances}`;
const probe: Remedy = ({ service }) => {
  if (!service) return undefined;
  const { path, initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold } = service.probe;
  return `--startup-probe=httpGet.path=${path},httpGet.port=${service.port},initialDelaySeconds=${initialDelaySeconds},periodSeconds=${periodSeconds},timeoutSeconds=${timeoutSeconds},failureThreshold=${failureThreshold}`;
};

const REMEDIES: Readonly<Record<string, Remedy>> = {
  "service-egress": egress,
  "egress-path": egress,
  "service-vpc-path": ({ settings }) => `--vpc-connector=${settings.connector.name} --vpc-egress=private-ranges-only`,
  "connector-floor": counts,
  "connector-instance-counts": counts,
  "connector-machine-type": counts,
  "database-dedicated-core": tier,
  "database-tier": tier,
  "database-max-connections": flags,
  "database-encrypted": () => "--ssl-mode=ENCRYPTED_ONLY",
  "database-backups": ({ settings: { database } }) =>
    `--backup-start-time=${database.backup.startTime} --enable-point-in-time-recovery --retained-transaction-log-days=${database.backup.transactionLogDays}`,
  "database-deletion-protection": () => "--deletion-protection",
  "database-private": ({ settings: { network, project } }) =>
    `--network=projects/${project}/global/networks/${network.vpc} --no-assign-ip --clear-authorized-networks`,
  "service-scaling": maximum,
  "regional-quota": maximum,
  "service-startup-probe": probe,
  "tcp-probe": probe,
  "service-secret-versions": versions,
  "service-identity": ({ service, settings }) => service && `--service-account=${service.account}@${settings.project}.iam.gserviceaccount.com`,
  "service-image": ({ service }) => service && `--image=${service.image}`,
  "redis-auth": () => "--enable-auth",
};

/** The commands that mend a finding, with the plan's own values; empty: there is no single way. */
export function remedyFor(rule: string, broken: Omit<Broken, "service">): string[] {
  const { resource, settings } = broken;
  if (rule === "connection-budget") return [...poolCommands(settings), ...commandFor(resource, settings, flags(broken))];
  const service = Object.values(settings.services).find(({ name }) => name === resource.name);
  return commandFor(resource, settings, REMEDIES[rule]?.({ ...broken, service }));
}

function commandFor({ source, name, region }: Pick<Deployed, "source" | "name" | "region">, settings: Settings, flags: string | undefined): string[] {
  const prefix = PREFIXES[source];
  const place: Place = { project: settings.project, region: region || settings.region };
  return flags && prefix ? [`${filledIn(prefix, place).replace("NAME", name)} ${flags}`] : [];
}

/** One database's budget is the sum of all services. */
function poolCommands(settings: Settings): string[] {
  return Object.values(settings.services).flatMap(({ name, maxInstances, database }) => {
    if (!database) return [];
    const variables = (["poolSize", "maxOverflow", "workers"] as const).map((field) => `${databaseVariables[field]}=${database[field]}`);
    return commandFor({ source: "services", name, region: undefined }, settings, `--max-instances=${maxInstances} --update-env-vars=${variables.join(",")}`);
  });
}

const PREFIXES: Readonly<Record<string, string>> = {
  services: "gcloud run services update NAME --project=PROJECT --region=REGION",
  instances: "gcloud sql instances patch NAME --project=PROJECT",
  connectors: "gcloud compute networks vpc-access connectors update NAME --project=PROJECT --region=REGION",
  caches: "gcloud redis instances update NAME --project=PROJECT --region=REGION",
};

/** The flag replaces all others, so those that are there are repeated. */
function flags({ resource, settings: { database } }: Pick<Broken, "resource" | "settings">): string {
  const present = new Inputs(resource.inputs).object("settings").list("databaseFlags");
  const others = present.flatMap((flag) => (flag.text("name") === "max_connections" ? [] : [`${flag.text("name")}=${flag.text("value")}`]));
  return `--tier=${database.tier} --database-flags=${[`max_connections=${database.maxConnections}`, ...others].join(",")}`;
}

/** The newest enabled version of each variable that the evidence names: what `latest` is now. */
function versions({ evidence, resource, collection }: Broken): string | undefined {
  const variables = new Inputs(resource.inputs)
    .object("template")
    .list("containers")
    .flatMap((container) => container.list("envs"));
  const pinned = evidence.flatMap(({ field }) => {
    const name = /\.env\[([^\]]+)\]/.exec(field)?.[1];
    const reference = variables
      .find((variable) => variable.text("name") === name)
      ?.object("valueSource")
      .object("secretKeyRef");
    const secret = reference?.text("secret")?.split("/").at(-1);
    return secret === undefined ? [] : [`${name}=${secret}:${newestEnabledOf(versionStates(collection).get(secret) ?? new Map()) ?? "VERSION"}`];
  });
  return pinned.length > 0 ? `--update-secrets=${pinned.join(",")}` : undefined;
}
