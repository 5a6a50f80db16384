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
 * What rules on Cloud SQL instances read alike. Functions, because a property that a preview does not know must only
 * stop the rules that need it.
 */

/** How capacity's fields are called on the resource. */
export const databaseSetting = (field: string): string => PROPERTIES[field] ?? `settings.${field}`;

const PROPERTIES: Readonly<Record<string, string>> = {
  version: "databaseVersion",
  diskGb: "settings.diskSize",
  maxConnections: "settings.databaseFlags[max_connections]",
  queryStringLength: "settings.insightsConfig.queryStringLength",
  queryPlansPerMinute: "settings.insightsConfig.queryPlansPerMinute",
};

export const settingsOf = (resource: Resource): Inputs => resource.properties.object("settings");

/** The stated version; empty where there is none, which `database-version` refuses. */
export const versionOf = (resource: Resource): string => resource.properties.text("databaseVersion") ?? "";

/** Whether rules on PostgreSQL apply: MySQL and SQL Server have other tiers, flags and defaults. */
export const isPostgresInstance = (resource: Resource): boolean => isPostgres(versionOf(resource));

/** Whether it is known to be MySQL or SQL Server, whose tiers, flags and limits no rule knows. */
export const isOtherEngine = ({ properties }: Resource): boolean =>
  /^(MYSQL|SQLSERVER)_/.test(properties.knownOnly().text("databaseVersion") ?? "");

/** A read replica can be built anew from its primary: nothing is lost with it. */
export const isReplica = (resource: Resource): boolean => resource.properties.hasText("masterInstanceName");

/** The edition that Google gives the instance. The version is read only where the edition is not stated. */
export function editionOf(resource: Resource): string {
  const stated = settingsOf(resource).text("edition");
  return stated || effectiveEdition(undefined, versionOf(resource));
}

/** The flags of that name. A program may state one twice; Google takes each once. */
export const flagsOf = (resource: Resource, name: string): Inputs[] =>
  settingsOf(resource)
    .list("databaseFlags")
    .filter((flag) => flag.text("name") === name);

/**
 * max_connections and what decides whether the tier could hold more. Google's default where the flag is not set;
 * `shown` says so then.
 */
export function slotsOf(instance: Resource): DatabaseSize & { readonly shown?: string } {
  const flags = (name: string) => flagsOf(instance, name).flatMap((flag) => flag.number("value") ?? []);
  const tier = settingsOf(instance).text("tier") ?? "";
  const [sharedBuffers, workMem] = [flags("shared_buffers")[0], flags("work_mem")[0]];
  const sharedBuffersMib = sharedBuffers === undefined ? undefined : flagMib("shared_buffers", sharedBuffers);
  const workMemMib = workMem === undefined ? undefined : flagMib("work_mem", workMem);
  const stated = flags("max_connections");
  // Stated twice: the smaller one is what certainly is there.
  if (stated.length > 0) return { tier, sharedBuffersMib, workMemMib, maxConnections: Math.min(...stated) };
  const machine = parseTier(tier);
  if (!machine || !isPostgresInstance(instance))
    throw new MalformedValueError(
      `'${databaseSetting("maxConnections")}' must be stated because the default of this tier and version is not known`,
    );
  const maxConnections = defaultMaxConnections(machine);
  return { tier, sharedBuffersMib, workMemMib, maxConnections, shown: `not set: ${maxConnections} on ${tier}` };
}

/** The tier's name. Throws where it is none, which `database-tier` refuses. */
export function tierOf(instance: Resource): string {
  const tier = settingsOf(instance).text("tier") ?? "";
  if (!parseTier(tier))
    throw new MalformedValueError(
      "'settings.tier' must be a tier such as db-custom-1-3840 because the instance's vCPUs are counted from it",
    );
  return tier;
}

/**
 * Which addresses the instance has. Google gives a public one where a program does not refuse it; in outputs a preview
 * does not know the whole block where the program left it out.
 */
export function addressesOf(instance: Resource): { readonly isPublic: boolean; readonly isPrivate: boolean } {
  const settings = settingsOf(instance);
  if (settings.isUnknown("ipConfiguration")) return { isPublic: true, isPrivate: false };
  const ip = settings.object("ipConfiguration");
  const isPrivate = ip.mayHave("privateNetwork") || ip.list("pscConfigs").some((psc) => psc.flag("pscEnabled"));
  return { isPublic: ip.flag("ipv4Enabled") !== false, isPrivate };
}
