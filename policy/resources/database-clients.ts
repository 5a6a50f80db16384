import { memoized } from "../../capacity/memoized";
import { problem } from "../../capacity/problem";
import { isUnreadable, MalformedValueError, type UnknownAtPreviewError } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { type CountedClient, countClient, type UncountedClient } from "./counted-clients";
import { isOtherEngine } from "./database";
import { throughManagedPool } from "./managed-pool";
import { clientContainers, databasesOf, usesSocket } from "./used-databases";
import { type Container, runsInUpdate, WORKLOAD_TYPES, type Workload, workloadOf } from "./workload";

/** A counted client of a database of the stack: a line of the connection budget, a client of a start-up storm. */
export interface DatabaseClient extends CountedClient {
  readonly resource: StackResource;
  readonly viaSocket: boolean;
}

interface UncountedDatabaseClient extends UncountedClient {
  readonly resource: StackResource;
}

/** A database and everything that holds connections to it. */
export interface DatabaseClients {
  /** `undefined`: a database outside the stack. */
  readonly instance: StackResource | undefined;
  readonly clients: readonly DatabaseClient[];
  /** If there are any, the sum of the clients is incomplete, and no number follows from it. */
  readonly uncounted: readonly UncountedDatabaseClient[];
}

/** A workload that cannot be read, or whose database is not known. */
export interface UnreadWorkload {
  readonly label: string;
  readonly resource: StackResource;
  readonly error: MalformedValueError | UnknownAtPreviewError;
}

/**
 * The clients of every database that workloads of the stack use. An unreadable workload is data: `connection-budget`
 * reports it once, and the other rules on clients skip it, as they skip what `service-database-variables` reports on
 * the container itself.
 */
export const clientsByDatabase = memoized(
  (
    resources: readonly StackResource[],
  ): {
    readonly databases: readonly DatabaseClients[];
    readonly unread: readonly UnreadWorkload[];
  } => {
    const databases = new Map<
      StackResource | undefined,
      { clients: DatabaseClient[]; uncounted: UncountedDatabaseClient[] }
    >();
    const unread: UnreadWorkload[] = [];
    const reading = (label: string, resource: StackResource, part: () => void) => {
      try {
        part();
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        unread.push({ label, resource, error });
      }
    };
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      reading(resource.name, resource, () => {
        const workload = workloadOf(resource);
        const containers = workload ? clientContainers(workload, resources) : [];
        for (const container of containers)
          reading(workload?.label ?? resource.name, resource, () => {
            if (!workload) return;
            const used = databasesOf(resource, workload, container, resources);
            if (!used) throw new MalformedValueError(unknownDatabase(workload, container));
            const client = countClient(workload, container, containers.length === 1, resources);
            for (const database of used.outside ? [...used.instances, undefined] : used.instances) {
              const found = databases.get(database) ?? { clients: [], uncounted: [] };
              databases.set(database, found);
              if ("why" in client) found.uncounted.push({ ...client, resource });
              else
                found.clients.push({
                  ...throughManagedPool(client, database),
                  resource,
                  viaSocket: usesSocket(workload, container),
                });
            }
          });
      });
    return { databases: [...databases].map(([instance, found]) => ({ instance, ...found })), unread };
  },
);

/**
 * The PostgreSQL databases, with the clients that start when their instances start: not a job that an update runs by
 * itself. `connection-budget` reports databases with uncounted clients and other engines, so they are left out here.
 */
export const startingClients = (resources: readonly StackResource[]): DatabaseClients[] =>
  clientsByDatabase(resources)
    .databases.filter(({ instance, uncounted }) => uncounted.length === 0 && !(instance && isOtherEngine(instance)))
    .map((database) => ({
      ...database,
      clients: database.clients.filter(({ workload }) => !runsInUpdate(workload)),
    }));

const unknownDatabase = (workload: Workload, container: Container) =>
  problem({
    setting: container.inputs.at("envs"),
    value: "no address that is known here",
    must: `show which of the stack's database instances ${workload.label} uses`,
    because: "each has a budget of its own",
    fix: "an address that is taken from the instance's output, or add the instance to 'dependsOn'",
  }).message;
