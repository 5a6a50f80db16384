import { allLogMetrics } from "../../capacity/monitoring/monitoring";
import { OBJECTIVES_SERVICE, objectiveName, objectives } from "../../capacity/monitoring/objectives";
import { InputError } from "../../capacity/problem";
import { adoptables } from "../../config/adoption";
import type { Settings } from "../../config/read";
import {
  ALERT_POLICY,
  NOTIFICATION_CHANNEL,
  PROJECT_IAM_MEMBER,
  SECRET_IAM_MEMBER,
  SECRET_VERSION,
  SQL_USER,
} from "../../config/resource-types";
import type { RegisteredResource } from "../../engine/evaluate";
import type { ResourceState, StackExport } from "../../engine/stack-export";
import { readUrn } from "../../policy/resources/urn";

/*
 * What an update leaves behind whose answers were lost: resources that may or may not exist. The engine notes them as
 * pending operations where it was killed itself, and forgets them where its provider was
 * (github.com/pulumi/pulumi/issues/15958);
 * `pulumi refresh --import-pending-creates` of 3.259 drops a pending operation without importing. So each is put into
 * the
 * state under the id that it has if it exists: a refresh asks the cloud, keeps it, or takes it out again.
 */

/** A resource of the program. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  /** The id under which it exists, if it does; empty where that does not matter. */
  readonly id: string;
}

export interface Recovery {
  /** The state to import before a refresh: whatever may exist is in it, under its id. */
  readonly repaired: StackExport;
  /** Creates that were interrupted. */
  readonly pending: readonly Resource[];
  /**
   * What the program declares and the state does not have, although it could have been made: nothing that it waits for
   * is missing.
   */
  readonly unknown: readonly Resource[];
  /** Interrupted creates that are forgotten: the next update makes each again, and that makes no second one. */
  readonly repeated: readonly Resource[];
  /**
   * What may have been made under an id that Google drew: nobody can look it up, and the next update makes it again.
   */
  readonly drawn: readonly Resource[];
  /** Interrupted updates and deletes: the refresh finds out what became of each. */
  readonly settled: readonly Resource[];
}

/** Setting one of these again is no conflict, and a value of `random` lives in the state alone. */
const isRepeatable = (type: string) =>
  type.startsWith("random:") ||
  [SQL_USER, SECRET_IAM_MEMBER, PROJECT_IAM_MEMBER, "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"].includes(type);

const isDrawn = (type: string) =>
  [
    ALERT_POLICY,
    NOTIFICATION_CHANNEL,
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig",
    "gcp:monitoring/dashboard:Dashboard",
  ].includes(type);

/**
 * Works out what may exist beside the exported state. `program`: all that the program registers with these settings.
 * @throws InputError for interrupted creates that the settings do not describe any more, and for interrupted
 * replacements.
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
  const repeated = creating.filter(({ type }) => isRepeatable(type));
  const made = creating.filter(({ type }) => !isRepeatable(type) && !isDrawn(type));
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
    // What waits for something that is missing was never begun; asking for it could fail, where its API is not enabled.
    [parent, ...dependencies].every((other) => inState.has(other)) &&
    !known.has(urn) &&
    // What is imported is no loss: the next update imports it.
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
    repeated: repeated.map(asResource),
    drawn: [...creating, ...program.filter(mayExist)]
      .filter(({ type }) => isDrawn(type))
      .map(({ type, urn }) => asResource({ type, urn })),
    settled: others.map(({ resource }) => asResource(resource)),
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
      "be looked at by a person because its replacement was interrupted, and the old one and a new one may exist; delete the new one at Google, then run pulumi refresh --clear-pending-creates",
    );
  if (isDescribed) return [];
  return refuse(
    "still be in the stack file because it was being created, and its id follows from there; put the settings back, recover, then change them again",
  );
}

/** Secret Manager numbers versions; the settings say which number each rotation must have got, or the update stops. */
function versions({ project, secrets }: Settings): Resource[] {
  return Object.values(secrets).flatMap(({ id, version, rotation = 0 }) =>
    Array.from({ length: rotation }, (_, i) => ({
      type: SECRET_VERSION,
      name: `${id}-r${i + 1}`,
      id: `projects/${project}/secrets/${id}/versions/${version - (rotation - i - 1)}`,
    })),
  );
}

/** What of monitoring has an id that follows from the settings. */
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
// Without outputs: the provider then reads it as an import does, from its id alone.
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
