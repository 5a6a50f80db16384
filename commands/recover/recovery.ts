import { allLogMetrics } from "../../capacity/monitoring/monitoring";
import { OBJECTIVES_SERVICE, objectiveName, objectives } from "../../capacity/monitoring/objectives";
import { InputError } from "../../capacity/problem";
import { adoptables } from "../../config/adoption";
import {
  ALERT_POLICY,
  NOTIFICATION_CHANNEL,
  PROJECT_IAM_MEMBER,
  SECRET_IAM_MEMBER,
  SECRET_VERSION,
  SQL_USER,
} from "../../config/resource-types";
import type { Settings } from "../../config/schema";
import type { RegisteredResource } from "../../engine/evaluate";
import type { ResourceState, StackExport } from "../../engine/stack-export";
import { readUrn } from "../../policy/resources/urn";

/*
 * An interrupted update leaves resources that may or may not exist. If the engine was killed, the state lists them as
 * pending operations; if a provider was killed, it does not (github.com/pulumi/pulumi/issues/15958).
 * `pulumi refresh --import-pending-creates` of 3.259 drops a pending operation without importing it. So each resource
 * is added to the state under the id that it would have: a refresh then keeps it if it exists and removes it if not.
 */

/** A resource of the program. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  /** The id that it has if it exists; empty where the id is not needed. */
  readonly id: string;
}

export interface Recovery {
  /** The state to import before a refresh: it includes every resource that may exist, under its id. */
  readonly repaired: StackExport;
  /** Interrupted creates that the refresh can look up. */
  readonly pending: readonly Resource[];
  /** Resources of the program that are not in the state and may exist, because everything they depend on exists. */
  readonly unknown: readonly Resource[];
  /** Interrupted creates that the next update repeats without making a duplicate. */
  readonly recreated: readonly Resource[];
  /** Resources that may exist under an id that Google assigned. They cannot be looked up, so the next update creates them again. */
  readonly serverAssignedIds: readonly Resource[];
  /** Interrupted updates and deletes: the refresh reads their result. */
  readonly interrupted: readonly Resource[];
}

/** Creating one of these twice is no conflict; a value of `random` exists in the state only. */
const isIdempotent = (type: string) =>
  type.startsWith("random:") ||
  [SQL_USER, SECRET_IAM_MEMBER, PROJECT_IAM_MEMBER, "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"].includes(type);

const hasServerAssignedId = (type: string) =>
  [
    ALERT_POLICY,
    NOTIFICATION_CHANNEL,
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig",
    "gcp:monitoring/dashboard:Dashboard",
  ].includes(type);

/**
 * Determines what may exist although the exported state does not have it.
 * @param program all resources that the program registers with these settings.
 * @throws InputError for interrupted creates that the settings no longer describe, and for interrupted replacements.
 */
export function recovery(exported: StackExport, settings: Settings, program: readonly RegisteredResource[]): Recovery {
  const { resources, pending_operations: operations } = exported.deployment;
  const creating = operations.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  const others = operations.filter(({ type }) => type !== "creating");
  const inState = new Set(resources.map(({ urn }) => urn));
  const known = new Set([...inState, ...creating.map(({ urn }) => urn)]);
  const ids = new Map(
    [...adoptables(settings), ...versions(settings), ...monitoring(settings)].map(({ type, name, id }) => [
      `${type} ${name}`,
      id,
    ]),
  );
  const idOf = ({ type, urn }: { readonly type: string; readonly urn: string }) =>
    ids.get(`${type} ${readUrn(urn).name}`);
  const recreated = creating.filter(({ type }) => isIdempotent(type));
  const made = creating.filter(({ type }) => !isIdempotent(type) && !hasServerAssignedId(type));
  const problems = made.flatMap(({ urn, type }) =>
    problemsOf({
      name: readUrn(urn).name,
      isReplacement: inState.has(urn),
      isDescribed: idOf({ urn, type }) !== undefined,
    }),
  );
  if (problems.length > 0) throw new InputError(problems);

  const pending = made.flatMap((resource) => withId(resource, idOf(resource)));
  const mayExist = ({ urn, parent, dependencies, options }: RegisteredResource) =>
    // A resource with a missing dependency was never started; a lookup could fail because its API is not enabled.
    [parent, ...dependencies].every((other) => inState.has(other)) &&
    !known.has(urn) &&
    // The next update imports it.
    options.import === "";
  const unknown = program.flatMap((registered) => {
    const provider = resources.findLast(({ type }) => type === `pulumi:providers:${registered.type.split(":")[0]}`);
    return provider && mayExist(registered) ? withId(asState(registered, provider), idOf(registered)) : [];
  });
  return {
    repaired: {
      ...exported,
      deployment: {
        ...exported.deployment,
        resources: [...resources, ...pending, ...unknown],
        pending_operations: others,
      },
    },
    pending: pending.map(asResource),
    unknown: unknown.map(asResource),
    recreated: recreated.map(asResource),
    serverAssignedIds: [...creating, ...program.filter(mayExist)]
      .filter(({ type }) => hasServerAssignedId(type))
      .map(({ type, urn }) => asResource({ type, urn })),
    interrupted: others.map(({ resource }) => asResource(resource)),
  };
}

function problemsOf({
  name,
  isReplacement,
  isDescribed,
}: {
  readonly name: string;
  readonly isReplacement: boolean;
  readonly isDescribed: boolean;
}) {
  const refuse = (rest: string) => [{ setting: name, message: `'${name}' must ${rest}` }];
  if (isReplacement)
    return refuse(
      "be checked by hand because its replacement was interrupted and both the old and the new one may exist; delete the new one at Google, then run pulumi refresh --clear-pending-creates",
    );
  if (isDescribed) return [];
  return refuse(
    "still be in the stack file because its creation was interrupted and its id is derived from the settings; restore the settings, run recover, then change them again",
  );
}

/** Secret Manager numbers versions consecutively; the settings state the number that each rotation must have. */
function versions({ project, secrets }: Settings): Resource[] {
  return Object.values(secrets).flatMap(({ id, version, rotation = 0 }) =>
    Array.from({ length: rotation }, (_, i) => ({
      type: SECRET_VERSION,
      name: `${id}-r${i + 1}`,
      id: `projects/${project}/secrets/${id}/versions/${version - (rotation - i - 1)}`,
    })),
  );
}

/** The monitoring resources whose ids are derived from the settings. */
function monitoring(settings: Settings): Resource[] {
  const service = {
    type: "gcp:monitoring/customService:CustomService",
    name: OBJECTIVES_SERVICE,
    id: `projects/${settings.project}/services/${OBJECTIVES_SERVICE}`,
  };
  return [
    ...allLogMetrics.map(({ key, name }) => ({ type: "gcp:logging/metric:Metric", name: key, id: name })),
    service,
    ...objectives(settings).map(({ id }) => ({
      type: "gcp:monitoring/slo:Slo",
      name: id,
      id: objectiveName(settings.project, id),
    })),
  ];
}

const asResource = ({ type, urn, id = "" }: ResourceState): Resource => ({ type, name: readUrn(urn).name, id });
// Without outputs, the provider reads it from its id alone, as an import does.
const withId = (resource: ResourceState, id: string | undefined): ResourceState[] =>
  id === undefined ? [] : [{ ...resource, id, outputs: {} }];

const asState = (
  { urn, type, parent, dependencies, options }: RegisteredResource,
  provider: ResourceState,
): ResourceState => ({
  urn,
  type,
  custom: true,
  parent,
  dependencies,
  provider: `${provider.urn}::${provider.id}`,
  protect: options.protect,
  additionalSecretOutputs: options.additionalSecretOutputs,
  inputs: {},
});
