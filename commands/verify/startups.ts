import { GoogleAuth } from "google-auth-library";
import { z } from "zod";
import { filterOf } from "../../capacity/monitoring/alert";
import { metrics } from "../../capacity/monitoring/metrics";
import { ofServices } from "../../capacity/monitoring/monitored";
import { STARTUP_PROBES } from "../../capacity/monitoring/service-alerts";
import { type Finding, type Proof, Unproven } from "./step";

/*
 * Start-up success over the last hour, from Cloud Run's count of completed start-up probes: one for each start that
 * became healthy or was given up. A container that exits before its probe completes may not be counted; the health steps
 * and the alerts on exits cover it. The metric is up to two minutes late.
 * Source: Cloud Monitoring metrics list (run.googleapis.com/container/completed_probe_count), REST v3
 * projects.timeSeries.list.
 */

const HOUR_SECONDS = 3600;
/** google-auth-library's message without credentials; invalid ones have other messages. */
const NO_CREDENTIALS = /^Could not load the default credentials/;

export interface Monitoring {
  readonly endpoint: string;
  /** The authorization headers of a request about a project. */
  authorization(url: string, project: string): Promise<Readonly<Record<string, string>>>;
}

/** Cloud Monitoring with application default credentials. */
export const cloudMonitoring: Monitoring = {
  endpoint: "https://monitoring.googleapis.com",
  async authorization(url, projectId) {
    // Without it, federated credentials make the library request the id from another API, which may be disabled.
    const client = await new GoogleAuth({
      scopes: "https://www.googleapis.com/auth/monitoring.read",
      projectId,
    }).getClient();
    return Object.fromEntries((await client.getRequestHeaders(url)).entries());
  },
};

export interface StartupQuestion {
  readonly project: string;
  readonly region: string;
  /** Names of the services in Cloud Run. */
  readonly services: readonly string[];
  /** The share of starts that must succeed, in percent. */
  readonly targetPercent: number;
}

interface Starts {
  readonly healthy: number;
  readonly all: number;
}

const page = z.object({
  timeSeries: z
    .array(
      z.object({
        metric: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
        points: z
          .array(
            z.object({
              value: z.object({
                int64Value: z.string().transform(Number).optional(),
                doubleValue: z.number().optional(),
              }),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
  nextPageToken: z.string().default(""),
});

/**
 * Proves that the target's share of the last hour's starts succeeded.
 * @throws Unproven, `open` without an answer.
 */
export async function startupSuccess(
  question: StartupQuestion,
  monitoring: Monitoring,
  signal: AbortSignal,
): Promise<Proof<undefined>> {
  const starts = await startsOfLastHour(question, monitoring, signal);
  if (starts.all === 0)
    throw new Unproven(
      {
        found: "no start in the last hour",
        means: "nothing started in that time, or the metric is not available yet: it is up to two minutes late",
        lookAt: "run this again within an hour after the next `up`",
      },
      { outcome: "open", isTolerated: true },
    );
  const found = `${starts.healthy} of ${starts.all} starts in the last hour became healthy`;
  if (starts.healthy * 100 >= starts.all * question.targetPercent) return { found, value: undefined };
  throw new Unproven({
    found: `${found}, fewer than ${question.targetPercent} %`,
    means: "some starts fail: the next scale-out or rollout may have no instances",
    lookAt:
      "npm run diagnose; the logs for SQLSTATE 53300, the DATABASE phase and exit code 3; npm run storm for what the plan expects",
  });
}

async function startsOfLastHour(
  { project, region, services }: StartupQuestion,
  monitoring: Monitoring,
  signal: AbortSignal,
): Promise<Starts> {
  const end = Date.now();
  const query = new URLSearchParams({
    filter: filterOf(metrics.probes, `resource.labels.location="${region}"`, ofServices(services), STARTUP_PROBES),
    "interval.startTime": new Date(end - HOUR_SECONDS * 1000).toISOString(),
    "interval.endTime": new Date(end).toISOString(),
    "aggregation.alignmentPeriod": `${HOUR_SECONDS}s`,
    "aggregation.perSeriesAligner": "ALIGN_SUM",
    "aggregation.crossSeriesReducer": "REDUCE_SUM",
  });
  query.append("aggregation.groupByFields", "metric.label.is_healthy");
  const url = `${monitoring.endpoint}/v3/projects/${project}/timeSeries`;
  const headers = await authorized(monitoring.authorization(url, project), signal);
  const sum = { healthy: 0, all: 0 };
  do {
    const { timeSeries, nextPageToken } = await pageOf(`${url}?${query}`, headers, signal);
    for (const { metric, points } of timeSeries) {
      const count = points.reduce((all, { value }) => all + (value.int64Value ?? value.doubleValue ?? 0), 0);
      sum.all += count;
      if (/^true$/i.test(metric.labels.is_healthy ?? "")) sum.healthy += count;
    }
    query.set("pageToken", nextPageToken);
  } while (query.get("pageToken") !== "");
  return sum;
}

async function pageOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<z.output<typeof page>> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, { headers, signal });
    body = await response.json().catch(() => undefined);
  } catch {
    throw open(
      {
        found: "Cloud Monitoring did not answer",
        means: SHARE_UNKNOWN,
        lookAt: "the network path from here to monitoring.googleapis.com",
      },
      true,
    );
  }
  const { status } = response;
  if (status === 401 || status === 403)
    throw open({
      found: `Cloud Monitoring answered ${status}`,
      means: `the credentials may not read this project's metrics, or the API is disabled; ${SHARE_UNKNOWN}`,
      lookAt: "roles/monitoring.viewer of the account, and the API monitoring.googleapis.com of the project",
    });
  const read = page.safeParse(body);
  if (response.ok && read.success) return read.data;
  throw open(
    {
      found: `Cloud Monitoring answered ${status}${response.ok ? " in an unknown form" : ""}`,
      means: SHARE_UNKNOWN,
      lookAt: "the project's id in the stack file",
    },
    status === 429 || status >= 500,
  );
}

async function authorized<T>(headers: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await Promise.race([headers, rejectionAt(signal)]);
  } catch (error) {
    if (error instanceof Error && NO_CREDENTIALS.test(error.message))
      throw new Unproven(
        {
          found: "no Google credentials here",
          means: SHARE_UNKNOWN,
          lookAt: "gcloud auth application-default login",
        },
        { outcome: "open", isTolerated: true },
      );
    throw open({
      found: "the Google credentials here give no token",
      means: `they are invalid or expired, or there was no answer before the timeout; ${SHARE_UNKNOWN}`,
      lookAt: "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
    });
  }
}

/** The auth library accepts no signal. */
const rejectionAt = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

const SHARE_UNKNOWN = "the share of successful starts is unknown";

const open = (finding: Finding, isTransient = false) => new Unproven(finding, { outcome: "open", isTransient });
