import { indexed, memoized } from "../../capacity/memoized";
import { restrictionsOf } from "../../capacity/monitoring/filters";
import { NOTIFICATION_CHANNEL } from "../../config/resource-types";
import type { Inputs } from "../framework/inputs";
import type { StackResource } from "../framework/rule";
import { ofTypes } from "../framework/stack-resources";
import { dependenciesOf } from "./dependencies";

/** The field of each kind of condition that names what it watches. */
const TEXTS: Readonly<Record<string, string>> = {
  conditionThreshold: "filter",
  conditionAbsent: "filter",
  conditionMatchedLog: "filter",
  conditionMonitoringQueryLanguage: "query",
  conditionPrometheusQueryLanguage: "query",
};

/** A condition of an enabled alert. */
export interface AlertCondition {
  readonly alert: StackResource;
  /** The filter or query; `undefined` if it is unknown at preview. */
  readonly text: string | undefined;
  /** The object that contains it, with threshold and comparison if it has them. */
  readonly inputs: Inputs;
  /** Whether it compares one metric with a threshold. */
  readonly isThreshold: boolean;
  /** The disabled channels, if the alert has no enabled one; empty: somebody is notified. */
  readonly disabledChannels: readonly StackResource[];
}

/** The conditions of an alert that has a channel. */
export function conditionsOf(alert: StackResource, stack: readonly StackResource[]): AlertCondition[] {
  const { properties } = alert;
  const hasChannel = properties.isUnknown("notificationChannels") || properties.count("notificationChannels") > 0;
  if (properties.flag("enabled") === false || !hasChannel) return [];
  const disabled = disabledChannels(alert, stack);
  return properties.list("conditions").flatMap((condition) =>
    Object.entries(TEXTS).flatMap(([kind, field]) => {
      const inputs = condition.object(kind);
      const text = inputs.isUnknown(field) ? undefined : inputs.text(field);
      if (text === undefined && !inputs.isUnknown(field)) return [];
      return { alert, text, inputs, isThreshold: kind === "conditionThreshold", disabledChannels: disabled };
    }),
  );
}

/** A channel outside the stack counts as enabled. An unknown channel is one of the stack's, if it has any. */
function disabledChannels(alert: StackResource, stack: readonly StackResource[]): StackResource[] {
  const channels = ofTypes(stack, NOTIFICATION_CHANNEL);
  const known = alert.properties.knownOnly();
  const named = known.isList("notificationChannels") ? known.texts("notificationChannels") : [];
  const isWhole =
    known.isList("notificationChannels") && named.length === alert.properties.count("notificationChannels");
  const referenced = alert.propertyDependencies.filter(({ type }) => type === NOTIFICATION_CHANNEL);
  const needed = referenced.length > 0 ? referenced : dependenciesOf(alert, [NOTIFICATION_CHANNEL]);
  const others = isWhole ? [] : needed.length > 0 ? needed : channels;
  const stated = named.map((name) => channels.find(({ properties }) => properties.knownOnly().text("name") === name));
  const used = [...stated, ...others];
  const disabled = used.flatMap((channel) =>
    channel?.properties.knownOnly().flag("enabled") === false ? channel : [],
  );
  return disabled.length === used.length ? disabled : [];
}

/** The restrictions of a condition's filter or query. */
export const restrictionsIn = memoized(({ text = "" }: AlertCondition) => restrictionsOf(text));

/**
 * The values that a condition restricts `label` to: a name, or an id after a project. Without a restriction of the
 * label it matches `all`. `unclear`: a pattern or a negation, which this does not read.
 */
function labelled(condition: AlertCondition, label: string) {
  if (!condition.text?.includes(label)) return { all: true, unclear: false, values: [] };
  const read = restrictionsIn(condition).filter(({ path }) => path.split(".").at(-1) === label);
  const plain = read.filter(
    ({ operator, call, isNegated }) => !isNegated && /^==?$/.test(operator) && ["", "one_of"].includes(call),
  );
  return {
    all: false,
    unclear: read.length === 0 || plain.length < read.length,
    values: plain.flatMap(({ values }) => values),
  };
}

/** Whether a condition's text matches the resource whose `label` has that name; `undefined`: it is not known. */
export function isAbout(condition: AlertCondition, label: string, name: string): boolean | undefined {
  const { all, unclear, values } = labelled(condition, label);
  if (all || values.some((value) => value === name || value.endsWith(`:${name}`))) return true;
  return unclear ? undefined : false;
}

/** Stands for every name. */
const ANY = Symbol("any name");

const byLabel = memoized((label: { readonly label: string }) =>
  indexed((condition: AlertCondition): (string | typeof ANY)[] => {
    if (condition.text === undefined) return [ANY];
    const { all, unclear, values } = labelled(condition, label.label);
    const names = values.flatMap((value) => value.split(":").map((_, i, parts) => parts.slice(i).join(":")));
    return all || unclear ? [ANY, ...names] : names;
  }),
);

/** The conditions that may be about the resource of that name, in their order. */
export const conditionsAbout = (
  conditions: readonly AlertCondition[],
  label: { readonly label: string },
  name: string,
): readonly AlertCondition[] => byLabel(label)(conditions, name, ANY);
