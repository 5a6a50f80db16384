import { databaseVariables } from "../../capacity/plan";
import { dependenciesOf } from "../dependencies";
import type { Inputs } from "../inputs";
import { type StackResource, stackRule } from "../rule";
import { OTHER_COMPUTE, SQL_INSTANCE } from "../types";
import { DATABASE_LOCATIONS } from "../workload";

export const databaseClientsCounted = stackRule({
  name: "database-clients-counted",
  info: "Only workloads whose pools the budget counts use a database: Cloud Run services, jobs and worker pools.",
  why: "A function or an App Engine version opens connections that no line of the budget shows, and its instances have no maximum that is read here.",
  severity: "high",
  remediation: "Run it as a Cloud Run service with the plan's variables; or count it in 'reservedConnections' of connection-budget and waive this rule for it.",
  judge(resources, { cannotEvaluate, attempt }) {
    for (const resource of resources.filter(({ type }) => OTHER_COMPUTE.includes(type)))
      attempt(resource, () => {
        if (!isTold(resource) && dependenciesOf(resource, [SQL_INSTANCE]).length === 0) return;
        cannotEvaluate(
          `${resource.name} uses a database, and how many connections it holds is not read from a resource of its type; count them in 'reservedConnections' of connection-budget and waive this rule for it, or run it on Cloud Run`,
          resource,
        );
      });
  },
});

const TELLING: readonly string[] = [...DATABASE_LOCATIONS, databaseVariables.poolSize];

/** Whether a variable tells it where a database is. Names only: the values may be unknown, and secret. */
function isTold({ properties }: StackResource): boolean {
  const known = properties.knownOnly();
  const named = (inputs: Inputs) => [
    ...inputs.object("environmentVariables").keys(),
    ...inputs.object("envVariables").keys(),
    ...inputs.list("secretEnvironmentVariables").map((variable) => variable.text("key") ?? ""),
  ];
  return [...named(known), ...named(known.object("serviceConfig"))].some((name) => TELLING.includes(name));
}
