import { type Problem, problem } from "../../../capacity/problem";
import { ALERT_POLICY, MONITORING } from "../../../config/resource-types";
import { type StackResource, stackRule } from "../../framework/rule";
import { alertCoverageOf } from "../../resources/alert-coverage";
import { conditionsOf } from "../../resources/alert-filters";
import { CAPACITY_METRICS } from "../../resources/capacity-metrics";

const NO_ALERT = { field: "alert policies that notify somebody of it", value: "none" };
const NOTHING_ELSE = "nothing else shows that its capacity runs out";

export const capacityAlerts = stackRule({
  name: "capacity-alerts",
  info: "Every connector, database and service has an alert that fires when its capacity runs out and that notifies somebody.",
  why: "In the incident the shortage of connector and database went unnoticed until every start failed. A policy that never fires, or has no enabled channel, notifies nobody.",
  severity: "high",
  convention: "part",
  remediation:
    "Add a gcp.monitoring.AlertPolicy with notification channels whose filter names the resource; or disable monitoring with a reason.",
  judge(resources, { refuse, accept, convention, attempt }) {
    const conditions = resources.flatMap((alert) =>
      alert.type === ALERT_POLICY ? (attempt(alert, () => conditionsOf(alert, resources)) ?? []) : [],
    );
    const monitoring = resources.find(({ type }) => type === MONITORING);
    const turnedOff = monitoring?.properties.knownOnly().text("turnedOff")?.trim();
    const uncovered: string[] = [];
    const disabledChannels = new Map<StackResource, string[]>();
    const neverFiring = new Map<string, { readonly alert: StackResource; readonly fault: Problem }>();
    for (const resource of resources) {
      const metrics = Object.hasOwn(CAPACITY_METRICS, resource.type) ? CAPACITY_METRICS[resource.type] : undefined;
      if (!metrics) continue;
      attempt(resource, () => {
        const name = resource.properties.knownOnly().text("name") || resource.name;
        const coverage = alertCoverageOf(resource, name, metrics, conditions);
        if (coverage.kind === "covered") return;
        if (turnedOff) return void uncovered.push(name);
        const add = `add a gcp.monitoring.AlertPolicy with a notification channel on ${metrics.example(resource)} of ${metrics.label} ${name}`;
        const missing = (because: string, instead: string) =>
          problem({ setting: name, must: "have an alert", because, instead, evidence: [NO_ALERT] });
        // To have an alert is a convention; an existing alert that shows nothing is a fault.
        switch (coverage.kind) {
          case "never-fires":
            for (const one of coverage.faults) neverFiring.set(one.alert.urn + one.fault.message, one);
            return;
          case "channels-disabled":
            for (const channel of coverage.channels)
              disabledChannels.set(channel, [...(disabledChannels.get(channel) ?? []), name]);
            return;
          case "other-metrics":
            return refuse(
              missing(
                `${coverage.metrics.join(", ")}, which its alerts read, does not exist or does not show that its capacity runs out`,
                add,
              ),
              resource,
            );
          case "unknown":
            return convention.cannotEvaluate(
              missing(NOTHING_ELSE, `${add}, and write its filter with the name as plain text`),
              resource,
            );
          case "uncovered":
            return convention.refuse(missing(NOTHING_ELSE, add), resource);
        }
      });
    }
    for (const { alert, fault } of neverFiring.values()) refuse(fault, alert);
    for (const [channel, names] of disabledChannels) refuse(disabledChannel(channel, names), channel);
    if (!turnedOff || uncovered.length === 0) return;
    accept(
      turnedOff,
      problem({
        setting: "netra:monitoring.disabled",
        must: "not be set",
        because: `nobody is notified when the capacity of ${uncovered.join(", ")} runs out`,
        instead: "remove it",
      }),
      monitoring,
    );
  },
});

const disabledChannel = ({ properties }: StackResource, names: readonly string[]) =>
  problem({
    setting: properties.at("enabled"),
    value: false,
    must: "be true",
    because: `alerts on ${names.join(", ")} have no other channel, and nobody is notified when their capacity runs out`,
    fix: true,
  });
