import { dependenciesOf } from "./dependencies";
import type { StackResource } from "./rule";

/** What a property of a resource points at. */
export interface Referred {
  /** Resources of the stack: by name, or by dependency where a preview does not know the name. */
  readonly resources: readonly StackResource[];
  /** Whether it also points at something that is not among them. */
  readonly beyond: boolean;
}

/** Reads a property that names resources of some types by name, id or address: one text, or a list of them. */
export function referredBy(resource: StackResource, key: string, types: readonly string[], stack: readonly StackResource[]): Referred {
  const { properties } = resource;
  const needed = () => dependenciesOf(resource, types);
  if (properties.isUnknown(key)) return { resources: needed(), beyond: needed().length === 0 };
  const stated = textsOf(resource, key);
  const found = stated.names.map((name) => stack.find((other) => types.includes(other.type) && nameOf(other) === name));
  const known = found.flatMap((other) => other ?? []);
  const unknown = stated.unknown > 0 ? needed().filter((other) => !known.includes(other)) : [];
  return { resources: [...known, ...unknown], beyond: found.includes(undefined) || unknown.length < stated.unknown };
}

/** The name that others refer to. */
export const nameOf = (resource: StackResource) => resource.properties.knownOnly().text("name") || resource.name;

/** The last parts of the texts, and how many there are that a preview does not know. */
function textsOf({ properties }: StackResource, key: string): { readonly names: readonly string[]; readonly unknown: number } {
  const known = properties.knownOnly();
  const texts = known.isList(key) ? known.texts(key) : [known.text(key) ?? ""];
  const names = texts.filter((text) => text !== "").map((text) => text.split("/").at(-1) ?? "");
  return { names, unknown: known.isList(key) ? properties.count(key) - texts.length : 0 };
}
