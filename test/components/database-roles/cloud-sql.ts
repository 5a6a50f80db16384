import { Client } from "pg";
import { PostgresServer } from "../../../commands/rehearse/server";
import { identifier, literal } from "../../../components/database-roles/sql";

const MAX_CONNECTIONS = 40;
const PASSWORD = "a password of the tests";

/**
 * A real PostgreSQL with the roles that Cloud SQL has: one superuser that nobody can be, and users that are members of
 * `cloudsqlsuperuser` (https://docs.cloud.google.com/sql/docs/postgres/users).
 */
export class CloudSql {
  private constructor(readonly server: PostgresServer) {}

  static async start(): Promise<CloudSql> {
    const server = await PostgresServer.create(undefined, "cloudsqladmin");
    try {
      await server.start({ maxConnections: MAX_CONNECTIONS, reservedConnections: 3 });
      const sql = new CloudSql(server);
      await sql.asCloud("postgres", ["CREATE ROLE cloudsqlsuperuser NOLOGIN CREATEROLE CREATEDB"]);
      await sql.addUser("postgres");
      return sql;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** What `gcp.sql.User` does: a user with a password, which may do what every user of Cloud SQL may. */
  addUser(name: string): Promise<void> {
    return this.asCloud("postgres", [
      `CREATE ROLE ${identifier(name)} LOGIN CREATEROLE CREATEDB IN ROLE cloudsqlsuperuser PASSWORD ${literal(PASSWORD)}`,
    ]);
  }

  /** What `gcp.sql.Database` does. */
  addDatabase(name: string, owner = "cloudsqlsuperuser"): Promise<void> {
    return this.asCloud("postgres", [`CREATE DATABASE ${identifier(name)} OWNER ${identifier(owner)}`]);
  }

  asCloud(database: string, statements: readonly string[]): Promise<void> {
    return this.run("cloudsqladmin", database, statements, this.server.access.password);
  }

  /** Runs statements one after another in a connection of that user, as `psql` does: each is a transaction. */
  async run(user: string, database: string, statements: readonly string[], password = PASSWORD): Promise<void> {
    const client = await this.connect(user, database, password);
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async rows(user: string, database: string, query: string): Promise<Record<string, unknown>[]> {
    const client = await this.connect(user, database);
    try {
      return (await client.query<Record<string, unknown>>(query)).rows;
    } finally {
      await client.end();
    }
  }

  async connect(user: string, database: string, password = PASSWORD): Promise<Client> {
    const { server } = this;
    const client = new Client({
      host: "127.0.0.1",
      port: server.port,
      user,
      password,
      database,
      ssl: { ca: server.access.certificate },
    });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  remove(): Promise<void> {
    return this.server.remove();
  }
}
