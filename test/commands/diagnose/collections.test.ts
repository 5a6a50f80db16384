import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Problem, problem } from "../../../capacity/problem";
import { changesBy } from "../../../commands/diagnose/difference";
import { diagnosisText } from "../../../commands/diagnose/format";
import { collectFromFiles } from "../../../commands/shared/cloud/collect-files";
import { deployedFrom } from "../../../commands/shared/cloud/deployed";
import { ALL_SOURCES, SOURCES } from "../../../commands/shared/cloud/sources";
import { RUN_SERVICE } from "../../../config/resource-types";
import type { Finding } from "../../../policy/framework/outcome";
import { diagnosisOf, fixture, LOCATION, settings } from "./fixtures";

/* What else somebody may hand over: each collection is the healthy one with one thing otherwise. */

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "netra-gcloud-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
const healthy = (file: string) => fixture("healthy", file);
const diagnosis = () => diagnosisOf(collectFromFiles(folder, LOCATION));
const question = (key: string) => diagnosis().questions.find((one) => one.key === key);

// biome-ignore lint/suspicious/noExplicitAny: the shape is gcloud's, and a test changes one field of it
const changed = (object: any, change: (copy: any) => void) => {
  const copy = structuredClone(object);
  change(copy);
  return copy;
};
const isJwt = ({ name }: { readonly name: string }) => name === "JWT_SECRET_KEY";
const [auth, backend] = healthy("services.json");
const frontend = healthy("frontend.json");

test("single services as `describe` shows them: those that are not shown are open, not absent", () => {
  write("auth.json", auth);
  write("backend.json", backend);
  const { findings, questions } = diagnosis();
  expect(findings).toEqual([]);
  expect(questions.find(({ key }) => key === "probes")).toMatchObject({
    status: "open",
    open: [{ missing: "Cloud Run services: netra-frontend-staging is not among them" }],
  });
  expect(questions.filter(({ status }) => status === "healthy").map(({ key }) => key)).toEqual(["region"]);
});

test("a list with something unread in it is no whole one: what it does not show is open", () => {
  write("connectors.json", [{ ...healthy("connectors.json")[0], minInstances: [2] }]);
  write("instances.json", { items: [{ ...healthy("instances.json")[0], name: "other" }], nextPageToken: "more" });
  write("redis.json", [
    { ...healthy("redis.json")[0], name: "projects/netra-staging/locations/us-central1/instances/other" },
    { unknown: true },
  ]);
  const { findings, questions } = diagnosis();
  expect(findings).toEqual([]);
  expect(questions.flatMap(({ open }) => open.map(({ missing }) => missing))).toEqual(
    expect.arrayContaining([
      "VPC connectors: staging-connector is not among them",
      "Cloud SQL instances: staging-shared-postgres is not among them",
      "Redis instances: staging-redis is not among them",
    ]),
  );
});

describe("what may be there and is not seen is never fine", () => {
  const open = (key: string) => question(key)?.open.map(({ missing }) => missing);
  const single = "only single objects are shown, and there may be others";
  const other = changed(backend, ({ metadata }) => Object.assign(metadata, { name: "other" }));
  beforeEach(() => {
    write("instances.json", healthy("instances.json"));
    write("connectors.json", healthy("connectors.json"));
    write("jobs.json", []);
  });

  test("a service beside the plan's in an unknown form, in no known shape, on another page, and in a file that was cut off", () => {
    const all = [auth, backend, frontend];
    write("services.json", [
      ...all,
      changed(other, ({ spec }) => Object.assign(spec.template.spec, { containers: "hunter2" })),
    ]);
    expect(open("budget")).toEqual([
      "Cloud Run services: services.json has an object of an unknown form (spec.template.spec.containers must be a list)",
    ]);
    write("services.json", [...all, { hunter2: 1 }]);
    expect(open("budget")).toEqual(["Cloud Run services: services.json has an object of an unknown form"]);
    write("services.json", { services: all, nextPageToken: "more" });
    expect(open("budget")).toEqual(["Cloud Run services: services.json is one page of several"]);
    for (const service of all) write(`${service.name ?? service.metadata.name}.json`.replaceAll("/", "-"), service);
    writeFileSync(join(folder, "services.json"), JSON.stringify(all).slice(0, 500));
    expect(open("budget")).toEqual([
      "Cloud Run services: services.json is neither JSON nor YAML (--format=json prints it)",
    ]);
    for (const service of all)
      rmSync(join(folder, `${service.name ?? service.metadata.name}.json`.replaceAll("/", "-")));
    expect(open("budget")).toEqual([
      "Cloud Run services: services.json is neither JSON nor YAML (--format=json prints it)",
    ]);
    // Whole again: the page that was there before no longer matters.
    write("services.json", all);
    expect(open("budget")).toEqual([]);
  });

  test("jobs and alert policies of which only one is shown", () => {
    write("services.json", [auth, backend, frontend]);
    write("channels.json", healthy("channels.json"));
    write("alert-policies.json", healthy("alert-policies.json")[0]);
    expect(open("watched")).toEqual([`alert policies: ${single}`]);
    write("jobs.json", { name: "projects/netra-staging/locations/us-central1/jobs/migrate", template: {} });
    expect(open("budget")).toEqual([`Cloud Run jobs: ${single}`]);
  });

  test("a state that is not shown", () => {
    const without = (object: object) =>
      changed(object, (copy) => Object.assign(copy, { state: null, status: null, terminalCondition: null }));
    write("instances.json", [without(healthy("instances.json")[0])]);
    write("connectors.json", [without(healthy("connectors.json")[0])]);
    write("redis.json", [without(healthy("redis.json")[0])]);
    write("services.json", [without(auth), without(frontend)]);
    const unsaid = (key: string) =>
      open(key)?.filter((missing) => missing.endsWith(" is not shown, so its state is unknown"));
    expect(unsaid("instance")).toEqual(["staging-shared-postgres: 'state' is not shown, so its state is unknown"]);
    expect(unsaid("connector")).toEqual(["staging-connector: 'state' is not shown, so its state is unknown"]);
    expect(unsaid("rest")?.map((missing) => missing.split(" is not shown")[0])).toEqual([
      "staging-redis: 'state'",
      "netra-auth-service: 'status.conditions[Ready].status'",
      "netra-frontend-staging: 'terminalCondition.state'",
    ]);
    expect(diagnosis().findings.map(({ rules }) => rules[0])).not.toContain("not-running");
  });
});

test("what does not work has the line that shows why", () => {
  write("instances.json", [{ ...healthy("instances.json")[0], state: "PENDING_CREATE" }]);
  write("connectors.json", [{ ...healthy("connectors.json")[0], state: "ERROR" }]);
  write("redis.json", [{ ...healthy("redis.json")[0], state: "REPAIRING" }]);
  expect(diagnosis().findings.map(({ rules, evidence, mend }) => [rules[0], evidence[0]?.value, ...mend])).toEqual([
    [
      "not-running",
      "PENDING_CREATE",
      "gcloud sql operations list --instance=staging-shared-postgres --project=netra-staging --limit=5",
    ],
    [
      "connector-not-ready",
      "ERROR",
      "gcloud compute networks vpc-access operations list --project=netra-staging --region=us-central1",
    ],
    ["not-ready", "REPAIRING", "gcloud redis operations list --project=netra-staging --region=us-central1"],
  ]);
});

test("a revision that failed has its log, and what makes another one once its cause is mended", () => {
  const failed = changed(backend, ({ status }) =>
    Object.assign(status, { latestReadyRevisionName: "netra-backend-staging-00001-abc" }),
  );
  const other = changed(failed, ({ metadata }) => Object.assign(metadata, { name: "somebody-elses" }));
  write("services.json", [auth, frontend, failed, other]);
  const mends = diagnosis().findings.flatMap(({ rules, mend }) => (rules.includes("not-ready") ? [mend] : []));
  const log = (name: string) =>
    `gcloud run services logs read ${name} --project=netra-staging --region=us-central1 --limit=100`;
  expect(mends).toEqual([
    [log("netra-backend-staging"), "once the cause is fixed: `npm run redeploy -- backend && npm run up`"],
    [log("somebody-elses")],
  ]);
});

test("the plan's database under another engine", () => {
  write("instances.json", [{ ...healthy("instances.json")[0], databaseVersion: "MYSQL_8_0" }]);
  expect(diagnosis().findings).toEqual([
    {
      stage: "path",
      rules: ["database-engine"],
      questions: ["instance"],
      mendedByUp: false,
      resource: "staging-shared-postgres",
      evidence: [{ field: "databaseVersion", value: "MYSQL_8_0" }],
      consequences: [
        "must be PostgreSQL because the plan's services support no other engine, and its sizes are those of POSTGRES_14",
      ],
      mend: ["set 'netra:database.name' to a free name; `npm run up` then creates the database beside this one"],
    },
  ]);
});

test("storms are simulated with what is deployed, not with the sizes of the plan", () => {
  write("instances.json", [
    changed(healthy("instances.json")[0], ({ settings: own }) => {
      own.databaseFlags = [{ name: "max_connections", value: "40" }];
    }),
  ]);
  write("connectors.json", healthy("connectors.json"));
  write("services.json", [auth, backend, frontend]);
  const [database] = diagnosis().capacity;
  const peaks = database?.storms.map(({ peakConnections }) => peakConnections) ?? [];
  expect(database?.maxConnections).toBe(40);
  expect(Math.max(...peaks)).toBeLessThanOrEqual(40);
  expect(database?.storms.some(({ refusals }) => refusals > 0)).toBe(true);
});

test("a service may be called what every object of JavaScript has", () => {
  write("instances.json", healthy("instances.json"));
  write("connectors.json", healthy("connectors.json"));
  write("services.json", [changed(backend, ({ metadata }) => Object.assign(metadata, { name: "constructor" }))]);
  expect(diagnosis().capacity.map(({ services, storms }) => [services, storms.length > 0])).toEqual([
    [["constructor"], true],
  ]);
});

test("what is null in a file is not there, at any depth", () => {
  const nothing = { name: null, value: null };
  write("instances.json", [
    changed(healthy("instances.json")[0], ({ settings: own }) => own.databaseFlags.push({ name: "a" }, nothing)),
  ]);
  write("services.json", [changed(auth, ({ spec }) => spec.template.spec.containers[0].env.push(nothing))]);
  write("subnetworks.json", [{ ...healthy("subnetworks.json")[0], secondaryIpRanges: [{ rangeName: null }] }]);
  const isSet = (value: unknown): boolean =>
    value !== undefined &&
    (value === null || typeof value !== "object" || Object.values(value).every((inside) => isSet(inside)));
  const { deployed } = deployedFrom(collectFromFiles(folder, LOCATION), LOCATION);
  expect(deployed.map(({ inputs, outputs }) => isSet([inputs, outputs]))).toEqual([true, true, true]);
});

test("nothing but empty lists: all that the plan counts on is absent", () => {
  for (const source of ALL_SOURCES) write(SOURCES[source].file, []);
  const { findings } = diagnosis();
  expect(findings.map(({ rules, resource }) => `${rules[0]} ${resource}`).toSorted()).toEqual([
    "absent netra-auth-service",
    "absent netra-backend-staging",
    "absent netra-frontend-staging",
    "absent staging-connector",
    "absent staging-redis",
    "absent staging-shared-postgres",
  ]);
});

describe("two regions", () => {
  const elsewhere = (object: object) => JSON.parse(JSON.stringify(object).replaceAll("us-central1", "europe-west1"));

  test("distinguishes equal names, and counts connections from both", () => {
    write("services.json", [auth, backend, elsewhere(auth)]);
    write("instances.json", healthy("instances.json"));
    const { capacity } = diagnosis();
    expect(question("jwt")?.answer).toBe(
      "netra-auth-service: jwt-secret-staging version 1; netra-backend-staging: jwt-secret-staging version 1; netra-auth-service (europe-west1): jwt-secret-staging version 1",
    );
    expect(capacity.map(({ demand }) => demand)).toEqual([91 + 18]);
  });

  test("the plan's connector in another region only is absent", () => {
    write("connectors.json", healthy("connectors.json").map(elsewhere));
    expect(question("connector")).toMatchObject({
      status: "findings",
      answer: "staging-connector (europe-west1): e2-micro 3..10 in 10.1.0.0/28",
    });
  });
});

test("another project's files are left out, and named once", () => {
  write("connectors.json", JSON.parse(JSON.stringify(healthy("connectors.json")).replaceAll("netra-staging", "other")));
  write("instances.json", [
    ...healthy("instances.json"),
    changed(healthy("instances.json")[0], (copy) => Object.assign(copy, { project: "other", name: "theirs" })),
  ]);
  const { questions, notes } = diagnosis();
  expect(notes).toEqual([
    "connectors.json, instances.json show other, which is left out: the plan is of netra-staging",
  ]);
  expect(questions.find(({ key }) => key === "connector")?.open[0]?.missing).toBe(
    "VPC connectors: no file shows any of netra-staging",
  );
  expect(questions.find(({ key }) => key === "instance")).toMatchObject({
    status: "healthy",
    answer: expect.not.stringContaining("theirs"),
  });
});

test("the connections of every container are counted, and a container that the program does not have goes as a whole", () => {
  const two = changed(backend, ({ spec }) => {
    const { containers } = spec.template.spec;
    containers[0].name = "app";
    containers.push({ ...containers[0], name: "worker", ports: undefined });
  });
  write("services.json", [auth, two, frontend]);
  write("instances.json", healthy("instances.json"));
  expect(diagnosis().capacity[0]?.arithmetic).toContain(
    "netra-backend-staging/app (5 + 5) x 5 = 50; netra-backend-staging/worker (5 + 5) x 5 = 50",
  );
  const collection = collectFromFiles(folder, LOCATION);
  const { deployed } = deployedFrom(collection, LOCATION);
  const one = deployed.find(({ label }) => label === "netra-backend-staging");
  const template = one?.inputs.template as { readonly containers: readonly object[] }; // as deployedFrom makes it
  const inputs = {
    ...one?.inputs,
    template: {
      ...template,
      containers: template.containers.slice(0, 1).map((container) => ({ ...container, name: undefined })),
    },
  };
  const planned = {
    type: RUN_SERVICE,
    name: "backend",
    urn: "",
    parent: "",
    dependencies: [],
    propertyDependencies: {},
    custom: true,
    inputs,
    outputs: inputs,
  };
  const options = {
    protect: false,
    import: "",
    ignoreChanges: [],
    deleteBeforeReplace: false,
    additionalSecretOutputs: [],
    retainOnDelete: false,
  };
  expect(changesBy([{ ...planned, options }], deployed, collection)).toEqual([
    {
      resource: "netra-backend-staging",
      type: RUN_SERVICE,
      change: "update",
      properties: ["template.containers[1]: removed"],
    },
  ]);
});

describe("a job", () => {
  const env = [
    ...backend.spec.template.spec.containers[0].env.filter(({ name }: { name: string }) =>
      /^(DB_|POSTGRES_|WEB_)/.test(name),
    ),
    jwt("7"),
  ];
  function jwt(key: string) {
    return { name: "JWT_SECRET_KEY", valueFrom: { secretKeyRef: { name: "jwt-secret-staging", key } } };
  }
  const task = {
    containers: [{ image: "gcr.io/x/migrate:1.0.0", env, resources: { limits: { cpu: "1", memory: "512Mi" } } }],
    timeoutSeconds: "600",
  };
  const { "run.googleapis.com/vpc-access-connector": connector } = backend.spec.template.metadata.annotations;
  const v1 = {
    apiVersion: "run.googleapis.com/v1",
    kind: "Job",
    metadata: {
      name: "migrate",
      namespace: "701982941522",
      labels: { "cloud.googleapis.com/location": "us-central1" },
    },
    spec: {
      template: {
        metadata: { annotations: { "run.googleapis.com/vpc-access-connector": connector } },
        spec: { parallelism: 4, taskCount: 2, template: { spec: task } },
      },
    },
  };

  test("holds connections, and takes secrets, as a service does", () => {
    write("services.json", [auth, backend, frontend]);
    write("instances.json", healthy("instances.json"));
    write("jobs.json", [v1]);
    write("versions.json", healthy("versions-jwt-secret-staging.json"));
    const { capacity, findings } = diagnosis();
    expect(capacity.map(({ arithmetic }) => arithmetic)).toEqual([expect.stringContaining("migrate (2 + 0) x 5 = 10")]);
    expect(findings).toMatchObject([
      {
        resource: "migrate",
        evidence: [
          {
            field: "spec.template.spec.template.spec.containers[0].env[JWT_SECRET_KEY].valueFrom.secretKeyRef.key",
            value: "jwt-secret-staging, version 7: there is no such version",
          },
        ],
        mend: [
          "gcloud run jobs update migrate --project=netra-staging --region=us-central1 --update-secrets=JWT_SECRET_KEY=jwt-secret-staging:1",
        ],
      },
    ]);
  });

  test("is the same resource in the Knative form and in v2", () => {
    const [container] = task.containers;
    const envs = env.map(({ name, value, valueFrom }) =>
      valueFrom
        ? {
            name,
            valueSource: { secretKeyRef: { secret: valueFrom.secretKeyRef.name, version: valueFrom.secretKeyRef.key } },
          }
        : { name, value },
    );
    const v2 = {
      name: "projects/netra-staging/locations/us-central1/jobs/migrate",
      template: {
        parallelism: 4,
        taskCount: 2,
        template: {
          containers: [{ ...container, env: envs, resources: { ...container?.resources, cpuIdle: true } }],
          timeout: "600s",
          vpcAccess: { connector },
        },
      },
    };
    const [knative, rest] = [v1, v2].map((object) => {
      write("job.json", object);
      return deployedFrom(collectFromFiles(folder, LOCATION), LOCATION).deployed[0];
    });
    expect(rest).toMatchObject({ source: "jobs", id: v2.name, form: "rest" });
    expect(rest?.inputs).toEqual(knative?.inputs);
  });
});

test("Direct VPC in the connector's place", () => {
  const direct = changed(backend, ({ spec }) => {
    const { annotations } = spec.template.metadata;
    delete annotations["run.googleapis.com/vpc-access-connector"];
    annotations["run.googleapis.com/network-interfaces"] = '[{"network":"staging-vpc","subnetwork":"staging-subnet"}]';
  });
  write("services.json", [direct]);
  write("connectors.json", []);
  expect(question("path")?.answer).toBe("netra-backend-staging: private-ranges-only through a network interface");
  expect(question("connector")).toMatchObject({ status: "findings", open: [] });
});

test("several SQL instances: connections count where they go", () => {
  const [instance] = healthy("instances.json");
  const other = changed(instance, (copy) =>
    Object.assign(copy, { name: "analytics", connectionName: "netra-staging:us-central1:analytics" }),
  );
  other.ipAddresses = [{ ipAddress: "10.107.0.9", type: "PRIVATE" }];
  write("instances.json", [instance, other]);
  write("services.json", [auth, backend, frontend]);
  expect(diagnosis().capacity.map((one) => [one.instance, one.demand])).toEqual([["staging-shared-postgres", 91]]);
});

test("an instance that was stopped does not run, though its state says RUNNABLE", () => {
  write("instances.json", [
    changed(healthy("instances.json")[0], ({ settings: own }) => Object.assign(own, { activationPolicy: "NEVER" })),
  ]);
  expect(diagnosis().findings).toMatchObject([
    {
      stage: "path",
      rules: ["not-running"],
      evidence: [{ field: "settings.activationPolicy", value: "NEVER" }],
      mend: ["gcloud sql instances patch staging-shared-postgres --project=netra-staging --activation-policy=ALWAYS"],
    },
  ]);
});

describe("versions of secrets", () => {
  const [version] = healthy("versions-jwt-secret-staging.json");
  const second = { ...version, name: version.name.replace(/1$/, "2") };
  const found = () =>
    diagnosis().findings.flatMap(({ rules, evidence }) =>
      rules[0] === "secret-version" ? evidence.map(({ value }) => value) : [],
    );
  beforeEach(() => write("services.json", [auth, backend, frontend]));

  test("a list without the mounted one: it is not there", () => {
    write("versions.json", [second]);
    expect(found()).toEqual(Array(2).fill("jwt-secret-staging, version 1: there is no such version"));
  });

  test("another one alone, as `describe` shows it: open", () => {
    write("version.json", second);
    expect(found()).toEqual([]);
    expect(question("secrets")?.open).toContainEqual(
      expect.objectContaining({
        missing: "versions of jwt-secret-staging: no file shows version 1",
        command:
          "gcloud secrets versions list jwt-secret-staging --project=netra-staging --format=json > versions-jwt-secret-staging.json",
      }),
    );
  });

  test("none at all: the secret was made, and nobody has added a value", () => {
    write("versions-jwt-secret-staging.json", []);
    expect(found()).toEqual(Array(2).fill("jwt-secret-staging, version 1: the secret has no version"));
  });
});

/** What a rule would say of a resource. */
const refusal = (rule: string, urn: string, found: Problem): Finding => ({
  rule,
  level: "mandatory",
  outcome: "refused",
  resource: { name: "", urn },
  text: found.message,
  problem: found,
});

describe("alerts", () => {
  const alerts = "capacity-alerts";
  const said = refusal(alerts, "", problem({ setting: "x", must: "have an alert", because: "y", instead: "add one" }));
  const [policy] = healthy("alert-policies.json");
  const [channel] = healthy("channels.json");

  test("without the list nobody knows what is watched: what the pack misses is no finding", () => {
    write("connectors.json", healthy("connectors.json"));
    write("one.json", policy);
    const { findings, questions } = diagnosisOf(collectFromFiles(folder, LOCATION), [said]);
    expect(findings).toEqual([]);
    expect(questions.find(({ key }) => key === "watched")).toMatchObject({ status: "open" });
    write("alert-policies.json", [policy]);
    expect(diagnosisOf(collectFromFiles(folder, LOCATION), [said]).findings).toMatchObject([
      { rules: [alerts], stage: "hygiene", questions: ["watched"] },
    ]);
  });

  test("turned off in the plan, with the reason", () => {
    write("alert-policies.json", []);
    const off = { ...settings, monitoring: { ...settings.monitoring, disabled: { reason: "an afternoon" } } };
    const { findings, questions } = diagnosisOf(collectFromFiles(folder, LOCATION), [said], off);
    expect(findings).toEqual([]);
    expect(questions.find(({ key }) => key === "watched")).toMatchObject({
      status: "healthy",
      answer: "turned off in the plan: an afternoon",
    });
  });

  test.each([
    ["no channel", { ...policy, notificationChannels: undefined }, channel, "notificationChannels", "none"],
    ["a channel that is off", policy, { ...channel, enabled: false }, `${channel.name} enabled`, "false"],
    [
      "a channel that nobody has verified",
      policy,
      { ...channel, verificationStatus: "UNVERIFIED" },
      `${channel.name} verificationStatus`,
      "UNVERIFIED",
    ],
  ])("%s notifies no one", (_, alert, told, field, value) => {
    write("alert-policies.json", [alert]);
    write("channels.json", [told]);
    expect(diagnosis().findings).toMatchObject([
      { rules: ["silent-alert"], resource: policy.displayName, evidence: [{ field, value }] },
    ]);
    expect(question("watched")?.answer).toBe("");
  });

  test("one channel of two is enough, and a policy that is off need have none", () => {
    write("alert-policies.json", [
      { ...policy, notificationChannels: [channel.name, "projects/other/notificationChannels/1"] },
      { ...policy, name: `${policy.name}1`, enabled: false, notificationChannels: [] },
    ]);
    write("channels.json", [{ ...channel, enabled: false }]);
    expect(diagnosis().findings).toEqual([]);
    expect(question("watched")?.answer).toBe("alert policies that notify: Connector staging-connector: cpu");
  });
});

test("what stands in a file does not get into a shell's line", () => {
  write("instances.json", [
    changed(healthy("instances.json")[0], (copy) => Object.assign(copy, { name: "x; rm -rf ~" })),
  ]);
  write("services.json", [changed(auth, ({ metadata }) => Object.assign(metadata, { name: "$(id)" }))]);
  expect(diagnosis().notes).toEqual([
    "instances.json has an object of an unknown form (name must be one that Google gives), which is left out",
    "services.json has an object of an unknown form (the service must have a name that Google gives), which is left out",
  ]);
  write("versions-jwt-secret-staging.json", []);
  write("instances.json", []);
  write("services.json", [
    changed(auth, ({ spec }) => Object.assign(spec.template.spec.containers[0].env.find(isJwt), { name: "JWT'; id" })),
  ]);
  expect(diagnosis().findings.find(({ rules }) => rules[0] === "secret-version")?.mend).toEqual([
    "gcloud secrets versions add jwt-secret-staging --project=netra-staging --data-file=-",
  ]);
  write("versions-jwt-secret-staging.json", [
    { ...healthy("versions-jwt-secret-staging.json")[0], state: "DESTROYED" },
  ]);
  expect(diagnosis().findings.find(({ rules }) => rules[0] === "secret-version")?.mend).toEqual([
    "gcloud secrets versions add jwt-secret-staging --project=netra-staging --data-file=-",
    "gcloud run services update netra-auth-service --project=netra-staging --region=us-central1 --update-secrets='JWT'\\''; id=jwt-secret-staging:2'",
  ]);
});

test("nor does a region, or a secret's name, even where only a file is to be collected", () => {
  const somewhere = changed(auth, ({ metadata }) =>
    Object.assign(metadata.labels, { "cloud.googleapis.com/location": "x; id" }),
  );
  write("services.json", [somewhere]);
  expect(diagnosis().notes).toEqual([
    "services.json has an object of an unknown form (the service must be in a region that Google has), which is left out",
  ]);
  const taking = changed(auth, ({ spec: { template } }) => {
    const [container] = template.spec.containers;
    container.env = [{ name: "JWT_SECRET_KEY", valueFrom: { secretKeyRef: { name: "it's $&; id", key: "1" } } }];
  });
  write("services.json", [taking]);
  expect(question("secrets")?.open).toContainEqual(
    expect.objectContaining({
      missing: "versions of it's $&; id: no file shows its versions",
      command:
        "gcloud secrets versions list 'it'\\''s $&; id' --project=netra-staging --format=json > 'versions-it'\\''s $&; id.json'",
    }),
  );
});

test("a flag's value with a comma stays one in gcloud's list", () => {
  const flags = [
    { name: "max_connections", value: "500" },
    { name: "pgaudit.log", value: "read,write" },
    { name: "cloudsql.iam_authentication" },
  ];
  write("instances.json", [
    changed(healthy("instances.json")[0], ({ settings: own }) => Object.assign(own, { databaseFlags: flags })),
  ]);
  const urn =
    "urn:pulumi:deployed::netra::gcp:sql/databaseInstance:DatabaseInstance::projects/netra-staging/instances/staging-shared-postgres";
  const setting = "settings.databaseFlags[max_connections]";
  const said = refusal(
    "database-max-connections",
    urn,
    problem({ setting, value: 500, must: "be at most 248", because: "memory", instead: "lower it" }),
  );
  expect(diagnosisOf(collectFromFiles(folder, LOCATION), [said]).findings.flatMap(({ mend }) => mend)).toEqual([
    "gcloud sql instances patch staging-shared-postgres --project=netra-staging --database-flags='^;^max_connections=150;pgaudit.log=read,write;cloudsql.iam_authentication='",
  ]);
});

test("a storm with the names of many services is read at a glance", () => {
  write("instances.json", healthy("instances.json"));
  const urn =
    "urn:pulumi:deployed::netra::gcp:sql/databaseInstance:DatabaseInstance::projects/netra-staging/instances/staging-shared-postgres";
  const rollout = `rollout-${"x".repeat(500)}`;
  const evidence = [{ field: `simulated storm ${rollout}`, value: "0.00 % of 9, lower bound 0.00 %" }];
  const storm = problem({
    setting: "settings.tier",
    must: "let starts be ready",
    because: "of CPU",
    evidence,
    instead: "set it",
  });
  const text = diagnosisText(diagnosisOf(collectFromFiles(folder, LOCATION), [refusal("startup-storm", urn, storm)]), {
    terminal: { width: 1000, colour: false },
    services: {},
    isWhole: true,
    withAdoption: false,
  });
  expect(text).toContain(
    `staging-shared-postgres: simulated storm rollout-${"x".repeat(96)}... = 0.00 % of 9, lower bound 0.00 % (startup-storm)`,
  );
});

test("nor does it steer the terminal, or look like a line of its own", () => {
  const message = "\u001b[2Jgone\nHealthy";
  const failing = (status: object) => changed(auth, (copy) => Object.assign(copy, { status }));
  write("services.json", [
    failing({ conditions: [{ type: "Ready", status: "False\r\n  ok instance: fine", message }] }),
  ]);
  const text = diagnosisText(diagnosis(), {
    terminal: { width: 80, colour: false },
    services: {},
    isWhole: true,
    withAdoption: false,
  });
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(text).not.toMatch(/^(?:ok|Healthy|fine)/m);
});
