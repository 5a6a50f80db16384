import { databaseVariables } from "../../capacity/plan";
import { databaseContainers } from "../database-clients";
import { isDatabaseLocation } from "../database-names";
import { dependenciesOf } from "../dependencies";
import type { Inputs } from "../inputs";
import { type StackResource, stackRule } from "../rule";
import { OTHER_COMPUTE, SQL_DATABASE, SQL_INSTANCE, SQL_USER } from "../types";
import { workloadOf } from "../workload";

export const databaseClientsCounted = stackRule({
  name: "database-clients-counted",
  info: "Only workloads whose pools the budget counts use a database: Cloud Run services, jobs and worker pools.",
  why: "What a function, an App Engine version, or a workload under names of its own opens is on no line of the budget, and nothing limits it.",
  severity: "high",
  remediation:
    "Run it as a Cloud Run service with POSTGRES_HOST and the plan's variables; or count it in 'reservedConnections' of connection-budget and waive this rule for it.",
  judge(resources, { cannotEvaluate, attempt }) {
    for (const resource of resources)
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (workload) {
          const [source] = databaseContainers(workload).length > 0 ? [] : resource.handed.filter(({ type }) => DATABASES.includes(type));
          if (source)
            cannotEvaluate(
              `${workload.label} is handed an output of ${source.name}, and no variable that is known here says that it connects; name the address POSTGRES_HOST beside the plan's variables, or waive this rule for it if it holds no connection`,
              resource,
            );
        } else if (OTHER_COMPUTE.includes(resource.type) && (isTold(resource) || dependenciesOf(resource, [SQL_INSTANCE]).length > 0))
          cannotEvaluate(
            `${resource.name} uses a database, and how many connections it holds is not read from a resource of its type; count them in 'reservedConnections' of connection-budget and waive this rule for it, or run it on Cloud Run`,
            resource,
          );
      });
  },
});

const DATABASES = [SQL_INSTANCE, SQL_DATABASE, SQL_USER];

/** Whether a variable tells it where a database is. Names only: the values may be unknown, and secret. */
function isTold({ properties }: StackResource): boolean {
  const known = properties.knownOnly();
  const named = (inputs: Inputs) => [
    ...inputs.object("environmentVariables").keys(),
    ...inputs.object("envVariables").keys(),
    ...inputs.list("secretEnvironmentVariables").map((variable) => variable.text("key") ?? ""),
  ];
  return [...named(known), ...named(known.object("serviceConfig"))].some((name) => isDatabaseLocation(name) || name === databaseVariables.poolSize);
}
