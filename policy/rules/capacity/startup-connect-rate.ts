import { adminApiProblems, connectorWaitProblems, connectRateProblems } from "../../../capacity/connect-waits";
import { databasePath } from "../../../capacity/constraints/path";
import { type StackResource, stackRule } from "../../framework/rule";
import { connectorOf, sizeOf } from "../../resources/connectors";
import { tierOf } from "../../resources/database";
import { type DatabaseClient, startingClients } from "../../resources/database-clients";
import { databaseRouteOf } from "../../resources/database-route";
import { callsAdminApi } from "../../resources/used-databases";

export const startupConnectRate = stackRule({
  name: "startup-connect-rate",
  info: "When every instance starts at once, the database, the connector and the Admin API serve all connects within the shortest connect time-out.",
  why: "No preview rejects a stage that is too slow for a cold start: every start then has connect time-outs.",
  severity: "critical",
  remediation:
    "Lower maximum instances or start-up connections, or take a tier with more vCPUs or a connector with a larger minimum.",
  judge(resources, { refuse, cannotEvaluate, attempt }) {
    // `connection-budget` reports databases outside the stack.
    const databases = startingClients(resources);
    for (const { instance, clients } of databases) {
      const names = { tier: "settings.tier", instances: maximaOf(clients) };
      if (instance)
        attempt(instance, () =>
          connectRateProblems(clients, tierOf(instance), names).map((problem) => refuse(problem, instance)),
        );
    }
    const all = databases.flatMap(({ clients }) => clients);
    const through = new Map<StackResource, DatabaseClient[]>();
    const viaVpc = databases.flatMap(({ instance, clients }) =>
      clients.filter((client) => mayGoThroughVpc(client, instance, resources)),
    );
    for (const client of new Set(viaVpc))
      attempt(client.resource, () => {
        const used = connectorOf(client.resource, client.workload, resources);
        if (!used) return;
        const [connector, ...others] = used.candidates;
        if (connector && others.length === 0) through.set(connector, [...(through.get(connector) ?? []), client]);
        else
          cannotEvaluate(
            `'${used.setting}' must be a connector of this stack because its size decides how long a start takes; set '${used.setting}' to the connector's id`,
            client.resource,
          );
      });
    for (const [connector, clients] of through)
      attempt(connector, () => {
        const names = { minInstances: "minInstances", instances: maximaOf(clients) };
        connectorWaitProblems(clients, sizeOf(connector), names).map((problem) => refuse(problem, connector));
      });
    const callers = all.filter(({ workload, container }) => callsAdminApi(workload, container));
    const largest = callers.toSorted((a, b) => b.instances * b.workers - a.instances * a.workers)[0];
    for (const problem of largest ? adminApiProblems(callers, largest.setting, largest.instances) : [])
      refuse(problem, largest?.resource);
  },
});

/** The socket goes through the VPC only to a database without a public address. */
function mayGoThroughVpc(
  { resource, workload, container, viaSocket }: DatabaseClient,
  instance: StackResource | undefined,
  resources: readonly StackResource[],
) {
  const route = instance && databaseRouteOf(resource, workload, container, instance, resources);
  return route ? databasePath(route).throughVpc : !viaSocket;
}

const maximaOf = (clients: readonly DatabaseClient[]) =>
  `the maximum instances of ${clients.map(({ label }) => label).join(", ")}`;
