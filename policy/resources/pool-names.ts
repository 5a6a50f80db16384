/*
 * The names of settings for connection pools, as data for `client-plan.ts`. Names are compared in upper case with `_`
 * for dots and hyphens, because Spring and others accept every form.
 */

/** The settings that a name can stand for. */
export type PoolField = "poolSize" | "maxOverflow";

/** The pool settings of one library or framework. */
export interface PoolNames {
  readonly framework: string;
  /** The documentation of the names, or programs that use them. */
  readonly source: string;
  readonly variables: { readonly [Field in PoolField]?: RegExp };
  /** Parameters of a connection string, in lower case without `_`, `-` and blanks. */
  readonly parameters: { readonly [Field in PoolField]?: readonly string[] };
  /** The library's documented default of connections beyond the pool. */
  readonly defaultOverflow: number;
  /** Whether an instance runs one process by default: true of Node, the JVM, Go, .NET and Erlang. */
  readonly oneProcess: boolean;
  /** The framework whose setting wins over this one; `any`: every other framework's does. */
  readonly yieldsTo?: "any" | string;
}

const JAVA = { defaultOverflow: 0, oneProcess: true };
const NODE = { defaultOverflow: 0, oneProcess: true };

/** Specific names first; the last entry has the names that applications choose themselves. */
export const frameworks: readonly PoolNames[] = [
  {
    framework: "HikariCP",
    source:
      "github.com/brettwooldridge/HikariCP#frequently-used; docs.spring.io relaxed binding of spring.datasource.hikari.maximum-pool-size",
    variables: { poolSize: /^(\w+_)?HIKARI(CP)?_MAX(IMUM)?_?POOL_?SIZE$|^DATASOURCES_\w+_MAXIMUM_?POOL_?SIZE$/ },
    parameters: { poolSize: ["maximumpoolsize", "hikarimaximumpoolsize"] },
    ...JAVA,
  },
  {
    framework: "other Java pools",
    source:
      "docs.spring.io application properties (tomcat.max-active, dbcp2.max-total, r2dbc.pool.max-size); quarkus.io/guides/all-config; keycloak.org all-config",
    variables: {
      poolSize:
        /^SPRING_DATASOURCE_(\w+_)?(TOMCAT_MAX_?ACTIVE|DBCP2_MAX_?TOTAL|ORACLEUCP_MAX_?POOL_?SIZE)$|^SPRING_R2DBC_POOL_MAX_?SIZE$|^QUARKUS_DATASOURCE_(\w+_)?(JDBC|REACTIVE)_MAX_SIZE$|^KC_DB_POOL_MAX_SIZE$/,
    },
    parameters: {},
    ...JAVA,
  },
  {
    framework: "Npgsql",
    source: "npgsql.org/doc/connection-string-parameters.html#pooling",
    variables: {},
    parameters: { poolSize: ["maxpoolsize"] },
    defaultOverflow: 0,
    oneProcess: true,
  },
  {
    framework: "Prisma",
    source: "prisma.io/docs connection pool: connection_limit",
    variables: { poolSize: /^(\w+_)?PRISMA_(\w+_)?(CONNECTION_LIMIT|POOL_(SIZE|MAX|LIMIT))$/ },
    parameters: { poolSize: ["connectionlimit"] },
    ...NODE,
  },
  {
    framework: "Sequelize, Knex, TypeORM, node-postgres",
    source:
      "sequelize.org/docs connection pool (max); knexjs.org/guide pool (max); typeorm.io data source options (poolSize); node-postgres.com/apis/pool (max)",
    variables: {
      poolSize:
        /^(\w+_)?((SEQUELIZE|KNEX|TYPEORM|NODE_PG)_(\w+_)?(POOL(_MAX)?(_SIZE)?|MAX_POOL(_SIZE)?)|PG_?POOL_(MAX|SIZE|MAX_SIZE)|PG_MAX_(CLIENTS|POOL(_SIZE)?))$/,
    },
    parameters: { poolSize: ["max", "poolmax"] },
    ...NODE,
  },
  {
    framework: "pgx, database/sql",
    source:
      "pkg.go.dev/github.com/jackc/pgx/v5/pgxpool#ParseConfig (pool_max_conns); pkg.go.dev/database/sql#DB.SetMaxOpenConns",
    variables: {
      poolSize:
        /^(\w+_)?(PGX_(\w+_)?(POOL_)?MAX_CONN(ECTION)?S|POOL_MAX_CONNS|(DB|DATABASE|SQL|PG|POSTGRES(QL)?)_(\w+_)?MAX_OPEN_?CONN(ECTION)?S)$/,
    },
    parameters: { poolSize: ["poolmaxconns"] },
    defaultOverflow: 0,
    oneProcess: true,
  },
  {
    framework: "SQLAlchemy",
    source: "docs.sqlalchemy.org create_engine: pool_size, max_overflow (10); airflow.apache.org sql_alchemy_pool_size",
    variables: {
      poolSize: /^(\w+_)?SQL_?ALCHEMY_(\w+_)?POOL_SIZE$/,
      maxOverflow: /^(\w+_)?SQL_?ALCHEMY_(\w+_)?MAX_OVERFLOW$/,
    },
    parameters: { poolSize: ["poolsize"], maxOverflow: ["maxoverflow"] },
    defaultOverflow: 10,
    oneProcess: false,
  },
  {
    framework: "asyncpg, psycopg",
    source:
      "magicstack.github.io/asyncpg create_pool (max_size); psycopg.org/psycopg3/docs/api/pool.html (max_size); Django's OPTIONS pool takes the same",
    variables: {
      poolSize: /^(\w+_)?(ASYNCPG|PSYCOPG\d?|DJANGO_(DB|DATABASE))_(\w+_)?(MAX_SIZE|POOL_SIZE|MAX_POOL_SIZE)$/,
    },
    parameters: { poolSize: ["maxsize"] },
    defaultOverflow: 0,
    oneProcess: false,
  },
  {
    framework: "Rails",
    source: "guides.rubyonrails.org/configuring.html#database-pooling: `pool` of database.yml, or of the URL",
    variables: { poolSize: /^(RAILS_)?DB_POOL$/ },
    parameters: { poolSize: ["pool"] },
    defaultOverflow: 0,
    oneProcess: false,
  },
  {
    framework: "Rails' threads",
    source: "guides.rubyonrails.org: the generated database.yml takes its pool from RAILS_MAX_THREADS",
    variables: { poolSize: /^RAILS_MAX_THREADS$/ },
    parameters: {},
    defaultOverflow: 0,
    oneProcess: false,
    yieldsTo: "Rails",
  },
  {
    framework: "Ecto",
    source: "hexdocs.pm/phoenix: the generated runtime.exs takes the pool from POOL_SIZE",
    variables: { poolSize: /^(ECTO_)?POOL_SIZE$/ },
    parameters: {},
    defaultOverflow: 0,
    oneProcess: true,
    yieldsTo: "any",
  },
  {
    framework: "a name of the application's own",
    source:
      "hushh-labs/hushh-research 4736 (DB_POOL_MAX_SIZE beside DB_SQLALCHEMY_POOL_SIZE); hasura.io/docs (HASURA_GRAPHQL_PG_CONNECTIONS)",
    variables: {
      poolSize:
        /^(?!\w*_(MIN(IMUM)?|IDLE|INITIAL)_)(\w+_)?(DB|DATABASE|PG|POSTGRES(QL)?|POSTGRESDB)_((\w+_)?(POOL(_MAX)?(_SIZE|_CONN(ECTION)?S)?|POOL_LIMIT|MAX_POOL(_SIZE)?|CONNECTION_(POOL_SIZE|LIMIT)|POOL_MAXIMUM(_SIZE)?|MAX_CONN(ECTION)?S)|CONN(ECTION)?S)$/,
      maxOverflow: /^(\w+_)?(DB|DATABASE|PG|POSTGRES(QL)?)_(\w+_)?MAX_OVERFLOW$/,
    },
    parameters: {},
    defaultOverflow: 0,
    oneProcess: false,
  },
];

/** A pooler's settings, by the variables of its images. */
export const poolerNames = {
  source:
    "pgbouncer.org/config.html: default_pool_size, reserve_pool_size (0), max_db_connections; images edoburu/pgbouncer, bitnami/pgbouncer",
  poolSize: /^(PGBOUNCER_|PGCAT_|ODYSSEY_|PGPOOL_)?(DEFAULT_)?POOL_SIZE$/,
  reserve: /^(PGBOUNCER_)?RESERVE_POOL_SIZE$/,
  /** The limit of all pools together. */
  limit: /^(PGBOUNCER_)?MAX_DB_CONNECTIONS$/,
  /** The setting to ask for if none is stated. */
  asked: "DEFAULT_POOL_SIZE",
} as const;
