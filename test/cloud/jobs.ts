import type { Cloud, Properties } from "./cloud";
import { condition, environment, loginFault, type Settled, type Variable, versionOf } from "./revisions";

/*
 * What a job does when it runs, as far as another resource notices: the one that sets up the database's roles lets
 * users in. Its statements run on a real PostgreSQL in test/components/database-roles.
 */

/** A user that may use the tables of the database. No resource of the provider's. */
export const LET_IN = "twin:letIn";

/**
 * A job is ready once the execution of its token has completed: another token runs it, the same one never does, whether
 * it has completed or failed. A job that failed keeps its id. Source: registry documentation of gcp.cloudrunv2.Job,
 * runExecutionToken.
 */
export function executed(cloud: Cloud, id: string, state: Properties, before: Properties): Settled {
  const token = state.runExecutionToken;
  if (typeof token !== "string") return { outputs: {} };
  const failure =
    token === before.runExecutionToken
      ? messageOf(before)
      : failureOf(cloud, `${id.split("/").at(-1)}-${token}`, state);
  return {
    outputs: condition(failure),
    ...(failure === "" ? {} : { failure: `Error waiting to create Job: ${failure}` }),
  };
}

const messageOf = ({ terminalConditions }: Properties) =>
  Array.isArray(terminalConditions) ? String(terminalConditions[0]?.message ?? "") : "";

/** Runs an execution; why it fails, or an empty text. */
function failureOf(cloud: Cloud, execution: string, state: Properties): string {
  // A job's containers stand one level deeper than a service's.
  const values = valuesOf(cloud, environment((state.template ?? {}) as Properties));
  const failed = (why: string) => `execution ${execution} has failed: ${why}`;
  const sql = values.get("SETUP_SQL");
  if (sql === undefined) return "";
  const fault = loginFault(cloud, values.get("PGUSER"), values.get("PGPASSWORD"));
  if (fault) return failed(fault);
  const formerOwner = [...sql.matchAll(/REASSIGN OWNED BY "(\w+)"/g)]
    .map(([, name = ""]) => name)
    .find((name) => !isRole(cloud, name));
  if (formerOwner !== undefined) return failed(`role "${formerOwner}" does not exist`);
  for (const [, user = ""] of sql.matchAll(/ALTER ROLE "(\w+)" SET role/g))
    cloud.put({ type: LET_IN, id: user, properties: {} });
  for (const user of (values.get("CHECK_USERS") ?? "").split(" ")) {
    const refused = loginFault(cloud, user, values.get("POSTGRES_PASSWORD"));
    if (refused) return failed(refused);
  }
  return "";
}

/** `postgres` comes with every instance. */
const isRole = (cloud: Cloud, name: string) =>
  name === "postgres" || cloud.ofType("gcp:sql/user:User").some(({ properties }) => properties.name === name);

function valuesOf(cloud: Cloud, variables: readonly Variable[]): Map<string, string> {
  return new Map(
    variables.map(({ name, value = "", valueSource }) => {
      const reference = valueSource?.secretKeyRef;
      const version = reference && versionOf(cloud, reference.secret, reference.version ?? "latest");
      return [name, reference ? String(version?.enabled === true ? version.secretData : "") : value];
    }),
  );
}
