import type { Variable } from "./workload";

/*
 * The names and values that show an application where its PostgreSQL database is. Applications choose the names: a
 * prefix, a qualifier and an environment may surround the significant words.
 */

/** Other stores have addresses and pools, too: a name with one of these words is not about PostgreSQL. */
const OTHER_STORE =
  /(REDIS|VALKEY|MONGO|MEMCACHE|CLICKHOUSE|CASSANDRA|SCYLLA|NEO4J|GRAPH_DB|VECTOR|ELASTIC|OPENSEARCH|KAFKA|RABBIT|AMQP|MYSQL|MARIADB|MSSQL|SQLSERVER|ORACLE|SQLITE|DUCKDB|INFLUX|SNOWFLAKE|BIGQUERY|BIGTABLE|SPANNER|FIRESTORE|FIREBASE|REALTIME|DYNAMO|QDRANT|PINECONE|MILVUS|WEAVIATE|HTTP|THREAD_?POOL|SMTP|LDAP|CACHE)/;

/**
 * A name in the form that the patterns expect: upper case, with `_` for dots, hyphens and camel case. `R2DBC` is one
 * word.
 */
export const normalName = (name: string): string =>
  name
    .replace(/([a-z]\d*)([A-Z])/g, "$1_$2")
    .replace(/[.-]/g, "_")
    .toUpperCase();

/** Whether a normalised name is about another kind of store. */
export const isOtherStore = (normal: string): boolean => OTHER_STORE.test(normal);

/** The store, or the library that connects to it. */
const STORE =
  "(^|_)(PG|POSTGRES(QL)?|POSTGRES_?DB|DB|DATABASE|DATASOURCE|(CLOUD_?)?SQL(_?ALCHEMY)?|R2DBC|GORM|TYPEORM|SEQUELIZE|KNEX|PRISMA|DRIZZLE|ECTO|PGX)";
/** Optional words between the store and the kind of address, or after it. */
const QUALIFIER =
  "(_(PRIMARY|MAIN|MASTER|WRITER?|READ(ER|ONLY)?|RO|RW|REPLICA|DIRECT|POOL(ED|ER|ING)?|NON_POOLING|UNPOOLED|NO_SSL|PRISMA|PRIVATE|PUBLIC|INTERNAL|SHADOW|ADMIN|MIGRATIONS?|ASYNC|SYNC|JDBC|DATABASE|DB))*";
const FOR_ENVIRONMENT = "(_(STAGING|STAGE|PROD|PRODUCTION|DEV|DEVELOPMENT|TEST))?";
const named = (kinds: string, whole = "") =>
  new RegExp(`${STORE}${QUALIFIER}_?(${kinds})${QUALIFIER}${FOR_ENVIRONMENT}$${whole}`);

const HOST_NAME = named("HOST(NAME|_?ADDR)?|SERVER|ADDR(ESS)?|IP(_ADDRESS)?|ENDPOINT");
const URL_NAME = named(
  "URL|URI|DSN|CONN|CONN(ECTION)?_?STR(ING)?|CONNECTION_UR[LI]",
  "|(^|_)(JDBC_(DATABASE_)?URL|INSTANCE_UNIX_SOCKET)$|^DIRECT_URL$|^CONNECTION_?STRINGS?_+\\w+$",
);
const INSTANCE_NAME = new RegExp(
  `(^|_)((CLOUD_?)?SQL_?)?(INSTANCE|CLOUD_?SQL|DB|DATABASE|SQL)_CONNECTION_NAME${FOR_ENVIRONMENT}$`,
);

/** `project:region:name`, where the project may have a domain before it. */
export const CONNECTION_NAME = /[a-z0-9.:-]+:[a-z]+-[a-z]+\d+:[a-z][a-z0-9-]*/g;
const IS_CONNECTION_NAME = new RegExp(`^${CONNECTION_NAME.source}$`);
const DATABASE_URL = /\b(jdbc:)?postgres(ql)?(\+\w+)?:\/\/|\/cloudsql\//i;
/** A connection string in keywords: libpq's `host=... dbname=...`, ADO.NET's `Host=...;Database=...`. */
const KEYWORDS = /\b(host(addr)?|server|data source)\s*=/i;
const DATABASE_KEYWORD = /\b(dbname|database|initial catalog)\s*=/i;
/** An address of another kind of server, whatever the variable's name. */
const OTHER_ADDRESS =
  /^(jdbc:)?(https?|wss?|grpc|mongodb(\+srv)?|rediss?|mysql|mariadb|sqlserver|oracle|sqlite\w*|libsql|file|amqps?|kafka|bolt|neo4j|clickhouse|bigquery|s3|gs):/i;

const LOCATION_NAMES = [HOST_NAME, URL_NAME, INSTANCE_NAME];

/**
 * The patterns that match a name. Cached: the workloads of a stack share most of their names, and every rule reads them
 * all.
 */
const fitting = new Map<string, readonly RegExp[]>();

function patternsFor(name: string): readonly RegExp[] {
  const known = fitting.get(name);
  if (known) return known;
  const normal = normalName(name);
  const found = isOtherStore(normal) ? [] : LOCATION_NAMES.filter((pattern) => pattern.test(normal));
  fitting.set(name, found);
  return found;
}

/** Whether a variable of that name holds a database's host. */
export const isDatabaseHost = (name: string): boolean => patternsFor(name).includes(HOST_NAME);

/** Whether a variable of that name shows where a database is. */
export const isDatabaseLocation = (name: string): boolean => patternsFor(name).length > 0;

/** Whether a text contains a database's location, in any form: a URL, keywords, JSON, a command line. */
export const isConnectionString = (text: string): boolean =>
  DATABASE_URL.test(text) || (KEYWORDS.test(text) && DATABASE_KEYWORD.test(text));

/** Whether a variable names a database: by its value if that is known, else by its name. */
export function namesDatabase(variable: Variable): boolean {
  const value = knownValue(variable);
  if (isConnectionString(value) || IS_CONNECTION_NAME.test(value)) return true;
  return !OTHER_ADDRESS.test(value) && isDatabaseLocation(variable.name);
}

/** Whether it contains only the instance's connection name: a library asks the Admin API for the address. */
export function namesInstance(variable: Variable): boolean {
  const value = knownValue(variable);
  if (patternsFor(variable.name).includes(INSTANCE_NAME) || IS_CONNECTION_NAME.test(value)) return true;
  return value.search(CONNECTION_NAME) >= 0 && !value.includes("/cloudsql/") && endpointsIn(value).length === 0;
}

/** Google's connector for Java reads the instance from a parameter and does not dial the host beside it. */
const JAVA_CONNECTOR = /[?&;]cloudSqlInstance=/i;

/** The literal value; empty if it is unknown at preview. */
export const knownValue = ({ inputs }: Variable): string => inputs.knownOnly().text("value")?.trim() ?? "";

/** The host and port of a database in a text; the port is absent if the text states none. */
export interface Endpoint {
  readonly host: string;
  readonly port: string | undefined;
}

/** The endpoints in a connection string, or in the value of a host variable. */
export function endpointsIn(text: string): Endpoint[] {
  if (JAVA_CONNECTOR.test(text)) return [];
  const urls = [...text.matchAll(/postgres(?:ql)?(?:\+\w+)?:\/\/(?:[^@/\s]*@)?([^/?\s"']*)/gi)].flatMap(
    ([, authority = ""]) => authority.split(","),
  );
  const words = [...text.matchAll(/\b(?:host(?:addr)?|server|data source)\s*=\s*([^\s;&"']+)/gi)].flatMap(
    ([, hosts = ""]) => hosts.split(","),
  );
  const port = /\bport\s*=\s*(\d+)/i.exec(text)?.[1];
  const bare = urls.length + words.length === 0 && /^[\w.:[\]-]+$/.test(text) ? [text] : [];
  return [...urls, ...words, ...bare].flatMap((endpoint) => {
    const [, host = "", stated] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(endpoint) ?? [];
    return host === "" ? [] : [{ host, port: stated ?? port }];
  });
}

/** The instance's own address: a proxy or a pooler in another container listens there. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0)$/i.test(host);
