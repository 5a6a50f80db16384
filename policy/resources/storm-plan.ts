import type { DatabaseRoute } from "../../capacity/constraints/path";
import { cloudRunLimits } from "../../capacity/limits";
import { indexed } from "../../capacity/memoized";
import type { StormNames } from "../../capacity/storm/remedies";
import type { StormPlan, StormService } from "../../capacity/storm/scenarios";
import { MalformedValueError } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { connectorOf, sizeOf } from "./connectors";
import { databaseSetting, slotsOf, tierOf } from "./database";
import type { DatabaseClient } from "./database-clients";
import { namesDatabase } from "./database-names";
import { databaseRouteOf } from "./database-route";
import { neutralConnector } from "./defaults";
import { dependenciesOf } from "./dependencies";
import { probeTiming } from "./probes";
import type { ReservedSlots } from "./reserved-slots";
import { minInstancesOf } from "./scaling";
import type { StartBehaviour } from "./start-behaviour";
import { egressOf, privateRangesOnly, vpcAccessOf } from "./vpc-access";
import { WORKLOAD_TYPES, workloadOf } from "./workload";

/** The storm plan of one database and its clients. */
export function stormPlanOf(
  instance: StackResource,
  clients: readonly DatabaseClient[],
  resources: readonly StackResource[],
  { limitedUsers, reservedConnections, migrationConnections }: ReservedSlots & { readonly limitedUsers: boolean },
  behaviour: (service: string) => StartBehaviour,
): StormPlan {
  const { maxConnections } = slotsOf(instance);
  return {
    // Each service has its own route.
    network: {},
    connector: smallestConnector(clients, resources),
    database: {
      tier: tierOf(instance),
      maxConnections,
      reservedConnections,
      migrationConnections,
      ...(limitedUsers ? { roles: {} } : {}),
    },
    services: Object.fromEntries(
      clients.map((client) => [
        client.label,
        serviceOf(
          client,
          clients,
          databaseRouteOf(client.resource, client.workload, client.container, instance, resources),
          behaviour(client.workload.label),
        ),
      ]),
    ),
  };
}

/** The resources' names and spellings of a plan's fields. */
export const stormNames = (clients: readonly DatabaseClient[]): StormNames => ({
  setting: (field) => stormSetting(field, clients),
  value: (field, value) => {
    const { client, key } = clientField(field, clients);
    if (client && key === "egress") return value === "private-ranges-only" ? privateRangesOnly(client.workload) : value;
    return key === "database.path" ? "the instance's private address" : value;
  },
  canSet: (field) => {
    const { client, key } = clientField(field, clients);
    if (!client || key === "maxInstances") return true;
    // What the program does not state is an assumption of the rule, and nothing that the service does.
    return key.startsWith("probe.")
      ? client.container.inputs.knownOnly().has("startupProbe")
      : Object.keys(client.plan.settings).some((stated) => key === `database.${stated}`);
  },
});

function clientField(
  field: string,
  clients: readonly DatabaseClient[],
): { readonly client: DatabaseClient | undefined; readonly key: string } {
  const [, label, key = ""] = /^services\.(.+?)\.((?:database\.(?:retry\.)?|probe\.)?\w+)$/.exec(field) ?? [];
  return { client: clients.find((other) => other.label === label), key };
}

/** The setting on the resources for a field of the plan. */
function stormSetting(field: string, clients: readonly DatabaseClient[]): string {
  const { client, key } = clientField(field, clients);
  if (!client)
    return field.startsWith("database.")
      ? databaseSetting(field.slice("database.".length))
      : field.replace(/^connector\./, "");
  return `${clientSetting(key, client)} of ${client.label}`;
}

function clientSetting(key: string, { setting, workload, container, plan }: DatabaseClient): string {
  const stated = Object.entries(plan.settings).find(([field]) => key === `database.${field}`)?.[1];
  if (stated) return stated;
  if (key === "maxInstances" || key === "minInstances") return setting;
  const { inputs, keys } = vpcAccessOf(workload);
  if (key === "egress") return inputs.at(keys.egress);
  if (key === "vpcAccess") return inputs.at(keys.connector);
  if (key === "database.path") return container.variables.find(namesDatabase)?.setting ?? container.inputs.at("envs");
  // The other fields are settings of the rule's configuration.
  return key.startsWith("probe")
    ? key.replace("probe", container.inputs.at("startupProbe"))
    : key.replace(/^database\./, "");
}

/** The route of a container whose database's host only DNS resolves: it is assumed to work. */
const OPEN: DatabaseRoute = {
  dials: "address",
  egress: "private-ranges-only",
  vpcAccess: "none",
  hasNat: false,
  database: { isPublic: true, isPrivate: false },
};

const clientsOf = indexed(({ resource }: DatabaseClient) => [resource]);

function serviceOf(
  client: DatabaseClient,
  clients: readonly DatabaseClient[],
  route: DatabaseRoute | undefined,
  { bootSeconds, startupQueryCpuMs, retry }: StartBehaviour,
): StormService {
  const { workload, container } = client;
  // In outputs a preview does not know an egress or a probe's default that the program left out; resource rules judge
  // the inputs.
  const waitsFor = dependenciesOf(client.resource, WORKLOAD_TYPES).filter((resource) => resource !== client.resource);
  const known = workloadOf({ ...client.resource, properties: client.resource.properties.knownOnly() });
  return {
    minInstances: Math.min(minInstancesOf(workload), client.instances),
    maxInstances: client.instances,
    bootSeconds,
    egress: egressOf(known ?? workload),
    // Without a start-up probe Cloud Run waits for the port as long as its default probe does.
    probe: container.inputs.knownOnly().has("startupProbe")
      ? probeTiming(container.inputs.knownOnly().object("startupProbe"))
      : {
          ...cloudRunLimits.probeDefaults.value,
          periodSeconds: cloudRunLimits.defaultStartupWindowSeconds.value,
          failureThreshold: 1,
        },
    route: route ?? OPEN,
    database: {
      ...client,
      path: client.viaSocket ? "built-in-socket" : "private-ip",
      startupQueryCpuMs,
      retry,
    },
    after: clientsOf(clients, ...waitsFor).map(({ label }) => label),
  };
}

/** The connector of the clients. If a stack has several, the one with the fewest VMs stands for all. */
function smallestConnector(clients: readonly DatabaseClient[], resources: readonly StackResource[]) {
  const used = clients.flatMap((client) => connectorOf(client.resource, client.workload, resources) ?? []);
  const candidates = [...new Set(used.flatMap(({ candidates }) => candidates))];
  if (used.some(({ candidates }) => candidates.length === 0))
    throw new MalformedValueError(
      "a connector that is not in the stack carries the storm, and its size is not known; add it to the stack",
    );
  const [smallest] = candidates.map(sizeOf).toSorted((a, b) => a.minInstances - b.minInstances);
  return smallest ?? neutralConnector;
}
