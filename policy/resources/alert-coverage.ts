import type { Problem } from "../../capacity/problem";
import type { StackResource } from "../framework/rule";
import { type AlertCondition, isAbout } from "./alert-filters";
import { blindness, otherMetric, type Watched } from "./capacity-metrics";

/** What the alerts of a stack tell of one resource's capacity. */
export type Watch =
  | { readonly kind: "told" }
  /** They are about it, and never fire. */
  | { readonly kind: "blind"; readonly faults: readonly { readonly alert: StackResource; readonly fault: Problem }[] }
  /** They fire, and reach nobody over these channels. */
  | { readonly kind: "muted"; readonly channels: readonly StackResource[] }
  /** They name it, and read metrics that it may not have and that show no shortage. */
  | { readonly kind: "elsewhere"; readonly metrics: readonly string[] }
  /** There are some of which nobody can say whether they are about it. */
  | { readonly kind: "unread" }
  | { readonly kind: "unwatched" };

/** Judges the conditions that are about the resource of this name; the first that tells is enough. */
export function watchOf(
  resource: StackResource,
  name: string,
  watched: Watched,
  conditions: readonly AlertCondition[],
): Watch {
  // A name that a preview does not know may be any that a condition restricts the label to.
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
