import { databaseVariables } from "../../capacity/plan";
import {
  CONNECTOR,
  NETWORK,
  REDIS,
  ROUTER,
  ROUTER_NAT,
  RUN_SERVICE,
  SECRET,
  SQL_INSTANCE,
  SUBNETWORK,
} from "../../config/resource-types";
import { type RegisteredResource, withoutSecrets } from "../../engine/evaluate";
import { type Difference, differencesOf, isWithin } from "../../engine/property-diff";
import { Inputs } from "../../policy/framework/inputs";
import { isUnknownValue } from "../../policy/framework/unknown";
import { cloudName } from "../../policy/resources/cloud-name";
import type { Collection } from "../shared/cloud/classify";
import type { Deployed } from "../shared/cloud/deployed";
import type { ALL_SOURCES } from "../shared/cloud/sources";

/** What `up` would do to one resource, by the inputs that the program states. */
export interface Change {
  readonly resource: string;
  readonly type: string;
  /** `import` first, where the resource stands in no state. */
  readonly change: "create" | "update";
  /** `property: deployed -> plan`; without values where they might be secret. */
  readonly properties: readonly string[];
}

/** The source that lists all resources of a type, so that a missing one shows. */
const SOURCE_OF: Readonly<Record<string, (typeof ALL_SOURCES)[number]>> = {
  [RUN_SERVICE]: "services",
  [SQL_INSTANCE]: "instances",
  [CONNECTOR]: "connectors",
  [REDIS]: "caches",
  [SECRET]: "secrets",
  [NETWORK]: "networks",
  [SUBNETWORK]: "subnetworks",
  [ROUTER]: "routers",
  [ROUTER_NAT]: "routers",
};

/** What `up` would change. Properties that the program leaves to the cloud are ignored. */
export function changesBy(
  plan: readonly RegisteredResource[],
  deployed: readonly Deployed[],
  { listed }: Collection,
): Change[] {
  return plan.flatMap((planned): Change[] => {
    const source = SOURCE_OF[planned.type];
    if (source === undefined) return [];
    const { type } = planned;
    const [name, wanted] = [plannedName(planned), wantedBy(planned)];
    const existing = deployed.find((one) => one.type === type && one.label === name);
    if (!existing) return listed.has(source) ? [{ resource: name, type, change: "create", properties: [] }] : [];
    const differences = differencesBetween(planned, existing);
    const hasNamedContainers = differences.some(
      ({ property, element }) => property === "template.containers" && element !== undefined,
    );
    const surplus = hasNamedContainers ? [] : surplusContainers(existing.inputs, wanted);
    const isLeft = ({ property }: Difference) => !surplus.some((container) => property.startsWith(container));
    const properties = [
      ...new Set(differences.filter((one) => isLeft(one) && isChange(one) && !isIgnored(planned, one)).map(changeText)),
      ...surplus.map((container) => `${container}: removed`),
    ];
    return properties.length > 0 ? [{ resource: name, type, change: "update", properties }] : [];
  });
}

/**
 * Properties that count at creation only, where the plan states another value than what is deployed has: a sentence
 * each.
 */
export function keptDespitePlan(plan: readonly RegisteredResource[], deployed: readonly Deployed[]): string[] {
  return plan.flatMap((planned) => {
    const existing = deployed.find(({ type, label }) => type === planned.type && label === plannedName(planned));
    const kept = existing
      ? differencesBetween(planned, existing).filter((one) => isIgnored(planned, one) && !isNothing(one.new))
      : [];
    return kept.map(
      ({ property, old, new: now }) =>
        `${plannedName(planned)} keeps ${property} ${valueText(old)}: the stack file has ${valueText(now)}, which applies at creation only`,
    );
  });
}

function differencesBetween(planned: RegisteredResource, { inputs }: Deployed): Difference[] {
  return differencesOf({
    changed: [],
    old: { inputs: comparable(inputs), outputs: {} },
    new: { inputs: comparable(wantedBy(planned)), outputs: {} },
  });
}

const wantedBy = ({ inputs }: RegisteredResource) => withoutSecrets(inputs) as Properties; // an object stays one
const isIgnored = ({ options }: RegisteredResource, { property }: Difference) =>
  options.ignoreChanges.some((path) => isWithin(property, path));

/** Containers that the program does not have, matched by position because the program's only container has no name. */
function surplusContainers(existing: Deployed["inputs"], wanted: Properties): string[] {
  const [are, will] = [existing, wanted].map((inputs) => new Inputs(inputs).object("template").count("containers"));
  return Array.from(
    { length: Math.max(0, (are ?? 0) - (will ?? 0)) },
    (_, i) => `template.containers[${(will ?? 0) + i}]`,
  );
}

type Properties = Record<string, unknown>;

/** The name in the cloud. */
export const plannedName = ({ inputs, name }: RegisteredResource) =>
  [inputs.name, inputs.secretId].find((own) => typeof own === "string") ?? name;

/** Whether the program has another value, or lacks a named element (variable, flag, volume). */
function isChange({ property, element, old, new: now }: Difference): boolean {
  if (ONLY_THE_PROGRAMS.some((prefix) => property.startsWith(prefix))) return false;
  // A value that only `up` knows may equal the present one, unless that is missing or a secret.
  if (contains(now, isUnknownValue)) return typeof old !== "string" && typeof old !== "number";
  if (now === undefined) return element !== undefined && !/^labels|userLabels$/.test(property);
  // Google does not print 0, false and empty texts.
  return !(isNothing(old) && (now === 0 || now === false || now === ""));
}

/** Protections of Pulumi's own, and the container's name that gcloud gives. */
const ONLY_THE_PROGRAMS = ["deletionProtection", "replication", "routingMode"];

const isNothing = (value: unknown) => value === undefined || value === null;
const contains = (value: unknown, test: (value: unknown) => boolean): boolean =>
  test(value) ||
  (value !== null && typeof value === "object" && Object.values(value).some((item) => contains(item, test)));

/** Google shows some references by their whole path, the program by their last part. */
function comparable(value: unknown, key = ""): Properties {
  return compared(value, key) as Properties; // an object stays one
}

function compared(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((item) => compared(item, key));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, compared(item, name)]));
  if (typeof value !== "string") return value;
  return REFERENCES.includes(key) ? (cloudName(value)?.name ?? value) : value;
}

const REFERENCES = ["connector", "network", "privateNetwork", "authorizedNetwork", "secret", "router"];
const PRINTED_VARIABLES: readonly string[] = Object.values(databaseVariables);

function changeText({ property, element, old, new: now }: Difference): string {
  // Single labels add no information.
  const labels = /^(.*\b(?:labels|userLabels))\b/.exec(property)?.[1];
  if (labels) return labels;
  const name = element === undefined ? property : `${property}[${element}]`;
  if (/envs$/.test(property)) {
    const [was, is] = [variable(element, old), variable(element, now)];
    return was === is ? name : `${name}: ${was} -> ${is}`;
  }
  return isShort(old) && isShort(now)
    ? `${name}: ${valueText(old)} -> ${valueText(now)}`
    : `${name}${isNothing(now) ? ": removed" : isNothing(old) ? ": added" : ""}`;
}

/** The secret's name, never its value; a literal only where it is a number of the plan. */
function variable(name: string | undefined, value: unknown): string {
  if (isNothing(value)) return "not set";
  const reference = (
    value as {
      readonly valueSource?: { readonly secretKeyRef?: { readonly secret?: string; readonly version?: string } };
    }
  ).valueSource?.secretKeyRef; // of a variable that is no literal
  if (reference) return `${reference.secret}:${isUnknownValue(reference.version) ? "newest" : reference.version}`;
  return PRINTED_VARIABLES.includes(name ?? "") && typeof value === "string" && /^\d+(\.\d+)?$/.test(value)
    ? value
    : "a value";
}

const isShort = (value: unknown) => isNothing(value) || ["string", "number", "boolean"].includes(typeof value);

function valueText(value: unknown): string {
  if (isUnknownValue(value)) return "not known yet";
  return isNothing(value) ? "not set" : value === "" ? "empty" : String(value);
}
