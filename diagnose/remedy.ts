import type { ServiceSettings, Settings } from "../config";
import type { Deployed } from "./deployed";
import type { Evidence } from "./evidence";
import { filledIn, type Place } from "./sources";

/** What a remedy is made of: the plan, and the resource that breaks it. */
interface Broken {
  readonly resource: Deployed;
  readonly settings: Settings;
  /** The service's plan, where the plan has it. */
  readonly service: ServiceSettings | undefined;
  readonly evidence: readonly Evidence[];
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

/** The command that mends a finding with the plan's own values; `undefined`: there is no single one. */
export function remedyFor(rule: string, resource: Deployed, evidence: readonly Evidence[], settings: Settings): string | undefined {
  const service = Object.values(settings.services).find(({ name }) => name === resource.name);
  const flags = REMEDIES[rule]?.({ resource, settings, service, evidence });
  const prefix = PREFIXES[resource.source];
  const place: Place = { project: settings.project, region: resource.region || settings.region };
  return flags && prefix ? `${filledIn(prefix, place).replace("NAME", resource.name)} ${flags}` : undefined;
}

const PREFIXES: Readonly<Record<string, string>> = {
  services: "gcloud run services update NAME --project=PROJECT --region=REGION",
  instances: "gcloud sql instances patch NAME --project=PROJECT",
  connectors: "gcloud compute networks vpc-access connectors update NAME --project=PROJECT --region=REGION",
  caches: "gcloud redis instances update NAME --project=PROJECT --region=REGION",
};

/** The flag replaces all others, so those that are there are repeated. */
function flags({ resource, settings: { database } }: Broken): string {
  const { settings } = resource.inputs as { readonly settings?: { readonly databaseFlags?: readonly { readonly name?: string; readonly value?: string }[] } }; // as sqlInputs makes it
  const others = (settings?.databaseFlags ?? []).filter(({ name }) => name !== "max_connections").map(({ name, value }) => `${name}=${value}`);
  return `--tier=${database.tier} --database-flags=${[`max_connections=${database.maxConnections}`, ...others].join(",")}`;
}

/** The plan's version of each variable that the evidence names. */
function versions({ evidence, settings, service }: Broken): string | undefined {
  const pinned = evidence.flatMap(({ field }) => {
    const variable = /\.env\[([^\]]+)\]/.exec(field)?.[1] ?? "";
    const secret = service?.secrets.includes(variable) ? settings.secrets[variable] : undefined;
    return secret ? [`${variable}=${secret.id}:${secret.version}`] : [];
  });
  return pinned.length > 0 ? `--update-secrets=${pinned.join(",")}` : undefined;
}
