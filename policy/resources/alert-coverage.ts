import type { Problem } from "../../capacity/problem";
import type { StackResource } from "../framework/rule";
import { type AlertCondition, conditionsAbout, isAbout } from "./alert-filters";
import { conditionFault, otherMetric, type ResourceMetrics } from "./capacity-metrics";

/** What a stack's alerts show of one resource's capacity. */
export type AlertCoverage =
  | { readonly kind: "covered" }
  /** They match the resource but never fire. */
  | {
      readonly kind: "never-fires";
      readonly faults: readonly { readonly alert: StackResource; readonly fault: Problem }[];
    }
  /** They fire but have only these disabled channels. */
  | { readonly kind: "channels-disabled"; readonly channels: readonly StackResource[] }
  /** They name the resource but read metrics that do not exist or that show no shortage. */
  | { readonly kind: "other-metrics"; readonly metrics: readonly string[] }
  /** It is not known whether they match the resource. */
  | { readonly kind: "unknown" }
  | { readonly kind: "uncovered" };

/** Judges the conditions that match the resource of this name; one that works is enough. */
export function alertCoverageOf(
  resource: StackResource,
  name: string,
  metrics: ResourceMetrics,
  conditions: readonly AlertCondition[],
): AlertCoverage {
  // An unknown name may be any value that a condition restricts the label to.
  const isUnknown = resource.properties.isUnknown("name");
  const isOf = (condition: AlertCondition) => {
    if (condition.text === undefined) return undefined;
    if (!metrics.family.test(condition.text)) return false;
    return isUnknown && condition.text.includes(metrics.label) ? undefined : isAbout(condition, metrics.label, name);
  };
  const possible = isUnknown ? conditions : conditionsAbout(conditions, metrics, name);
  const about = possible.flatMap((condition) => {
    const isAboutIt = isOf(condition);
    return isAboutIt === false ? [] : [{ condition, isAboutIt, other: otherMetric(condition, metrics, resource) }];
  });
  const judged = about
    .filter(({ other }) => other === undefined)
    .map(({ condition, isAboutIt }) => ({
      condition,
      isAboutIt,
      fault: isAboutIt ? conditionFault(condition, metrics, resource) : undefined,
    }));
  if (judged.some(({ condition, isAboutIt, fault }) => isAboutIt && !fault && condition.disabledChannels.length === 0))
    return { kind: "covered" };
  const faults = judged.flatMap(({ condition: { alert }, fault }) => (fault ? { alert, fault } : []));
  if (faults.length > 0) return { kind: "never-fires", faults };
  const channels = judged.flatMap(({ condition, isAboutIt }) => (isAboutIt ? condition.disabledChannels : []));
  if (channels.length > 0) return { kind: "channels-disabled", channels: [...new Set(channels)] };
  const others = about.flatMap(({ condition, other }) =>
    other?.exists === false && condition.text?.includes(name) ? other.type : [],
  );
  if (others.length > 0) return { kind: "other-metrics", metrics: [...new Set(others)] };
  return { kind: judged.length > 0 ? "unknown" : "uncovered" };
}
