import { socketPoolProblems } from "../../capacity/database-client";
import { connectionsPerInstance, databaseVariables } from "../../capacity/plan";
import { databaseClient, databaseContainers, socketInstances } from "../database-clients";
import { resourceRule } from "../rule";
import { WORKLOAD_TYPES, workloadOf } from "../workload";

export const serviceSocketPool = resourceRule({
  name: "service-socket-pool",
  info: "An instance keeps within the 100 connections that the built-in Cloud SQL socket carries.",
  why: "Further connections over the socket are refused, however many the database has.",
  severity: "high",
  remediation: "Lower DB_POOL_SIZE, DB_MAX_OVERFLOW or WEB_CONCURRENCY, or use the database's private address.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, cannotEvaluate }) {
    const workload = workloadOf(resource);
    if (!workload || !socketInstances(workload).mounted) return;
    const holders = databaseContainers(workload).map((container) => ({ envs: container.inputs.at("envs"), ...databaseClient(container) }));
    for (const { envs, missing } of holders)
      if (missing.length > 0)
        cannotEvaluate(`'${envs}' must have ${missing.join(", ")} as literal numbers because its connections over the socket are counted from them`);
    const known = holders.flatMap(({ envs, client }) => (client ? [{ envs, client, connections: connectionsPerInstance(client) }] : []));
    const [largest, ...others] = known.toSorted((a, b) => b.connections - a.connections);
    if (!largest) return;
    const rest = others.reduce((sum, { connections }) => sum + connections, 0);
    refuse(...socketPoolProblems(largest.client, (field) => `${largest.envs}[${databaseVariables[field]}]`, rest));
  },
});
