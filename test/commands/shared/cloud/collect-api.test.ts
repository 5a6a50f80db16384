import { describe, expect, test } from "vitest";
import { queryFaults } from "../../../../capacity/monitoring/alert";
import { knownMetrics } from "../../../../capacity/monitoring/monitoring";
import type { Diagnosis } from "../../../../commands/diagnose/diagnosis";
import { lastHour } from "../../../../commands/diagnose/figures";
import { collectFromApi } from "../../../../commands/shared/cloud/collect-api";
import { deployedFrom } from "../../../../commands/shared/cloud/deployed";
import type { Cloud } from "../../../../commands/shared/cloud/rest";
import { queryOfRequest } from "../../../capacity/monitoring/requests";
import { diagnosisOf, fixture, LOCATION, settings } from "../../diagnose/fixtures";
import { refuse, restServer } from "../../diagnose/rest-server";

/* Everything here goes through a local server that answers in the REST shapes; only the addresses differ from Google's. */

const server = restServer();
const at = {
  services: "run/v2/projects/netra-staging/locations/us-central1/services",
  jobs: "run/v2/projects/netra-staging/locations/us-central1/jobs",
  instances: "sqladmin/v1/projects/netra-staging/instances",
  connectors: "vpcaccess/v1/projects/netra-staging/locations/us-central1/connectors",
  secrets: "secretmanager/v1/projects/netra-staging/secrets",
  caches: "redis/v1/projects/netra-staging/locations/us-central1/instances",
  networks: "compute/compute/v1/projects/netra-staging/global/networks",
  subnetworks: "compute/compute/v1/projects/netra-staging/regions/us-central1/subnetworks",
  routers: "compute/compute/v1/projects/netra-staging/regions/us-central1/routers",
  alerts: "monitoring/v3/projects/netra-staging/alertPolicies",
  channels: "monitoring/v3/projects/netra-staging/notificationChannels",
  series: "monitoring/v3/projects/netra-staging/timeSeries",
};

const frontend = fixture("healthy", "frontend.json");
/** A v2 service that takes one secret. */
const taking = (service: string) => ({
  ...frontend,
  name: `projects/netra-staging/locations/us-central1/services/${service}`,
  template: {
    ...frontend.template,
    containers: [
      {
        ...frontend.template.containers[0],
        env: [
          {
            name: "JWT_SECRET_KEY",
            valueSource: { secretKeyRef: { secret: "projects/701982941522/secrets/jwt-secret-staging", version: "1" } },
          },
        ],
      },
    ],
  },
});
const [auth, backend] = [taking("netra-auth-service"), taking("netra-backend-staging")];

/** The whole project as its APIs show it; an empty list is left out of an answer. */
function wholeProject() {
  server.answers.set(at.services, { services: [auth, backend, frontend] });
  server.answers.set(at.jobs, {});
  server.answers.set(at.instances, { kind: "sql#instancesList", items: fixture("healthy", "instances.json") });
  server.answers.set(at.connectors, { connectors: fixture("healthy", "connectors.json") });
  server.answers.set(at.secrets, { secrets: fixture("healthy", "secrets.json"), totalSize: 13 });
  server.answers.set(`${at.secrets}/jwt-secret-staging/versions`, {
    versions: fixture("healthy", "versions-jwt-secret-staging.json"),
    totalSize: 1,
  });
  server.answers.set(at.caches, { instances: fixture("healthy", "redis.json") });
  server.answers.set(at.networks, { kind: "compute#networkList", items: fixture("healthy", "networks.json") });
  server.answers.set(at.subnetworks, { kind: "compute#subnetworkList", items: fixture("healthy", "subnetworks.json") });
  server.answers.set(at.routers, { kind: "compute#routerList" });
  server.answers.set(at.alerts, { alertPolicies: fixture("healthy", "alert-policies.json"), totalSize: 3 });
  server.answers.set(at.channels, { notificationChannels: fixture("healthy", "channels.json"), totalSize: 1 });
}

/** Without the pack's rules, which know nothing of where the resources come from. */
const diagnosed = async (cloud: Cloud): Promise<Diagnosis> => diagnosisOf(await collectFromApi(cloud, LOCATION));
const question = ({ questions }: Diagnosis, key: string) => questions.find((one) => one.key === key);

describe("reading a project", () => {
  test("asks every API for the place, authorised and with GET only, and for the versions of the secrets that services take", async () => {
    wholeProject();
    const { objects, collected, gaps } = await collectFromApi(server.cloud(), LOCATION);
    expect([...gaps]).toEqual([]);
    expect(collected.size).toBe(12);
    expect(objects.length).toBe(3 + 1 + 1 + 14 + 1 + 1 + 1 + 1 + 3 + 1);
    expect(server.asked.toSorted()).toEqual(
      [...Object.values(at).filter((path) => path !== at.series), `${at.secrets}/jwt-secret-staging/versions`]
        .map((path) => `GET /${path}`)
        .toSorted(),
    );
    expect(new Set(server.authorizations)).toEqual(new Set(["Bearer a-token"]));
  });

  test("follows every page", async () => {
    wholeProject();
    const secrets = fixture("healthy", "secrets.json");
    server.answers.set(at.secrets, ({ url }, response) => {
      const page = Number(new URL(url ?? "", "http://localhost").searchParams.get("pageToken") ?? 0);
      response.end(
        JSON.stringify({
          secrets: secrets.slice(page * 5, page * 5 + 5),
          nextPageToken: page < 2 ? String(page + 1) : "",
        }),
      );
    });
    const { objects } = await collectFromApi(server.cloud(), LOCATION);
    expect(objects.filter(({ source }) => source === "secrets").length).toBe(14);
    expect(server.asked.filter((line) => line.startsWith(`GET /${at.secrets}`) && !line.includes("versions"))).toEqual([
      `GET /${at.secrets}`,
      `GET /${at.secrets}?pageToken=1`,
      `GET /${at.secrets}?pageToken=2`,
    ]);
  });

  test("a page that names itself as the next one ends", async () => {
    wholeProject();
    server.answers.set(at.routers, { items: [], nextPageToken: "again" });
    expect((await collectFromApi(server.cloud(), LOCATION)).gaps.get("routers")?.why).toBe(
      "compute.googleapis.com has more than 200 pages",
    );
  });
});

const LINE = "gcloud sql instances list --project=netra-staging --format=json > instances.json";

describe("what does not answer leaves its questions open, and the rest goes on", () => {
  test.each([
    [
      "no permission",
      refuse(403, "PERMISSION_DENIED", {}, "IAM_PERMISSION_DENIED"),
      "sqladmin.googleapis.com denies access to these credentials (403) (roles/cloudsql.viewer lets it be read)",
    ],
    [
      "the API is off",
      refuse(403, "PERMISSION_DENIED", {}, "SERVICE_DISABLED"),
      "the API sqladmin.googleapis.com is off",
      "gcloud services enable sqladmin.googleapis.com",
    ],
    ["no such project", refuse(404, "NOT_FOUND"), "sqladmin.googleapis.com has no such project or location (404)"],
    [
      "expired credentials",
      refuse(401, "UNAUTHENTICATED"),
      "the Google credentials here are not accepted (401)",
      "gcloud auth application-default login",
    ],
    ["another form", { items: "none" }, "sqladmin.googleapis.com returned an unexpected response"],
  ])("%s", async (_, answer, why, mend = LINE) => {
    wholeProject();
    server.answers.set(at.instances, answer);
    const diagnosis = await diagnosed(server.cloud());
    expect(diagnosis.ok).toBe(false);
    for (const key of ["instance", "path", "maxConnections", "budget", "storm"])
      expect(question(diagnosis, key)).toMatchObject({
        status: "open",
        open: expect.arrayContaining([
          expect.objectContaining({ subject: "Cloud SQL instances", why, answeredBy: mend }),
        ]),
      });
    expect(question(diagnosis, "connector")).toMatchObject({ status: "healthy" });
  });

  test("alert policies that may not be read: nobody knows what is watched", async () => {
    wholeProject();
    expect(question(await diagnosed(server.cloud()), "watched")).toMatchObject({ status: "healthy", open: [] });
    server.answers.set(at.alerts, refuse(403, "PERMISSION_DENIED"));
    expect(question(await diagnosed(server.cloud()), "watched")).toMatchObject({
      status: "open",
      open: [
        {
          missing:
            "alert policies: monitoring.googleapis.com denies access to these credentials (403) (roles/monitoring.viewer lets it be read)",
          answeredBy: "gcloud monitoring policies list --project=netra-staging --format=json > alert-policies.json",
        },
      ],
    });
  });

  test("a time-out", async () => {
    wholeProject();
    server.answers.set(at.connectors, () => undefined);
    const diagnosis = await diagnosed(server.cloud(0.3));
    expect(question(diagnosis, "connector")).toMatchObject({
      status: "open",
      open: [{ missing: "VPC connectors: vpcaccess.googleapis.com did not answer within 0.3 s" }],
    });
  });

  test("no one listens", async () => {
    const nowhere: Cloud = { ...server.cloud(), endpoint: () => "http://127.0.0.1:1" };
    expect((await collectFromApi(nowhere, LOCATION)).gaps.get("services")?.why).toBe(
      "run.googleapis.com cannot be reached",
    );
  });

  test("no credentials: nothing is asked, every question is open, and no word of the library's is shown", async () => {
    const cloud: Cloud = {
      ...server.cloud(),
      authorization: async () => {
        throw new Error("private_key hunter2");
      },
    };
    const diagnosis = await diagnosed(cloud);
    expect(server.asked).toEqual([]);
    expect(question(diagnosis, "instance")?.open[0]?.missing).toBe(
      "Cloud SQL instances: no Google credentials here give a token: gcloud auth application-default login",
    );
    expect(diagnosis.questions.filter(({ status }) => status !== "open").map(({ key }) => key)).toEqual(["region"]);
    expect(JSON.stringify(diagnosis)).not.toContain("hunter2");
  });

  test("a service whose connections nobody can count", async () => {
    wholeProject();
    expect(question(await diagnosed(server.cloud()), "budget")?.open).toContainEqual({
      subject: "netra-backend-staging",
      why: "its connections are not counted",
      missing: "netra-backend-staging: its connections are not counted",
      answeredBy:
        "state DB_POOL_SIZE, DB_MAX_OVERFLOW, DB_POOL_TIMEOUT_SECONDS, DB_CONNECT_TIMEOUT_SECONDS, DB_INIT_TIMEOUT_SECONDS, DB_STARTUP_CONNECTIONS, WEB_CONCURRENCY and POSTGRES_HOST as variables of the service",
    });
  });

  test("a service of the plan that does not exist", async () => {
    wholeProject();
    server.answers.set(at.services, { services: [backend, frontend] });
    const diagnosis = await diagnosed(server.cloud());
    expect(diagnosis.findings.find(({ resource }) => resource === "netra-auth-service")).toEqual({
      stage: "path",
      mendedByUp: true,
      rules: ["absent"],
      questions: ["path", "secrets", "probes", "jwt", "budget", "storm", "watched", "rest"],
      resource: "netra-auth-service",
      evidence: [{ field: "Cloud Run services", value: "not among them" }],
      consequences: ["must be in netra-staging and us-central1 because the plan counts on it"],
      mend: ["`npm run up` creates it"],
    });
    expect(question(diagnosis, "probes")).toMatchObject({ status: "findings", open: [] });
  });
});

describe("too many requests", () => {
  const busy = (times: number, headers: Record<string, string>) => {
    let left = times;
    server.answers.set(at.connectors, (request, response) =>
      left-- > 0
        ? refuse(429, "RESOURCE_EXHAUSTED", headers)(request, response)
        : response.end(JSON.stringify({ connectors: fixture("healthy", "connectors.json") })),
    );
  };

  test("waits as long as Retry-After says, and goes on", async () => {
    wholeProject();
    busy(1, { "retry-after": "7" });
    const { collected } = await collectFromApi(server.cloud(), LOCATION);
    expect(collected.has("connectors")).toBe(true);
    expect(server.waits).toEqual([7]);
  });

  test("takes a date, too", async () => {
    wholeProject();
    busy(2, { "retry-after": new Date(Date.now() - 1000).toUTCString() });
    expect((await collectFromApi(server.cloud(), LOCATION)).collected.has("connectors")).toBe(true);
    expect(server.waits).toEqual([0, 0]);
  });

  test("waits longer each time where the server does not say", async () => {
    wholeProject();
    busy(2, {});
    expect((await collectFromApi(server.cloud(), LOCATION)).collected.has("connectors")).toBe(true);
    expect(server.waits).toEqual([1, 2]);
  });

  test("gives up after three, and at once where the wait is long", async () => {
    wholeProject();
    busy(99, { "retry-after": "30" });
    expect((await collectFromApi(server.cloud(), LOCATION)).gaps.get("connectors")?.why).toBe(
      "vpcaccess.googleapis.com answered 429 3 times",
    );
    expect(server.asked.filter((line) => line.endsWith("/connectors")).length).toBe(3);
    expect(server.waits).toEqual([30, 30]);
    busy(99, { "retry-after": "3600" });
    expect((await collectFromApi(server.cloud(), LOCATION)).gaps.get("connectors")?.why).toBe(
      "vpcaccess.googleapis.com asks for a retry after 3600 s (429): run this command again then",
    );
    expect(server.asked.filter((line) => line.endsWith("/connectors")).length).toBe(4);
  });
});

describe("the versions of secrets", () => {
  const versions = `${at.secrets}/jwt-secret-staging/versions`;
  const state = (value: string) => ({
    versions: [{ ...fixture("healthy", "versions-jwt-secret-staging.json")[0], state: value }],
  });
  const field = "template.containers[0].env[JWT_SECRET_KEY].valueSource.secretKeyRef.version";

  test.each([
    [
      "disabled",
      state("DISABLED"),
      "jwt-secret-staging, version 1: DISABLED",
      ["gcloud secrets versions enable 1 --secret=jwt-secret-staging --project=netra-staging"],
    ],
    [
      "destroyed",
      state("DESTROYED"),
      "jwt-secret-staging, version 1: DESTROYED",
      [
        "gcloud secrets versions add jwt-secret-staging --project=netra-staging --data-file=-",
        "gcloud run services update netra-backend-staging --project=netra-staging --region=us-central1 --update-secrets=JWT_SECRET_KEY=jwt-secret-staging:2",
      ],
    ],
    [
      "of a secret without any version",
      {},
      "jwt-secret-staging, version 1: the secret has no version",
      ["gcloud secrets versions add jwt-secret-staging --project=netra-staging --data-file=-"],
    ],
    [
      "of a secret that is not there",
      refuse(404, "NOT_FOUND"),
      "jwt-secret-staging, version 1: there is no such secret",
      ["`npm run up` creates the secrets of the plan, with their versions and grants"],
    ],
  ])("one that is %s stops every start", async (_, answer, value, mend) => {
    wholeProject();
    server.answers.set(versions, answer);
    const { findings } = await diagnosed(server.cloud());
    expect(findings.map(({ resource }) => resource)).toEqual(["netra-auth-service", "netra-backend-staging"]);
    expect(findings.slice(1)).toEqual([
      {
        stage: "start",
        rules: ["secret-version"],
        questions: ["secrets"],
        resource: "netra-backend-staging",
        evidence: [{ field, value }],
        consequences: ["must be an enabled version because no instance that takes JWT_SECRET_KEY from it can start"],
        mend,
        mendedByUp: mend[0]?.startsWith("`npm run up`"),
      },
    ]);
  });

  test("one that is mounted as a file counts like a variable's", async () => {
    wholeProject();
    const volumes = [
      { name: "keys", secret: { secret: "jwt-secret-staging", items: [{ path: "jwt", version: "2" }] } },
    ];
    server.answers.set(at.services, { services: [{ ...frontend, template: { ...frontend.template, volumes } }] });
    const { findings } = await diagnosed(server.cloud());
    expect(findings.find(({ rules }) => rules[0] === "secret-version")).toMatchObject({
      resource: "netra-frontend-staging",
      evidence: [
        { field: "template.volumes[0].secret", value: "jwt-secret-staging, version 2: there is no such version" },
      ],
    });
  });

  test("those that may not be read leave the question open", async () => {
    wholeProject();
    server.answers.set(versions, refuse(403, "PERMISSION_DENIED"));
    const collecting =
      "gcloud secrets versions list jwt-secret-staging --project=netra-staging --format=json > versions-jwt-secret-staging.json";
    expect(question(await diagnosed(server.cloud()), "secrets")?.open).toContainEqual({
      subject: "versions of jwt-secret-staging",
      why: "secretmanager.googleapis.com denies access to these credentials (403) (roles/secretmanager.viewer lets it be read)",
      missing:
        "versions of jwt-secret-staging: secretmanager.googleapis.com denies access to these credentials (403) (roles/secretmanager.viewer lets it be read)",
      answeredBy: collecting,
      command: collecting,
    });
  });
});

describe("the last hour", () => {
  const NOW = Date.parse("2026-11-24T12:00:00Z");
  const hour = () => lastHour(server.cloud(), settings, { capacities: [], deployed: [] }, NOW);
  const point = (value: object) => ({
    interval: { startTime: "2026-11-24T11:58:00Z", endTime: "2026-11-24T11:59:00Z" },
    value,
  });
  const one = (labels: object, ...values: object[]) => ({
    resource: { type: "x", labels },
    metric: {},
    points: values.map(point),
  });

  /** By metric, the series that are answered. */
  function metrics(series: Readonly<Record<string, object[]>>) {
    server.answers.set(at.series, ({ url }, response) => {
      const filter = new URL(url ?? "", "http://localhost").searchParams.get("filter") ?? "";
      const name = /metric\.type="([^"]+)"/.exec(filter)?.[1]?.split("/").slice(1).join("/") ?? "";
      response.end(JSON.stringify(series[name] ? { timeSeries: series[name] } : {}));
    });
  }
  const quiet = {
    "database/postgresql/num_backends": [
      one({ database_id: "netra-staging:staging-shared-postgres" }, { int64Value: "41" }, { int64Value: "44" }),
    ],
    "connector/cpu/utilizations": [one({ connector_name: "staging-connector" }, { doubleValue: 0.21 })],
    "connector/instances": [one({ connector_name: "staging-connector" }, { int64Value: "3" })],
  };

  test("figures beside the plan; no start and no failed probe are no fault", async () => {
    metrics(quiet);
    expect(await hour()).toEqual({
      figures: [
        { title: "backends, most at once", value: "44", plan: "150 exist; the plan uses at most 80 % of 150" },
        { title: "connector cpu, p99", value: "21 %", plan: "below 80 %" },
        { title: "connector instances, most", value: "3", plan: "3 to 10" },
        { title: "start-up of netra-auth-service, p95", plan: "within the probe's 90 s" },
        { title: "start-up of netra-backend-staging, p95", plan: "within the probe's 120 s" },
        { title: "start-up of netra-frontend-staging, p95", plan: "within the probe's 30 s" },
        { title: "failed probes of netra-auth-service", value: "0", plan: "none" },
        { title: "failed probes of netra-backend-staging", value: "0", plan: "none" },
        { title: "failed probes of netra-frontend-staging", value: "0", plan: "none" },
      ],
      findings: [],
      open: [],
    });
  });

  test("asks for the hour, aligned as each kind of metric allows", async () => {
    metrics(quiet);
    await hour();
    const asked = server.asked.map((line) => new URL(line.slice("GET ".length), "http://localhost").searchParams);
    expect(asked.flatMap((parameters) => queryFaults(queryOfRequest(parameters), knownMetrics))).toEqual([]);
    expect(asked.map((query) => query.get("aggregation.perSeriesAligner"))).toEqual([
      "ALIGN_MAX",
      "ALIGN_PERCENTILE_99",
      "ALIGN_MAX",
      "ALIGN_PERCENTILE_95",
      "ALIGN_SUM",
    ]);
    expect(asked[0]?.get("interval.startTime")).toBe("2026-11-24T11:00:00.000Z");
    // A database's backends are counted by database: all of an instance's together hold its slots.
    expect([asked[0]?.get("aggregation.crossSeriesReducer"), asked[0]?.get("aggregation.groupByFields")]).toEqual([
      "REDUCE_SUM",
      "resource.label.database_id",
    ]);
    expect(asked[4]?.get("filter")).toBe(
      'metric.type="run.googleapis.com/container/completed_probe_count" AND resource.type="cloud_run_revision" AND metric.labels.is_healthy=false',
    );
  });

  test("what is beyond the plan is found", async () => {
    metrics({
      "database/postgresql/num_backends": [
        one({ database_id: "netra-staging:staging-shared-postgres" }, { int64Value: "121" }),
      ],
      "connector/cpu/utilizations": [one({ connector_name: "staging-connector" }, { doubleValue: 0.93 })],
      "connector/instances": [one({ connector_name: "staging-connector" }, { int64Value: "10" })],
      "container/startup_latencies": [one({ service_name: "netra-backend-staging" }, { doubleValue: 130_500 })],
      "container/completed_probe_count": [one({ service_name: "netra-auth-service" }, { int64Value: "4" })],
    });
    const { findings } = await hour();
    expect(findings.map(({ rules, resource, evidence }) => [rules[0], resource, evidence[0]?.value])).toEqual([
      ["backends", "staging-shared-postgres", "121 of 150"],
      ["connector-load", "staging-connector", "93 %"],
      ["connector-load", "staging-connector", "10, the maximum"],
      ["slow-starts", "netra-backend-staging", "130.5 s"],
      ["failed-probes", "netra-auth-service", "4"],
    ]);
  });

  test("a share is shown as it is compared", async () => {
    metrics({
      ...quiet,
      "connector/cpu/utilizations": [one({ connector_name: "staging-connector" }, { doubleValue: 0.804 })],
    });
    const of = { ...settings, database: { ...settings.database, maxConnections: 100, usableShare: 0.55 } };
    const { figures, findings } = await lastHour(server.cloud(), of, { capacities: [], deployed: [] }, NOW);
    expect(figures[0]?.plan).toBe("100 exist; the plan uses at most 55 % of 100");
    expect(findings.map(({ evidence }) => evidence[0]?.value)).toEqual(["80.4 %"]);
  });

  test("what is deployed counts where it is less than the plan", async () => {
    metrics(quiet);
    const [connector] = fixture("healthy", "connectors.json");
    const collection = {
      ...(await collectFromApi(server.cloud(), LOCATION)),
      objects: [{ source: "connectors" as const, object: { ...connector, maxInstances: 3 }, from: "" }],
    };
    const { deployed } = deployedFrom(collection, LOCATION);
    const { findings } = await lastHour(server.cloud(), settings, { capacities: [], deployed }, NOW);
    expect(findings.map(({ evidence }) => evidence[0]?.value)).toEqual(["3, the maximum"]);
  });

  test("nothing recorded, and nobody who answers, leave it open", async () => {
    metrics({});
    expect((await hour()).open).toEqual([
      { subject: "backends, most at once", why: "nothing was recorded" },
      { subject: "connector cpu, p99", why: "nothing was recorded" },
      { subject: "connector instances, most", why: "nothing was recorded" },
    ]);
    server.answers.set(at.series, refuse(403, "PERMISSION_DENIED", {}, "SERVICE_DISABLED"));
    const { open, figures } = await hour();
    const off = {
      why: "the API monitoring.googleapis.com is off",
      mend: "gcloud services enable monitoring.googleapis.com",
    };
    expect(open).toEqual(
      ["backends", "connector cpu", "connector instances", "start-up latency", "failed probes"].map((subject) => ({
        subject,
        ...off,
      })),
    );
    expect(figures).toEqual([]);
  });
});
