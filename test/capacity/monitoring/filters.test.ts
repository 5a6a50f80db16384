import { describe, expect, test } from "vitest";
import { queryFaults } from "../../../capacity/monitoring/alert";
import { type Aggregation, percentileOf } from "../../../capacity/monitoring/alignment";
import { restrictionsOf } from "../../../capacity/monitoring/filters";
import { logMetrics } from "../../../capacity/monitoring/logs";
import { type Metric, metrics, monitoredResources } from "../../../capacity/monitoring/metrics";
import { knownMetrics } from "../../../capacity/monitoring/monitoring";

describe("a filter is read", () => {
  test.each<[string, readonly (readonly unknown[])[]]>([
    [
      'metric.type = "a/b" AND resource.type="c"',
      [
        ["metric.type", "=", "", ["a/b"]],
        ["resource.type", "=", "", ["c"]],
      ],
    ],
    [
      "metric.label.x='1' resource.labels.\"y\"!=2",
      [
        ["metric.labels.x", "=", "", ["1"]],
        ["resource.labels.y", "!=", "", ["2"], true],
      ],
    ],
    ['resource.labels.y=one_of("a", "b")', [["resource.labels.y", "=", "one_of", ["a", "b"]]]],
    [
      'metric.labels.x=monitoring.regex.full_match("(?i)a,b")',
      [["metric.labels.x", "=", "monitoring.regex.full_match", ["(?i)a,b"]]],
    ],
    [
      'NOT metric.labels.x=true OR -metric.labels.y:"z"',
      [
        ["metric.labels.x", "=", "", ["true"], true],
        ["metric.labels.y", ":", "", ["z"], true],
      ],
    ],
    [
      '{"x"=~"a.*", y!~"b"}',
      [
        ["x", "=~", "", ["a.*"]],
        ["y", "!~", "", ["b"], true],
      ],
    ],
  ])("%s", (text, expected) => {
    expect(
      restrictionsOf(text).map(({ path, operator, call, values, isNegated }) => [
        path,
        operator,
        call,
        values,
        ...(isNegated ? [true] : []),
      ]),
    ).toEqual(expected);
  });
});

const SUM: Aggregation = { alignmentSeconds: 60, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM", groupBy: [] };
const faults = (filter: string, aggregation: Partial<Aggregation> = {}) =>
  queryFaults({ filter, aggregation: { ...SUM, ...aggregation } }, knownMetrics);
const PROBES =
  'metric.type="run.googleapis.com/container/completed_probe_count" AND resource.type="cloud_run_revision"';
const INSTANCES = 'metric.type="run.googleapis.com/container/instance_count" AND resource.type="cloud_run_revision"';
const LOGINS =
  'metric.type="cloudsql.googleapis.com/database/network/connection_attempt_count" AND resource.type="cloudsql_database"';
const PHASES = `metric.type="${logMetrics.phaseCompletion.type}" AND resource.type="cloud_run_revision"`;
const LABELS =
  "metric.labels.probe_type, metric.labels.probe_action, metric.labels.is_healthy, metric.labels.is_default, metric.labels.container_name";

describe("a query is refused", () => {
  test.each<[string, string[]]>([
    [`${PROBES} AND metric.labels.probe_type="STARTUP" AND metric.labels.is_healthy=false`, []],
    [`${PROBES} AND metric.labels.probe_action=one_of("HTTP", "TCP")`, []],
    // The kind of a probe is no action of it, in any spelling.
    [
      `${PROBES} AND metric.labels.probe_action="STARTUP"`,
      ["metric.labels.probe_action is never STARTUP, but HTTP, TCP, GRPC"],
    ],
    [
      `${PROBES} AND metric.labels.probe_action=monitoring.regex.full_match("(?i)startup")`,
      ["metric.labels.probe_action is never (?i)startup, but HTTP, TCP, GRPC"],
    ],
    [`${PROBES} AND metric.labels.probe_type=monitoring.regex.full_match("(?i)startup")`, []],
    [`${PROBES} AND metric.labels.probe_type=starts_with("START")`, []],
    [
      `${PROBES} AND metric.labels.probe_type="startup"`,
      ["metric.labels.probe_type is never startup, but STARTUP, LIVENESS, READINESS"],
    ],
    [
      `${PROBES} AND metric.labels.kind="STARTUP"`,
      [`run.googleapis.com/container/completed_probe_count has no metric.labels.kind, but ${LABELS}`],
    ],
    [
      `${INSTANCES} AND metric.labels.state=one_of("active", "busy")`,
      ["metric.labels.state is never busy, but active, idle"],
    ],
    [
      `${LOGINS} AND metric.labels.login_status="denied"`,
      ["metric.labels.login_status is never denied, but succeeded, failed"],
    ],
    [
      `${LOGINS} AND resource.labels.resource_id="p:i"`,
      [
        "cloudsql.googleapis.com/database/network/connection_attempt_count has no resource.labels.resource_id, but resource.labels.database_id, resource.labels.project_id, resource.labels.region",
      ],
    ],
    [`${PHASES} AND metric.labels.outcome="failed"`, []],
    [`${PHASES} AND metric.labels.outcome="broken"`, ["metric.labels.outcome is never broken, but completed, failed"]],
    [
      `${PHASES} AND metric.labels.step="INIT"`,
      [
        "logging.googleapis.com/user/netra/startup_phases has no metric.labels.step, but metric.labels.phase, metric.labels.outcome",
      ],
    ],
    [
      PROBES.replace("cloud_run_revision", "cloud_run_job"),
      [
        expect.stringContaining(
          'must name resource.type="cloud_run_revision" or resource.type="cloud_run_worker_pool"',
        ),
      ],
    ],
    [`${PROBES} AND of the backend`, ["the filter cannot be read: of the backend"]],
    [
      'metric.type="run.googleapis.com/container/probes" AND resource.type="cloud_run_revision"',
      ["the filter names no known metric"],
    ],
  ])("%s: %o", (filter, expected) => {
    expect(faults(filter)).toEqual(expected);
  });

  test("that groups by a label which its series do not have", () => {
    expect(faults(PHASES, { groupBy: ["metric.label.phase", "resource.label.service_name"] })).toEqual([]);
    expect(faults(PHASES, { groupBy: ["metric.label.service"] })).toEqual([
      expect.stringContaining("has no metric.labels.service, but"),
    ]);
    expect(faults(PHASES, { groupBy: ["resource.label.job_name"] })).toEqual([
      expect.stringContaining("has no resource.labels.job_name, but"),
    ]);
  });

  test("whose aligner or reducer does not take the metric, also one of our own", () => {
    expect(faults(INSTANCES, { aligner: "ALIGN_RATE" })).toEqual(["ALIGN_RATE does not take a GAUGE INT64"]);
    expect(faults(PHASES, { ...percentileOf(logMetrics.phaseDuration, 95) })).toEqual([
      "ALIGN_PERCENTILE_95 does not take a DELTA INT64",
    ]);
    expect(faults(PHASES.replace(logMetrics.phaseCompletion.type, logMetrics.phaseDuration.type))).toEqual([
      "REDUCE_SUM of a DISTRIBUTION is no number to compare with",
    ]);
  });
});

describe("every metric", () => {
  test.each(knownMetrics.map((metric) => [metric.type, metric] as const))(
    "%s is told once, with its source, on resources that there are",
    (type, metric: Metric) => {
      expect(knownMetrics.filter((other) => other.type === type)).toHaveLength(1);
      expect(metric.source).toMatch(/^docs\.cloud\.google\.com\//);
      for (const resource of metric.resources) expect(monitoredResources).toHaveProperty(resource);
      // A resource's label and a metric's label of one name would be taken for each other.
      for (const label of Object.keys(metric.labels)) expect(label).toMatch(/^[a-z][a-z_]*$/);
    },
  );

  test("has a kind for which there is an aligner", () => {
    for (const metric of Object.values(metrics)) {
      const [resource] = metric.resources;
      const how =
        metric.valueType === "DISTRIBUTION"
          ? percentileOf(metric, 95)
          : ({
              aligner: metric.valueType === "BOOL" ? "ALIGN_NEXT_OLDER" : "ALIGN_SUM",
              reducer: metric.valueType === "BOOL" ? "REDUCE_COUNT_FALSE" : "REDUCE_SUM",
            } as const);
      expect(faults(`metric.type="${metric.type}" AND resource.type="${resource}"`, how), metric.type).toEqual([]);
    }
  });
});
