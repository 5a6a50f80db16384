import { databaseVariables } from "../../capacity/plan";
import { CONNECTION_NAME, isConnectionString, namesDatabase } from "./database-names";
import { argumentsOf, isBehindPooler, isPooler, isProxy } from "./sidecars";
import { type Container, revisionAnnotations, type Workload } from "./workload";

/* Decides which containers of a workload hold database connections. `client-plan.ts` reads their pools. */

/** The annotation of a v1 service that names its Cloud SQL instances. */
export const V1_INSTANCES = "run.googleapis.com/cloudsql-instances";

/** Cloud SQL instances that the workload reaches over the built-in socket, as far as they are known. */
export function socketInstances(workload: Workload): {
  readonly mounted: boolean;
  readonly volumes: readonly string[];
} {
  const volumes = workload.pod.list("volumes").filter((volume) => volume.mayHave("cloudSqlInstance"));
  const annotation = workload.kind === "v1 service" && revisionAnnotations(workload).mayHave(V1_INSTANCES);
  return { mounted: volumes.length > 0 || annotation, volumes: volumes.map((volume) => volume.text("name") ?? "") };
}

/**
 * The containers that hold database connections: those that mount a Cloud SQL volume, name a database or state the
 * plan's pool, and poolers instead of the clients behind them. If nothing shows who connects, the first other container
 * counts in two cases: no container mounts an attached Cloud SQL volume, or a proxy's arguments name an instance.
 */
export function databaseContainers(workload: Workload): Container[] {
  const { mounted, volumes } = socketInstances(workload);
  const { containers } = workload;
  const proxies = containers.filter((container) => isProxy(container) || isNamedOnly(container));
  const clients = containers.filter(
    (container) =>
      !proxies.includes(container) &&
      (isPooler(container) || connects(container) || mountsOf(container).some((name) => volumes.includes(name))),
  );
  if (clients.length === 0 && (mounted || proxies.length > 0)) {
    const beside = containers.filter((container) => !proxies.includes(container));
    return (beside.length > 0 ? beside : containers.filter((container) => !isProxy(container))).slice(0, 1);
  }
  return clients.filter((container) => !isBehindPooler(workload, container));
}

/** Whether the container's own settings show that it connects. */
const connects = (container: Container) =>
  container.variables.some((variable) => namesDatabase(variable) || variable.name === databaseVariables.poolSize) ||
  argumentsOf(container).some(
    (text) => isConnectionString(text) || (text.search(CONNECTION_NAME) >= 0 && !PROXY_ARGUMENT.test(text)),
  );

/**
 * How the Auth Proxy's arguments name instances: `project:region:name?port=5432`, formerly
 * `-instances=project:region:name=tcp:5432`.
 */
const PROXY_ARGUMENT = new RegExp(`^(--?instances=)?${CONNECTION_NAME.source}([?=,].*)?$`);

/** A proxy by its behaviour: its arguments name an instance in a proxy's form, and its variables name no database. */
const isNamedOnly = (container: Container) =>
  !connects(container) && argumentsOf(container).some((text) => PROXY_ARGUMENT.test(text));

const mountsOf = ({ inputs }: Container) => inputs.list("volumeMounts").map((mount) => mount.text("name") ?? "");
