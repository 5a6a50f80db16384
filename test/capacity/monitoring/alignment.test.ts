import { describe, expect, test } from "vitest";
import { type Alert, alertFaults, type Condition, filterOf } from "../../../capacity/monitoring/alert";
import { type Aggregation, aggregationFaults, percentileOf } from "../../../capacity/monitoring/alignment";
import { metrics } from "../../../capacity/monitoring/metrics";

describe("an aggregation", () => {
  test.each<[keyof typeof metrics, Aggregation["aligner"], Aggregation["reducer"], string[]]>([
    ["startupLatency", "ALIGN_MEAN", "REDUCE_MAX", ["ALIGN_MEAN does not take a DELTA DISTRIBUTION"]],
    ["startupLatency", "ALIGN_PERCENTILE_95", "REDUCE_MAX", []],
    [
      "startupLatency",
      "ALIGN_DELTA",
      "REDUCE_MAX",
      ["REDUCE_MAX does not take a DISTRIBUTION, which ALIGN_DELTA makes"],
    ],
    ["startupLatency", "ALIGN_DELTA", "REDUCE_SUM", ["REDUCE_SUM of a DISTRIBUTION is no number to compare with"]],
    [
      "queryLatency",
      "ALIGN_PERCENTILE_95",
      "REDUCE_MAX",
      ["ALIGN_PERCENTILE_95 does not take a CUMULATIVE DISTRIBUTION"],
    ],
    ["queryLatency", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", []],
    ["connectorCpu", "ALIGN_MAX", "REDUCE_MAX", ["ALIGN_MAX does not take a GAUGE DISTRIBUTION"]],
    ["backends", "ALIGN_RATE", "REDUCE_SUM", ["ALIGN_RATE does not take a GAUGE INT64"]],
    ["newConnections", "ALIGN_RATE", "REDUCE_SUM", []],
    ["uptimePassed", "ALIGN_MEAN", "REDUCE_COUNT_FALSE", ["ALIGN_MEAN does not take a GAUGE BOOL"]],
    ["uptimePassed", "ALIGN_NEXT_OLDER", "REDUCE_COUNT_FALSE", []],
    [
      "uptimePassed",
      "ALIGN_NEXT_OLDER",
      "REDUCE_SUM",
      ["REDUCE_SUM does not take a BOOL, which ALIGN_NEXT_OLDER makes"],
    ],
  ])("of %s with %s and %s", (metric, aligner, reducer, faults) => {
    expect(aggregationFaults(metrics[metric], { aligner, reducer })).toEqual(faults);
  });

  test("of a percentile is legal for every distribution there is", () => {
    for (const metric of Object.values(metrics).filter(({ valueType }) => valueType === "DISTRIBUTION"))
      expect(aggregationFaults(metric, percentileOf(metric, 95)), metric.type).toEqual([]);
  });
});

describe("an alert is refused", () => {
  const aggregation: Aggregation = { alignmentSeconds: 60, aligner: "ALIGN_MAX", reducer: "REDUCE_SUM", groupBy: [] };
  const condition: Condition = {
    title: "c",
    filter: filterOf(metrics.backends),
    aggregation,
    comparison: "COMPARISON_GT",
    threshold: 1,
    durationSeconds: 60,
  };
  const { aggregation: _, ...unaggregated } = condition;
  const burn = {
    ...unaggregated,
    filter: 'select_slo_burn_rate("projects/p/services/s/serviceLevelObjectives/o", "3600s")',
  };
  const faults = (conditions: readonly Condition[], changes: Partial<Alert> = {}) =>
    alertFaults(
      {
        key: "a",
        title: "a",
        severity: "ERROR",
        combiner: "OR",
        conditions,
        arithmetic: "1",
        settings: [{ name: "netra:x", value: 1 }],
        runbook: "a",
        ...changes,
      },
      Object.values(metrics),
    );

  test.each<[string, readonly Condition[], string[]]>([
    ["with a sound condition: not", [condition], []],
    ["with a burn rate: not", [burn], []],
    ["without a condition", [], ["a has 0 conditions, not 1 to 6"]],
    ["with seven conditions", Array(7).fill(condition) as Condition[], ["a has 7 conditions, not 1 to 6"]],
    [
      "with an alignment of more than 25 hours",
      [{ ...condition, aggregation: { ...aggregation, alignmentSeconds: 90_060 } }],
      ["a c: an alignment of 90060 s is no whole number of minutes up to 25 hours"],
    ],
    [
      "without the resource in its filter",
      [{ ...condition, filter: `metric.type="${metrics.backends.type}"` }],
      ['a c: the filter must name resource.type="cloudsql_database"'],
    ],
    [
      "on a metric nobody knows",
      [{ ...condition, filter: 'metric.type="x"' }],
      ["a c: the filter names no known metric"],
    ],
    ["without an aggregation", [unaggregated], ["a c: has no aggregation"]],
    ["with a burn rate that is aggregated", [{ ...burn, aggregation }], ["a c: a burn rate is not aggregated again"]],
    ["with a threshold that is no number", [{ ...condition, threshold: Number.NaN }], ["a c: the threshold is NaN"]],
    ["with half a minute", [{ ...condition, durationSeconds: 30 }], ["a c: 30 s is no whole number of minutes"]],
    [
      "with too short an alignment",
      [{ ...condition, aggregation: { ...aggregation, alignmentSeconds: 30 } }],
      ["a c: an alignment of 30 s is no whole number of minutes up to 25 hours"],
    ],
  ])("%s", (_, conditions, expected) => {
    expect(faults(conditions)).toEqual(expected);
  });

  test("without a setting to change", () => {
    expect(faults([condition], { settings: [] })).toEqual(["a names no setting"]);
  });
});
