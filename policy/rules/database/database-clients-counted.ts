import { databaseVariables } from "../../../capacity/plan";
import { problem } from "../../../capacity/problem";
import { SECRETS, SQL_DATABASE, SQL_INSTANCE, SQL_USER } from "../../../config/resource-types";
import { type StackResource, stackRule } from "../../framework/rule";
import { holdsNone, isOtherProvider, mayConnect } from "../../resources/connection-types";
import {
  endpointsIn,
  isConnectionString,
  isDatabaseLocation,
  isLoopback,
  isOtherStore,
  normalName,
} from "../../resources/database-names";
import { dependenciesOf } from "../../resources/dependencies";
import { propertyDependenciesOf } from "../../resources/property-dependencies";
import { isBehindPooler, isPooler, isProxy } from "../../resources/sidecars";
import { clientContainers, instanceNamer } from "../../resources/used-databases";
import { type Container, containerName, secretSourceOf, type Workload, workloadOf } from "../../resources/workload";

export const databaseClientsCounted = stackRule({
  name: "database-clients-counted",
  info: "Every resource that uses a database's outputs is a client that the budget counts, or is known to hold no connection.",
  why: "The budget does not include connections of a function, a machine, a cluster, or a workload with its own variable names, and nothing limits them.",
  severity: "high",
  remediation:
    "Run it as a Cloud Run service that states its pool, or count it in 'reservedConnections' of connection-budget and waive this rule for it.",
  judge(resources, { cannotEvaluate, attempt }) {
    const namesInstance = instanceNamer(resources);
    for (const resource of resources)
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (workload) {
          const source = propertyDependenciesOf(resource, resources, { withUsers: true }).find(({ type }) =>
            DATABASES.includes(type),
          );
          for (const label of source ? uncountedIn(workload, resource, resources) : [])
            cannotEvaluate(
              problem({
                setting: label,
                must: "show whether it connects",
                because: `it uses an output of ${source?.name}, and no known variable shows whether it connects`,
                instead:
                  "name the address POSTGRES_HOST beside the pool, or waive this rule for it if it holds no connection",
              }),
              resource,
            );
        } else if (
          !holdsNone(resource) &&
          !isOtherProvider(resource) &&
          usesDatabase(resource, resources, namesInstance)
        )
          cannotEvaluate(
            problem({
              setting: resource.name,
              must: "hold only counted connections",
              because: `it uses a database, and the rules do not read the connections of a ${resource.type}`,
              instead: "count them in 'reservedConnections' of connection-budget and waive this rule for it",
            }),
            resource,
          );
      });
  },
});

function usesDatabase(
  resource: StackResource,
  resources: readonly StackResource[],
  namesInstance: (text: string) => boolean,
): boolean {
  const names = ({ properties }: StackResource) =>
    properties.everything().some(({ text }) => text !== undefined && namesInstance(text));
  const sources = propertyDependenciesOf(resource, resources, { withUsers: true });
  if (
    names(resource) ||
    sources.some((other) => DATABASES.includes(other.type) || (CARRIES_TEXT.test(other.type) && names(other)))
  )
    return true;
  if (!mayConnect(resource)) return false;
  return (
    dependenciesOf(resource, [SQL_INSTANCE]).length > 0 ||
    resource.properties
      .everything()
      .some(({ key, text = "" }) => referencesDatabase(key) || referencesDatabase(text) || leadsElsewhere(text))
  );
}

/** Whether a text is the connection string of a database on another host. */
const leadsElsewhere = (text: string) =>
  isConnectionString(text) &&
  (endpointsIn(text).length === 0 || endpointsIn(text).some(({ host }) => !isLoopback(host)));

/** Types with texts that other programs read: a literal address in them is for those programs. */
const CARRIES_TEXT = /^(kubernetes:core|gcp:(secretmanager|dns|storage))/;

/** Variables are keys of a map, or names in a list. */
const referencesDatabase = (name: string) =>
  /^[\w.-]+$/.test(name) && (isDatabaseLocation(name) || name === databaseVariables.poolSize);

/** The containers that may or may not connect, in a workload that uses a database's outputs. */
function uncountedIn(workload: Workload, resource: StackResource, resources: readonly StackResource[]): string[] {
  const counted = clientContainers(workload, resources);
  if (counted.length === 0) return [workload.label];
  const isJudged = (container: Container) =>
    counted.includes(container) || isProxy(container) || isPooler(container) || isBehindPooler(workload, container);
  // An unknown value may be any output that the workload uses: the database's, unless another one explains it.
  if (
    resource.propertyDependencies.some(
      ({ type }) => !SELDOM_A_VALUE.test(type) && !SECRETS.includes(type) && !DATABASES.includes(type),
    )
  )
    return [];
  return workload.containers
    .filter((container) => !isJudged(container) && hasUnknownValue(container))
    .map((container) => `${workload.label}/${containerName(container) || workload.containers.indexOf(container)}`);
}

const DATABASES = [SQL_INSTANCE, SQL_DATABASE, SQL_USER];

/** Types whose outputs a workload uses elsewhere than in its variables. */
const SELDOM_A_VALUE =
  /^gcp:(secretmanager|serviceaccount|vpcaccess|projects|artifactregistry|compute\/(network|subnetwork):|\w+\/\w*(Iam|IAM))/;

const hasUnknownValue = ({ inputs, variables }: Container) =>
  variables.some(
    (variable) =>
      variable.inputs.isUnknown("value") && !secretSourceOf(variable) && !isOtherStore(normalName(variable.name)),
  ) ||
  ["args", "commands"].some((key) => inputs.isList(key) && inputs.textsOr(key, UNKNOWN_WORD).includes(UNKNOWN_WORD));

const UNKNOWN_WORD = "\0unknown";
