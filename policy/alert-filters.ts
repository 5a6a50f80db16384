import type { StackResource } from "./rule";

/** Where a condition of an alert says what it watches. */
const TEXTS: Readonly<Record<string, string>> = {
  conditionThreshold: "filter",
  conditionAbsent: "filter",
  conditionMatchedLog: "filter",
  conditionMonitoringQueryLanguage: "query",
  conditionPrometheusQueryLanguage: "query",
};

/** The filters and queries of an alert that reaches somebody; `undefined`: one that a preview does not know. */
export function heardFilters({ properties }: StackResource): (string | undefined)[] {
  const isHeard = properties.mayHave("notificationChannels");
  if (properties.flag("enabled") === false || !isHeard) return [];
  return properties.list("conditions").flatMap((condition) =>
    Object.entries(TEXTS).flatMap(([kind, field]) => {
      const inputs = condition.object(kind);
      return inputs.isUnknown(field) ? [undefined] : (inputs.text(field) ?? []);
    }),
  );
}

/**
 * Whether a filter or a query is about the resource whose `label` has that name, or that id with a project before it.
 * One that does not restrict the label is about all of them. `undefined`: a pattern or a negation, which is not read here.
 */
export function isAbout(text: string, label: string, name: string): boolean | undefined {
  if (!text.includes(label)) return true;
  const restriction = new RegExp(`(NOT\\s+|-)?[\\w."]*${label}"?\\s*([!=~:]+)\\s*([\\w.]*)\\s*\\(?((?:\\s*,?\\s*["'][^"']*["'])*)`, "g");
  const read = [...text.matchAll(restriction)].map(([, negation, operator = "", call = "", values = ""]) => {
    if (negation !== undefined || !/^==?$/.test(operator) || !["", "one_of"].includes(call)) return undefined;
    return [...values.matchAll(/["']([^"']*)["']/g)].some(([, value = ""]) => value === name || value.endsWith(`:${name}`));
  });
  if (read.includes(true)) return true;
  return read.length > 0 && !read.includes(undefined) ? false : undefined;
}
