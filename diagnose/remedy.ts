import { type ConnectionPool, databaseVariables } from "../capacity/plan";
import type { ServiceSettings, Settings } from "../config";
import { cloudName } from "../policy/cloud-name";
import { clientsOf } from "../policy/holders";
import { Inputs, ifReadable } from "../policy/inputs";
import { secretOf, secretSourceOf, type Variable, type Workload } from "../policy/workload";
import { type Deployed, workloadIn } from "./deployed";
import type { Evidence } from "./evidence";
import type { Collection } from "./recognise";
import { listWord } from "./shell";
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
  readonly deployed: readonly Deployed[];
}

/** The gcloud command that brings the plan's value, without a resource's own prefix; `undefined`: the plan has none. */
type Remedy = (broken: Broken) => string | undefined;

const egress: Remedy = () => "--vpc-egress=private-ranges-only";
const counts: Remedy = ({ settings: { connector } }) =>
  `--machine-type=${connector.machineType} --min-instances=${connector.minInstances} --max-instances=${connector.maxInstances}`;
const tier: Remedy = ({ settings: { database } }) => `--tier=${database.tier}`;
const maximum: Remedy = ({ service, evidence }) =>
  service && evidence.every(({ value }) => value !== String(service.maxInstances)) ? `--max-instances=${service.maxInstances}` : undefined;
const probe: Remedy = ({ service }) => {
  if (!service) return undefined;
  const { path, initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold } = service.probe;
  return `--startup-probe=httpGet.path=${path},httpGet.port=${service.port},initialDelaySeconds=${initialDelaySeconds},periodSeconds=${periodSeconds},timeoutSeconds=${timeoutSeconds},failureThreshold=${failureThreshold}`;
};

const REMEDIES: Readonly<Record<string, Remedy>> = {
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
  "service-jwt-name": variablesGone,
  "service-identity": ({ service, settings }) => service && `--service-account=${service.account}@${settings.project}.iam.gserviceaccount.com`,
  "service-image": ({ service }) => service && `--image=${service.image}`,
  "redis-auth": () => "--enable-auth",
};

/** The commands that mend a finding, with the plan's own values; empty: there is no single way, or the plan's values are there. */
export function remedyFor(rule: string, broken: Omit<Broken, "service">): string[] {
  const { resource, settings, deployed } = broken;
  if (rule === "connection-budget") return [...poolCommands(settings, deployed), ...commandFor(resource, settings, flags(broken))];
  const service = Object.values(settings.services).find(({ name }) => name === resource.label);
  const isPlanned = service || [settings.connector.name, settings.database.name].includes(resource.label);
  if (rule === "capacity-alerts") return isPlanned ? ["`npm run up` declares its alerts; 'netra:monitoring.channels' says who is told"] : [];
  return commandFor(resource, settings, REMEDIES[rule]?.({ ...broken, service }));
}

function commandFor({ source, name, region }: Pick<Deployed, "source" | "name" | "region">, settings: Settings, flags: string | undefined): string[] {
  const prefix = PREFIXES[source];
  const place: Place = { project: settings.project, region: region || settings.region };
  return flags && prefix ? [`${filledIn(prefix, place).replace("NAME", name)} ${flags}`] : [];
}

/** One database's budget is the sum of all services: those that are not as planned. */
function poolCommands(settings: Settings, deployed: readonly Deployed[]): string[] {
  return Object.values(settings.services).flatMap(({ name, maxInstances, database }) => {
    const service = deployed.find(({ source, label }) => source === "services" && label === name);
    if (!database || !service) return [];
    const planned = (["poolSize", "maxOverflow", "workers"] as const).map((field) => [databaseVariables[field], String(database[field])] as const);
    if (ifReadable(() => isAsPlanned(workloadIn(service, settings), maxInstances, database))) return [];
    const variables = planned.map(([variable, value]) => `${variable}=${value}`).join(",");
    return commandFor(service, settings, `--max-instances=${maxInstances} --update-env-vars=${variables}`);
  });
}

/** Whether a container holds what the plan says, in whatever names and on whatever command line, and has the plan's maximum. */
function isAsPlanned(workload: Workload | undefined, maxInstances: number, { poolSize, maxOverflow, workers }: ConnectionPool): boolean {
  return (workload ? clientsOf(workload) : []).some(
    (client) =>
      !("why" in client) &&
      client.instances === maxInstances &&
      client.poolSize === poolSize &&
      client.maxOverflow === maxOverflow &&
      client.workers === workers,
  );
}

/** A workload's variables of that name, one in each container that has it. */
const variablesOf = ({ resource, settings }: Pick<Broken, "resource" | "settings">, name: string): Variable[] =>
  workloadIn(resource, settings)?.containers.flatMap(({ variables }) => variables.find((variable) => variable.name === name) ?? []) ?? [];

const PREFIXES: Readonly<Record<string, string>> = {
  services: "gcloud run services update NAME --project=PROJECT --region=REGION",
  jobs: "gcloud run jobs update NAME --project=PROJECT --region=REGION",
  instances: "gcloud sql instances patch NAME --project=PROJECT",
  connectors: "gcloud compute networks vpc-access connectors update NAME --project=PROJECT --region=REGION",
  caches: "gcloud redis instances update NAME --project=PROJECT --region=REGION",
};

/** The flag replaces all others, so those that are there are repeated. */
function flags({ resource, settings: { database } }: Pick<Broken, "resource" | "settings">): string | undefined {
  const settings = new Inputs(resource.inputs).object("settings");
  const present = settings.list("databaseFlags").map((flag) => `${flag.text("name")}=${flag.text("value") ?? ""}`);
  const wanted = `max_connections=${database.maxConnections}`;
  if (present.includes(wanted) && settings.text("tier") === database.tier) return undefined;
  const others = present.filter((flag) => !flag.startsWith("max_connections="));
  return `--tier=${database.tier} --database-flags=${listWord([wanted, ...others])}`;
}

/** The newest enabled version of each variable that the evidence names: what `latest` is now. */
function versions({ evidence, collection, ...broken }: Broken): string | undefined {
  const pinned = named(evidence).flatMap((name) => {
    const secret = variablesOf(broken, name)
      .map((variable) => cloudName(secretOf(variable)?.secret, "secrets")?.name)
      .find((id) => id !== undefined);
    return secret === undefined ? [] : [`${name}=${secret}:${newestEnabledOf(versionStates(collection).get(secret) ?? new Map()) ?? "VERSION"}`];
  });
  return pinned.length > 0 ? `--update-secrets=${listWord(pinned)}` : undefined;
}

/** Variables that must go, be they literals or secrets. */
function variablesGone({ evidence, ...broken }: Broken): string | undefined {
  const isSecret = (name: string) => variablesOf(broken, name).some(secretSourceOf);
  const flags = [
    ["--remove-secrets", named(evidence).filter(isSecret)],
    ["--remove-env-vars", named(evidence).filter((name) => !isSecret(name))],
  ] as const;
  return flags.flatMap(([flag, names]) => (names.length > 0 ? [`${flag}=${listWord(names)}`] : [])).join(" ") || undefined;
}

/** The variables that evidence is about. */
const named = (evidence: readonly Evidence[]) => evidence.flatMap(({ field }) => /\.env\[([^\]]+)\]/.exec(field)?.[1] ?? []);
