import * as gcp from "@pulumi/gcp";
import type { LogMetric } from "../../capacity/monitoring/logs";
import { allLogMetrics } from "../../capacity/monitoring/monitoring";
import type { Declaring } from "../monitoring";

/** From 10 ms in steps of a fifth to 20 minutes: beyond what any probe waits for. */
const BUCKETS = { exponentialBuckets: { scale: 0.01, growthFactor: 1.2, numFiniteBuckets: 64 } };

export function declareLogMetrics({ parent, waitsFor }: Omit<Declaring, "labels">): gcp.logging.Metric[] {
  return allLogMetrics.map(
    (metric) => new gcp.logging.Metric(metric.key, logMetric(metric), { parent, dependsOn: [...waitsFor] }),
  );
}

function logMetric({
  name,
  description,
  filter,
  kind,
  valueType,
  unit,
  extractors,
  value,
}: LogMetric): gcp.logging.MetricArgs {
  const keys = Object.keys(extractors);
  return {
    name,
    description,
    filter,
    metricDescriptor: {
      metricKind: kind,
      valueType,
      unit,
      ...(keys.length > 0 ? { labels: keys.map((key) => ({ key, valueType: "STRING" })) } : {}),
    },
    ...(keys.length > 0 ? { labelExtractors: { ...extractors } } : {}),
    ...(value === undefined ? {} : { valueExtractor: value, bucketOptions: BUCKETS }),
  };
}
