import { budgetArithmetic, connectionBudget } from "../capacity/budget";
import { stormPlanProblems } from "../capacity/scenarios";
import { illustratingStorms, type StormResult } from "../capacity/storms";
import { slotsOf } from "../policy/database";
import defaults from "../policy/defaults.json";
import { databaseUses, type Holder } from "../policy/holders";
import { Inputs, ifReadable } from "../policy/inputs";
import type { StackResource } from "../policy/rule";
import { type StartBehaviour, stormPlanOf } from "../policy/storm-plan";
import type { Deployed } from "./deployed";
import { asRegistered } from "./deployed";
import type { Place } from "./sources";

/** Budget and storms of one deployed database and all that connect to it. */
export interface DatabaseCapacity {
  readonly instance: string;
  readonly maxConnections: number;
  /** The tier's default, where no flag states max_connections. */
  readonly isDefault: boolean;
  readonly demand: number;
  readonly limit: number;
  readonly arithmetic: string;
  /** The services that are seen to hold connections. */
  readonly services: readonly string[];
  /** Empty where they cannot be simulated, or would take long. */
  readonly storms: readonly StormResult[];
}

/** Reads the capacity plan from what is deployed with the pack's own readers. What cannot be read, the pack reports. */
export function capacityOf(deployed: readonly Deployed[], place: Place): DatabaseCapacity[] {
  const resources = deployed.map((resource) => stackResource(resource, place));
  return databaseUses(resources).uses.flatMap(({ instance, holders }) => {
    const capacity = instance && holders.length > 0 && ifReadable(() => ofDatabase(instance, holders, resources));
    return capacity ? [capacity] : [];
  });
}

function ofDatabase(instance: StackResource, holders: readonly Holder[], resources: readonly StackResource[]): DatabaseCapacity {
  const size = slotsOf(instance);
  const slots = { ...defaults.database, maxConnections: size.maxConnections };
  const budget = connectionBudget(holders, slots);
  return {
    instance: instance.name,
    maxConnections: size.maxConnections,
    isDefault: size.shown !== undefined,
    demand: budget.demand,
    limit: budget.limit,
    arithmetic: budgetArithmetic(budget, slots),
    services: holders.map(({ workload }) => workload.label),
    storms: ifReadable(() => stormsOf(instance, holders, resources)) ?? [],
  };
}

function stormsOf(instance: StackResource, holders: readonly Holder[], resources: readonly StackResource[]): StormResult[] {
  // A map, because a service may be called `constructor`.
  const services: ReadonlyMap<string, StartBehaviour> = new Map(Object.entries(defaults.startup.services));
  const plan = stormPlanOf(instance, holders, resources, defaults.database, (service) => services.get(service) ?? defaults.startup.slowest);
  return stormPlanProblems(plan).length > 0 ? [] : illustratingStorms(plan, defaults.startup.targetPercent / 100);
}

function stackResource(deployed: Deployed, place: Place): StackResource {
  const { type, name, urn, outputs } = asRegistered(deployed);
  return { type, name, urn, properties: new Inputs(outputs), provider: new Inputs(place), dependencies: [], handed: [], parent: undefined, children: [] };
}
