import {
  type DatabaseSize,
  defaultMaxConnections,
  effectiveEdition,
  flagMib,
  isPostgres,
  parseTier,
} from "../../capacity/constraints/cloudsql";
import { type Inputs, MalformedValueError } from "../framework/inputs";
import type { Resource } from "../framework/rule";

/*
 * Readers of Cloud SQL instances that several rules share. They are functions, because a property that is unknown at
 * preview must only stop the rules that need it.
 */

/** The resource's names of capacity's fields. */
export const databaseSetting = (field: string): string => PROPERTIES[field] ?? `settings.${field}`;

const PROPERTIES: Readonly<Record<string, string>> = {
  version: "databaseVersion",
  diskGb: "settings.diskSize",
  maxConnections: "settings.databaseFlags[max_connections]",
  queryStringLength: "settings.insightsConfig.queryStringLength",
  queryPlansPerMinute: "settings.insightsConfig.queryPlansPerMinute",
};

export const settingsOf = (resource: Resource): Inputs => resource.properties.object("settings");

/** The stated version; empty if there is none, which `database-version` refuses. */
export const versionOf = (resource: Resource): string => resource.properties.text("databaseVersion") ?? "";

/** Whether rules on PostgreSQL apply: MySQL and SQL Server have other tiers, flags and defaults. */
export const isPostgresInstance = (resource: Resource): boolean => isPostgres(versionOf(resource));

/** Whether it is known to be MySQL or SQL Server, whose tiers, flags and limits the rules do not know. */
export const isOtherEngine = ({ properties }: Resource): boolean =>
  /^(MYSQL|SQLSERVER)_/.test(properties.knownOnly().text("databaseVersion") ?? "");

/** A read replica can be recreated from its primary without loss of data. */
export const isReplica = (resource: Resource): boolean => resource.properties.hasText("masterInstanceName");

/** The edition that Google assigns. The version is read only if the edition is not stated. */
export function editionOf(resource: Resource): string {
  const stated = settingsOf(resource).text("edition");
  return stated || effectiveEdition(undefined, versionOf(resource));
}

/** The flags of that name. A program may state a flag twice; Google accepts each only once. */
export const flagsOf = (resource: Resource, name: string): Inputs[] =>
  settingsOf(resource)
    .list("databaseFlags")
    .filter((flag) => flag.text("name") === name);

/** max_connections, and the sizes that limit it. Google's default if the flag is not set; `shown` then says so. */
export function slotsOf(instance: Resource): DatabaseSize & { readonly shown?: string } {
  const flags = (name: string) => flagsOf(instance, name).flatMap((flag) => flag.number("value") ?? []);
  const tier = settingsOf(instance).text("tier") ?? "";
  const [sharedBuffers, workMem] = [flags("shared_buffers")[0], flags("work_mem")[0]];
  const sharedBuffersMib = sharedBuffers === undefined ? undefined : flagMib("shared_buffers", sharedBuffers);
  const workMemMib = workMem === undefined ? undefined : flagMib("work_mem", workMem);
  const stated = flags("max_connections");
  // If it is stated twice, the smaller value is certain.
  if (stated.length > 0) return { tier, sharedBuffersMib, workMemMib, maxConnections: Math.min(...stated) };
  const machine = parseTier(tier);
  if (!machine || !isPostgresInstance(instance))
    throw new MalformedValueError(
      `'${databaseSetting("maxConnections")}' must be stated because the default of this tier and version is not known`,
    );
  const maxConnections = defaultMaxConnections(machine);
  return { tier, sharedBuffersMib, workMemMib, maxConnections, shown: `not set: ${maxConnections} on ${tier}` };
}

/** The tier's name. Throws if it is invalid, which `database-tier` refuses. */
export function tierOf(instance: Resource): string {
  const tier = settingsOf(instance).text("tier") ?? "";
  if (!parseTier(tier))
    throw new MalformedValueError(
      "'settings.tier' must be a tier such as db-custom-1-3840 because the instance's vCPUs are counted from it",
    );
  return tier;
}

/**
 * The kinds of addresses that the instance has. Google assigns a public one unless the program refuses it; in outputs a
 * preview does not know a block that the program left out.
 */
export function addressesOf(instance: Resource): { readonly isPublic: boolean; readonly isPrivate: boolean } {
  const settings = settingsOf(instance);
  if (settings.isUnknown("ipConfiguration")) return { isPublic: true, isPrivate: false };
  const ip = settings.object("ipConfiguration");
  const isPrivate = ip.mayHave("privateNetwork") || ip.list("pscConfigs").some((psc) => psc.flag("pscEnabled"));
  return { isPublic: ip.flag("ipv4Enabled") !== false, isPrivate };
}
