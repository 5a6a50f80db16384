import type { Resource } from "./rule";

/** A resource's region, or the provider's where it states none: in outputs a preview does not know what the program left out. */
export const regionOf = (resource: Resource): string | undefined => placed(resource, "region");

/** A resource's project, or the provider's where it states none. */
export const projectOf = (resource: Resource): string | undefined => placed(resource, "project");

const placed = ({ properties, provider }: Resource, key: string) => properties.knownOnly().text(key) || provider.text(key) || undefined;

/**
 * Whether two names of a project may mean the same one: either is not known, or one is the project's id and the other its
 * number, which nothing in a program compares.
 */
export function mayBeSameProject(a: string | undefined, b: string | undefined): boolean {
  const isNumber = (project: string) => /^\d+$/.test(project);
  return !a || !b || a === b || isNumber(a) !== isNumber(b);
}
