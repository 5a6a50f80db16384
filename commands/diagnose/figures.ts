import { z } from "zod";
import { probeWindowSeconds } from "../../capacity/constraints/cloudrun";
import { filterOf } from "../../capacity/monitoring/alert";
import type { Aggregation } from "../../capacity/monitoring/alignment";
import { type Metric, metrics } from "../../capacity/monitoring/metrics";
import { round } from "../../capacity/monitoring/monitored";
import type { Settings } from "../../config/schema";
import type { Gap } from "../shared/cloud/classify";
import type { Deployed } from "../shared/cloud/deployed";
import { type Cloud, readList, Unanswered } from "../shared/cloud/rest";
import type { Location } from "../shared/cloud/sources";
import type { DatabaseCapacity } from "./capacity";
import { type Finding, finding } from "./findings";
import { inspectionCommand } from "./readiness";

/*
 * The last hour in Cloud Monitoring, against the plan. Values are visible two to four minutes late.
 */

/** One figure of the last hour, beside what the plan allows. */
export interface Figure {
  readonly title: string;
  /** Absent: nothing was recorded. */
  readonly value?: string;
  readonly plan: string;
}

export interface HourAnswer {
  readonly figures: readonly Figure[];
  readonly findings: readonly Finding[];
  /** Queries that failed, with the reason. */
  readonly open: readonly Unrecorded[];
}

/** A figure that is not known. */
interface Unrecorded extends Gap {
  readonly subject: string;
}

interface Series extends Omit<Aggregation, "groupBy"> {
  readonly metric: Metric;
  readonly restriction?: string;
  readonly groupBy: string;
}

const HOUR_SECONDS = 3600;

const timeSeries = z.object({
  resource: z.object({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
  points: z
    .array(
      z.object({ value: z.object({ int64Value: z.coerce.number().optional(), doubleValue: z.number().optional() }) }),
    )
    .default([]),
});

/** Queries Cloud Monitoring. Queries that fail stay open. `now` in milliseconds. */
export async function lastHour(
  cloud: Cloud,
  settings: Settings,
  deployed: DeployedSizes,
  now: number,
): Promise<HourAnswer> {
  const ask = (series: Series) => largestByLabel(cloud, settings, series, now);
  const answers: HourAnswer[] = [];
  for (const part of [backends, connectorLoad, connectorInstances, startUps, failedProbes])
    try {
      answers.push(await part(ask, settings, deployed));
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      answers.push({ figures: [], findings: [], open: [unanswered(part, error)] });
    }
  return {
    figures: answers.flatMap(({ figures }) => figures),
    findings: answers.flatMap(({ findings }) => findings),
    open: answers.flatMap(({ open }) => open),
  };
}

/** Deployed sizes to compare with; where unknown, the plan's. */
interface DeployedSizes {
  readonly capacities: readonly DatabaseCapacity[];
  readonly deployed: readonly Deployed[];
}

type Part = (
  ask: (series: Series) => Promise<ReadonlyMap<string, number>>,
  settings: Settings,
  sizes: DeployedSizes,
) => Promise<HourAnswer>;

/** Summed over databases: the slots are the instance's. */
const backends: Part = async (ask, settings, { capacities }) => {
  const title = "backends, most at once";
  const { name, maxConnections: planned, usableShare } = settings.database;
  const most = await ask({
    metric: metrics.backends,
    aligner: "ALIGN_MAX",
    alignmentSeconds: 60,
    reducer: "REDUCE_SUM",
    groupBy: "resource.label.database_id",
  });
  const value = most.get(`${settings.project}:${name}`);
  const limit = capacities.find(({ instance }) => instance === name)?.maxConnections ?? planned;
  const plan = `${limit} exist; the plan uses at most ${percent(usableShare)} of ${planned}`;
  if (value === undefined) return notRecorded(title, plan);
  const findings =
    value > round(limit * usableShare)
      ? [
          finding("backends", {
            resource: name,
            evidence: [{ field: "num_backends", value: `${value} of ${limit}` }],
            consequences: [
              `must stay within ${percent(usableShare)} because the next start or rollout is refused connections (SQLSTATE 53300)`,
            ],
            mend: [
              "lower pools or maximum instances, or raise 'netra:database.maxConnections' with the tier that holds it",
            ],
          }),
        ]
      : [];
  return { figures: [{ title, value: String(value), plan }], findings, open: [] };
};

const onConnector = { alignmentSeconds: 60, reducer: "REDUCE_MAX", groupBy: "resource.label.connector_name" } as const;

const connectorLoad: Part = async (ask, { connector, monitoring: { saturationShare } }) => {
  const title = "connector cpu, p99";
  const plan = `below ${percent(saturationShare)}`;
  const value = (await ask({ ...onConnector, metric: metrics.connectorCpu, aligner: "ALIGN_PERCENTILE_99" })).get(
    connector.name,
  );
  if (value === undefined) return notRecorded(title, plan);
  return {
    figures: [{ title, value: percent(value), plan }],
    findings: value > saturationShare ? [overloaded(connector.name, "connector/cpu/utilizations", percent(value))] : [],
    open: [],
  };
};

const connectorInstances: Part = async (ask, { connector }, { deployed }) => {
  const title = "connector instances, most";
  const plan = `${connector.minInstances} to ${connector.maxInstances}`;
  const value = (await ask({ ...onConnector, metric: metrics.connectorInstances, aligner: "ALIGN_MAX" })).get(
    connector.name,
  );
  if (value === undefined) return notRecorded(title, plan);
  const existing = deployed.find(({ source, label }) => source === "connectors" && label === connector.name);
  const maximum = Number(existing?.inputs.maxInstances ?? connector.maxInstances);
  return {
    figures: [{ title, value: String(value), plan }],
    findings: value >= maximum ? [overloaded(connector.name, "connector/instances", `${value}, the maximum`)] : [],
    open: [],
  };
};

function overloaded(resource: string, field: string, value: string): Finding {
  return finding("connector-load", {
    resource,
    evidence: [{ field, value }],
    consequences: ["must have headroom because a connector drops packets silently and never scales in again"],
    mend: [
      "raise 'netra:connector.minInstances' and 'maxInstances', or set 'netra:connector.machineType' to e2-standard-4",
    ],
  });
}

const ofServices = { alignmentSeconds: HOUR_SECONDS, groupBy: "resource.label.service_name" } as const;

/** An hour without a start is not a fault. */
const startUps: Part = async (ask, { services }) => {
  const p95 = await ask({
    ...ofServices,
    metric: metrics.startupLatency,
    aligner: "ALIGN_PERCENTILE_95",
    reducer: "REDUCE_MAX",
  });
  const rows = Object.values(services).map(({ name, probe }) => ({
    name,
    window: probeWindowSeconds(probe),
    seconds: (p95.get(name) ?? Number.NaN) / 1000,
  }));
  return {
    figures: rows.map(({ name, window, seconds }) => ({
      title: `start-up of ${name}, p95`,
      ...(Number.isNaN(seconds) ? {} : { value: `${seconds.toFixed(1)} s` }),
      plan: `within the probe's ${window} s`,
    })),
    findings: rows
      .filter(({ window, seconds }) => seconds > window)
      .map(({ name, window, seconds }) =>
        finding("slow-starts", {
          resource: name,
          evidence: [{ field: "container/startup_latencies p95", value: `${seconds.toFixed(1)} s` }],
          consequences: [
            `must stay within the probe's window of ${window} s because a start that takes longer is killed`,
          ],
          mend: ["`npm run storm` shows what the starts wait for"],
        }),
      ),
    open: [],
  };
};

const failedProbes: Part = async (ask, { services, project, region }) => {
  const failed = await ask({
    ...ofServices,
    metric: metrics.probes,
    restriction: "metric.labels.is_healthy=false",
    aligner: "ALIGN_SUM",
    reducer: "REDUCE_SUM",
  });
  const rows = Object.values(services).map(({ name }) => ({ name, count: failed.get(name) ?? 0 }));
  return {
    figures: rows.map(({ name, count }) => ({ title: `failed probes of ${name}`, value: String(count), plan: "none" })),
    findings: rows
      .filter(({ count }) => count > 0)
      .map(({ name, count }) =>
        finding("failed-probes", {
          resource: name,
          evidence: [{ field: "container/completed_probe_count, is_healthy = false", value: String(count) }],
          consequences: [
            "must be 0 because each is an instance that did not start or was restarted: SQLSTATE 53300, the DATABASE phase and exit code 3 in its log show why",
          ],
          inspection: inspectionCommand({ source: "services", name }, { project, region }),
          mend: [inspectionCommand({ source: "services", name }, { project, region })],
        }),
      ),
    open: [],
  };
};

const unanswered = (part: Part, { message: why, mend }: Unanswered): Unrecorded => ({
  subject: TITLES.get(part) ?? "",
  why,
  mend,
});

/** Precise enough to tell a value from its bound. */
const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`;

const TITLES: ReadonlyMap<Part, string> = new Map([
  [backends, "backends"],
  [connectorLoad, "connector cpu"],
  [connectorInstances, "connector instances"],
  [startUps, "start-up latency"],
  [failedProbes, "failed probes"],
]);

const notRecorded = (title: string, plan: string): HourAnswer => ({
  figures: [{ title, plan }],
  findings: [],
  open: [{ subject: title, why: "nothing was recorded" }],
});

/** The largest point of each group in the last hour. @throws Unanswered */
async function largestByLabel(
  cloud: Cloud,
  { project }: Location,
  series: Series,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const { metric, restriction, aligner, alignmentSeconds, reducer, groupBy } = series;
  const query = new URLSearchParams({
    filter: filterOf(metric, ...(restriction ? [restriction] : [])),
    "interval.startTime": new Date(now - HOUR_SECONDS * 1000).toISOString(),
    "interval.endTime": new Date(now).toISOString(),
    "aggregation.alignmentPeriod": `${alignmentSeconds}s`,
    "aggregation.perSeriesAligner": aligner,
    "aggregation.crossSeriesReducer": reducer,
    "aggregation.groupByFields": groupBy,
  });
  const found = await readList(cloud, "monitoring", `/v3/projects/${project}/timeSeries`, "timeSeries", query);
  const read = found.map((one) => timeSeries.safeParse(one));
  if (read.some(({ success }) => !success))
    throw new Unanswered("monitoring.googleapis.com returned an unexpected response");
  const label = groupBy.split(".").at(-1) ?? "";
  const largest = new Map<string, number>();
  for (const { data } of read) {
    const key = data?.resource.labels[label] ?? "";
    for (const { value } of data?.points ?? [])
      largest.set(key, Math.max(largest.get(key) ?? 0, value.int64Value ?? value.doubleValue ?? 0));
  }
  return largest;
}
