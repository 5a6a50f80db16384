import { socketPoolProblems } from "../../../capacity/constraints/database-client";
import { connectionsPerInstance } from "../../../capacity/plan";
import { ifReadable } from "../../framework/inputs";
import { resourceRule } from "../../framework/rule";
import { clientPlanOf } from "../../resources/client-plan";
import { databaseContainers, socketInstances } from "../../resources/database-containers";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const serviceSocketPool = resourceRule({
  name: "service-socket-pool",
  info: "An instance holds at most the 100 connections that the built-in Cloud SQL socket allows.",
  why: "The socket refuses further connections, however many the database allows.",
  severity: "high",
  remediation: "Lower DB_POOL_SIZE, DB_MAX_OVERFLOW or WEB_CONCURRENCY, or use the database's private address.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload || !socketInstances(workload).mounted) return;
    // `service-database-variables` and `connection-budget` report a container without a stated pool.
    const known = databaseContainers(workload).flatMap((container) => {
      const { client, settings } = ifReadable(() => clientPlanOf(container)) ?? {};
      return client && settings ? [{ client, settings, connections: connectionsPerInstance(client) }] : [];
    });
    const [largest, ...others] = known.toSorted((a, b) => b.connections - a.connections);
    if (!largest) return;
    const rest = others.reduce((sum, { connections }) => sum + connections, 0);
    refuse(...socketPoolProblems(largest.client, (field) => largest.settings[field], rest));
  },
});
