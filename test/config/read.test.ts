import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { PROJECT_ROOT } from "../../commands/shared/stack-file";
import { stackFileSchema } from "../../config/json-schema";
import { readSettings } from "../../config/read";
import { type Changes, configurationProblems, stagingConfiguration, stagingSettings } from "../stack-settings";

const problems = (changes: Changes) => configurationProblems(stagingConfiguration(changes));
const service = (key: string, changes: Changes): Changes => ({ "netra:services": { [key]: changes } });
const secrets = (changes: Changes): Changes => ({ "netra:secrets": changes });

test("reads the committed stack file, units normalised", () => {
  expect(problems({})).toEqual([]);
  const { project, region, services } = stagingSettings();
  expect({ project, region }).toEqual({ project: "netra-staging", region: "us-central1" });
  expect(services.auth).toMatchObject({
    cpu: 1,
    memoryMib: 512,
    egress: "private-ranges-only",
    ingress: "internal-and-load-balancer",
  });
  expect(services.backend).toMatchObject({ cpu: 2, memoryMib: 4096 });
});

test("takes a CPU count that YAML reads as a number, and a fraction in thousandths", () => {
  expect(stagingSettings(service("auth", { cpu: 2 })).services.auth?.cpu).toBe(2);
  expect(stagingSettings(service("auth", { cpu: "500m" })).services.auth?.cpu).toBe(0.5);
});

test("refuses an unknown key at every depth and names the nearest one", () => {
  expect(problems({ "netra:conector": {} })).toEqual([
    "'netra:conector' must not be set because there is no such setting; rename it to 'netra:connector', or remove it",
  ]);
  expect(problems({ "netra:connector": { maxInstance: 10 } })).toEqual([
    "'netra:connector.maxInstance' must not be set because there is no such setting; rename it to 'netra:connector.maxInstances', or remove it",
  ]);
  expect(problems(service("backend", { database: { poolsize: 3 } }))).toEqual([
    "'netra:services.backend.database.poolsize' must not be set because there is no such setting; rename it to 'netra:services.backend.database.poolSize', or remove it",
  ]);
});

test("knows a setting in another case, with other separators, or without its unit, and does not call it missing, too", () => {
  const renamed = (section: string, right: string, wrong: string) => {
    const { [right]: value, ...others } = stagingConfiguration()[section] as Record<string, unknown>;
    return configurationProblems({ ...stagingConfiguration(), [section]: { ...others, [wrong]: value } });
  };
  for (const wrong of ["max_instances", "MAXINSTANCES", "max-instances", "MaxInstance"])
    expect(renamed("netra:connector", "maxInstances", wrong)).toEqual([
      `'netra:connector.${wrong}' must not be set because there is no such setting; rename it to 'netra:connector.maxInstances', or remove it`,
    ]);
  expect(renamed("netra:monitoring", "phaseSeconds", "phase")).toEqual([
    "'netra:monitoring.phase' must not be set because there is no such setting; rename it to 'netra:monitoring.phaseSeconds', or remove it",
  ]);
  // Two settings begin like it, and nothing is near "x".
  for (const wrong of ["request", "x"])
    expect(problems({ "netra:monitoring": { objectives: { [wrong]: 1 } } })).toEqual([
      `'netra:monitoring.objectives.${wrong}' must not be set because there is no such setting; use one of availabilityPercent, requestSeconds, requestPercent, or remove it`,
    ]);
});

test("answers an unknown key that resembles none with those that exist", () => {
  expect(problems(service("backend", { liveness: { grpc: true } }))).toEqual([
    "'netra:services.backend.liveness.grpc' must not be set because there is no such setting; use one of path, initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold, or remove it",
  ]);
});

test("never repeats what stands under an unknown key, or where a secret or a variable is expected", () => {
  const said = problems({
    ...secrets({
      SECRET_KEY: { value: "hunter2-a" },
      OPENAI_API_KEY: "hunter2-b",
      GEMINI_API_KEY: { id: "hunter2 c" },
    }),
    ...service("auth", { environment: { TOKEN: "hunter2\nd", PIN: 9876543 } }),
  });
  expect(said).toEqual([
    "'netra:secrets.SECRET_KEY.value' must not be set because there is no such setting; use one of id, version, rotation, format, disabledThroughRotation, or remove it",
    "'netra:secrets.OPENAI_API_KEY' (not shown) must be a section with settings of its own because it is one secret; set 'netra:secrets.OPENAI_API_KEY' to { id: another-secret-staging, version: 1 }",
    "'netra:secrets.GEMINI_API_KEY.id' (not shown) must be letters, digits, hyphens and underscores, at most 255 because it is the secret's id in Secret Manager; set 'netra:secrets.GEMINI_API_KEY.id' to another-secret-staging",
    "'netra:services.auth.environment.TOKEN' (not shown) must be a text of one line because it is a variable's value; quote numbers and true or false; set 'netra:services.auth.environment.TOKEN' to \"info\"",
    "'netra:services.auth.environment.PIN' (not shown) must be a text of one line because it is a variable's value; quote numbers and true or false; set 'netra:services.auth.environment.PIN' to \"info\"",
  ]);
});

test("refuses a wrong type, and shows the quotes that make a number a text", () => {
  expect(problems({ "netra:connector": { minInstances: "many", maxInstances: "10" } })).toEqual([
    "'netra:connector.minInstances' (many) must be a whole number of instances, at least 1 because it is VMs that are always there: what carries a storm (2 to 9); set 'netra:connector.minInstances' to 3",
    "'netra:connector.maxInstances' (\"10\") must be a whole number of instances, at least 1 because it is the most VMs; a connector never shrinks (3 to 10); set 'netra:connector.maxInstances' to 10",
  ]);
  expect(problems(service("auth", { cpuIdle: "true", after: "backend", invoker: "public" }))).toEqual([
    "'netra:services.auth.cpuIdle' (\"true\") must be true or false because it is whether the CPU is throttled between requests, which makes an idle instance cheaper; set 'netra:services.auth.cpuIdle' to false",
    "'netra:services.auth.invoker' (public) must be one of iam-disabled, all-users, authenticated because it is who may call the service; set 'netra:services.auth.invoker' to iam-disabled",
    "'netra:services.auth.after' (backend) must be a list because it is the services that must have rolled out before this one; set 'netra:services.auth.after' to [backend]",
  ]);
});

test("refuses numbers that are none, negative, fractional or out of range", () => {
  expect(problems({ "netra:connector": { minInstances: Number.NaN, maxInstances: 2.5 } })).toEqual([
    "'netra:connector.minInstances' (NaN) must be a whole number of instances, at least 1 because it is VMs that are always there: what carries a storm (2 to 9); set 'netra:connector.minInstances' to 3",
    "'netra:connector.maxInstances' (2.5) must be a whole number of instances, at least 1 because it is the most VMs; a connector never shrinks (3 to 10); set 'netra:connector.maxInstances' to 10",
  ]);
  expect(problems({ "netra:database": { usableShare: 80, maintenance: { day: 0, hour: 24 } } })).toEqual([
    "'netra:database.usableShare' (80) must be a number above 0 and at most 1 because it is the share of max_connections that the budget may use; set 'netra:database.usableShare' to 0.8",
    "'netra:database.maintenance.day' (0) must be a whole number from 1 to 7 because it is the day, 1 is Monday; set 'netra:database.maintenance.day' to 7",
    "'netra:database.maintenance.hour' (24) must be a whole number from 0 to 23 because it is the hour, UTC; set 'netra:database.maintenance.hour' to 4",
  ]);
  expect(problems({ ...service("auth", { port: 70000 }), "netra:targets": { startupSuccessPercent: 100 } })).toEqual([
    "'netra:services.auth.port' (70000) must be a whole number from 1 to 65535 because it is the container's port; Cloud Run sets PORT from it; set 'netra:services.auth.port' to 8000",
    "'netra:targets.startupSuccessPercent' (100) must be from 1 to below 100 percent because it is the share of starts whose lower bound the plan must reach; set 'netra:targets.startupSuccessPercent' to 99",
  ]);
});

test("refuses a missing, empty or blank value", () => {
  expect(problems({ "netra:database": { tier: undefined, version: "", name: null, user: "  " } })).toEqual([
    "'netra:database.name' (not set) must be lower-case letters, digits and hyphens, starting with a letter because it is the instance's name; set 'netra:database.name' to staging-shared-postgres",
    "'netra:database.version' (empty) must be written like POSTGRES_14 because it is the database version; set 'netra:database.version' to POSTGRES_14",
    "'netra:database.tier' (not set) must be a text without surrounding whitespace because it is the machine: db-custom-<vCPU>-<MiB>; set 'netra:database.tier' to db-custom-1-3840",
    "'netra:database.user' (  ) must be lower-case letters, digits and underscores, starting with no digit, at most 57 because it is what the names of the database's roles begin with: <user>_owner owns, <user>_<service>_a and _b log in; set 'netra:database.user' to netra",
  ]);
  expect(problems({ "gcp:project": "", "gcp:region": undefined })).toEqual([
    "'gcp:project' (empty) must be stated because the names and addresses of the stack contain it; set 'gcp:project' to netra-staging",
    "'gcp:region' (not set) must be stated because the names and addresses of the stack contain it; set 'gcp:region' to us-central1",
  ]);
});

test("refuses a zone for a region, what is no project's id, and names that no network can have", () => {
  const contained = "because the names and addresses of the stack contain it;";
  for (const region of ["us-central1-a", "US-CENTRAL1", "iowa"])
    expect(problems({ "gcp:region": region })).toEqual([
      `'gcp:region' (${region}) must be the name of a region, not of a zone ${contained} set 'gcp:region' to us-central1`,
    ]);
  // `[secret]` is what an encrypted value reads as.
  for (const project of ["[secret]", "Netra", "net"])
    expect(problems({ "gcp:project": project })).toEqual([
      `'gcp:project' (${project}) must be a project's id, in clear text ${contained} set 'gcp:project' to netra-staging`,
    ]);
  expect(problems({ "gcp:project": "example.com:netra-staging", "gcp:region": "northamerica-northeast1" })).toEqual([]);
  expect(problems({ "netra:network": { vpc: "Staging VPC" } })).toEqual([
    "'netra:network.vpc' (Staging VPC) must be lower-case letters, digits and hyphens, starting with a letter, 2 to 63 because it is the network's name; set 'netra:network.vpc' to staging-vpc",
  ]);
});

test("reads a unit that slipped in as what was probably meant", () => {
  const fixes = (changes: Changes) => problems(changes).map((message) => message.split("; set ").at(-1));
  expect(problems(service("backend", { memory: "4GB", timeoutSeconds: "80s" }))).toEqual([
    "'netra:services.backend.memory' (4GB) must be a quantity in Mi or Gi like 512Mi or 4Gi because it is the memory of one instance; set 'netra:services.backend.memory' to 4Gi",
    "'netra:services.backend.timeoutSeconds' (80s) must be a whole number of seconds from 1 to 86400 because it is a request's time-out, and the longest a WebSocket stays open; set 'netra:services.backend.timeoutSeconds' to 80",
  ]);
  expect(fixes(service("auth", { timeoutSeconds: "10m", memory: "512MB", cpu: "2 cpus" }))).toEqual([
    "'netra:services.auth.cpu' to 2",
    "'netra:services.auth.memory' to 512Mi",
    "'netra:services.auth.timeoutSeconds' to 600",
  ]);
  expect(fixes(service("auth", { memory: 256, timeoutSeconds: "90 s", bootSeconds: "2.5s" }))).toEqual([
    "'netra:services.auth.memory' to 512Mi",
    "'netra:services.auth.timeoutSeconds' to 90",
    "'netra:services.auth.bootSeconds' to 2.5",
  ]);
});

test("proposes nothing that would not pass either", () => {
  const said = problems({
    ...service("auth", { timeoutSeconds: "0s", port: "80000", maxInstances: "2.5" }),
    "netra:limits": { regionalCpu: "0x10" },
  });
  expect(said.map((message) => message.split("; set ").at(-1))).toEqual([
    "'netra:services.auth.port' to 8000",
    "'netra:services.auth.maxInstances' to 5",
    "'netra:services.auth.timeoutSeconds' to 600",
    "'netra:limits.regionalCpu' to 20",
  ]);
});

test("refuses a section that is empty, a list or a text, and names every setting of one that has none", () => {
  const must = "must be a section with settings of its own because it is the Serverless VPC Access connector;";
  const fix = "set 'netra:connector' to its settings, as in Pulumi.staging.yaml";
  expect(problems({ "netra:connector": null })).toEqual([`'netra:connector' (not set) ${must} ${fix}`]);
  expect(problems({ "netra:connector": undefined })).toEqual([`'netra:connector' (not set) ${must} ${fix}`]);
  expect(problems({ "netra:connector": ["e2-micro"] })).toEqual([`'netra:connector' (a list) ${must} ${fix}`]);
  expect(problems({ "netra:connector": "e2-micro" })).toEqual([`'netra:connector' (e2-micro) ${must} ${fix}`]);
  const configuration = stagingConfiguration();
  expect(
    configurationProblems({ ...configuration, "netra:connector": {} }).map((message) => message.split(" must ")[0]),
  ).toEqual(
    ["name", "ipCidrRange", "machineType", "minInstances", "maxInstances"].map(
      (key) => `'netra:connector.${key}' (not set)`,
    ),
  );
  expect(configurationProblems({ ...configuration, "netra:services": {} })).toEqual([
    "'netra:services' (a section) must have at least one service because there is nothing to size otherwise; set 'netra:services' to one section each, as in Pulumi.staging.yaml",
  ]);
  expect(problems({ "netra:services": [] })).toEqual([
    "'netra:services' (a list) must be a section because it is the Cloud Run services, by a short name; set 'netra:services' to one section each, as in Pulumi.staging.yaml",
  ]);
});

test("reports all problems of a file at once, whatever kind they are", () => {
  const said = problems({
    "gcp:region": "",
    "netra:conector": {},
    "netra:connector": { minInstances: "3x" },
    "netra:database": { tier: undefined },
    ...service("auth", { after: ["fronted"], environment: { PORT: "80" } }),
  });
  expect(said.map((message) => message.split("'")[1])).toEqual([
    "gcp:region",
    "netra:connector.minInstances",
    "netra:database.tier",
    "netra:conector",
    "netra:services.auth.after[0]",
    "netra:services.auth.environment.PORT",
  ]);
});

test("reports a mistake once, and nothing that follows from it", () => {
  const first = (changes: Changes) => problems(changes).map((message) => message.split(" must ")[0]);
  // Sections that others refer to.
  for (const section of ["netra:secrets", "netra:hosts"]) {
    expect(first({ [section]: null }), section).toEqual([`'${section}' (not set)`]);
    expect(first({ [section]: ["x"] }), section).toEqual([`'${section}' (a list)`]);
  }
  expect(first({ "netra:edge": { certificates: undefined } })).toEqual(["'netra:edge.certificates' (not set)"]);
  // One setting that several checks read.
  expect(first(secrets({ POSTGRES_PASSWORD: { format: "database_password" } }))).toEqual([
    "'netra:secrets.POSTGRES_PASSWORD.format' (database_password)",
  ]);
  expect(first(secrets({ POSTGRES_PASSWORD: null }))).toEqual(["'netra:secrets.POSTGRES_PASSWORD' (not set)"]);
  expect(first(secrets({ POSTGRES_PASSWORD: { version: 0 } }))).toEqual([
    "'netra:secrets.POSTGRES_PASSWORD.version' (0)",
  ]);
  expect(first(service("auth", { secrets: "POSTGRES_PASSWORD" }))).toEqual([
    "'netra:services.auth.secrets' (POSTGRES_PASSWORD)",
  ]);
  expect(first({ "netra:hosts": { Front: [] } })).toEqual(["'netra:hosts.Front' (Front)"]);
  expect(
    first({
      "netra:hosts": { frontend: ["https://app.staging.netrasystems.ai"] },
      "netra:edge": { certificates: [["api.staging.netrasystems.ai", "auth.staging.netrasystems.ai"]] },
    }),
  ).toEqual(["'netra:hosts.frontend[0]' (https://app.staging.netrasystems.ai)"]);
});

test("refuses a number beyond what can be counted once, and reports what is too large", () => {
  for (const value of [1e308, 2 ** 53])
    expect(problems({ "netra:connector": { maxInstances: value } })).toEqual([
      `'netra:connector.maxInstances' (${value}) must be a whole number of instances from 1 to 1000000000 because it is the most VMs; a connector never shrinks (3 to 10); set 'netra:connector.maxInstances' to 10`,
    ]);
  expect(problems({ "netra:database": { diskGb: 1e15 } })).toEqual([
    "'netra:database.diskGb' (1000000000000000) must be a whole number of GB from 10 to 65536 because it is the disk; set 'netra:database.diskGb' to 20",
  ]);
});

test("refuses values beyond those that have a meaning, with the range", () => {
  const ranges = (changes: Changes) =>
    problems(changes).map((message) =>
      /^'netra:(\S+)' \(\S+\) must be a (?:whole )?number of (.+?) because/.exec(message)?.slice(1),
    );
  const retry = { attempts: 2e9, baseSeconds: 1e5, factor: 1e4, capSeconds: 1e5, jitter: 11 };
  expect(ranges(service("backend", { database: { initTimeoutSeconds: 1e8, poolSize: 3e5, retry } }))).toEqual([
    ["services.backend.database.poolSize", "connections from 0 to 262143"],
    ["services.backend.database.initTimeoutSeconds", "seconds from 1 to 86400"],
    ["services.backend.database.retry.attempts", "attempts from 1 to 1000000000"],
    ["services.backend.database.retry.baseSeconds", "seconds from 0 to 86400"],
    ["services.backend.database.retry.factor", "times from 1 to 1000"],
    ["services.backend.database.retry.capSeconds", "seconds from 0 to 86400"],
    ["services.backend.database.retry.jitter", "times from 0 to 10"],
  ]);
  expect(ranges({ "netra:cache": { memoryGb: 301 }, "netra:limits": { regionalCpu: 1e12 } })).toEqual([
    ["cache.memoryGb", "GB from 1 to 300"],
    ["limits.regionalCpu", "vCPU from 0 to 1000000000"],
  ]);
});

test("refuses a name that JavaScript keeps for itself: what stands under it would be left out", () => {
  const odd = (value: unknown) => JSON.parse(`{"__proto__": ${JSON.stringify(value)}}`) as Record<string, unknown>;
  const { "netra:services": services, ...others } = stagingConfiguration();
  const { auth, ...rest } = services as Record<string, object>;
  const withOdd = (value: unknown) =>
    Object.defineProperty({ auth, ...rest }, "__proto__", { value, enumerable: true });
  expect(configurationProblems({ ...others, "netra:services": withOdd(auth) })).toContain(
    "'netra:services.__proto__' must have another name because JavaScript keeps this one for itself; rename it",
  );
  expect(
    configurationProblems({ ...others, "netra:services": { ...rest, auth: { ...auth, environment: odd("x") } } }),
  ).toEqual([
    "'netra:services.auth.environment.__proto__' must have another name because JavaScript keeps this one for itself; rename it",
  ]);
});

test("refuses a service's key that is too long for what is named after it, or ends in a hyphen, and a host that is an address", () => {
  for (const key of ["a".repeat(64), "worker-"])
    expect(problems({ "netra:services": { [key]: {} } })[0]).toBe(
      `'netra:services.${key}' (${key}) must be named in small letters, like backend because the stack derives names from it; rename it`,
    );
  expect(problems({ "netra:hosts": { auth: ["10.0.0.1"] }, "netra:edge": undefined })).toEqual([
    "'netra:hosts.auth[0]' (10.0.0.1) must be a host name in small letters because it is a host; set 'netra:hosts.auth[0]' to another.staging.netrasystems.ai",
  ]);
});

test("refuses names that the stack cannot derive names from", () => {
  expect(problems({ "netra:services": { Backend2: { name: "x" } } })).toContain(
    "'netra:services.Backend2' (Backend2) must be named in small letters, like backend because the stack derives names from it; rename it",
  );
  expect(problems(secrets({ "jwt-key": { id: "jwt", version: 1 } }))).toContain(
    "'netra:secrets.jwt-key' (jwt-key) must be named in capitals, like JWT_SECRET_KEY because the stack derives names from it; rename it",
  );
});

test("refuses two services or two secrets where there can be one", () => {
  const said = problems({
    ...service("auth", { name: "netra-backend-staging", account: "netra-backend" }),
    ...secrets({ SECRET_KEY: { id: "jwt-secret-staging", format: "database-password" } }),
  });
  expect(said).toEqual([
    "'netra:services.backend.name' must differ from 'netra:services.auth.name' because two services of one name are one service; set 'netra:services.backend.name' to a text of its own",
    "'netra:services.backend.account' must differ from 'netra:services.auth.account' because every service has an identity of its own; set 'netra:services.backend.account' to a text of its own",
    "'netra:secrets.SECRET_KEY.id' must differ from 'netra:secrets.JWT_SECRET_KEY.id' because Secret Manager has every id once; set 'netra:secrets.SECRET_KEY.id' to a text of its own",
    "'netra:secrets.POSTGRES_PASSWORD.format' (database-password) must be set for one secret only because the application has one database user at a time; set 'netra:secrets.POSTGRES_PASSWORD.format' to text",
  ]);
});

test("lets a service wait for all whose names come first, wherever they stand in the file, unless it says for which", () => {
  const order = (changes: Changes) =>
    Object.entries(stagingSettings(changes).services).map(([key, { after }]) => `${key} <- ${after.join(", ")}`);
  expect(order({})).toEqual(["auth <- ", "backend <- auth", "frontend <- auth, backend"]);
  expect(order(service("frontend", { after: ["auth"] }))).toEqual(["auth <- ", "backend <- auth", "frontend <- auth"]);
  // The engine sorts the keys of a section: what a program sees does not tell how the file has them.
  const { auth, backend, frontend } = stagingConfiguration()["netra:services"] as Record<string, object>;
  expect(
    Object.keys(readSettings({ ...stagingConfiguration(), "netra:services": { frontend, backend, auth } }).services),
  ).toEqual(["auth", "backend", "frontend"]);
  // Sorted into rollout order: a component can only wait for what has been declared.
  const reversed = { "netra:services": { auth: { after: ["backend"] }, backend: { after: [] } } };
  expect(order(reversed)).toEqual(["backend <- ", "auth <- backend", "frontend <- auth, backend"]);
});

test("refuses to wait for a service that does not exist, or for itself, and proposes none that waits for it", () => {
  // frontend is nearer by its letters, but waits for backend.
  expect(problems(service("backend", { after: ["fronted"] }))).toEqual([
    "'netra:services.backend.after[0]' (fronted) must name another service because nothing else of that name exists; remove it",
  ]);
  expect(problems(service("auth", { after: ["auth", "zzz"] }))).toEqual([
    "'netra:services.auth.after[0]' (auth) must name another service because none can wait for itself; remove it",
    "'netra:services.auth.after[1]' (zzz) must name another service because nothing else of that name exists; remove it",
  ]);
});

test("refuses a circle, stated on both sides or closed by the default order", () => {
  const message = (key: string, other: string) =>
    `'netra:services.${key}.after' (${other}) must not lead back to '${key}' because neither service could roll out first (one without 'after' waits for all whose names come first); set 'netra:services.${key}.after' to []`;
  expect(problems({ "netra:services": { auth: { after: ["backend"] }, backend: { after: ["auth"] } } })).toEqual([
    message("auth", "backend"),
    message("backend", "auth"),
  ]);
  expect(problems(service("auth", { after: ["frontend"] }))).toEqual([message("auth", "frontend")]);
});

test("refuses a secret that is not declared", () => {
  expect(problems(service("frontend", { secrets: ["JWT_SECRET"] }))).toEqual([
    "'netra:services.frontend.secrets[0]' (JWT_SECRET) must name a secret under 'netra:secrets' because nothing else of that name exists; set 'netra:services.frontend.secrets[0]' to JWT_SECRET_KEY, or remove it",
  ]);
  // A secret whose section is broken exists all the same: only the section is reported.
  expect(problems(secrets({ FERNET_KEY: null })).map((said) => said.split(" must ")[0])).toEqual([
    "'netra:secrets.FERNET_KEY' (not set)",
  ]);
});

test("refuses variables that Cloud Run, the plan or a secret sets", () => {
  const environment = {
    PORT: "8000",
    K_SERVICE: "auth",
    DB_POOL_SIZE: "20",
    POSTGRES_HOST: "10.107.0.3",
    JWT_SECRET_KEY: "x",
  };
  const at = (name: string) => `'netra:services.auth.environment.${name}' must not be set because`;
  expect(problems(service("auth", { environment }))).toEqual([
    `${at("PORT")} Cloud Run sets it, PORT from the service's port; remove it`,
    `${at("K_SERVICE")} Cloud Run sets it, PORT from the service's port; remove it`,
    `${at("DB_POOL_SIZE")} the stack derives it from the plan; remove it`,
    `${at("POSTGRES_HOST")} the stack derives it from the plan; remove it`,
    `${at("JWT_SECRET_KEY")} the service already takes it from a secret; remove it`,
  ]);
});

test("refuses a secret under the name of such a variable", () => {
  const said = problems({
    ...secrets({ POSTGRES_HOST: { id: "postgres-host-staging", version: 1 } }),
    ...service("frontend", { secrets: ["POSTGRES_HOST"] }),
  });
  expect(said).toEqual([
    "'netra:services.frontend.secrets[0]' (POSTGRES_HOST) must not be taken from a secret because the stack derives it from the plan; remove it",
  ]);
});

test("refuses rotation, version and format that contradict each other", () => {
  const said = problems(
    secrets({
      JWT_SECRET_KEY: { rotation: 2 },
      SECRET_KEY: { rotation: undefined, format: "text" },
      SERVICE_SECRET: { version: 3, rotation: 3, disabledThroughRotation: 3 },
      FERNET_KEY: { format: "Fernet" },
      OPENAI_API_KEY: { disabledThroughRotation: 1 },
      GEMINI_API_KEY: { version: "latest" },
    }),
  );
  expect(said).toEqual([
    "'netra:secrets.FERNET_KEY.format' (Fernet) must be one of text, fernet, database-password, database-admin-password, redis-auth because it is how the stack makes the value; set 'netra:secrets.FERNET_KEY.format' to text",
    "'netra:secrets.GEMINI_API_KEY.version' (latest) must be a whole number, at least 1 because it is the version that services mount: the number Secret Manager gave it; set 'netra:secrets.GEMINI_API_KEY.version' to 1",
    "'netra:secrets.JWT_SECRET_KEY.version' (1) must be at least 2 because every rotation that is not disabled adds a version; set 'netra:secrets.JWT_SECRET_KEY.version' to 2",
    "'netra:secrets.SECRET_KEY.format' (text) must not be set without 'rotation' because people add the value of this secret; set 'netra:secrets.SECRET_KEY.rotation' to 1, or remove it",
    "'netra:secrets.SERVICE_SECRET.disabledThroughRotation' (3) must be below 'rotation' (3) because services mount the last rotation; set 'netra:secrets.SERVICE_SECRET.disabledThroughRotation' to 2",
    "'netra:secrets.OPENAI_API_KEY.disabledThroughRotation' (1) must not be set without 'rotation' because the stack owns no version of this secret; remove it",
  ]);
});

test("accepts a rotation whose version Secret Manager numbered higher", () => {
  expect(problems(secrets({ JWT_SECRET_KEY: { version: 5, rotation: 2, disabledThroughRotation: 1 } }))).toEqual([]);
  const old = (disabledThroughRotation: number) =>
    problems(secrets({ JWT_SECRET_KEY: { version: 1e9, rotation: 1e9, disabledThroughRotation } }));
  expect(old(7)).toEqual([
    "'netra:secrets.JWT_SECRET_KEY.disabledThroughRotation' (7) must be at least 999999950 because each rotation that is not disabled is a resource and a version that can be read, and no revision mounts so old a one; set 'netra:secrets.JWT_SECRET_KEY.disabledThroughRotation' to 999999950",
  ]);
  expect(old(999_999_950)).toEqual([]);
});

test("leaves other namespaces alone, whatever they hold", () => {
  expect(
    problems({
      "gcp:zone": 5,
      "aws:region": null,
      "pulumi:disable-default-providers": ["*"],
      "other:connector": { maxInstance: 1 },
    }),
  ).toEqual([]);
});

test("takes what stands in the place of an encrypted value like any text", () => {
  expect(problems(service("auth", { environment: { SENTRY_DSN: "[secret]" } }))).toEqual([]);
  expect(problems({ "netra:connector": { maxInstances: "[secret]" } })).toEqual([
    "'netra:connector.maxInstances' ([secret]) must be a whole number of instances, at least 1 because it is the most VMs; a connector never shrinks (3 to 10); set 'netra:connector.maxInstances' to 10",
  ]);
});

test("the JSON Schema for editors accepts the committed stack file and refuses what the reader refuses", () => {
  const validate = new Ajv2020({ strict: false, validateSchema: true }).compile(stackFileSchema());
  expect(validate({ config: stagingConfiguration() })).toBe(true);
  expect(validate({ config: stagingConfiguration({ "netra:connector": { maxInstance: 10 } }) })).toBe(false);
  expect(validate({ config: stagingConfiguration({ "netra:connector": { maxInstances: "10" } }) })).toBe(false);
  expect(validate({ config: stagingConfiguration({ "netra:limits": undefined }) })).toBe(false);
  expect(validate({ config: stagingConfiguration({ "gcp:zone": "us-central1-a" }) })).toBe(true);
});

test("wants the database password where services log in with it", () => {
  const { POSTGRES_PASSWORD: _, ...others } = stagingSettings().secrets;
  expect(configurationProblems({ ...stagingConfiguration(), "netra:secrets": others })).toContain(
    "'netra:secrets' must have a secret of format database-password because auth and backend log in to the database; set 'netra:secrets.POSTGRES_PASSWORD' to { id: postgres-password, version: 1, rotation: 1, format: database-password }",
  );
  expect(
    configurationProblems(stagingConfiguration({ "netra:services": { auth: { secrets: ["JWT_SECRET_KEY"] } } })),
  ).toEqual([
    "'netra:services.auth.secrets' must contain POSTGRES_PASSWORD because the service logs in to the database with it; set 'netra:services.auth.secrets' to [JWT_SECRET_KEY, POSTGRES_PASSWORD]",
  ]);
});

test("Pulumi.yaml declares every section that must be there, and nothing of another namespace: the CLI refuses that", () => {
  const project: { config: Record<string, { type: string }> } = parse(
    readFileSync(join(PROJECT_ROOT, "Pulumi.yaml"), "utf8"),
  );
  const sections = Object.keys(stagingConfiguration()).filter(
    (key) => key.startsWith("netra:") && key !== "netra:edge",
  );
  expect(Object.keys(project.config).map((key) => `netra:${key}`)).toEqual(sections);
  expect(Object.values(project.config).map(({ type }) => type)).toEqual(sections.map(() => "object"));
});

test("orders hundreds of services in a moment, whether each waits for all or for one", () => {
  const { "netra:services": services, ...others } = stagingConfiguration();
  const { backend } = services as Record<string, { readonly database: object }>;
  const many = (after: (i: number) => object) =>
    readSettings({
      ...others,
      "netra:hosts": {},
      "netra:edge": undefined,
      "netra:migrations": undefined,
      "netra:services": Object.fromEntries(
        Array.from({ length: 600 }, (_, i) => {
          const [key, rest] = [`s${1000 + i}`, { ...backend, after: undefined }];
          return [key, { ...rest, name: key, account: `account-${key}`, ...after(i) }];
        }),
      ),
    });
  const start = process.cpuUsage();
  expect(Object.keys(many(() => ({})).services)).toHaveLength(600);
  expect(Object.keys(many((i) => ({ after: i % 2 ? [`s${999 + i}`] : [] })).services)).toHaveLength(600);
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
});
