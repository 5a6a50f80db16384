import { RE2JS } from "re2js";
import { isPattern } from "../constraints/image";
import { type Metric, monitoredResources } from "./metrics";

/*
 * The one reader of Cloud Monitoring's filters: of the program's own, which a preview does not check, and of other
 * programs' alerts. Source: docs.cloud.google.com/monitoring/api/v3/filters.
 */

/** One restriction of a filter: `resource.labels.service_name=one_of("a", "b")`. */
export interface Restriction {
  /** Without quotes, and always with `labels`: `metric.type`, `resource.labels.service_name`. */
  readonly path: string;
  readonly operator: string;
  /** The function around the values: `one_of`, `starts_with`. Empty: there is none. */
  readonly call: string;
  readonly values: readonly string[];
  readonly isNegated: boolean;
}

const TEXT = `"[^"]*"|'[^']*'`;
const RESTRICTION = new RegExp(
  [
    String.raw`(NOT\s+|-)?`,
    String.raw`([A-Za-z_"][\w."]*)`,
    String.raw`\s*([=!~:<>]+)\s*`,
    String.raw`(?:([A-Za-z][\w.]*)\s*\(\s*((?:${TEXT})(?:\s*,\s*(?:${TEXT}))*)\s*\)|(${TEXT}|[\w.+-]+))`,
  ].join(""),
  "g",
);

/** The restrictions of a filter, or of a query's selectors, in their order. */
export function restrictionsOf(text: string): Restriction[] {
  return [...text.matchAll(RESTRICTION)].map(
    ([, negation, path = "", operator = "", call = "", list, single = ""]) => ({
      path: path.replaceAll('"', "").replace(/^(metric|resource)\.label\./, "$1.labels."),
      operator,
      call,
      values:
        list === undefined
          ? [unquoted(single)]
          : [...list.matchAll(new RegExp(TEXT, "g"))].map(([text]) => unquoted(text)),
      isNegated: negation !== undefined || operator.startsWith("!"),
    }),
  );
}

const unquoted = (text: string) => (/^["']/.test(text) ? text.slice(1, -1) : text);

/** What of a filter is no restriction, and neither joins two; empty: all of it has been read. */
const unreadOf = (filter: string): string =>
  filter
    .replace(RESTRICTION, " ")
    .split(/\b(?:AND|OR|NOT)\b|[()\s]+/)
    .filter((word) => word !== "")
    .join(" ");

/** The metric that a filter names; `undefined`: none, or several. */
export function metricTypeOf(restrictions: readonly Restriction[]): string | undefined {
  const named = restrictions.filter(
    ({ path, call, isNegated }) => path === "metric.type" && ["", "one_of"].includes(call) && !isNegated,
  );
  const types = named.flatMap(({ values }) => values);
  return types.length === 1 ? types[0] : undefined;
}

/** A label that the metric does not have, or a value that the label never has. */
export interface LabelFault {
  readonly path: string;
  /** Absent: there is no such label. */
  readonly value?: string;
  /** The labels that there are, or the values that it can have. */
  readonly known: readonly string[];
}

/** Whether a label's value matches, by the function around the argument. */
const MATCHES: Readonly<Record<string, (value: string, argument: string) => boolean>> = {
  "": (value, argument) => value === argument,
  one_of: (value, argument) => value === argument,
  starts_with: (value, argument) => value.startsWith(argument),
  ends_with: (value, argument) => value.endsWith(argument),
  has_substring: (value, argument) => value.includes(argument),
  // In RE2's syntax, which is Google's.
  "monitoring.regex.full_match": (value, argument) => isPattern(argument) && RE2JS.matches(argument, value),
};

/** What no series of the metric can have, so that nothing ever matches. */
export function labelFaults(restrictions: readonly Restriction[], metric: Metric): LabelFault[] {
  const known = labelsOf(restrictions, metric);
  return restrictions.flatMap(({ path, operator, call, values }): LabelFault[] => {
    const [scope = ""] = path.split(".");
    if (!/^(metric|resource)\.labels\./.test(path)) return [];
    if (!Object.hasOwn(known, path))
      return [{ path, known: Object.keys(known).filter((name) => name.startsWith(scope)) }];
    const possible = known[path] ?? [];
    const matches = Object.hasOwn(MATCHES, call) ? MATCHES[call] : undefined;
    if (possible.length === 0 || !matches || !/^=+$/.test(operator)) return [];
    return values
      .filter((argument) => !possible.some((value) => matches(value, argument)))
      .map((value) => ({ path, value, known: possible }));
  });
}

/**
 * Every label that a filter of the metric may restrict, and every field it may be grouped by, with the possible values;
 * none: any.
 */
function labelsOf(
  restrictions: readonly Restriction[],
  { labels, resources }: Metric,
): Readonly<Record<string, readonly string[]>> {
  const named = restrictions
    .filter(({ path, isNegated }) => path === "resource.type" && !isNegated)
    .flatMap(({ values }) => values);
  const meant = resources.filter((resource) => named.length === 0 || named.includes(resource));
  return Object.fromEntries([
    ...Object.entries(labels).map(([name, values]) => [`metric.labels.${name}`, values] as const),
    ...meant
      .flatMap((resource) => monitoredResources[resource])
      .map((name) => [`resource.labels.${name}`, []] as const),
  ]);
}

/** What a filter selects, for its aggregation, and why it selects nothing or why that is unknown. */
export function readFilter(
  filter: string,
  groupBy: readonly string[],
  known: readonly Metric[],
): { readonly metric?: Metric; readonly faults: string[] } {
  const restrictions = restrictionsOf(filter);
  const type = metricTypeOf(restrictions);
  const metric = known.find((candidate) => candidate.type === type);
  if (!metric) return { faults: ["the filter names no known metric"] };
  const unread = unreadOf(filter);
  const resources = restrictions.filter(({ path }) => path === "resource.type").flatMap(({ values }) => values);
  const isOne = resources.length === 1 && metric.resources.some((resource) => resource === resources[0]);
  const groups = groupBy.map((field) => ({
    path: field.replace(/^(metric|resource)\.label\./, "$1.labels."),
    operator: "",
    call: "",
    values: [],
    isNegated: false,
  }));
  return {
    metric,
    faults: [
      ...(unread === "" ? [] : [`the filter cannot be read: ${unread}`]),
      ...(isOne
        ? []
        : [`the filter must name ${metric.resources.map((resource) => `resource.type="${resource}"`).join(" or ")}`]),
      ...labelFaults([...restrictions, ...groups], metric).map(({ path, value, known: possible }) =>
        value === undefined
          ? `${type} has no ${path}, but ${possible.join(", ")}`
          : `${path} is never ${value}, but ${possible.join(", ")}`,
      ),
    ],
  };
}
