import type { CustomResourceOptions, ResourceTransformation } from "@pulumi/pulumi";
import { type AdoptionSettings, adopted } from "../config/adoption";

/** Sets `import` on the resources that `netra:adopt` lists, wherever in the program they are declared. */
export function importing(settings: AdoptionSettings): ResourceTransformation {
  // By type and name, because two types may share a name.
  const ids = new Map(adopted(settings).map(({ type, name, id }) => [`${type} ${name}`, id]));
  return ({ type, name, props, opts }) => {
    const id = ids.get(`${type} ${name}`);
    if (id === undefined) return undefined;
    const options: CustomResourceOptions = { ...opts, import: id };
    return { props, opts: options };
  };
}
