import { describe, expect, test } from "vitest";
import { type Diagnosis, diagnose } from "../../../commands/diagnose/diagnosis";
import type { CloudObject, Collection } from "../../../commands/shared/cloud/classify";
import { collectFromFiles } from "../../../commands/shared/cloud/collect-files";
import { asJudged, type Deployed, deployedFrom } from "../../../commands/shared/cloud/deployed";
import { planOf } from "../../../config/read";
import { judgeProgram } from "../../../policy/framework/judgement";
import type { Finding } from "../../../policy/framework/outcome";
import { rules } from "../../../policy/rules";
import { collectionOf, LOCATION, settings } from "./fixtures";
import { carriedOut } from "./gcloud";

/*
 * The commands of a diagnosis, carried out one after the other on what was collected: nothing may be worse after any of
 * them, and each finding is gone after the last command for it. `gcloud.ts` carries them out; it knows nothing of how
 * they are made.
 */

const judged = new Map<string, readonly Finding[]>();

/** Whether every start fails or none shows in 100 storms at this target, and in 1,000 at staging's. */
const configuration = { "startup-storm": { targetPercent: 95 } };

/** The pack's findings; the same resources are judged once. */
function judge(deployed: readonly Deployed[], isBrief: boolean): readonly Finding[] {
  const program = deployed.map((resource) => asJudged(resource, settings));
  const key = JSON.stringify(program, (_, value) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  const known =
    judged.get(key) ??
    judged.get(`${isBrief} ${key}`) ??
    judgeProgram(rules, program, { configuration, plan: planOf(settings), isBrief });
  judged.set(isBrief ? `${isBrief} ${key}` : key, known);
  return known;
}

const isObject = (value: unknown): value is object =>
  value !== null && typeof value === "object" && !Array.isArray(value);

function diagnosisOf(read: Collection): Diagnosis {
  const { collection, deployed, notes } = deployedFrom(read, LOCATION);
  return diagnose({
    settings,
    collection,
    deployed,
    capacities: [],
    judge,
    plan: [],
    judgeUp: () => [],
    region: { findings: [], answer: "" },
    notes,
    hour: undefined,
  });
}

/** A finding's name, each rule of its own: one that remains keeps its name when the other goes. */
const named = ({ findings }: Diagnosis) =>
  findings.flatMap((one) => one.rules.map((rule) => ({ ...one, name: `${rule} of ${one.resource}` })));
const isUrgent = ({ stage }: { readonly stage: string }) => stage === "path" || stage === "capacity";

/** Carries out all commands, and returns what is wrong with them. */
function faultsOf(read: Collection): string[] {
  const first = diagnosisOf(read);
  const { commands, findings } = first;
  const before = named(first).map(({ name }) => name);
  const lines = commands.map(({ command }) => command);
  const wrong: string[] = [];
  // Who copies the findings' commands from the top carries them out in the same order.
  const copied = [...new Set(findings.flatMap(({ mend }) => mend.filter((line) => lines.includes(line))))];
  if (copied.join() !== lines.join())
    wrong.push(`the findings have their commands in another order: ${copied.join("; ")}`);
  let objects: readonly CloudObject[] = read.objects;
  lines.forEach((line, i) => {
    objects = carriedOut(line, objects);
    const after = named(diagnosisOf({ ...read, objects }));
    for (const fresh of after.filter((one) => isUrgent(one) && !before.includes(one.name)))
      wrong.push(`${line} makes ${fresh.name}: ${fresh.consequences[0]}`);
    for (const { name } of named(first).filter(
      ({ mend }) => lines.findLastIndex((other) => mend.includes(other)) === i,
    ))
      if (after.some((one) => one.name === name)) wrong.push(`${name} is still there after ${line}`);
  });
  const atTheEnd = named(diagnosisOf({ ...read, objects })).map(({ name }) => name);
  for (const name of atTheEnd.filter((one) => !before.includes(one))) wrong.push(`at the end there is ${name}`);
  wrong.push(...faultsOfVerdict(first, read, before));
  for (const { name, mend } of named(first))
    if (mend.some((line) => lines.includes(line)) && atTheEnd.includes(name)) wrong.push(`${name} is there again`);
  return wrong;
}

/** Carries out the verdict's commands alone, and returns what is wrong with them. */
function faultsOfVerdict({ verdict, findings }: Diagnosis, read: Collection, before: readonly string[]): string[] {
  const commands = verdict.commands.filter(({ mends, command }) => mends.length > 0 && command !== "npm run up");
  let objects: readonly CloudObject[] = read.objects;
  let after = before;
  const wrong = commands.flatMap(({ command }) => {
    objects = carriedOut(command, objects);
    const now = named(diagnosisOf({ ...read, objects }));
    after = now.map(({ name }) => name);
    return now
      .filter((one) => isUrgent(one) && !before.includes(one.name))
      .map((fresh) => `the verdict's ${command} makes ${fresh.name}`);
  });
  const mended = commands.flatMap(({ mends }) => mends.flatMap((i) => findings[i] ?? []));
  const names = mended.flatMap(({ rules, resource }) => rules.map((rule) => `${rule} of ${resource}`));
  const isWhole = verdict.moreCommands === 0;
  return [
    ...wrong,
    ...names.filter((name) => isWhole && after.includes(name)).map((name) => `the verdict leaves ${name}`),
  ];
}

/** What the commands do, in short: `services netra-auth-service --vpc-egress --max`. */
const summaryOf = (read: Collection): string[] =>
  diagnosisOf(read).commands.map(({ command }) => {
    const words = command
      .split(/ (?=--|\S)/)
      .filter(
        (word) => !/^(gcloud|run|sql|compute|networks|vpc-access|update|patch|--project=.*|--region=.*)$/.test(word),
      );
    return words.map((word) => (word.startsWith("--") ? word.split("=")[0] : word)).join(" ");
  });

const readHealthy = () => collectFromFiles(collectionOf("healthy"), LOCATION);

// biome-ignore lint/suspicious/noExplicitAny: the shapes are gcloud's, and a fault changes one field
type Json = any;
type Fault = (objects: Record<string, Json[]>) => void;

/** The healthy collection with faults. */
function faulty(...faults: readonly Fault[]): Collection {
  const read = readHealthy();
  const found = structuredClone(read.objects) as { source: string; object: Json; from: string }[];
  const bySource: Record<string, Json[]> = {};
  for (const { source, object } of found) bySource[source] = [...(bySource[source] ?? []), object];
  for (const fault of faults) fault(bySource);
  const sources = Object.entries(bySource).flatMap(([source, objects]) =>
    objects.map((object) => ({ source, object, from: `${source}.json` })),
  );
  return { ...read, objects: sources as CloudObject[] };
}

test.each(["incident", "healthy", "partial"] as const)(
  "%s: the commands make nothing worse, and end what they are for",
  (name) => {
    expect(faultsOf(collectFromFiles(collectionOf(name), LOCATION))).toEqual([]);
  },
);

const knative = (name: string) => (objects: Parameters<Fault>[0]) =>
  objects.services?.find(({ metadata }) => metadata?.name === name) as Json;
const backend = knative("netra-backend-staging");
const auth = knative("netra-auth-service");
const podOf = (service: Json) => service.spec.template.spec;
const containerOf = (service: Json) => podOf(service).containers[0];
const variableOf = (service: Json, name: string) => containerOf(service).env.find((one: Json) => one.name === name);
const revisionOf = (service: Json) => service.spec.template.metadata.annotations;
const sql = ({ instances }: Parameters<Fault>[0]) => instances?.[0] as Json;
const flagsOf = (objects: Parameters<Fault>[0]) => sql(objects).settings.databaseFlags as Json[];
const connector = ({ connectors }: Parameters<Fault>[0]) => connectors?.[0] as Json;

const slots =
  (value: string): Fault =>
  (objects) =>
    Object.assign(
      flagsOf(objects).find(({ name }) => name === "max_connections"),
      { value },
    );
const tier =
  (name: string): Fault =>
  (objects) =>
    Object.assign(sql(objects).settings, { tier: name });
const pool =
  (service: typeof backend, size: string): Fault =>
  (objects) =>
    Object.assign(variableOf(service(objects), "DB_POOL_SIZE"), { value: size });

function both(...faults: readonly Fault[]): Fault {
  return (objects) => {
    for (const fault of faults) fault(objects);
  };
}

/** What can be wrong alone. */
const FAULTS: Readonly<Record<string, Fault>> = {
  "a tier with a shared core": tier("db-g1-small"),
  "a tier with less memory": tier("db-custom-1-3840"),
  "a tier that there is not": tier("db-custom-3-1"),
  "no max_connections among other flags": (objects) =>
    Object.assign(sql(objects).settings, {
      databaseFlags: flagsOf(objects).filter(({ name }) => name !== "max_connections"),
    }),
  "no flags at all": (objects) => Object.assign(sql(objects).settings, { databaseFlags: undefined }),
  "max_connections beyond the tier": slots("900"),
  "max_connections below the budget": slots("60"),
  "a pool that is too large": pool(backend, "40"),
  "two pools that are too large": both(pool(backend, "40"), pool(auth, "40")),
  "pools that are too large, and few slots": both(pool(backend, "40"), slots("50")),
  "a pool in a secret": (objects) => {
    const variable = variableOf(backend(objects), "DB_POOL_SIZE");
    delete variable.value;
    variable.valueFrom = { secretKeyRef: { name: "secret-key-staging", key: "1" } };
  },
  "too many instances at both levels": (objects) => {
    Object.assign(backend(objects).metadata.annotations, { "run.googleapis.com/maxScale": "40" });
    Object.assign(revisionOf(backend(objects)), { "autoscaling.knative.dev/maxScale": "40" });
  },
  "too many instances at the service": (objects) => {
    Object.assign(backend(objects).metadata.annotations, { "run.googleapis.com/maxScale": "40" });
    delete revisionOf(backend(objects))["autoscaling.knative.dev/maxScale"];
  },
  "no maximum of instances": (objects) => {
    delete backend(objects).metadata.annotations["run.googleapis.com/maxScale"];
    delete revisionOf(backend(objects))["autoscaling.knative.dev/maxScale"];
  },
  "more vCPU than the quota": (objects) => Object.assign(containerOf(backend(objects)).resources.limits, { cpu: "8" }),
  "a connector with fewer instances": (objects) =>
    Object.assign(connector(objects), { minInstances: 2, maxInstances: 3 }),
  "a smaller machine type": (objects) => Object.assign(connector(objects), { machineType: "f1-micro" }),
  "a larger connector that lacks instances": (objects) =>
    Object.assign(connector(objects), { machineType: "e2-standard-4", minInstances: 2, maxInstances: 10 }),
  "a connector in ERROR": (objects) => Object.assign(connector(objects), { state: "ERROR" }),
  "all traffic without NAT": (objects) =>
    Object.assign(revisionOf(backend(objects)), { "run.googleapis.com/vpc-access-egress": "all-traffic" }),
  "no way into the VPC": (objects) => {
    delete revisionOf(backend(objects))["run.googleapis.com/vpc-access-connector"];
    delete revisionOf(backend(objects))["run.googleapis.com/vpc-access-egress"];
  },
  "no way into the VPC to Redis": ({ services = [], caches = [] }) => {
    const { template } = services.find(({ name }) => name?.endsWith("/netra-frontend-staging"));
    delete template.vpcAccess;
    template.containers[0].env.push({ name: "REDIS_HOST", value: caches[0].host });
  },
  "a connector in ERROR that is too small": (objects) =>
    Object.assign(connector(objects), { state: "ERROR", minInstances: 2 }),
  "no way into the VPC, and the connector in ERROR": (objects) => {
    FAULTS["no way into the VPC"]?.(objects);
    FAULTS["a connector in ERROR"]?.(objects);
  },
  "unencrypted connections": (objects) =>
    Object.assign(sql(objects).settings.ipConfiguration, { sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED" }),
  "unencrypted connections, and clients that do not say whether they encrypt": (objects) => {
    FAULTS["unencrypted connections"]?.(objects);
    for (const service of [backend(objects), auth(objects)])
      containerOf(service).env = containerOf(service).env.filter(({ name }: Json) => name !== "PGSSLMODE");
  },
  "no backups": (objects) =>
    Object.assign(sql(objects).settings.backupConfiguration, { enabled: false, pointInTimeRecoveryEnabled: false }),
  "no point-in-time recovery": (objects) =>
    Object.assign(sql(objects).settings.backupConfiguration, { pointInTimeRecoveryEnabled: false }),
  "no deletion protection": (objects) => Object.assign(sql(objects).settings, { deletionProtectionEnabled: false }),
  "a public address that nobody uses": (objects) => {
    Object.assign(sql(objects).settings.ipConfiguration, {
      ipv4Enabled: true,
      authorizedNetworks: [{ value: "0.0.0.0/0" }],
    });
    sql(objects).ipAddresses.push({ ipAddress: "203.0.113.7", type: "PRIMARY" });
  },
  "a public address that the socket uses": (objects) => {
    FAULTS["a public address that nobody uses"]?.(objects);
    revisionOf(backend(objects))["run.googleapis.com/cloudsql-instances"] =
      "netra-staging:us-central1:staging-shared-postgres";
  },
  "a public address that a service is told": (objects) => {
    FAULTS["a public address that nobody uses"]?.(objects);
    Object.assign(variableOf(backend(objects), "POSTGRES_HOST"), { value: "203.0.113.7" });
  },
  "a public address only": (objects) => {
    FAULTS["a public address that nobody uses"]?.(objects);
    delete sql(objects).settings.ipConfiguration.privateNetwork;
    sql(objects).ipAddresses = [{ ipAddress: "203.0.113.7", type: "PRIMARY" }];
  },
  "a stopped instance": (objects) => Object.assign(sql(objects).settings, { activationPolicy: "NEVER" }),
  "connectors of Cloud SQL only": (objects) =>
    Object.assign(sql(objects).settings, { connectorEnforcement: "REQUIRED" }),
  "client certificates": (objects) =>
    Object.assign(sql(objects).settings.ipConfiguration, { sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" }),
  "Redis without AUTH": ({ caches }) => Object.assign(caches?.[0], { authEnabled: false }),
  "a secret at its newest version": (objects) =>
    Object.assign(variableOf(auth(objects), "SECRET_KEY").valueFrom.secretKeyRef, { key: "latest" }),
  "a disabled version": ({ versions }) =>
    Object.assign(
      versions?.find(({ name }) => name.includes("/jwt-secret-staging/")),
      { state: "DISABLED" },
    ),
  "a destroyed version": ({ versions }) =>
    Object.assign(
      versions?.find(({ name }) => name.includes("/jwt-secret-staging/")),
      { state: "DESTROYED" },
    ),
  "no version at all": (objects) => {
    objects.versions?.splice(
      objects.versions.findIndex(({ name }) => name.includes("/jwt-secret-staging/")),
      1,
    );
  },
  "two names of one secret": (objects) =>
    containerOf(auth(objects)).env.push({ ...variableOf(auth(objects), "JWT_SECRET_KEY"), name: "JWT_SECRET" }),
  "another name of the secret only": (objects) =>
    Object.assign(variableOf(auth(objects), "JWT_SECRET_KEY"), { name: "JWT_SECRET" }),
  "no JWT_SECRET_KEY": (objects) => {
    containerOf(auth(objects)).env = containerOf(auth(objects)).env.filter(
      ({ name }: Json) => name !== "JWT_SECRET_KEY",
    );
  },
  "a probe that asks for an open port": (objects) =>
    Object.assign(containerOf(auth(objects)), {
      startupProbe: { tcpSocket: { port: 8080 }, failureThreshold: 1, periodSeconds: 240, timeoutSeconds: 240 },
    }),
  "a window that is too short": (objects) =>
    Object.assign(containerOf(backend(objects)).startupProbe, { failureThreshold: 1 }),
  "an image that moves": (objects) =>
    Object.assign(containerOf(auth(objects)), { image: "gcr.io/netra-staging/netra-auth-service:latest" }),
  "a channel that is off": ({ channels = [] }) => {
    for (const channel of channels) channel.enabled = false;
  },
  "an alert that nobody hears": ({ alerts }) => Object.assign(alerts?.[0], { notificationChannels: [] }),
  "a job that holds too much": (objects) => {
    const { env, image, resources } = containerOf(backend(objects));
    const annotations = {
      "run.googleapis.com/vpc-access-connector": "staging-connector",
      "run.googleapis.com/vpc-access-egress": "all-traffic",
    };
    const spec = { parallelism: 9, taskCount: 9, template: { spec: { containers: [{ env, image, resources }] } } };
    const metadata = { name: "migrate", labels: { "cloud.googleapis.com/location": "us-central1" } };
    objects.jobs = [
      {
        apiVersion: "run.googleapis.com/v1",
        kind: "Job",
        metadata,
        spec: { template: { metadata: { annotations }, spec } },
      },
    ];
  },
  "another instance without flags": (objects) => {
    const other = structuredClone(sql(objects));
    Object.assign(other, {
      name: "analytics",
      connectionName: "netra-staging:us-central1:analytics",
      ipAddresses: [{ ipAddress: "10.107.0.9", type: "PRIVATE" }],
    });
    Object.assign(other.settings, {
      databaseFlags: [{ name: "log_lock_waits", value: "on" }],
      tier: "db-custom-4-15360",
      deletionProtectionEnabled: false,
    });
    objects.instances?.push(other);
  },
  "a second container": (objects) => {
    const { containers } = podOf(backend(objects));
    containers[0].name = "app";
    containers.push({
      name: "worker",
      image: "gcr.io/netra-staging/worker:1",
      env: [{ name: "DB_POOL_SIZE", value: "40" }],
      resources: containers[0].resources,
    });
  },
};

/** The commands for a fault, in short; none: only `up` mends it safely, or somebody has to think. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "a tier with a shared core": ["instances staging-shared-postgres --tier"],
  "no max_connections among other flags": ["instances staging-shared-postgres --database-flags"],
  "no flags at all": ["instances staging-shared-postgres --database-flags"],
  "max_connections beyond the tier": ["instances staging-shared-postgres --database-flags"],
  "max_connections below the budget": ["instances staging-shared-postgres --database-flags"],
  "a pool that is too large": ["services netra-backend-staging --update-env-vars"],
  "two pools that are too large": [
    "services netra-auth-service --update-env-vars",
    "services netra-backend-staging --update-env-vars",
  ],
  "pools that are too large, and few slots": [
    "services netra-backend-staging --update-env-vars",
    "instances staging-shared-postgres --database-flags",
  ],
  "too many instances at both levels": ["services netra-backend-staging --max"],
  "too many instances at the service": ["services netra-backend-staging --max"],
  "no maximum of instances": ["services netra-backend-staging --max"],
  "a connector with fewer instances": ["connectors staging-connector --machine-type --min-instances --max-instances"],
  "a smaller machine type": ["connectors staging-connector --machine-type --min-instances --max-instances"],
  "a larger connector that lacks instances": [
    "connectors staging-connector --machine-type --min-instances --max-instances",
  ],
  "all traffic without NAT": ["services netra-backend-staging --vpc-egress"],
  "no way into the VPC": ["services netra-backend-staging --vpc-connector"],
  "unencrypted connections": ["instances staging-shared-postgres --ssl-mode"],
  "no backups": [
    "instances staging-shared-postgres --backup-start-time --enable-point-in-time-recovery --retained-transaction-log-days",
  ],
  "no point-in-time recovery": [
    "instances staging-shared-postgres --enable-point-in-time-recovery --retained-transaction-log-days",
  ],
  "no deletion protection": ["instances staging-shared-postgres --deletion-protection"],
  "a public address that nobody uses": ["instances staging-shared-postgres --no-assign-ip --clear-authorized-networks"],
  "a stopped instance": ["instances staging-shared-postgres --activation-policy"],
  "a secret at its newest version": ["services netra-auth-service --update-secrets"],
  "a disabled version": ["secrets versions enable 1 --secret"],
  "a destroyed version": [
    "secrets versions add jwt-secret-staging --data-file",
    "services netra-auth-service --update-secrets",
    "services netra-backend-staging --update-secrets",
  ],
  "no version at all": ["secrets versions add jwt-secret-staging --data-file"],
  "two names of one secret": ["services netra-auth-service --remove-secrets"],
  "another name of the secret only": ["services netra-auth-service --update-secrets"],
  "no JWT_SECRET_KEY": ["services netra-auth-service --update-secrets"],
  "a probe that asks for an open port": ["services netra-auth-service --startup-probe"],
  "a window that is too short": ["services netra-backend-staging --startup-probe"],
  "a channel that is off": [
    "beta monitoring channels projects/netra-staging/notificationChannels/14210984570311205871 --enabled",
  ],
  "an alert that nobody hears": [
    "monitoring policies projects/netra-staging/alertPolicies/2838197253164009101 --add-notification-channels",
  ],
  "no way into the VPC to Redis": ["services netra-frontend-staging --vpc-connector"],
  "connectors of Cloud SQL only": ["instances staging-shared-postgres --connector-enforcement"],
  "client certificates": ["instances staging-shared-postgres --ssl-mode"],
  "a job that holds too much": ["jobs migrate --vpc-egress"],
  "another instance without flags": ["instances analytics --database-flags --deletion-protection"],
};

describe("a single fault of the healthy collection", () => {
  test.each(Object.entries(FAULTS))("%s", (name, fault) => {
    expect(faultsOf(faulty(fault))).toEqual([]);
    expect(summaryOf(faulty(fault))).toEqual(COMMANDS[name] ?? []);
  });

  test("has an answer that is a fault's", () => {
    expect(Object.keys(COMMANDS).filter((name) => !Object.hasOwn(FAULTS, name))).toEqual([]);
  });
});

test("the flags that are there are kept", () => {
  const fault: Fault = (objects) =>
    Object.assign(sql(objects).settings, { databaseFlags: [{ name: "cloudsql.iam_authentication", value: "on" }] });
  expect(diagnosisOf(faulty(fault)).commands.map(({ command }) => command)).toEqual([
    "gcloud sql instances patch staging-shared-postgres --project=netra-staging --database-flags=max_connections=150,cloudsql.iam_authentication=on",
  ]);
});

test.each<[string, Fault]>([
  [
    "the socket of an instance that has a private address only",
    (objects) =>
      Object.assign(revisionOf(backend(objects)), {
        "run.googleapis.com/cloudsql-instances": "netra-staging:us-central1:staging-shared-postgres",
      }),
  ],
  [
    "requireSsl without an sslMode",
    (objects) => Object.assign(sql(objects).settings.ipConfiguration, { sslMode: undefined, requireSsl: true }),
  ],
])("sound: %s", (_, change) => {
  expect(diagnosisOf(faulty(change)).findings).toEqual([]);
});

/** Numbers that look drawn, the same at every run. */
function* drawn(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 48271) % 2147483647;
    yield state;
  }
}

test.each([1, 2, 3, 4, 5, 6])("several faults at once: draw %i", (seed) => {
  const draws = drawn(seed * 7919);
  const names = Object.keys(FAULTS);
  const chosen = [0, 1, 2, 3].map(() => names[(draws.next().value ?? 0) % names.length] ?? "");
  expect({ chosen, wrong: faultsOf(faulty(...chosen.map((name) => FAULTS[name] ?? fail))) }).toEqual({
    chosen,
    wrong: [],
  });
});

function fail(): never {
  throw new Error("no such fault");
}
