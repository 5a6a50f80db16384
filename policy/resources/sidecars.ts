import { CONNECTION_NAME, endpointsIn, isLoopback, knownValue, namesDatabase } from "./database-names";
import { statedPorts } from "./ports";
import type { Container, Workload } from "./workload";

/*
 * The containers between a client and its database in the same instance: the Cloud SQL Auth Proxy, which passes every
 * connection on, or a pooler, which holds its own connections for all clients.
 */

const PROXY = /cloud-?sql-(auth-)?proxy|cloudsql-docker\/gce-proxy|cloud_sql_proxy/i;
const POOLER = /\b(pgbouncer|pgcat|odyssey|pgpool(-ii)?|pgdog)\b(?![-\w]*exporter)/i;
/** Settings that only a pooler has: the variables of the images edoburu/pgbouncer and bitnami/pgbouncer. */
const POOLER_SETTING = /^(PGBOUNCER_)?(DEFAULT_POOL_SIZE|POOL_MODE|MAX_CLIENT_CONN)$/;

/** Whether the container is the Cloud SQL Auth Proxy: it holds one connection for each connection of a client. */
export const isProxy = (container: Container): boolean => PROXY.test(programOf(container));

/** Whether the container is a pooler: its server connections count instead of its clients'. */
export const isPooler = (container: Container): boolean =>
  POOLER.test(programOf(container)) || container.variables.some(({ name }) => POOLER_SETTING.test(name));

function programOf({ inputs }: Container): string {
  const known = inputs.knownOnly();
  return [known.text("image") ?? "", known.texts("commands")[0] ?? ""].join(" ");
}

/** The known commands and arguments. */
export const argumentsOf = ({ inputs }: Container): string[] => [
  ...inputs.knownOnly().texts("commands"),
  ...inputs.knownOnly().texts("args"),
];

/** The database instances that proxies in the same instance connect to. */
export const proxiedInstances = (workload: Workload): string[] =>
  workload.containers
    .filter(isProxy)
    .flatMap((proxy) =>
      [...argumentsOf(proxy), ...proxy.variables.map(knownValue)].flatMap((text) => text.match(CONNECTION_NAME) ?? []),
    );

/** Whether every database location of the container is the instance's own address. */
export function isLocal(container: Container): boolean {
  const endpoints = databaseEndpoints(container);
  return (
    endpoints.length > 0 &&
    endpoints.every(({ host }) => isLoopback(host)) &&
    container.variables.filter(namesDatabase).every((variable) => knownValue(variable) !== "")
  );
}

/** Whether the container connects to a pooler beside it: then the pooler counts instead. */
export function isBehindPooler(workload: Workload, container: Container): boolean {
  const poolers = workload.containers.filter((other) => other !== container && isPooler(other));
  if (poolers.length === 0 || isPooler(container) || !isLocal(container)) return false;
  const ports = poolers.flatMap(portsOf);
  // If there is also a proxy, the port shows which of the two it is.
  return (
    !workload.containers.some(isProxy) ||
    ports.length === 0 ||
    databasePorts(container).every((port) => port !== undefined && ports.includes(port))
  );
}

const databaseEndpoints = (container: Container) =>
  container.variables.filter(namesDatabase).flatMap((variable) => endpointsIn(knownValue(variable)));

/** The known database ports of a container; undefined if none is stated. */
export const databasePorts = (container: Container): (string | undefined)[] => {
  const ports = databaseEndpoints(container).map(({ port }) => port ?? statedPort(container));
  return ports.length > 0 ? ports : [statedPort(container)];
};

/** The port in its own variable. */
const statedPort = ({ variables }: Container): string | undefined => {
  const variable = variables.find(({ name }) => /^(PG_?|(POSTGRES(QL)?|DB|DATABASE)_)PORT$/i.test(name));
  return (variable && knownValue(variable)) || undefined;
};

/** The stated ports of a pooler. */
function portsOf(pooler: Container): string[] {
  const variables = pooler.variables.filter(({ name }) => /^(PGBOUNCER_)?(LISTEN_)?PORT$/.test(name)).map(knownValue);
  // In outputs a preview does not know the ports that the program left out.
  const ports = statedPorts({ ...pooler, inputs: pooler.inputs.knownOnly() }).flatMap(
    (port) => port.textOrNumber("containerPort") ?? [],
  );
  return [...variables, ...ports].filter((port) => port !== "");
}
