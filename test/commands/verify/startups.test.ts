import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { queryFaults } from "../../../capacity/monitoring/alert";
import { restrictionsOf } from "../../../capacity/monitoring/filters";
import { knownMetrics } from "../../../capacity/monitoring/monitoring";
import { cloudMonitoring, type Monitoring, startupSuccess } from "../../../commands/verify/startups";
import { tried } from "../../../commands/verify/step";
import { queryOfRequest } from "../../capacity/monitoring/requests";

const QUESTION = {
  project: "netra-staging",
  region: "us-central1",
  services: ["netra-auth-service", "netra-backend-staging"],
  targetPercent: 99,
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

/** Cloud Monitoring's REST API as far as it is asked here: one page an answer, the last one for ever. */
async function monitoring(...answers: readonly ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const asked: URL[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? "", "http://localhost"));
    authorizations.push(request.headers.authorization);
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  // a server on a port has such an address
  const endpoint = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    asked,
    authorizations,
    monitoring: { endpoint, authorization: async () => ({ authorization: "Bearer of-the-account" }) },
  };
}

const json =
  (body: object, status = 200) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status).end(JSON.stringify(body));

/** The series that the request's filter selects by their labels. */
const found =
  (all: readonly ReturnType<typeof series>[], page: object = {}) =>
  (request: IncomingMessage, response: ServerResponse) => {
    const filter = new URL(request.url ?? "", "http://localhost").searchParams.get("filter") ?? "";
    const ofLabels = restrictionsOf(filter).filter(({ path }) => path.startsWith("metric.labels."));
    const timeSeries = all.filter(({ metric: { labels } }) =>
      ofLabels.every(({ path, values }) =>
        values.includes(labels[path.replace("metric.labels.", "") as keyof typeof labels]),
      ),
    );
    return json({ timeSeries, ...page })(request, response);
  };

/** A series as REST v3 prints it: int64 as text, points newest first. */
const series = (type: string, healthy: boolean, ...counts: readonly number[]) => ({
  metric: {
    type: "run.googleapis.com/container/completed_probe_count",
    labels: { probe_type: type, probe_action: "HTTP", is_healthy: String(healthy) },
  },
  resource: { type: "cloud_run_revision", labels: { project_id: "netra-staging" } },
  metricKind: "DELTA",
  valueType: "INT64",
  points: counts.map((count) => ({
    interval: { startTime: "2026-11-23T09:00:00Z", endTime: "2026-11-23T10:00:00Z" },
    value: { int64Value: String(count) },
  })),
});

const step = async (source: Monitoring, timeoutSeconds = 3) =>
  (
    await tried("starts", [], { timeoutSeconds, attempts: 2, waitSeconds: 0.01 }, (signal) =>
      startupSuccess(QUESTION, source, signal),
    )
  ).step;

test("counts start-up probes of all pages, and of those alone", async () => {
  const {
    monitoring: source,
    asked,
    authorizations,
  } = await monitoring(
    found([series("STARTUP", true, 100, 49), series("LIVENESS", false, 900)], { nextPageToken: "second" }),
    found([series("STARTUP", false, 1)]),
  );
  expect(await step(source)).toMatchObject({
    outcome: "proven",
    found: "149 of 150 starts in the last hour became healthy",
  });
  expect(authorizations).toEqual(["Bearer of-the-account", "Bearer of-the-account"]);
  expect(asked.map(({ pathname }) => pathname)).toEqual(Array(2).fill("/v3/projects/netra-staging/timeSeries"));
  expect(asked.map(({ searchParams }) => searchParams.get("pageToken"))).toEqual([null, "second"]);
  const query = asked[0]?.searchParams;
  expect(asked.flatMap(({ searchParams }) => queryFaults(queryOfRequest(searchParams), knownMetrics))).toEqual([]);
  expect(query?.get("filter")).toBe(
    'metric.type="run.googleapis.com/container/completed_probe_count" AND resource.type="cloud_run_revision" AND resource.labels.location="us-central1" AND resource.labels.service_name=one_of("netra-auth-service", "netra-backend-staging") AND metric.labels.probe_type="STARTUP"',
  );
  expect(query?.getAll("aggregation.groupByFields")).toEqual(["metric.label.is_healthy"]);
  expect(Date.parse(query?.get("interval.endTime") ?? "") - Date.parse(query?.get("interval.startTime") ?? "")).toBe(
    3_600_000,
  );
});

test("fails below the target of the plan", async () => {
  const { monitoring: source } = await monitoring(found([series("STARTUP", true, 98), series("STARTUP", false, 2)]));
  expect(await step(source)).toMatchObject({
    outcome: "failed",
    found: "98 of 100 starts in the last hour became healthy, fewer than 99 %",
    means: "some starts fail: the next scale-out or rollout may have no instances",
  });
});

test("an hour without starts stays open, and may", async () => {
  const { monitoring: source } = await monitoring(found([series("LIVENESS", true, 120), series("STARTUP", true, 0)]));
  expect(await step(source)).toMatchObject({ outcome: "open", isTolerated: true, found: "no start in the last hour" });
});

test("no credentials leave it open, and may", async () => {
  const source: Monitoring = {
    endpoint: "http://localhost:1",
    authorization: () =>
      Promise.reject(
        new Error(
          "Could not load the default credentials. Browse to https://cloud.google.com/docs for more information.",
        ),
      ),
  };
  expect(await step(source)).toMatchObject({
    outcome: "open",
    isTolerated: true,
    found: "no Google credentials here",
    attempts: 1,
  });
});

test("credentials that give no token leave it open, and may not", async () => {
  const ended = await step({
    endpoint: "http://localhost:1",
    authorization: () => Promise.reject(new Error("invalid_grant: hunter2")),
  });
  expect(ended).toMatchObject({ outcome: "open", found: "the Google credentials here give no token" });
  expect(ended.isTolerated).toBeUndefined();
  expect(JSON.stringify(ended)).not.toContain("hunter2");
});

test("a token that does not come leaves it open", async () => {
  const ended = await step({ endpoint: "http://localhost:1", authorization: () => new Promise(() => undefined) }, 0.2);
  expect(ended).toMatchObject({ outcome: "open", found: "the Google credentials here give no token" });
});

test("asks with the token that a workload's federated credentials are exchanged for", async () => {
  const exchange = await monitoring(
    json({
      access_token: "exchanged",
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 3600,
    }),
  );
  const folder = mkdtempSync(join(tmpdir(), "netra-federation-"));
  closing.push(() => rm(folder, { recursive: true }));
  writeFileSync(join(folder, "subject"), "token-of-the-workload");
  writeFileSync(
    join(folder, "credentials.json"),
    JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/ci",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${exchange.monitoring.endpoint}/token`,
      credential_source: { file: join(folder, "subject") },
    }),
  );
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(folder, "credentials.json"));
  closing.push(async () => vi.unstubAllEnvs());
  const { monitoring: source, authorizations } = await monitoring(found([series("STARTUP", true, 3)]));
  expect(await step({ ...cloudMonitoring, endpoint: source.endpoint })).toMatchObject({ outcome: "proven" });
  expect(authorizations).toEqual(["Bearer exchanged"]);
});

test.each([
  [403, "Cloud Monitoring answered 403", 1],
  [404, "Cloud Monitoring answered 404", 1],
  [429, "Cloud Monitoring answered 429", 2],
  [503, "Cloud Monitoring answered 503", 2],
])("%d leaves it open, and may not", async (status, found, attempts) => {
  const { monitoring: source } = await monitoring(json({ error: { code: status } }, status));
  const ended = await step(source);
  expect(ended).toMatchObject({ outcome: "open", found, attempts });
  expect(ended.isTolerated).toBeUndefined();
});

test("an answer in an unknown form leaves it open", async () => {
  const { monitoring: source } = await monitoring((_, response) => void response.end("<html>"));
  expect(await step(source)).toMatchObject({
    outcome: "open",
    found: "Cloud Monitoring answered 200 in an unknown form",
  });
});

test("429 that passes is waited for", async () => {
  const { monitoring: source } = await monitoring(json({}, 429), found([series("STARTUP", true, 3)]));
  expect(await step(source)).toMatchObject({ outcome: "proven", attempts: 2 });
});

test("an answer that does not come leaves it open", async () => {
  const { monitoring: source } = await monitoring(() => undefined);
  expect(await step(source, 0.2)).toMatchObject({
    outcome: "open",
    found: "Cloud Monitoring did not answer",
    attempts: 2,
  });
});
