import { type ConnectionPool, databaseVariables } from "../../capacity/plan";
import type { Problem } from "../../capacity/problem";
import type { ServiceSettings, Settings } from "../../config/schema";
import { Inputs, ifReadable } from "../../policy/framework/inputs";
import { cloudName } from "../../policy/resources/cloud-name";
import { clientsOf } from "../../policy/resources/counted-clients";
import { secretOf, secretSourceOf, type Variable, type Workload } from "../../policy/resources/workload";
import type { Collection } from "../shared/cloud/classify";
import { type Deployed, workloadIn } from "../shared/cloud/deployed";
import { newestEnabledOf, versionStates } from "../shared/cloud/versions";
import { areWorkloadsListed, possiblyUnencrypted, usesPrivateAddressOnly } from "./clients";
import type { Evidence } from "./evidence";
import * as flags from "./flags";
import { type Flag, type Repair, repairs } from "./remedy-commands";

/** A rule's problems at a resource, with the plan. */
interface RemedyContext {
  readonly resource: Deployed;
  readonly problems: readonly Problem[];
  readonly evidence: readonly Evidence[];
  readonly settings: Settings;
  readonly collection: Collection;
  readonly deployed: readonly Deployed[];
}

/** The context with the resource's plan. */
interface PlannedContext extends RemedyContext {
  /** The service's plan, where the plan has it. */
  readonly service: ServiceSettings | undefined;
  /** Whether it is the plan's database or connector. */
  readonly isPlans: boolean;
}

/** The flags that fix a finding with the plan's values; empty: no command does. */
type Remedy = (broken: PlannedContext) => readonly Flag[];

/** A connector that does not work accepts no update. */
const counts: Remedy = ({ resource, settings, isPlans }) =>
  isPlans && !resource.unready ? flags.connectorSize(resource, settings.connector) : [];
const tier: Remedy = ({ resource, settings, isPlans }) =>
  isPlans ? flags.tierAtLeast(resource, settings.database.tier) : [];
const maximum: Remedy = ({ resource, service }) =>
  service ? flags.maximumInstances(resource, service.maxInstances) : [];
const probe: Remedy = ({ resource, service }) => {
  const [container] = new Inputs(resource.inputs).object("template").list("containers");
  return service && flags.hasOneContainer(resource)
    ? [flags.startupProbe(resource, service.probe, container?.object("ports").number("containerPort") ?? service.port)]
    : [];
};

const REMEDIES: Readonly<Record<string, Remedy>> = {
  "egress-path": ({ resource }) => [flags.privateRangesOnly(resource)],
  "service-vpc-path": wayIn,
  "database-path": wayIn,
  "database-client-accepted": demands,
  "connector-floor": counts,
  "connector-instance-counts": counts,
  "connector-machine-type": counts,
  "database-dedicated-core": tier,
  "database-tier": tier,
  "database-max-connections": slots,
  // Never fewer slots than now.
  "connection-budget": (broken) =>
    (statedSlots(broken.resource) ?? 0) < broken.settings.database.maxConnections ? slots(broken) : [],
  "database-encrypted": ({ collection, deployed, settings }) =>
    areWorkloadsListed(collection) && possiblyUnencrypted(deployed, settings).length === 0
      ? [flags.encryptedOnly()]
      : [],
  "database-backups": backups,
  "database-deletion-protection": () => [flags.deletionProtection()],
  "database-private": ({ resource, collection, deployed, settings }) =>
    resource.outputs.privateIpAddress !== undefined &&
    areWorkloadsListed(collection) &&
    usesPrivateAddressOnly(resource, deployed, settings)
      ? flags.publicAddressClosed()
      : [],
  "service-scaling": maximum,
  "regional-quota": maximum,
  "service-startup-probe": probe,
  "tcp-probe": probe,
  "service-secret-versions": versions,
  "service-jwt-name": variablesGone,
};

/** The repairs that fix a finding. */
export function repairsFor(rule: string, broken: RemedyContext): Repair[] {
  const { resource, settings, deployed } = broken;
  // A database's budget is the sum over all services, so repair each that differs from the plan.
  const pools =
    rule === "connection-budget"
      ? deployed.flatMap((service) => repairs(service, settings, poolFlags(service, settings)))
      : [];
  return [...pools, ...repairs(resource, settings, REMEDIES[rule]?.(plannedFor(broken)) ?? [])];
}

function plannedFor(broken: RemedyContext): PlannedContext {
  const { resource, settings } = broken;
  return {
    ...broken,
    service: Object.values(settings.services).find(
      ({ name }) => resource.source === "services" && name === resource.label,
    ),
    isPlans: [settings.connector.name, settings.database.name, settings.cache.name].includes(resource.label),
  };
}

/**
 * What mends a finding where no command does it safely: only `up` does all of it in one go. Absent: the rule's own
 * proposal counts.
 */
const BY_UP: Readonly<Record<string, (broken: RemedyContext) => string>> = {
  "capacity-alerts": () => "`npm run up` declares its alerts; 'netra:monitoring.channels' sets who is notified",
  "database-private": () =>
    "`npm run up` gives it a private address, points every service to it and then closes the public one: no single command does that",
  "database-encrypted": ({ deployed, settings }) => {
    const doubtful = possiblyUnencrypted(deployed, settings);
    return `\`npm run up\` sets it; first make sure that ${doubtful.length > 0 ? `${doubtful.join(", ")} connect` : "every client connects"} with sslmode=require, or they are refused`;
  },
  "redis-auth": () =>
    "`npm run up` turns it on and passes the AUTH string to the services: a command alone would lock them out",
  "regional-quota": () => "`npm run up` sets the plan's sizes and maximum instances, which fit",
  "service-identity": () => "`npm run up` creates the account, grants its roles and runs the service as that account",
  "service-image": () => "`npm run up` rolls out the image of the plan",
};

/** The remedy where no command fixes a finding; `undefined`: the rule's own proposal. */
export function byUp(rule: string, broken: RemedyContext): string | undefined {
  const { service, isPlans } = plannedFor(broken);
  return service || isPlans ? BY_UP[rule]?.(broken) : undefined;
}

/** The plan's connector, where it exists, works, and is in the workload's region. */
function wayIn({ resource, deployed, settings }: PlannedContext): Flag[] {
  const { name } = settings.connector;
  const connector = deployed.find(({ source, label }) => source === "connectors" && label === name);
  const isUsable = connector && !connector.unready && connector.region === (resource.region ?? settings.region);
  return isUsable ? [flags.vpcConnector(resource, name)] : [];
}

/** Lets the instance accept its clients. */
function demands({ resource, problems }: PlannedContext): Flag[] {
  return problems.flatMap(({ setting }) => {
    const [, flag] = /^settings\.databaseFlags\[(.+)\]$/.exec(setting) ?? [];
    if (flag !== undefined) return [flags.databaseFlag(resource, flag, "on")];
    if (setting.endsWith(".connectorEnforcement")) return [flags.connectorsNotRequired()];
    if (setting.endsWith(".sslMode")) return [flags.encryptedOnly()];
    return setting.endsWith(".activationPolicy") ? [flags.alwaysOn()] : [];
  });
}

/** The plan's pool and maximum, where a service has another pool or a higher maximum. */
function poolFlags(service: Deployed, settings: Settings): Flag[] {
  const planned =
    service.source === "services"
      ? Object.values(settings.services).find(({ name }) => name === service.label)
      : undefined;
  if (!planned?.database) return [];
  const { database, maxInstances } = planned;
  const values = (["poolSize", "maxOverflow", "workers"] as const).map(
    (field) => [databaseVariables[field], String(database[field])] as const,
  );
  // gcloud cannot replace a secret reference with a literal.
  const canBeSet =
    flags.hasOneContainer(service) &&
    !values.some(([name]) => variablesOf(service, settings, name).some(secretSourceOf));
  const isAsPlanned = ifReadable(() => holds(workloadIn(service, settings), database));
  return [
    ...flags.maximumInstances(service, maxInstances),
    ...(canBeSet && !isAsPlanned ? [flags.variables(service, values)] : []),
  ];
}

/** Whether a container has the pool, under any variable names or command line. */
function holds(workload: Workload | undefined, { poolSize, maxOverflow, workers }: ConnectionPool): boolean {
  return (workload ? clientsOf(workload) : []).some(
    (client) =>
      !("why" in client) &&
      client.poolSize === poolSize &&
      client.maxOverflow === maxOverflow &&
      client.workers === workers,
  );
}

/**
 * max_connections on a tier that holds it: as planned for the plan's database, for another one as the rule proposes.
 */
function slots({ resource, settings: { database }, isPlans, problems }: PlannedContext): Flag[] {
  const flag = "settings.databaseFlags[max_connections]";
  const proposed = problems
    .flatMap(({ ways = [] }) => ways)
    .find((way) => way.every(([setting]) => setting === flag || setting === "settings.tier"));
  const proposal = (setting: string) => proposed?.find(([name]) => name === setting)?.[1];
  const [wanted, tier] = isPlans
    ? [database.maxConnections, database.tier]
    : [proposal(flag), proposal("settings.tier")];
  return [
    ...(typeof tier === "string" ? flags.tierAtLeast(resource, tier) : []),
    ...(typeof wanted === "number" && wanted !== statedSlots(resource)
      ? [flags.databaseFlag(resource, "max_connections", String(wanted))]
      : []),
  ];
}

function statedSlots({ inputs }: Deployed): number | undefined {
  const stated = new Inputs(inputs)
    .object("settings")
    .list("databaseFlags")
    .find((one) => one.text("name") === "max_connections");
  return stated && ifReadable(() => stated.number("value"));
}

function backups({ problems, settings: { database } }: PlannedContext): Flag[] {
  const isAbout = (field: string) => problems.some(({ setting }) => setting.endsWith(`.${field}`));
  const { startTime, transactionLogDays } = database.backup;
  return [
    ...(isAbout("enabled") ? [flags.backupsAt(startTime)] : []),
    ...(isAbout("pointInTimeRecoveryEnabled") ? [flags.pointInTimeRecovery()] : []),
    ...(isAbout("pointInTimeRecoveryEnabled") || isAbout("transactionLogRetentionDays")
      ? [flags.transactionLogDays(transactionLogDays)]
      : []),
  ];
}

/** A workload's variables of that name, one in each container that has it. */
const variablesOf = (resource: Deployed, settings: Settings, name: string): Variable[] =>
  workloadIn(resource, settings)?.containers.flatMap(
    ({ variables }) => variables.find((variable) => variable.name === name) ?? [],
  ) ?? [];

/** Pins the variables in the evidence to the newest enabled version, which `latest` resolves to now. */
function versions({ evidence, collection, resource, settings }: PlannedContext): Flag[] {
  const states = versionStates(collection);
  const pinned = variablesIn(evidence).flatMap((variable) => {
    const secret = variablesOf(resource, settings, variable)
      .map((one) => cloudName(secretOf(one)?.secret, "secrets")?.name)
      .find((id) => id !== undefined);
    const newest = secret && newestEnabledOf(states.get(secret) ?? new Map());
    return secret && newest ? [{ variable, secret, version: String(newest) }] : [];
  });
  // All variables must be pinned, so every version must be known.
  return pinned.length > 0 && pinned.length === evidence.length && flags.hasOneContainer(resource)
    ? [flags.secretVersions(resource, pinned)]
    : [];
}

/** Removes variables, whether literals or secrets. */
function variablesGone({ evidence, resource, settings }: PlannedContext): Flag[] {
  // The last name of a key must stay.
  if (!flags.hasOneContainer(resource) || variablesOf(resource, settings, "JWT_SECRET_KEY").length === 0) return [];
  const isSecret = (name: string) => variablesOf(resource, settings, name).some(secretSourceOf);
  const [secrets, literals] = [
    variablesIn(evidence).filter(isSecret),
    variablesIn(evidence).filter((name) => !isSecret(name)),
  ];
  return [
    ...(secrets.length > 0 ? [flags.variablesRemoved(resource, "secrets", secrets)] : []),
    ...(literals.length > 0 ? [flags.variablesRemoved(resource, "env-vars", literals)] : []),
  ];
}

/** The names of the variables in the evidence. */
const variablesIn = (evidence: readonly Evidence[]) =>
  evidence.flatMap(({ field }) => /\.env\[([^\]]+)\]/.exec(field)?.[1] ?? []);
