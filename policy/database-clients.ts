import { databaseVariables } from "../capacity/plan";
import { type Container, revisionAnnotations, type Variable, type Workload } from "./workload";

/*
 * What makes a container a client of a database. What it states about its pool: `client-plan.ts`.
 */

/** After a name: the environment that it is for. */
const FOR_ENVIRONMENT = "(_(STAGING|STAGE|PROD|PRODUCTION|DEV|DEVELOPMENT|TEST))?";
const HOST_NAME = new RegExp(`^(PG_?HOST(ADDR)?|(POSTGRES(QL)?|DB|DATABASE)_(HOST(NAME|ADDR)?|SERVER|ADDR(ESS)?))${FOR_ENVIRONMENT}$`, "i");
const URL_NAME = new RegExp(
  `^((POSTGRES(QL)?|DB|DATABASE|SQLALCHEMY_DATABASE)_(URL|URI|DSN|CONNECTION_STRING)|SPRING_DATASOURCE_URL|INSTANCE_UNIX_SOCKET)${FOR_ENVIRONMENT}$`,
  "i",
);
const INSTANCE_NAME = new RegExp(`^(INSTANCE|CLOUD_?SQL)_CONNECTION_NAME${FOR_ENVIRONMENT}$`, "i");
/** `project:region:name`, where the project may have a domain before it. */
export const CONNECTION_NAME = /[a-z0-9.:-]+:[a-z]+-[a-z]+\d+:[a-z][a-z0-9-]*/g;
const IS_CONNECTION_NAME = new RegExp(`^${CONNECTION_NAME.source}$`);
const DATABASE_URL = /\b(jdbc:)?postgres(ql)?(\+\w+)?:\/\/|\/cloudsql\//i;
/** A connection string in keywords: libpq's `host=... dbname=...`, ADO.NET's `Host=...;Database=...`. */
const KEYWORDS = /\b(host(addr)?|server|data source)\s*=/i;
const DATABASE_KEYWORD = /\b(dbname|database|initial catalog)\s*=/i;

/** Whether an application is told its database's address under that name. */
export const isDatabaseHost = (name: string): boolean => HOST_NAME.test(name);

/** Whether an application is told where its database is under that name. */
export const isDatabaseLocation = (name: string): boolean => [HOST_NAME, URL_NAME, INSTANCE_NAME].some((names) => names.test(name));

/** Whether a variable tells where a database is: by its name, or by its value, as far as that is known, under whatever name. */
export function tellsDatabase(variable: Variable): boolean {
  return isDatabaseLocation(variable.name) || namesInstance(variable) || isConnectionString(knownValue(variable));
}

const isConnectionString = (text: string) => DATABASE_URL.test(text) || (KEYWORDS.test(text) && DATABASE_KEYWORD.test(text));

/** Whether it tells no more than the instance's connection name: a library asks the Admin API for the address. */
export const namesInstance = (variable: Variable): boolean => INSTANCE_NAME.test(variable.name) || IS_CONNECTION_NAME.test(knownValue(variable));

const knownValue = ({ inputs }: Variable) => inputs.knownOnly().text("value")?.trim() ?? "";

/** The annotation of a v1 service that names its Cloud SQL instances. */
export const V1_INSTANCES = "run.googleapis.com/cloudsql-instances";

/** Cloud SQL instances that the workload reaches over the built-in socket, as far as they are known. */
export function socketInstances(workload: Workload): { readonly mounted: boolean; readonly volumes: readonly string[] } {
  const volumes = workload.pod.list("volumes").filter((volume) => volume.mayHave("cloudSqlInstance"));
  const annotation = workload.kind === "v1 service" && revisionAnnotations(workload).mayHave(V1_INSTANCES);
  return { mounted: volumes.length > 0 || annotation, volumes: volumes.map((volume) => volume.text("name") ?? "") };
}

/**
 * The containers that hold database connections: those that mount a Cloud SQL volume, are told where the database is,
 * or carry the plan's pool. Where a Cloud SQL volume is attached and nobody mounts it, or a proxy's arguments name an
 * instance, and nothing says who connects, the first container counts.
 */
export function databaseContainers(workload: Workload): Container[] {
  const { mounted, volumes } = socketInstances(workload);
  const found = workload.containers.filter(
    ({ inputs, variables }) =>
      variables.some((variable) => tellsDatabase(variable) || variable.name === databaseVariables.poolSize) ||
      inputs.list("volumeMounts").some((mount) => volumes.includes(mount.text("name") ?? "")),
  );
  const isReached = () =>
    mounted ||
    workload.containers.some(({ inputs }) =>
      inputs
        .knownOnly()
        .texts("args")
        .some((text) => text.search(CONNECTION_NAME) >= 0),
    );
  return found.length === 0 && isReached() ? workload.containers.slice(0, 1) : found;
}
