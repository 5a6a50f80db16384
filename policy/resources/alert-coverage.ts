import type { Problem } from "../../capacity/problem";
import type { StackResource } from "../framework/rule";
import { type AlertCondition, isAbout } from "./alert-filters";
import { blindness, otherMetric, type Watched } from "./capacity-metrics";

/** What a stack's alerts show of one resource's capacity. */
export type Watch =
  | { readonly kind: "told" }
  /** They match the resource but never fire. */
  | { readonly kind: "blind"; readonly faults: readonly { readonly alert: StackResource; readonly fault: Problem }[] }
  /** They fire but have only these disabled channels. */
  | { readonly kind: "muted"; readonly channels: readonly StackResource[] }
  /** They name the resource but read metrics that do not exist or that show no shortage. */
  | { readonly kind: "elsewhere"; readonly metrics: readonly string[] }
  /** It is not known whether they match the resource. */
  | { readonly kind: "unread" }
  | { readonly kind: "unwatched" };

/** Judges the conditions that match the resource of this name; one that works is enough. */
export function watchOf(
  resource: StackResource,
  name: string,
  watched: Watched,
  conditions: readonly AlertCondition[],
): Watch {
  // An unknown name may be any value that a condition restricts the label to.
  const mayBeAbout = (text: string) =>
    resource.properties.isUnknown("name") && text.includes(watched.label)
      ? undefined
      : isAbout(text, watched.label, name);
  const isOf = ({ text }: AlertCondition) =>
    text === undefined ? undefined : watched.family.test(text) && mayBeAbout(text);
  const about = conditions.flatMap((condition) => {
    const isAboutIt = isOf(condition);
    return isAboutIt === false ? [] : [{ condition, isAboutIt, other: otherMetric(condition, watched, resource) }];
  });
  const judged = about
    .filter(({ other }) => other === undefined)
    .map(({ condition, isAboutIt }) => ({
      condition,
      isAboutIt,
      fault: isAboutIt ? blindness(condition, watched, resource) : undefined,
    }));
  if (judged.some(({ condition, isAboutIt, fault }) => isAboutIt && !fault && condition.silent.length === 0))
    return { kind: "told" };
  const faults = judged.flatMap(({ condition: { alert }, fault }) => (fault ? { alert, fault } : []));
  if (faults.length > 0) return { kind: "blind", faults };
  const channels = judged.flatMap(({ condition, isAboutIt }) => (isAboutIt ? condition.silent : []));
  if (channels.length > 0) return { kind: "muted", channels: [...new Set(channels)] };
  const metrics = about.flatMap(({ condition, other }) =>
    other?.exists === false && condition.text?.includes(name) ? other.type : [],
  );
  if (metrics.length > 0) return { kind: "elsewhere", metrics: [...new Set(metrics)] };
  return { kind: judged.length > 0 ? "unread" : "unwatched" };
}
