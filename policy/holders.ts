import { databaseClientProblems } from "../capacity/database-client";
import { type DatabaseClientVariables, databaseVariables } from "../capacity/plan";
import { databaseClient, databaseContainers } from "./database-clients";
import { databasesOf, usesSocket } from "./database-of";
import { MalformedValueError } from "./inputs";
import type { StackContext, StackResource } from "./rule";
import { type Container, type Maximum, maximumOf, WORKLOAD_TYPES, type Workload, workloadOf } from "./workload";

/**
 * One container of a workload that holds database connections, with the plan its variables carry: a line of the
 * connection budget, a client of a start-up storm. `overlap` is a second full set of instances where a rollout keeps one.
 */
export interface Holder extends DatabaseClientVariables, Maximum {
  readonly label: string;
  readonly overlap: number;
  readonly resource: StackResource;
  readonly workload: Workload;
  readonly container: Container;
  readonly viaSocket: boolean;
}

/** A database and all that hold connections to it, as far as they can be read. */
export interface DatabaseUse {
  /** `undefined`: a database that does not stand in the stack. */
  readonly instance: StackResource | undefined;
  readonly holders: readonly Holder[];
}

/**
 * Every database that workloads of the stack use. A workload that cannot be read, or whose database cannot be told, is
 * reported on it, and the others are read all the same.
 */
export function databaseUses(resources: readonly StackResource[], context: Pick<StackContext<object>, "attempt">): DatabaseUse[] {
  const uses = new Map<StackResource | undefined, Holder[]>();
  for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
    context.attempt(resource, () => {
      const workload = workloadOf(resource);
      const containers = workload ? databaseContainers(workload) : [];
      for (const container of containers)
        context.attempt(resource, () => {
          if (!workload) return;
          const used = databasesOf(resource, workload, container, resources);
          if (!used) throw new MalformedValueError(`${workload.label} ${WHICH_DATABASE}`);
          const databases = used.outside ? [...used.instances, undefined] : used.instances;
          // Before the holder is read: a database whose only holder cannot be read is a used one all the same.
          for (const database of databases) uses.set(database, uses.get(database) ?? []);
          const holder = holderOf(resource, workload, container, containers);
          for (const database of databases) uses.get(database)?.push(holder);
        });
    });
  return [...uses].map(([instance, holders]) => ({ instance, holders }));
}

const WHICH_DATABASE =
  "must tell which of the stack's database instances it uses because each has a budget of its own; take POSTGRES_HOST from the instance's output, or add the instance to 'dependsOn'";

function holderOf(resource: StackResource, workload: Workload, container: Container, containers: readonly Container[]): Holder {
  const label = containers.length > 1 ? `${workload.label}/${container.inputs.text("name") || workload.containers.indexOf(container)}` : workload.label;
  const { client, missing } = databaseClient(container);
  if (!client)
    throw new MalformedValueError(
      `${label} must state ${missing.join(", ")} because it uses a database and the plan is read from them; set each in '${container.inputs.at("envs")}' to a literal number`,
    );
  // That one attempt outlasts the whole initialisation is `service-database-variables`' to refuse: nothing here needs it.
  const judged = { ...client, initTimeoutSeconds: Math.max(client.initTimeoutSeconds, client.connectTimeoutSeconds) };
  const [problem] = databaseClientProblems(judged, (field) => `${container.inputs.at("envs")}[${databaseVariables[field]}]`);
  if (problem) throw new MalformedValueError(problem.message);
  const maximum = maximumOf(workload);
  const overlap = workload.rolls ? maximum.instances : 0;
  return { ...client, ...maximum, label, overlap, resource, workload, container, viaSocket: usesSocket(workload, container) };
}
