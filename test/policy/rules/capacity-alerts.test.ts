import { expect, test } from "vitest";
import { capacityAlerts } from "../../../policy/rules/capacity-alerts";
import { ALERT_POLICY, CONNECTOR, MONITORING, RUN_SERVICE, SQL_INSTANCE } from "../../../policy/types";
import { type Declared, judgeStack, UNKNOWN } from "../harness";

const connector: Declared = { type: CONNECTOR, name: "connector", properties: { name: "staging-connector" } };
const database: Declared = { type: SQL_INSTANCE, name: "database", properties: { name: "staging-shared-postgres" } };
const service: Declared = { type: RUN_SERVICE, name: "backend", properties: { name: "netra-backend-staging" } };
const all = [connector, database, service];

const alert = (filter: unknown, properties: object = {}): Declared => ({
  type: ALERT_POLICY,
  name: `alert on ${String(filter)}`,
  properties: { conditions: [{ conditionThreshold: { filter } }], notificationChannels: ["projects/p/notificationChannels/1"], ...properties },
});
const onConnector = alert('metric.type="vpcaccess.googleapis.com/connector/cpu/utilizations" AND resource.labels.connector_name="staging-connector"');
const onDatabase = alert('metric.type="cloudsql.googleapis.com/database/cpu/utilization" AND resource.labels.database_id="p:staging-shared-postgres"');
const onServices = alert('metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"');

const missing = (name: string, metric: string, label: string) =>
  `'${name}' must have an alert because nothing else tells that its capacity runs out; add a gcp.monitoring.AlertPolicy with a notification channel on ${metric} of ${label} ${name}`;
const CONNECTOR_MISSING = missing("staging-connector", "vpcaccess.googleapis.com/connector/cpu/utilizations", "connector_name");
const DATABASE_MISSING = missing("staging-shared-postgres", "cloudsql.googleapis.com/database/postgresql/num_backends", "database_id");
const SERVICE_MISSING = missing("netra-backend-staging", "run.googleapis.com/container/startup_latencies", "service_name");

const judge = (...resources: Declared[]) => judgeStack(capacityAlerts, resources);
const refused = (message: string, resource: string) => ({ message, resource, waived: false });

test("accepts an alert on each, by name or on all of a kind, by filter or by query", async () => {
  expect(await judge(...all, onConnector, onDatabase, onServices)).toEqual([]);
  expect(
    await judge(connector, alert(undefined, { conditions: [{ conditionPrometheusQueryLanguage: { query: "vpcaccess_googleapis_com:connector_instances" } }] })),
  ).toEqual([]);
  expect(await judge(connector, alert(undefined, { conditions: [{ conditionAbsent: { filter: 'resource.type="vpc_access_connector"' } }] }))).toEqual([]);
});

test("accepts channels that a preview does not know", async () => {
  expect(await judge(connector, { ...onConnector, properties: { ...onConnector.properties, notificationChannels: UNKNOWN } })).toEqual([]);
});

test("refuses a connector, a database and a service without an alert", async () => {
  expect(await judge(...all)).toEqual(
    [refused(DATABASE_MISSING, "database"), refused(CONNECTOR_MISSING, "connector"), refused(SERVICE_MISSING, "backend")].toSorted(
      (a, b) => order.indexOf(a.resource) - order.indexOf(b.resource),
    ),
  );
});
const order = ["backend", "database", "connector"]; // rules see resources by URN

test("refuses an alert on another one, a disabled alert, and one that nobody hears", async () => {
  const other = alert('resource.type="vpc_access_connector" AND resource.labels.connector_name="staging-connector-2"');
  expect(await judge(connector, other)).toEqual([refused(CONNECTOR_MISSING, "connector")]);
  for (const properties of [{ enabled: false }, { notificationChannels: [] }, { notificationChannels: null }])
    expect(await judge(connector, { ...onConnector, properties: { ...onConnector.properties, ...properties } })).toEqual([
      refused(CONNECTOR_MISSING, "connector"),
    ]);
});

test("is one advisory where monitoring is turned off with a reason, and only there", async () => {
  const off = (turnedOff: unknown): Declared => ({ type: MONITORING, name: "monitoring", properties: { turnedOff } });
  expect(await judge(...all, onDatabase, off("one afternoon (#1403)"))).toEqual([
    {
      message:
        "waived: one afternoon (#1403)\n'netra:monitoring.disabled' must not be set because nobody is told when the capacity of netra-backend-staging, staging-connector runs out; remove it",
      resource: "monitoring",
      waived: true,
    },
  ]);
  expect(await judge(...all, onConnector, onDatabase, onServices, off("one afternoon (#1403)"))).toEqual([]);
  for (const reason of [null, "", UNKNOWN]) expect(await judge(connector, off(reason))).toEqual([refused(CONNECTOR_MISSING, "connector")]);
});

const UNREAD = refused(`cannot evaluate: ${CONNECTOR_MISSING}, and write its filter with the name as plain text`, "connector");

test("cannot evaluate a filter that is not known at preview, unless another one is enough", async () => {
  expect(await judge(connector, alert(UNKNOWN))).toEqual([UNREAD]);
  expect(await judge(connector, alert(UNKNOWN), onConnector)).toEqual([]);
});

const CPU = 'metric.type="vpcaccess.googleapis.com/connector/cpu/utilizations"';
test.each<[string, string, "about it" | "about another" | "unread"]>([
  ["a name", 'resource.labels.connector_name = "staging-connector"', "about it"],
  ["a quoted label", 'resource.label."connector_name"="staging-connector"', "about it"],
  ["one of several", 'resource.labels.connector_name=one_of("other", "staging-connector")', "about it"],
  ["either of two", 'resource.labels.connector_name="other" OR resource.labels.connector_name="staging-connector"', "about it"],
  ["a query's selector", '{"connector_name"="staging-connector"}', "about it"],
  ["a longer name", 'resource.labels.connector_name="staging-connector-2"', "about another"],
  ["several others", 'resource.labels.connector_name=one_of("other", "third")', "about another"],
  ["a pattern", 'resource.labels.connector_name=monitoring.regex.full_match("staging-.*")', "unread"],
  ["a query's pattern", '{connector_name=~"staging-.*"}', "unread"],
  ["a beginning", 'resource.labels.connector_name=starts_with("staging-connector")', "unread"],
  ["all but it", 'resource.labels.connector_name!="staging-connector"', "unread"],
  ["the negation of a name", 'NOT resource.labels.connector_name="staging-connector"', "unread"],
])("reads %s in a filter: %s is %s", async (_, restriction, meaning) => {
  const expected = { "about it": [], "about another": [refused(CONNECTOR_MISSING, "connector")], unread: [UNREAD] }[meaning];
  expect(await judge(connector, alert(`${CPU} AND ${restriction}`))).toEqual(expected);
});

test("cannot evaluate malformed alerts and names", async () => {
  const malformed: Declared = { type: ALERT_POLICY, name: "alert", properties: { conditions: "none", notificationChannels: ["c"] } };
  expect(await judge(connector, database, malformed, onDatabase)).toEqual([
    refused("cannot evaluate: conditions must be a list", "alert"),
    refused(CONNECTOR_MISSING, "connector"),
  ]);
  expect(await judge({ ...connector, properties: { name: UNKNOWN } }, onConnector)).toEqual([
    refused("cannot evaluate: 'name' is not known at preview; give it a plain value instead of another resource's output", "connector"),
  ]);
});
