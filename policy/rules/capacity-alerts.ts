import { type StackResource, stackRule } from "../rule";
import { ALERT_POLICY, CONNECTOR, MONITORING, RUN_SERVICE, SQL_INSTANCE } from "../types";

/** What must be watched: how a filter or a query names its metrics, and by which label its name. */
const WATCHED: Readonly<Record<string, { readonly metrics: RegExp; readonly label: string; readonly example: string }>> = {
  [CONNECTOR]: {
    metrics: /vpcaccess[._]googleapis|vpc_access_connector/,
    label: "connector_name",
    example: "vpcaccess.googleapis.com/connector/cpu/utilizations",
  },
  [SQL_INSTANCE]: {
    metrics: /cloudsql[._]googleapis|cloudsql_database/,
    label: "database_id",
    example: "cloudsql.googleapis.com/database/postgresql/num_backends",
  },
  [RUN_SERVICE]: { metrics: /run[._]googleapis|cloud_run_revision/, label: "service_name", example: "run.googleapis.com/container/startup_latencies" },
};

export const capacityAlerts = stackRule({
  name: "capacity-alerts",
  info: "Every connector, database and service has an alert that somebody is told of.",
  why: "Nobody knew that connector and database were short until every start failed; a policy without a channel tells nobody.",
  severity: "high",
  remediation: "Add a gcp.monitoring.AlertPolicy with notification channels whose filter names the resource; or turn monitoring off with a reason.",
  judge(resources, { refuse, accept, cannotEvaluate, attempt }) {
    const policies = resources.filter(({ type }) => type === ALERT_POLICY);
    const [turnedOff] = resources.flatMap(({ type, properties }) => (type === MONITORING ? (properties.knownOnly().text("turnedOff") ?? []) : []));
    for (const resource of resources) {
      const watched = WATCHED[resource.type];
      if (!watched) continue;
      attempt(resource, () => {
        const name = resource.properties.text("name") || resource.name;
        const texts = policies.flatMap((policy) => attempt(policy, () => textsOf(policy)) ?? []);
        if (texts.some((text) => text !== undefined && watched.metrics.test(text) && isMeant(text, watched.label, name))) return;
        const missing = `'${name}' must have an alert because nothing else tells that its capacity runs out; add a gcp.monitoring.AlertPolicy with a notification channel on ${watched.example} of ${watched.label} ${name}`;
        if (turnedOff) accept(turnedOff, missing, resource);
        else if (texts.includes(undefined)) cannotEvaluate(`${missing}, and write its filter as a plain text`, resource);
        else refuse(missing, resource);
      });
    }
  },
});

/** A filter that names no resource is about all of them. A database's id is `project:name`. */
const isMeant = (text: string, label: string, name: string) => !text.includes(label) || text.includes(`"${name}"`) || text.includes(`:${name}"`);

/** The filters and queries of a policy that reaches somebody; `undefined`: one that a preview does not know. */
function textsOf({ properties }: StackResource): (string | undefined)[] {
  const isHeard = properties.isUnknown("notificationChannels") || properties.count("notificationChannels") > 0;
  if (properties.flag("enabled") === false || !isHeard) return [];
  return properties.list("conditions").flatMap((condition) =>
    Object.entries({
      conditionThreshold: "filter",
      conditionAbsent: "filter",
      conditionMonitoringQueryLanguage: "query",
      conditionPrometheusQueryLanguage: "query",
    }).flatMap(([kind, field]) => {
      const inputs = condition.object(kind);
      return inputs.isUnknown(field) ? [undefined] : (inputs.text(field) ?? []);
    }),
  );
}
