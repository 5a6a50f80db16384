/**
 * What a URN says of a resource: its type, without those of the components that it stands in, and its name in the
 * program.
 */
export function readUrn(urn: string): { readonly type: string; readonly name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name: name.join("::") };
}
