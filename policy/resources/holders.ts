import { databaseClientProblems } from "../../capacity/constraints/database-client";
import type { DatabaseClientVariables } from "../../capacity/plan";
import { problem } from "../../capacity/problem";
import { isUnreadable, MalformedValueError, UnknownAtPreviewError } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { type ClientPlan, clientPlanOf } from "./client-plan";
import { isOtherEngine } from "./database";
import { databaseContainers } from "./database-clients";
import { clientContainers, databasesOf, secretTexts, usesSocket } from "./database-of";
import { throughManagedPool } from "./managed-pool";
import { type Maximum, maximumOf } from "./scaling";
import { type Container, containerName, runsInUpdate, WORKLOAD_TYPES, type Workload, workloadOf } from "./workload";

/**
 * One container of a workload that holds database connections, with the plan it states. `overlap` is a second full set
 * of
 * instances where a rollout keeps one.
 */
export interface CountedClient extends DatabaseClientVariables, Maximum {
  readonly label: string;
  readonly overlap: number;
  readonly workload: Workload;
  readonly container: Container;
  readonly plan: Pick<ClientPlan, "settings">;
}

/** A container that holds connections, how many cannot be told. */
export interface UncountedClient {
  readonly label: string;
  /** `does not state DB_POOL_SIZE`. */
  readonly why: string;
}

/** A client in its stack: a line of the connection budget, a client of a start-up storm. */
export interface Holder extends CountedClient {
  readonly resource: StackResource;
  readonly viaSocket: boolean;
}

export interface Uncounted extends UncountedClient {
  readonly resource: StackResource;
}

/** A database and all that hold connections to it. */
export interface DatabaseUse {
  /** `undefined`: a database that does not stand in the stack. */
  readonly instance: StackResource | undefined;
  readonly holders: readonly Holder[];
  /** Where there are any, no sum of the holders is complete, and no number follows from it. */
  readonly uncounted: readonly Uncounted[];
}

/** A workload of which nothing can be read, or whose database cannot be told. */
export interface Unread {
  readonly label: string;
  readonly resource: StackResource;
  readonly error: MalformedValueError | UnknownAtPreviewError;
}

/**
 * Every database that workloads of the stack use. What cannot be read is data: `connection-budget` reports it, once,
 * and
 * the rules that build on the same holders stay silent about it, as does every rule about what
 * `service-database-variables`
 * reports on the container itself.
 */
export function databaseUses(resources: readonly StackResource[]): {
  readonly uses: readonly DatabaseUse[];
  readonly unread: readonly Unread[];
} {
  const uses = new Map<StackResource | undefined, { holders: Holder[]; uncounted: Uncounted[] }>();
  const unread: Unread[] = [];
  const reading = (label: string, resource: StackResource, part: () => void) => {
    try {
      part();
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      unread.push({ label, resource, error });
    }
  };
  for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
    reading(resource.name, resource, () => {
      const workload = workloadOf(resource);
      const containers = workload ? clientContainers(workload, resources) : [];
      for (const container of containers)
        reading(workload?.label ?? resource.name, resource, () => {
          if (!workload) return;
          const used = databasesOf(resource, workload, container, resources);
          if (!used) throw new MalformedValueError(whichDatabase(workload, container));
          const client = clientIn(workload, container, containers.length === 1, resources);
          for (const database of used.outside ? [...used.instances, undefined] : used.instances) {
            const use = uses.get(database) ?? { holders: [], uncounted: [] };
            uses.set(database, use);
            if ("why" in client) use.uncounted.push({ ...client, resource });
            else
              use.holders.push({
                ...throughManagedPool(client, database),
                resource,
                viaSocket: usesSocket(workload, container),
              });
          }
        });
    });
  return { uses: [...uses].map(([instance, use]) => ({ instance, ...use })), unread };
}

/**
 * The PostgreSQL databases with the holders that start when an instance of theirs does; a job that an update runs by
 * itself is
 * none. Left out is what cannot be counted, and every other engine: those are `connection-budget`'s to report.
 */
export const startingUses = (resources: readonly StackResource[]): DatabaseUse[] =>
  databaseUses(resources)
    .uses.filter(({ instance, uncounted }) => uncounted.length === 0 && !(instance && isOtherEngine(instance)))
    .map((use) => ({ ...use, holders: use.holders.filter(({ workload }) => !runsInUpdate(workload)) }));

const whichDatabase = (workload: Workload, container: Container) =>
  problem({
    setting: container.inputs.at("envs"),
    value: "no address that is known here",
    must: `tell which of the stack's database instances ${workload.label} uses`,
    because: "each has a budget of its own",
    fix: "an address that is taken from the instance's output, or add the instance to 'dependsOn'",
  }).message;

/** `service-scaling` says where it is missing. Throws where what multiplies it is unknown at preview. */
function maximumIfStated(workload: Workload): Maximum | undefined {
  try {
    return maximumOf(workload);
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}

/**
 * Every container of the workload that holds database connections, in whatever database. Throws where they cannot be
 * told.
 */
export const clientsOf = (workload: Workload): (CountedClient | UncountedClient)[] =>
  databaseContainers(workload).map((container, _, all) => clientIn(workload, container, all.length === 1, []));

function clientIn(
  workload: Workload,
  container: Container,
  isOnly: boolean,
  resources: readonly StackResource[],
): CountedClient | UncountedClient {
  const label = isOnly
    ? workload.label
    : `${workload.label}/${containerName(container) || workload.containers.indexOf(container)}`;
  const uncounted = (why: string): UncountedClient => ({ label, why });
  try {
    const plan = clientPlanOf(container, (variable) => secretTexts(variable, resources));
    const { client, settings, missing, contradictions } = plan;
    if (contradictions.length > 0)
      return uncounted(
        `states ${contradictions.map(({ setting }) => `'${setting}'`).join(", ")} against another number`,
      );
    if (!client) return uncounted(`does not state ${missing.join(", ")}`);
    const { poolSize, maxOverflow, workers } = client;
    const [wrong] = databaseClientProblems({ poolSize, maxOverflow, workers }, (field) => settings[field]);
    if (wrong) return uncounted(`states no pool in '${wrong.setting}'`);
    const maximum = maximumIfStated(workload);
    if (!maximum) return uncounted("has no stated maximum of instances");
    const overlap = workload.rolls ? maximum.instances : 0;
    return { ...client, ...maximum, label, overlap, workload, container, plan };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return uncounted(
      error instanceof UnknownAtPreviewError ? `has '${error.path}', which is not known at preview` : error.message,
    );
  }
}
