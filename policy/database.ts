import { effectiveEdition, isPostgres } from "../capacity/cloudsql";
import type { Inputs } from "./inputs";
import type { Resource } from "./rule";

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
