import type { StackResource } from "../framework/rule";
import { namedBy, namedIn } from "./cloud-name";
import { dependenciesOf } from "./dependencies";

/** The resources that a property refers to. */
export interface Referred {
  /** Resources of the stack: by name, or by dependency if the name is unknown. */
  readonly resources: readonly StackResource[];
  /** Whether it also refers to something outside the stack. */
  readonly beyond: boolean;
}

/** Reads a property that names resources of some types by name, id or address: one text, or a list of them. */
export function referredBy(
  resource: StackResource,
  key: string,
  types: readonly string[],
  stack: readonly StackResource[],
): Referred {
  const { properties } = resource;
  const needed = () => dependenciesOf(resource, types);
  if (properties.isUnknown(key)) return { resources: needed(), beyond: needed().length === 0 };
  const stated = textsOf(resource, key);
  const found = stated.texts.map((text) => {
    const named = namedBy(resource, text);
    return named ? namedIn(stack, named, types) : [];
  });
  const known = found.flat();
  const unknown = stated.unknown > 0 ? needed().filter((other) => !known.includes(other)) : [];
  return {
    resources: [...known, ...unknown],
    beyond: found.some(({ length }) => length === 0) || unknown.length < stated.unknown,
  };
}

/** The known texts, and the number of unknown ones. */
function textsOf(
  { properties }: StackResource,
  key: string,
): { readonly texts: readonly string[]; readonly unknown: number } {
  const known = properties.knownOnly();
  const texts = known.isList(key) ? known.texts(key) : [known.text(key) ?? ""];
  return {
    texts: texts.filter((text) => text !== ""),
    unknown: known.isList(key) ? properties.count(key) - texts.length : 0,
  };
}
