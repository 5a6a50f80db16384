import { type Problem, problem } from "../../capacity/problem";
import { type AlertCondition, conditionsOf, isAbout } from "../alert-filters";
import { type StackResource, stackRule } from "../rule";
import { ALERT_POLICY, MONITORING } from "../types";
import { blindness, otherMetric, WATCHED } from "../watched";

const NO_ALERT = { field: "alert policies that tell somebody of it", value: "none" };

export const capacityAlerts = stackRule({
  name: "capacity-alerts",
  info: "Every connector, database and service has an alert that fires when it is short, and that somebody is told of.",
  why: "Nobody knew that connector and database were short until every start failed; a policy that never fires or has no channel that forwards tells nobody.",
  severity: "high",
  convention: "part",
  remediation: "Add a gcp.monitoring.AlertPolicy with notification channels whose filter names the resource; or turn monitoring off with a reason.",
  judge(resources, { refuse, accept, convention, attempt }) {
    const conditions = resources.flatMap((alert) => (alert.type === ALERT_POLICY ? (attempt(alert, () => conditionsOf(alert, resources)) ?? []) : []));
    const monitoring = resources.find(({ type }) => type === MONITORING);
    const turnedOff = monitoring?.properties.knownOnly().text("turnedOff")?.trim();
    const unwatched: string[] = [];
    const silenced = new Map<StackResource, string[]>();
    const blind = new Map<string, { readonly alert: StackResource; readonly fault: Problem }>();
    for (const resource of resources) {
      const watched = WATCHED[resource.type];
      if (!watched) continue;
      attempt(resource, () => {
        const name = resource.properties.text("name") || resource.name;
        const isOf = ({ text }: AlertCondition) => (text === undefined ? undefined : watched.family.test(text) && isAbout(text, watched.label, name));
        const about = conditions
          .map((condition) => ({ condition, isOf: isOf(condition), other: otherMetric(condition, watched, resource) }))
          .filter((one) => one.isOf !== false);
        const judged = about
          .filter(({ other }) => other === undefined)
          .map((one) => ({ ...one, fault: one.isOf ? blindness(one.condition, watched, resource) : undefined }));
        if (judged.some(({ condition, isOf, fault }) => isOf && !fault && condition.silent.length === 0)) return;
        if (turnedOff) return void unwatched.push(name);
        const faults = judged.flatMap(({ condition, fault }) => (fault ? { alert: condition.alert, fault } : []));
        for (const one of faults) blind.set(one.alert.urn + one.fault.message, one);
        if (faults.length > 0) return;
        const mute = judged.flatMap(({ condition, isOf }) => (isOf ? condition.silent : []));
        for (const channel of new Set(mute)) silenced.set(channel, [...(silenced.get(channel) ?? []), name]);
        if (mute.length > 0) return;
        const add = `add a gcp.monitoring.AlertPolicy with a notification channel on ${watched.example(resource)} of ${watched.label} ${name}`;
        const others = about.flatMap(({ condition, other }) => (other !== undefined && condition.text?.includes(name) ? [other] : []));
        const because =
          others.length === 0
            ? "nothing else tells that its capacity runs out"
            : `${[...new Set(others)].join(", ")}, which its alerts read, does not exist or does not show that its capacity runs out`;
        const missing = { setting: name, must: "have an alert", because, evidence: [NO_ALERT] };
        // Whether there is an alert is a convention; one that is there and shows nothing is a fault.
        if (others.length > 0) refuse(problem({ ...missing, instead: add }), resource);
        else if (judged.length > 0)
          convention.cannotEvaluate(problem({ ...missing, instead: `${add}, and write its filter with the name as plain text` }), resource);
        else convention.refuse(problem({ ...missing, instead: add }), resource);
      });
    }
    for (const { alert, fault } of blind.values()) refuse(fault, alert);
    for (const [channel, names] of silenced) refuse(silent(channel, names), channel);
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

const silent = ({ properties }: StackResource, names: readonly string[]) =>
  problem({
    setting: properties.at("enabled"),
    value: false,
    must: "be true",
    because: `alerts on ${names.join(", ")} go nowhere else, and nobody is told when their capacity runs out`,
    fix: true,
  });
