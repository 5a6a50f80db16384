import { describe, expect, test } from "vitest";
import {
  ALERT_POLICY,
  CONNECTOR,
  MONITORING,
  NOTIFICATION_CHANNEL,
  RUN_SERVICE,
  SQL_INSTANCE,
} from "../../../../config/resource-types";
import { capacityAlerts } from "../../../../policy/rules/capacity/capacity-alerts";
import { type Declared, judgeStack, stackFindings, UNKNOWN } from "../../harness";
import { soundConnector, soundService } from "../../services";

const connector: Declared = { type: CONNECTOR, name: "connector", properties: { name: "staging-connector" } };
const database: Declared = { type: SQL_INSTANCE, name: "database", properties: { name: "staging-shared-postgres" } };
const service: Declared = { type: RUN_SERVICE, name: "backend", properties: { name: "netra-backend-staging" } };
const all = [connector, database, service];

const alert = (filter: unknown, properties: object = {}): Declared => ({
  type: ALERT_POLICY,
  name: `alert on ${String(filter)}`,
  properties: {
    conditions: [{ conditionThreshold: { filter } }],
    notificationChannels: ["projects/p/notificationChannels/1"],
    ...properties,
  },
});
const onConnector = alert(
  'metric.type="vpcaccess.googleapis.com/connector/cpu/utilizations" AND resource.labels.connector_name="staging-connector"',
);
const onDatabase = alert(
  'metric.type="cloudsql.googleapis.com/database/cpu/utilization" AND resource.labels.database_id="p:staging-shared-postgres"',
);
const onServices = alert('metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"');

const missing = (name: string, metric: string, label: string) =>
  `'${name}' must have an alert because nothing else shows that its capacity runs out; add a gcp.monitoring.AlertPolicy with a notification channel on ${metric} of ${label} ${name}`;
const CONNECTOR_MISSING = missing(
  "staging-connector",
  "vpcaccess.googleapis.com/connector/cpu/utilizations",
  "connector_name",
);
const DATABASE_MISSING = missing(
  "staging-shared-postgres",
  "cloudsql.googleapis.com/database/postgresql/num_backends",
  "database_id",
);
const SERVICE_MISSING = missing(
  "netra-backend-staging",
  "run.googleapis.com/container/startup_latencies",
  "service_name",
);

const judge = (...resources: Declared[]) => judgeStack(capacityAlerts, resources);
const refused = (message: string, resource: string) => ({ message, resource, waived: false });

test("accepts an alert on each, by name or on all of a kind, by filter or by query", async () => {
  expect(await judge(...all, onConnector, onDatabase, onServices)).toEqual([]);
  expect(
    await judge(
      connector,
      alert(undefined, {
        conditions: [{ conditionPrometheusQueryLanguage: { query: "vpcaccess_googleapis_com:connector_instances" } }],
      }),
    ),
  ).toEqual([]);
  expect(
    await judge(
      connector,
      alert(undefined, { conditions: [{ conditionAbsent: { filter: 'resource.type="vpc_access_connector"' } }] }),
    ),
  ).toEqual([]);
});

test("accepts channels that a preview does not know", async () => {
  expect(
    await judge(connector, {
      ...onConnector,
      properties: { ...onConnector.properties, notificationChannels: UNKNOWN },
    }),
  ).toEqual([]);
});

test("refuses a connector, a database and a service without an alert", async () => {
  expect(await judge(...all)).toEqual(
    [
      refused(DATABASE_MISSING, "database"),
      refused(CONNECTOR_MISSING, "connector"),
      refused(SERVICE_MISSING, "backend"),
    ].toSorted((a, b) => order.indexOf(a.resource) - order.indexOf(b.resource)),
  );
});
const order = ["backend", "database", "connector"]; // rules see resources by URN

test("refuses an alert on another one, a disabled alert, and one that nobody hears", async () => {
  const other = alert('resource.type="vpc_access_connector" AND resource.labels.connector_name="staging-connector-2"');
  expect(await judge(connector, other)).toEqual([refused(CONNECTOR_MISSING, "connector")]);
  for (const properties of [{ enabled: false }, { notificationChannels: [] }, { notificationChannels: null }])
    expect(
      await judge(connector, { ...onConnector, properties: { ...onConnector.properties, ...properties } }),
    ).toEqual([refused(CONNECTOR_MISSING, "connector")]);
});

test("advises other programs that have no alert, and refuses one of theirs that nobody hears", () => {
  const levels = (...resources: readonly Declared[]) =>
    stackFindings(capacityAlerts, resources).map(({ level }) => level);
  expect(levels(connector)).toEqual(["advisory"]);
  const unreadable = {
    ...onConnector,
    properties: { ...onConnector.properties, conditions: [{ conditionThreshold: { filter: UNKNOWN } }] },
  };
  expect(levels(connector, unreadable)).toEqual(["advisory"]);
  const unknown = alert(
    'metric.type="vpcaccess.googleapis.com/connector/cpu_load" AND resource.labels.connector_name="staging-connector"',
  );
  expect(levels(connector, unknown)).toEqual(["mandatory"]);
  const channel: Declared = { type: NOTIFICATION_CHANNEL, name: "mail", properties: { enabled: false } };
  const unheard = {
    ...onConnector,
    propertyDependencies: ["mail"],
    properties: { ...onConnector.properties, notificationChannels: [UNKNOWN] },
  };
  expect(levels(connector, unheard, channel)).toEqual(["mandatory"]);
});

test("is one advisory where monitoring is turned off with a reason, and only there", async () => {
  const off = (turnedOff: unknown): Declared => ({ type: MONITORING, name: "monitoring", properties: { turnedOff } });
  expect(await judge(...all, onDatabase, off("one afternoon (#1403)"))).toEqual([
    {
      message:
        "waived: one afternoon (#1403)\n'netra:monitoring.disabled' must not be set because nobody is notified when the capacity of netra-backend-staging, staging-connector runs out; remove it",
      resource: "monitoring",
      waived: true,
    },
  ]);
  expect(await judge(...all, onConnector, onDatabase, onServices, off("one afternoon (#1403)"))).toEqual([]);
  for (const reason of [null, "", UNKNOWN])
    expect(await judge(connector, off(reason))).toEqual([refused(CONNECTOR_MISSING, "connector")]);
});

const UNREAD = refused(
  `cannot evaluate: ${CONNECTOR_MISSING}, and write its filter with the name as plain text`,
  "connector",
);

test("cannot evaluate a filter that is not known at preview, unless another one is enough", async () => {
  expect(await judge(connector, alert(UNKNOWN))).toEqual([UNREAD]);
  expect(await judge(connector, alert(UNKNOWN), onConnector)).toEqual([]);
});

const CPU = 'metric.type="vpcaccess.googleapis.com/connector/cpu/utilizations"';
test.each<[string, string, "about it" | "about another" | "unread"]>([
  ["a name", 'resource.labels.connector_name = "staging-connector"', "about it"],
  ["a quoted label", 'resource.label."connector_name"="staging-connector"', "about it"],
  ["one of several", 'resource.labels.connector_name=one_of("other", "staging-connector")', "about it"],
  [
    "either of two",
    'resource.labels.connector_name="other" OR resource.labels.connector_name="staging-connector"',
    "about it",
  ],
  ["a query's selector", '{"connector_name"="staging-connector"}', "about it"],
  ["a longer name", 'resource.labels.connector_name="staging-connector-2"', "about another"],
  ["several others", 'resource.labels.connector_name=one_of("other", "third")', "about another"],
  ["a pattern", 'resource.labels.connector_name=monitoring.regex.full_match("staging-.*")', "unread"],
  ["a query's pattern", '{connector_name=~"staging-.*"}', "unread"],
  ["a beginning", 'resource.labels.connector_name=starts_with("staging-connector")', "unread"],
  ["all but it", 'resource.labels.connector_name!="staging-connector"', "unread"],
  ["the negation of a name", 'NOT resource.labels.connector_name="staging-connector"', "unread"],
])("reads %s in a filter: %s is %s", async (_, restriction, meaning) => {
  const expected = { "about it": [], "about another": [refused(CONNECTOR_MISSING, "connector")], unread: [UNREAD] }[
    meaning
  ];
  expect(await judge(connector, alert(`${CPU} AND ${restriction}`))).toEqual(expected);
});

test("cannot evaluate malformed alerts and names", async () => {
  const malformed: Declared = {
    type: ALERT_POLICY,
    name: "alert",
    properties: { conditions: "none", notificationChannels: ["c"] },
  };
  expect(await judge(connector, database, malformed, onDatabase)).toEqual([
    refused("cannot evaluate: conditions must be a list", "alert"),
    refused(CONNECTOR_MISSING, "connector"),
  ]);
  expect(
    (await judge({ ...connector, properties: { name: { text: "x" } } }, onConnector)).map(({ message }) => message),
  ).toEqual(["cannot evaluate: name must be a text"]);
});

test("cannot evaluate an alert on a name where a preview does not know the resource's, as a name with a random suffix", async () => {
  const unnamed = { ...connector, properties: { ...connector.properties, name: UNKNOWN } };
  const [found, ...others] = await judge(unnamed, onConnector);
  expect(found?.message).toContain(
    "cannot evaluate: 'connector' must have an alert because nothing else shows that its capacity runs out",
  );
  expect(others).toEqual([]);
  expect(stackFindings(capacityAlerts, [unnamed, onConnector]).map(({ level }) => level)).toEqual(["advisory"]);
});

describe("a channel", () => {
  const channel = (name: string, enabled: unknown): Declared => ({
    type: NOTIFICATION_CHANNEL,
    name,
    properties: { enabled, name: `projects/p/notificationChannels/${name}` },
  });
  const to = (notificationChannels: unknown, rest: Partial<Declared> = {}): Declared => ({
    ...onConnector,
    properties: { ...onConnector.properties, notificationChannels },
    ...rest,
  });
  const silent = refused(
    "'enabled' (false) must be true because alerts on staging-connector have no other channel, and nobody is notified when their capacity runs out; set 'enabled' to true",
    "mail",
  );
  const unknownChannels = [UNKNOWN, [null], [UNKNOWN]];

  test("that is disabled is refused once, where no other one forwards", async () => {
    for (const channels of unknownChannels)
      expect(await judge(connector, channel("mail", false), to(channels))).toEqual([silent]);
    expect(await judge(connector, channel("mail", false), to(["projects/p/notificationChannels/mail"]))).toEqual([
      silent,
    ]);
    const both = onConnectorAndDatabase(UNKNOWN);
    expect(await judge(connector, database, channel("mail", false), both)).toHaveLength(1);
  });

  test("that is on, stands elsewhere or beside one that is on is enough", async () => {
    for (const channels of unknownChannels) {
      for (const enabled of [true, undefined, UNKNOWN])
        expect(await judge(connector, channel("mail", enabled), to(channels))).toEqual([]);
      expect(await judge(connector, channel("mail", false), channel("pager", true), to(channels))).toEqual([]);
      expect(
        await judge(connector, channel("mail", false), channel("pager", true), to(channels, { dependsOn: ["pager"] })),
      ).toEqual([]);
      expect(
        await judge(connector, channel("mail", false), channel("pager", true), to(channels, { dependsOn: ["mail"] })),
      ).toEqual([silent]);
    }
    expect(await judge(connector, channel("mail", false), to(["projects/p/notificationChannels/1"]))).toEqual([]);
  });
});

const onConnectorAndDatabase = (notificationChannels: unknown): Declared => ({
  type: ALERT_POLICY,
  name: "both",
  properties: {
    notificationChannels,
    // as this file declares them
    conditions: [onConnector, onDatabase].flatMap(({ properties }) => properties.conditions as object[]),
  },
});

describe("an alert that never fires in a shortage", () => {
  const sized: Declared = {
    ...database,
    properties: {
      ...database.properties,
      databaseVersion: "POSTGRES_14",
      settings: { tier: "db-custom-1-3840", databaseFlags: [{ name: "max_connections", value: "200" }] },
    },
  };
  const alertOn = (metric: string, restriction: string, threshold: object) =>
    alert(undefined, {
      conditions: [
        {
          conditionThreshold: {
            filter: `metric.type="${metric}" AND ${restriction}`,
            comparison: "COMPARISON_GT",
            ...threshold,
          },
        },
      ],
    });
  const OF_DATABASE = 'resource.labels.database_id="p:staging-shared-postgres"';
  const backends = (threshold: object) =>
    alertOn("cloudsql.googleapis.com/database/postgresql/num_backends", OF_DATABASE, threshold);
  const cpu = (threshold: object) =>
    alertOn("cloudsql.googleapis.com/database/cpu/utilization", OF_DATABASE, threshold);
  const texts = async (...resources: Declared[]) => (await judge(...resources)).map(({ message }) => message);

  test("waits for more connections than the database has", async () => {
    expect(await texts(sized, backends({ thresholdValue: 5000 }))).toEqual([
      "'conditions[0].conditionThreshold.thresholdValue' (5000) must be less than 200 because max_connections is 200: cloudsql.googleapis.com/database/postgresql/num_backends never exceeds that, and the alert never fires; set 'conditions[0].conditionThreshold.thresholdValue' to 160",
    ]);
    expect(await texts(sized, backends({ thresholdValue: 200 }))).toHaveLength(1);
    for (const thresholdValue of [199, 160, 0, UNKNOWN])
      expect(await texts(sized, backends({ thresholdValue }))).toEqual([]);
    // Where the limit is not known, and of other values than the metric's own.
    expect(
      await texts(
        { ...sized, properties: { ...sized.properties, settings: UNKNOWN } },
        backends({ thresholdValue: 5000 }),
      ),
    ).toEqual([]);
    for (const perSeriesAligner of ["ALIGN_SUM", "ALIGN_PERCENT_CHANGE"])
      expect(await texts(sized, backends({ thresholdValue: 5000, aggregations: [{ perSeriesAligner }] }))).toEqual([]);
    // Another one tells.
    expect(await texts(sized, backends({ thresholdValue: 5000 }), cpu({ thresholdValue: 0.8 }))).toEqual([]);
  });

  test("waits for a percentage of a share, more VMs or more instances than there are", async () => {
    expect(await texts(sized, cpu({ thresholdValue: 80 }))).toEqual([
      "'conditions[0].conditionThreshold.thresholdValue' (80) must be a share of at most 1 because it is a share, and 1 is all of it: cloudsql.googleapis.com/database/cpu/utilization never exceeds that, and the alert never fires; set 'conditions[0].conditionThreshold.thresholdValue' to 0.8",
    ]);
    for (const threshold of [
      { thresholdValue: 1 },
      { thresholdValue: 80, aggregations: [{ crossSeriesReducer: "REDUCE_SUM" }] },
    ])
      expect(await texts(sized, cpu(threshold))).toEqual([]);
    const vms = (thresholdValue: number) =>
      alertOn("vpcaccess.googleapis.com/connector/instances", 'resource.type="vpc_access_connector"', {
        thresholdValue,
      });
    expect(await texts(soundConnector(), vms(10))).toHaveLength(1);
    expect(await texts(soundConnector(), vms(9))).toEqual([]);
    const instances = (thresholdValue: number) =>
      alertOn("run.googleapis.com/container/instance_count", 'resource.type="cloud_run_revision"', { thresholdValue });
    expect(await texts(soundService(), instances(10))).toHaveLength(1);
    expect(await texts(soundService(), instances(9))).toEqual([]);
  });

  test("compares the wrong way, reads a metric that shows none or restricts another label", async () => {
    expect(await texts(sized, backends({ comparison: "COMPARISON_LT", thresholdValue: 160 }))).toEqual([
      "'conditions[0].conditionThreshold.comparison' (COMPARISON_LT) must be COMPARISON_GT because cloudsql.googleapis.com/database/postgresql/num_backends rises as capacity runs out; set 'conditions[0].conditionThreshold.comparison' to COMPARISON_GT",
    ]);
    expect(await texts(sized, backends({ comparison: "comparison_lt", thresholdValue: 160 }))).toHaveLength(1);
    const postgres = "cloudsql.googleapis.com/database/postgresql/num_backends";
    const mysql = "cloudsql.googleapis.com/database/network/connections";
    const shownByNone = (metric: string, example: string) =>
      `'staging-shared-postgres' must have an alert because ${metric}, which its alerts read, does not exist or does not show that its capacity runs out; add a gcp.monitoring.AlertPolicy with a notification channel on ${example} of database_id staging-shared-postgres`;
    for (const metric of ["cloudsql.googleapis.com/database/postgresql/backends", mysql])
      expect(await texts(sized, alertOn(metric, OF_DATABASE, { thresholdValue: 160 }))).toEqual([
        shownByNone(metric, postgres),
      ]);
    const other = { ...sized, properties: { ...sized.properties, databaseVersion: "MYSQL_8_0" } };
    expect(await texts(other, backends({ thresholdValue: 160 }))).toEqual([shownByNone(postgres, mysql)]);
    expect(await texts(other, alertOn(mysql, OF_DATABASE, { thresholdValue: 160 }))).toEqual([]);
    const [label] = await texts(
      connector,
      alertOn("vpcaccess.googleapis.com/connector/cpu/utilizations", 'resource.labels.name="staging-connector"', {}),
    );
    expect(label).toContain("(resource.labels.name) must restrict connector_name because");
    const [bare] = await texts(sized, alertOn(postgres, 'resource.labels.database_id="staging-shared-postgres"', {}));
    expect(bare).toContain(
      "(database_id staging-shared-postgres) must name project and instance because the label's value is PROJECT:INSTANCE",
    );
  });
  test("leaves an alert that watches something else of another database alone", async () => {
    const latency = "cloudsql.googleapis.com/database/postgresql/insights/aggregate/latencies";
    const replica: Declared = {
      type: SQL_INSTANCE,
      name: "replica",
      properties: { name: "staging-replica", databaseVersion: "POSTGRES_14" },
    };
    const onLatency = alertOn(latency, 'resource.labels.resource_id="p:staging-shared-postgres"', {
      thresholdValue: 2e6,
    });
    expect(await judge(sized, replica, onLatency, backends({ thresholdValue: 160 }))).toEqual([
      refused(
        missing("staging-replica", "cloudsql.googleapis.com/database/postgresql/num_backends", "database_id"),
        "replica",
      ),
    ]);
  });
  describe("because of a label", () => {
    const service = soundService();
    const onService = (metric: string, restriction: string) =>
      alertOn(`run.googleapis.com/${metric}`, `resource.type="cloud_run_revision" AND ${restriction}`, {
        thresholdValue: 0,
      });

    test.each<[string, string, string]>([
      [
        "container/completed_probe_count",
        'metric.labels.kind="STARTUP"',
        "(metric.labels.kind) must be one of metric.labels.probe_type, metric.labels.probe_action, metric.labels.is_healthy, metric.labels.is_default, metric.labels.container_name because run.googleapis.com/container/completed_probe_count has no other, and the alert never fires",
      ],
      [
        "container/completed_probe_count",
        'metric.label.probe_action="STARTUP"',
        "(metric.labels.probe_action STARTUP) must be one of HTTP, TCP, GRPC because run.googleapis.com/container/completed_probe_count has no other, and the alert never fires",
      ],
      [
        "container/instance_count",
        'metric.labels.state="busy"',
        "(metric.labels.state busy) must be one of active, idle because",
      ],
    ])("%s has none of: %s", async (metric, restriction, expected) => {
      const [text] = await texts(service, onService(metric, restriction));
      expect(text).toContain(expected);
    });

    test.each([
      ["container/completed_probe_count", 'metric.labels.probe_type="STARTUP" AND metric.labels.is_healthy=false'],
      ["container/completed_probe_count", 'metric.labels.probe_action="HTTP"'],
      ["container/completed_probe_attempt_count", 'metric.labels."probe_type"=one_of("STARTUP", "LIVENESS")'],
      ["container/instance_count", 'metric.labels.state="active"'],
      ["request_count", 'metric.label.response_code_class="5xx"'],
      ["request_count", 'metric.label.response_code_class!="200"'],
      ["request_count", '(metric.labels.response_code_class="500" OR metric.labels.response_code_class="5xx")'],
    ])("%s has it: %s", async (metric, restriction) => {
      expect(await texts(service, onService(metric, restriction))).toEqual([]);
    });
  });
});
