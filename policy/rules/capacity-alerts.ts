import { problem } from "../../capacity/problem";
import { heardFilters, isAbout } from "../alert-filters";
import { stackRule } from "../rule";
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

const NO_ALERT = { field: "alert policies that tell somebody of it", value: "none" };

export const capacityAlerts = stackRule({
  name: "capacity-alerts",
  info: "Every connector, database and service has an alert that somebody is told of.",
  why: "Nobody knew that connector and database were short until every start failed; a policy without a channel tells nobody.",
  severity: "high",
  remediation: "Add a gcp.monitoring.AlertPolicy with notification channels whose filter names the resource; or turn monitoring off with a reason.",
  judge(resources, { refuse, accept, cannotEvaluate, attempt }) {
    const heard = resources.flatMap((alert) => (alert.type === ALERT_POLICY ? (attempt(alert, () => heardFilters(alert)) ?? []) : []));
    const monitoring = resources.find(({ type }) => type === MONITORING);
    const turnedOff = monitoring?.properties.knownOnly().text("turnedOff");
    const unwatched: string[] = [];
    for (const resource of resources) {
      const watched = WATCHED[resource.type];
      if (!watched) continue;
      attempt(resource, () => {
        const name = resource.properties.text("name") || resource.name;
        const about = heard.map((text) => text && watched.metrics.test(text) && isAbout(text, watched.label, name));
        if (about.includes(true)) return;
        const add = `add a gcp.monitoring.AlertPolicy with a notification channel on ${watched.example} of ${watched.label} ${name}`;
        const missing = { setting: name, must: "have an alert", because: "nothing else tells that its capacity runs out", evidence: [NO_ALERT] };
        if (turnedOff) unwatched.push(name);
        else if (about.includes(undefined))
          cannotEvaluate(problem({ ...missing, instead: `${add}, and write its filter with the name as plain text` }), resource);
        else refuse(problem({ ...missing, instead: add }), resource);
      });
    }
    if (!turnedOff || unwatched.length === 0) return;
    accept(
      turnedOff,
      problem({
        setting: "netra:monitoring.disabled",
        must: "not be set",
        because: `nobody is told when the capacity of ${unwatched.join(", ")} runs out`,
        instead: "remove it",
      }),
      monitoring,
    );
  },
});
