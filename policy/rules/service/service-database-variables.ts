import { databaseClientProblems } from "../../../capacity/constraints/database-client";
import { databaseVariables } from "../../../capacity/plan";
import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { clientPlanOf } from "../../resources/client-plan";
import { databaseContainers } from "../../resources/database-containers";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const serviceDatabaseVariables = resourceRule({
  name: "service-database-variables",
  info: "Every container that uses the database states its pool and its workers once, as literal numbers; a container with DB_POOL_SIZE also states its time-outs.",
  why: "The connection budget is computed from them: an unstated pool cannot be counted, and of two numbers it is not known which one the code uses.",
  severity: "high",
  convention: "part",
  remediation: `Set ${Object.values(databaseVariables).join(", ")} to plain numbers, or the pool in the framework's own variable or connection string; remove every second pool.`,
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, advise, cannotEvaluate, convention, attempt }) {
    const workload = workloadOf(resource);
    for (const container of workload ? databaseContainers(workload) : [])
      attempt(() => {
        const { stated, settings, missing, missingStart, contradictions, overruled } = clientPlanOf(container);
        refuse(...contradictions);
        if (overruled) advise(overruled);
        const names = [...missing, ...missingStart].join(", ");
        if (names !== "")
          (missing.length > 0 ? cannotEvaluate : convention.cannotEvaluate)(
            problem({
              setting: container.inputs.at("envs"),
              value: `without ${names}`,
              must: `state ${names} as literal numbers from 0`,
              because: "its container uses the database, and connections and starts are counted from them",
              fix:
                missing.length > 0
                  ? "the plan's values, or the pool in the framework's own variable"
                  : "the plan's values",
            }),
          );
        else refuse(...databaseClientProblems(stated, (field) => settings[field]));
      });
  },
});
