import { MOST_CONNECTIONS, MOST_TASK_SECONDS } from "../capacity/bounds";
import { LONGEST_JOB_NAME, MIGRATIONS_JOB } from "../capacity/constraints/jobs";
import { type InputProblem, problem } from "../capacity/problem";
import { HYPHENATED, list, seconds, section, text, whole } from "./fields";
import { entriesOf, furtherSecrets, isMapping, repeatedTexts, shown } from "./references";
import { adminUser, LONGEST_ROLE, loginUser, ownerRole } from "./role-names";

/* The jobs that run before the services roll: the one that sets up the database's roles, and the application's migrations. */

/** The field for the id of a service account. */
export const account = (meaning: string, example: string) =>
  text(meaning, example, /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/, `${HYPHENATED}, 6 to 30`);

const jobName = (example: string) =>
  text(
    "the job's name in Cloud Run",
    example,
    new RegExp(`^[a-z]([-a-z0-9]{0,${LONGEST_JOB_NAME - 2}}[a-z0-9])?$`),
    `${HYPHENATED}, at most ${LONGEST_JOB_NAME}`,
  );

const run = whole("raised by one to run the job again although nothing else has changed", "", 1).default(1);

export const roles = section("the job that sets up the database's roles before any service rolls", {
  name: jobName("netra-database-roles"),
  account: account("the job's own account", "netra-roles"),
  image: text(
    "an image with sh and psql, by digest or immutable tag",
    "docker.io/library/postgres:14-alpine@sha256:28407a9961e76f2d285dc6991e8e48893503cc3836a4755bbc2d40bcc272a441",
  ),
  lockTimeoutSeconds: seconds("how long a statement of a service waits for a lock", 10, 1),
  idleInTransactionSeconds: seconds(
    "how long a transaction may be idle before the database ends its connection",
    300,
    1,
  ),
  formerOwners: list(
    "roles whose objects in this database go over to <user>_owner",
    text("a role", "postgres", /^.{1,63}$/, "be the name of a role, at most 63"),
    "postgres",
  ).default([]),
  run,
});

export const migrations = section(
  "the application's migrations: a job that runs before the services roll, once for each image",
  {
    name: jobName("netra-migrations"),
    account: account("the job's own account", "netra-migrate"),
    service: text("the service whose image, variables, secrets and size the job has", "backend"),
    image: text(
      "another image, by digest or immutable tag",
      "us-central1-docker.pkg.dev/netra-staging/netra/migrations:1.0.0",
    ).optional(),
    command: list("the words that the container runs", text("a word", "alembic"), "alembic, upgrade, head"),
    connections: whole("connections the migrations hold at once", "connections", 1, 1, MOST_CONNECTIONS),
    timeoutSeconds: seconds("how long the migrations may take", 600, 1, MOST_TASK_SECONDS),
    run,
  },
).optional();

/** What the jobs and the database's roles need of other sections. */
export function jobProblems(own: Readonly<Record<string, unknown>>): InputProblem[] {
  const services = entriesOf(own.services);
  const [database] = entriesOf({ database: own.database });
  const clients = services.filter(([, service]) => service.database !== undefined).map(([key]) => key);
  const [stated] = entriesOf({ migrations: own.migrations });
  return [
    ...nameProblems(database?.[1] ?? {}, stated ? [...clients, MIGRATIONS_JOB] : clients),
    ...formerOwnerProblems(database?.[1] ?? {}, clients),
    ...adminProblems(services, clients, own.secrets),
    ...accountProblems(own),
    ...(stated ? migrationProblems(stated[1], services, clients, database?.[1] ?? {}) : []),
  ];
}

function nameProblems({ user }: Record<string, unknown>, clients: readonly string[]): InputProblem[] {
  const [longest] = clients.toSorted((a, b) => b.length - a.length);
  if (typeof user !== "string" || longest === undefined) return [];
  const name = loginUser(user, longest, 1);
  const [over, setting] = [name.length - LONGEST_ROLE, "netra:database.user"];
  if (over <= 0) return [];
  return [
    problem({
      setting,
      value: user,
      must: `leave the user ${name} with at most ${LONGEST_ROLE} characters (it has ${name.length})`,
      because: "PostgreSQL cuts longer names off",
      ...(user.length > over
        ? { fix: user.slice(0, -over) }
        : { instead: `give the service ${longest} a shorter key` }),
    }),
  ];
}

/** Roles that are no former owners: Google's own, and those that the stack makes. */
function formerOwnerProblems(
  { user, roles: stated }: Record<string, unknown>,
  clients: readonly string[],
): InputProblem[] {
  const former = isMapping(stated) && Array.isArray(stated.formerOwners) ? stated.formerOwners : [];
  const own =
    typeof user === "string"
      ? [ownerRole(user), adminUser(user), ...clients.flatMap((key) => [1, 2].map((n) => loginUser(user, key, n)))]
      : [];
  return former.flatMap((name, i) => {
    const isGoogles = /^(cloudsql|pg_)/.test(String(name));
    if (!isGoogles && !own.includes(String(name))) return [];
    const setting = `netra:database.roles.formerOwners[${i}]`;
    const because = isGoogles
      ? "Cloud SQL's own roles keep what they own"
      : "the stack makes this role, and it owns nothing that others could not use";
    return [
      problem({
        setting,
        value: shown(name),
        must: "be a role that people or an earlier set-up have made",
        because,
        ways: [[[setting, null]]],
      }),
    ];
  });
}

const ADMIN_FORMAT = "database-admin-password";

/** The job logs in with a password that the stack generates and that no service has. */
function adminProblems(
  services: readonly [string, Record<string, unknown>][],
  clients: readonly string[],
  secrets: unknown,
): InputProblem[] {
  if (!isMapping(secrets)) return [];
  const admins = entriesOf(secrets).filter(([, { format }]) => format === ADMIN_FORMAT);
  const mounted = services.flatMap(([key, service]) =>
    (Array.isArray(service.secrets) ? service.secrets : []).flatMap((name, i) =>
      admins.some(([admin]) => admin === name)
        ? [{ setting: `netra:services.${key}.secrets[${i}]`, name: String(name) }]
        : [],
    ),
  );
  return [
    ...(clients.length > 0 && admins.length === 0
      ? [
          problem({
            setting: "netra:secrets",
            must: `have a secret of format ${ADMIN_FORMAT}`,
            because: "the job that sets up the database's roles logs in with it",
            ways: [
              [
                [
                  "netra:secrets.POSTGRES_ADMIN_PASSWORD",
                  { id: "postgres-admin-password", version: 1, rotation: 1, format: ADMIN_FORMAT },
                ],
              ],
            ],
          }),
        ]
      : []),
    ...furtherSecrets(entriesOf(secrets), ADMIN_FORMAT, "one user sets up the others"),
    ...mounted.map(({ setting, name }) =>
      problem({
        setting,
        value: name,
        must: "not be mounted by a service",
        because: "whoever has it can raise its own connection limit",
        ways: [[[setting, null]]],
      }),
    ),
  ];
}

/** Each workload has an identity of its own. */
function accountProblems({
  services,
  database,
  migrations: stated,
}: Readonly<Record<string, unknown>>): InputProblem[] {
  const accounts = [
    ...entriesOf(services).map(([key, service]) => [`netra:services.${key}.account`, service.account] as const),
    ...(isMapping(database) && isMapping(database.roles)
      ? [["netra:database.roles.account", database.roles.account] as const]
      : []),
    ...(isMapping(stated) ? [["netra:migrations.account", stated.account] as const] : []),
  ];
  // Names of services are compared where services are judged.
  return repeatedTexts(accounts, "each job has an identity of its own").filter(
    ({ setting }) => !setting.startsWith("netra:services."),
  );
}

function migrationProblems(
  { service }: Record<string, unknown>,
  services: readonly [string, unknown][],
  clients: readonly string[],
  { migrationConnections }: Record<string, unknown>,
): InputProblem[] {
  const problems: InputProblem[] = [];
  const [setting, slots] = ["netra:migrations.service", "netra:database.migrationConnections"];
  if (typeof service === "string" && clients.length > 0 && !clients.includes(service))
    problems.push(
      problem({
        setting,
        value: service,
        must: `be one of ${clients.join(", ")}`,
        because: "the job has the image, the variables and the secrets of a service that uses the database",
        ways: clients.map((key) => [[setting, key]]),
      }),
    );
  if (services.some(([key]) => key === MIGRATIONS_JOB))
    problems.push(
      problem({
        setting: `netra:services.${MIGRATIONS_JOB}`,
        must: "have another key",
        because: "the migrations' database users are called so",
        instead: "rename it",
      }),
    );
  if (typeof migrationConnections === "number" && migrationConnections > 0)
    problems.push(
      problem({
        setting: slots,
        value: migrationConnections,
        must: "be 0",
        because: "'netra:migrations.connections' counts what the job holds, and no service migrates when it starts",
        fix: 0,
      }),
    );
  return problems;
}
