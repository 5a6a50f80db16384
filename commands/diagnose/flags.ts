import { parseTier } from "../../capacity/constraints/cloudsql";
import { connectorMbps } from "../../capacity/constraints/connector";
import type { ServiceSettings, Settings } from "../../config/schema";
import { Inputs } from "../../policy/framework/inputs";
import type { Deployed } from "../shared/cloud/deployed";
import { type Edit, setTo } from "./edits";
import type { Flag } from "./remedy-commands";

/* The flags of gcloud's update commands, each with the properties that it sets. */

/** A flag with a single value. */
const flag = (name: string, value: string, ...edits: readonly Edit[]): Flag => ({ name, value, edits });
/** A flag without a value. */
const bare = (name: string, ...edits: readonly Edit[]): Flag => ({ name, edits });

/** The path of the pod in a service or a job. */
const podOf = ({ source }: Deployed) => (source === "jobs" ? "template.template" : "template");

/** Container flags without `--container` need exactly one container. */
export const hasOneContainer = (resource: Deployed): boolean =>
  podOf(resource)
    .split(".")
    .reduce((at, key) => at.object(key), new Inputs(resource.inputs))
    .count("containers") === 1;

export const privateRangesOnly = (resource: Deployed): Flag =>
  flag("--vpc-egress", "private-ranges-only", setTo(`${podOf(resource)}.vpcAccess.egress`, "PRIVATE_RANGES_ONLY"));

export const vpcConnector = (resource: Deployed, name: string): Flag =>
  flag("--vpc-connector", name, setTo(`${podOf(resource)}.vpcAccess.connector`, name));

/**
 * Lowers the maximum of instances where it holds: the service's holds for all revisions together, whatever a revision's
 * is, and a change of it rolls nothing out. Nothing where it is not above.
 */
export function maximumInstances({ inputs }: Deployed, most: number): Flag[] {
  const scaling = new Inputs(inputs).object("scaling");
  const [service = 0, revision = 0] = [scaling, new Inputs(inputs).object("template").object("scaling")].map((at) =>
    at.number("maxInstanceCount"),
  );
  if (service > most || service + revision === 0)
    return [flag("--max", String(most), setTo("scaling.maxInstanceCount", most))];
  return service === 0 && revision > most
    ? [flag("--max-instances", String(most), setTo("template.scaling.maxInstanceCount", most))]
    : [];
}

export const variables = (resource: Deployed, values: readonly (readonly [name: string, value: string])[]): Flag => ({
  name: "--update-env-vars",
  value: values.map(([name, value]) => `${name}=${value}`),
  edits: values.map(([name, value]) => variableSet(resource, { name, value })),
});

/** Sets variables from versions of secrets. */
export const secretVersions = (
  resource: Deployed,
  references: readonly { readonly variable: string; readonly secret: string; readonly version: string }[],
): Flag => ({
  name: "--update-secrets",
  value: references.map(({ variable, secret, version }) => `${variable}=${secret}:${version}`),
  edits: references.map(({ variable: name, secret, version }) =>
    variableSet(resource, { name, valueSource: { secretKeyRef: { secret, version } } }),
  ),
});

export const variablesRemoved = (resource: Deployed, kind: "secrets" | "env-vars", names: readonly string[]): Flag => ({
  name: `--remove-${kind}`,
  value: names,
  edits: [listEdit(resource, (list) => list.filter(({ name }) => !names.includes(name)))],
});

interface EnvVariable {
  readonly name: string;
  readonly [key: string]: unknown;
}

const variableSet = (resource: Deployed, variable: EnvVariable): Edit =>
  listEdit(resource, (list) =>
    list.some(({ name }) => name === variable.name)
      ? list.map((one) => (one.name === variable.name ? variable : one))
      : [...list, variable],
  );

/** As `deployedFrom` makes them, variables have names. */
const listEdit = (resource: Deployed, change: (variables: readonly EnvVariable[]) => readonly EnvVariable[]): Edit => ({
  path: [...podOf(resource).split("."), "containers", "0", "envs"],
  change: (list = []) => change(list as readonly EnvVariable[]),
});

export function startupProbe(resource: Deployed, { path, ...timing }: ServiceSettings["probe"], port: number): Flag {
  const fields = { "httpGet.path": path, "httpGet.port": port, ...timing };
  const value = Object.entries(fields).map(([key, field]) => `${key}=${field}`);
  return {
    name: "--startup-probe",
    value: value.join(),
    edits: [setTo(`${podOf(resource)}.containers.0.startupProbe`, { httpGet: { path, port }, ...timing })],
  };
}

/** The larger of the plan's and the deployed size: a connector cannot shrink. */
export function connectorSize(
  { inputs }: Deployed,
  { machineType, minInstances, maxInstances }: Settings["connector"],
): Flag[] {
  const there = new Inputs(inputs);
  const type = there.text("machineType") ?? "";
  const sizes = {
    machineType: connectorMbps(type, 2) > connectorMbps(machineType, 2) ? type : machineType,
    minInstances: Math.max(there.number("minInstances") ?? 0, minInstances),
    maxInstances: Math.max(there.number("maxInstances") ?? 0, maxInstances),
  };
  return [
    flag("--machine-type", sizes.machineType, setTo("machineType", sizes.machineType)),
    flag("--min-instances", String(sizes.minInstances), setTo("minInstances", sizes.minInstances)),
    flag("--max-instances", String(sizes.maxInstances), setTo("maxInstances", sizes.maxInstances)),
  ];
}

/** Empty where the instance is already as large. */
export function tierAtLeast({ inputs }: Deployed, tier: string): Flag[] {
  const [there, wanted] = [new Inputs(inputs).object("settings").text("tier"), tier].map((name) =>
    parseTier(name ?? ""),
  );
  const isLess =
    !there ||
    !wanted ||
    (there.vcpus <= wanted.vcpus && there.memoryMib <= wanted.memoryMib && there.name !== wanted.name);
  return isLess ? [flag("--tier", tier, setTo("settings.tier", tier))] : [];
}

/** The flag replaces all flags of the instance, so it repeats the others. */
export function databaseFlag({ inputs }: Deployed, name: string, value: string): Flag {
  const others = new Inputs(inputs)
    .object("settings")
    .list("databaseFlags")
    .map((one) => ({ name: one.text("name") ?? "", value: one.textOrNumber("value") ?? "" }))
    .filter((one) => one.name !== name);
  const all = [{ name, value }, ...others];
  return {
    name: "--database-flags",
    value: all.map((one) => `${one.name}=${one.value}`),
    edits: [setTo("settings.databaseFlags", all)],
  };
}

const backup = (field: string, value: unknown) => setTo(`settings.backupConfiguration.${field}`, value);
const address = (field: string, value: unknown) => setTo(`settings.ipConfiguration.${field}`, value);

export const backupsAt = (startTime: string): Flag =>
  flag("--backup-start-time", startTime, backup("enabled", true), backup("startTime", startTime));
export const pointInTimeRecovery = (): Flag =>
  bare("--enable-point-in-time-recovery", backup("pointInTimeRecoveryEnabled", true));
export const transactionLogDays = (days: number): Flag =>
  flag("--retained-transaction-log-days", String(days), backup("transactionLogRetentionDays", days));
export const deletionProtection = (): Flag =>
  bare("--deletion-protection", setTo("settings.deletionProtectionEnabled", true));
export const connectorsNotRequired = (): Flag =>
  flag("--connector-enforcement", "NOT_REQUIRED", setTo("settings.connectorEnforcement", "NOT_REQUIRED"));
export const encryptedOnly = (): Flag => flag("--ssl-mode", "ENCRYPTED_ONLY", address("sslMode", "ENCRYPTED_ONLY"));
export const alwaysOn = (): Flag => flag("--activation-policy", "ALWAYS", setTo("settings.activationPolicy", "ALWAYS"));
export const publicAddressClosed = (): Flag[] => [
  bare("--no-assign-ip", address("ipv4Enabled", false), setTo("publicIpAddress", undefined)),
  bare("--clear-authorized-networks", address("authorizedNetworks", [])),
];
