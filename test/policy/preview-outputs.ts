import { filledIn } from "../cloud/filled-in";
import { type Holds, shapesOf } from "../cloud/shapes";
import { UNKNOWN } from "./harness";

/** What the engine hands to stack rules at a preview. */

/**
 * What the engine puts in the place of an unknown value, by what it holds. Source: pulumi/pulumi,
 * sdk/go/common/resource/plugin/rpc.go.
 */
const SENTINELS: Readonly<Record<Holds, string>> = {
  text: UNKNOWN,
  flag: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  list: "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  object: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
};

/** The provider's bridge marks every unknown as a text; a provider of another make marks each by its kind. */
export type Marking = "as the bridge does" | "by kind";

type Properties = Readonly<Record<string, unknown>>;

/**
 * Whether the property at that path (`template.containers.startupProbe`; a list's items have no index) is to be
 * unknown.
 */
export type Chosen = (path: string) => boolean;

/**
 * The outputs of a resource that a program declares with these inputs. Only the chosen ones of those that are filled in
 * are unknown.
 */
export function previewOutputs(
  type: string,
  inputs: Properties,
  marking: Marking = "as the bridge does",
  chosen: Chosen = () => true,
): Properties {
  return filledIn(shapesOf([type]), type, inputs, ({ holds, isFilledIn }, path) => {
    if (!isFilledIn) return null;
    if (!chosen(path)) return undefined;
    return marking === "by kind" ? SENTINELS[holds] : UNKNOWN;
  });
}

/** The paths of the properties that are filled in and that these inputs leave out. */
export function leftOut(type: string, inputs: Properties): string[] {
  const paths = new Set<string>();
  filledIn(shapesOf([type]), type, inputs, ({ isFilledIn }, path) => isFilledIn && paths.add(path));
  return [...paths];
}
