import { databaseClientProblems } from "../../capacity/constraints/database-client";
import type { DatabaseClientVariables } from "../../capacity/plan";
import { isUnreadable, MalformedValueError, UnknownAtPreviewError } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { type ClientPlan, clientPlanOf } from "./client-plan";
import { databaseContainers } from "./database-containers";
import { type Maximum, maximumOf } from "./scaling";
import { secretTexts } from "./used-databases";
import { type Container, containerName, type Workload } from "./workload";

/** A container that holds database connections, with the pool that it states. */
export interface CountedClient extends DatabaseClientVariables, Maximum {
  readonly label: string;
  /** Instances of a second revision during a rollout. */
  readonly overlap: number;
  readonly workload: Workload;
  readonly container: Container;
  readonly plan: Pick<ClientPlan, "settings">;
}

/** A container that holds an unknown number of database connections. */
export interface UncountedClient {
  readonly label: string;
  /** `does not state DB_POOL_SIZE`. */
  readonly why: string;
}

/** Every container of the workload that holds connections to any database. Throws where a property is unreadable. */
export const clientsOf = (workload: Workload): (CountedClient | UncountedClient)[] =>
  databaseContainers(workload).map((container, _, all) => countClient(workload, container, all.length === 1, []));

/** Reads what one container may hold. `isOnly`: it is the workload's only client, and has the workload's label. */
export function countClient(
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

/** `service-scaling` reports a missing maximum. Throws where the maximum is unknown at preview. */
function maximumIfStated(workload: Workload): Maximum | undefined {
  try {
    return maximumOf(workload);
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}
