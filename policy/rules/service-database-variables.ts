import { databaseClientProblems } from "../../capacity/database-client";
import { databaseVariables } from "../../capacity/plan";
import { databaseClient, databaseContainers } from "../database-clients";
import { resourceRule } from "../rule";
import { WORKLOAD_TYPES, workloadOf } from "../workload";

export const serviceDatabaseVariables = resourceRule({
  name: "service-database-variables",
  info: "Every container that uses the database carries its pool, its time-outs and its workers as literal variables.",
  why: "The connection budget is read from them: what a container does not state cannot be counted, and whatever its code has by default opens.",
  severity: "high",
  remediation: `Set ${Object.values(databaseVariables).join(", ")} to plain numbers.`,
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, cannotEvaluate, attempt }) {
    const workload = workloadOf(resource);
    for (const container of workload ? databaseContainers(workload) : [])
      attempt(() => {
        const envs = container.inputs.at("envs");
        const { client, missing } = databaseClient(container);
        if (client) refuse(...databaseClientProblems(client, (field) => `${envs}[${databaseVariables[field]}]`));
        else
          cannotEvaluate(
            `'${envs}' belongs to a container that uses the database and must have ${missing.join(", ")} as literal numbers from 0 because its connections are counted from them; set them to the plan's values`,
          );
      });
  },
});
