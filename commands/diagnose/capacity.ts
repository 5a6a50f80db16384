import { budgetArithmetic, connectionBudget } from "../../capacity/budget";
import type { CapacityPlan } from "../../capacity/plan";
import { illustratingStorms } from "../../capacity/storm/gate";
import type { StormResult } from "../../capacity/storm/results";
import { stormPlanProblems } from "../../capacity/storm/scenarios";
import { planOf } from "../../config/read";
import type { Settings } from "../../config/schema";
import { ifReadable } from "../../policy/framework/inputs";
import type { StackResource } from "../../policy/framework/rule";
import { linkResources } from "../../policy/framework/stack-resources";
import { slotsOf } from "../../policy/resources/database";
import { clientsByDatabase, type DatabaseClient } from "../../policy/resources/database-clients";
import { neutralStart, plannedStarts, type StartBehaviour } from "../../policy/resources/start-behaviour";
import { stormPlanOf } from "../../policy/resources/storm-plan";
import { asJudged, type Deployed } from "../shared/cloud/deployed";

/** Budget and storms of one deployed database and all that connect to it. */
export interface DatabaseCapacity {
  readonly instance: string;
  readonly maxConnections: number;
  /** The tier's default, where no flag states max_connections. */
  readonly isDefault: boolean;
  readonly demand: number;
  readonly limit: number;
  readonly arithmetic: string;
  /** The services that connect to it. */
  readonly services: readonly string[];
  /** Empty where they cannot be simulated, or the simulation would take too long. */
  readonly storms: readonly StormResult[];
}

/** Reads the deployed capacity plan with the pack's readers. The pack reports what cannot be read. */
export function capacityOf(deployed: readonly Deployed[], settings: Settings): DatabaseCapacity[] {
  const plan = planOf(settings);
  const resources = linkResources(
    deployed
      .map((resource) => asJudged(resource, settings))
      .map(({ outputs, ...resource }) => ({ ...resource, properties: outputs })),
  );
  return clientsByDatabase(resources).databases.flatMap(({ instance, clients }) => {
    const capacity = instance && clients.length > 0 && ifReadable(() => ofDatabase(instance, clients, resources, plan));
    return capacity ? [capacity] : [];
  });
}

function ofDatabase(
  instance: StackResource,
  clients: readonly DatabaseClient[],
  resources: readonly StackResource[],
  plan: CapacityPlan,
): DatabaseCapacity {
  const size = slotsOf(instance);
  const slots = { ...plan.database, maxConnections: size.maxConnections };
  const budget = connectionBudget(clients, slots);
  return {
    instance: instance.name,
    maxConnections: size.maxConnections,
    isDefault: size.shown !== undefined,
    demand: budget.demand,
    limit: budget.limit,
    arithmetic: budgetArithmetic(budget, slots),
    services: clients.map(({ workload }) => workload.label),
    storms: ifReadable(() => stormsOf(instance, clients, resources, plan)) ?? [],
  };
}

function stormsOf(
  instance: StackResource,
  clients: readonly DatabaseClient[],
  resources: readonly StackResource[],
  plan: CapacityPlan,
): StormResult[] {
  // A map, because a service may be called `constructor`.
  const starts: ReadonlyMap<string, StartBehaviour> = new Map(Object.entries(plannedStarts(plan)));
  const deployed = stormPlanOf(
    instance,
    clients,
    resources,
    { ...plan.database, limitedUsers: plan.database.roles !== undefined },
    (service) => starts.get(service) ?? neutralStart,
  );
  return stormPlanProblems(deployed).length > 0
    ? []
    : illustratingStorms(deployed, plan.targets.startupSuccessPercent / 100);
}
