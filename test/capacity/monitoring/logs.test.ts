import { describe, expect, test } from "vitest";
import { type LogMetric, logMetrics, startupPhases } from "../../../capacity/monitoring/logs";
import { projectText } from "../../../commands/shared/stack-file";
import { fencedBlocks } from "../../fenced-blocks";

/** A log entry as Cloud Logging keeps it; what a container writes as JSON is `jsonPayload`. */
interface Entry {
  readonly [field: string]: unknown;
}

const at = (entry: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, step) => (typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined),
      entry,
    );

/**
 * The part of Cloud Logging's query language that the filters use: AND, one level of OR in brackets, =, =~, >=, log_id.
 */
function matches(filter: string, entry: Entry): boolean {
  return filter
    .split(" AND ")
    .every((term) =>
      (term.startsWith("(") ? term.slice(1, -1).split(" OR ") : [term]).some((one) => holds(one, entry)),
    );
}

function holds(term: string, entry: Entry): boolean {
  const [, log] = /^log_id\("(.+)"\)$/.exec(term) ?? [];
  if (log !== undefined) return entry.logName === log;
  const [, path = "", operator, operand = ""] = /^([\w.]+)(=~|>=|=)(.+)$/.exec(term) ?? [];
  if (!operator) throw new Error(`${term} is no comparison`);
  const value = at(entry, path);
  if (operator === ">=") return typeof value === "number" && value >= Number(operand);
  const text = JSON.parse(operand) as string; // a quoted text, escaped as in JSON
  return operator === "=" ? value === text : typeof value === "string" && new RegExp(text).test(value);
}

function extracted(extractor: string, entry: Entry): unknown {
  const [, path] = /^EXTRACT\(([\w.]+)\)$/.exec(extractor) ?? [];
  if (!path) throw new Error(`${extractor} is no EXTRACT of a field`);
  return at(entry, path);
}

const resource = { type: "cloud_run_revision" };
const written = (payload: object): Entry => ({ resource, logName: "run.googleapis.com/stdout", jsonPayload: payload });
const said = (textPayload: string, logName = "run.googleapis.com/varlog/system"): Entry => ({
  resource,
  logName,
  textPayload,
});
const request = (status: number, textPayload?: string): Entry => ({
  resource,
  logName: "run.googleapis.com/requests",
  httpRequest: { status },
  textPayload,
});

/** The example lines of the page that the application's authors read. */
const examples = fencedBlocks("docs/startup-log.md", "json");

describe("the documented line of a start-up phase", () => {
  const { phaseDuration, phaseCompletion } = logMetrics;

  test("is one line of JSON, and both metrics read it", () => {
    expect(examples).toHaveLength(2);
    const read = examples.map((line) => {
      const entry = written(JSON.parse(line) as object);
      expect(matches(phaseDuration.filter, entry)).toBe(true);
      expect(matches(phaseCompletion.filter, entry)).toBe(true);
      const labels = Object.values(phaseCompletion.extractors).map((extractor) => extracted(extractor, entry));
      return [...labels, extracted(phaseDuration.value ?? "", entry)];
    });
    expect(read).toEqual([
      ["DATABASE", "completed", 1.275],
      ["DATABASE", "failed", 55.3],
    ]);
  });

  test("may name every phase, and the page names them all", () => {
    const page = projectText("docs/startup-log.md");
    for (const phase of startupPhases) {
      expect(page).toContain(`\`${phase}\``);
      expect(matches(phaseDuration.filter, written({ smd: { phase, outcome: "completed", seconds: 1 } }))).toBe(true);
    }
  });

  test.each([
    ["another phase", { smd: { phase: "DATABASES", outcome: "completed", seconds: 1 } }],
    ["another outcome", { smd: { phase: "DATABASE", outcome: "ok", seconds: 1 } }],
    ["a text", { message: "DATABASE completed in 1.275 s" }],
  ])("is not %s", (_, payload) => {
    expect(matches(phaseDuration.filter, written(payload))).toBe(false);
  });
});

describe("a log-based metric counts", () => {
  const NO_INSTANCE = "The request was aborted because there was no available instance.";
  test.each<[keyof typeof logMetrics, Entry, boolean]>([
    ["noInstance", request(429, NO_INSTANCE), true],
    ["noInstance", request(429), false],
    ["noInstance", said(NO_INSTANCE, "run.googleapis.com/stderr"), false],
    ["exits", said("Container called exit(3)."), true],
    ["exits", said("Container called exit(1)."), false],
    ["exits", said("Container called exit(3).", "run.googleapis.com/stderr"), false],
    ["tooManyConnections", said("FATAL: sorry, too many clients already", "run.googleapis.com/stderr"), true],
    ["tooManyConnections", written({ message: "asyncpg.exceptions.TooManyConnectionsError (sqlstate 53300)" }), true],
    ["tooManyConnections", written({ message: "password authentication failed (sqlstate 28P01)" }), false],
    ["tooManyConnections", written({ message: 'failed to connect: {"sqlstate": "53300"}' }), true],
    [
      "tooManyConnections",
      said(
        "FATAL: remaining connection slots are reserved for non-replication superuser connections",
        "run.googleapis.com/stderr",
      ),
      true,
    ],
    ["tooManyConnections", written({ message: "connection from 10.1.0.3:53300 closed" }), false],
    [
      "socketRefused",
      said(
        'connection to server on socket "/cloudsql/p:r:i/.s.PGSQL.5432" failed: Connection refused',
        "run.googleapis.com/stderr",
      ),
      true,
    ],
    ["socketRefused", written({ message: "/cloudsql/p:r:i/.s.PGSQL.5432 timed out" }), true],
    [
      "socketRefused",
      said(
        "Cloud SQL connection failed. Please see https://cloud.google.com/sql/docs/postgres/connect-run for additional details",
      ),
      true,
    ],
    ["socketRefused", written({ message: "listening on /cloudsql/p:r:i" }), false],
    ["requests", request(200), true],
    ["requests", said("anything"), false],
    ["failedRequests", request(503), true],
    ["failedRequests", request(429, NO_INSTANCE), true],
    ["failedRequests", request(404), false],
  ])("%s: %o is %s", (metric, entry, expected) => {
    expect(matches(logMetrics[metric].filter, entry)).toBe(expected);
  });

  test("with a name that Cloud Logging takes, and a distribution with the value it is of", () => {
    for (const metric of Object.values<LogMetric>(logMetrics)) {
      expect(metric.name).toMatch(/^[A-Za-z0-9_\-.,+!*',()%][A-Za-z0-9_\-.,+!*',()%/]{0,99}$/);
      expect(metric.type).toBe(`logging.googleapis.com/user/${metric.name}`);
      expect(metric.value !== undefined, metric.name).toBe(metric.valueType === "DISTRIBUTION");
    }
  });
});
