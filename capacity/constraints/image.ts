import { RE2JS } from "re2js";
import { identity, type Naming, type Problem, problem } from "../problem";

/** [registry/]repository[:tag][@digest] */
const REFERENCE =
  /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9][a-z0-9._/-]*(?::(?<tag>[\w][\w.+-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/**
 * Compiles a pattern in RE2's syntax, or gives `undefined`. RE2 takes time in proportion to the text; JavaScript's own
 * expressions take years for a tag of fifty digits against `^(\\d+)+$`. Compiling takes milliseconds, and every check of a
 * plan asks for the same pattern: it is kept.
 */
function compiled(text: string): RE2JS | undefined {
  if (!patterns.has(text))
    try {
      patterns.set(text, RE2JS.compile(text));
    } catch {
      patterns.set(text, undefined);
    }
  return patterns.get(text);
}

const patterns = new Map<string, RE2JS | undefined>();

/** Whether a text is a pattern in RE2's syntax. */
export const isPattern = (text: string): boolean => compiled(text) !== undefined;

/** An image that is named neither by digest nor by a tag that matches `tagPattern`: what runs could change under it. */
export function imageProblems(image: string, tagPattern: string, name: Naming<"image"> = identity): Problem[] {
  const { tag, digest } = REFERENCE.exec(image)?.groups ?? {};
  if (digest || (tag && compiled(tagPattern)?.matcher(tag).find())) return [];
  const isReference = REFERENCE.test(image);
  return [
    problem({
      setting: name("image"),
      value: image === "" || isReference ? image : "no image reference",
      must: "be named by digest or by an immutable tag",
      because: tag
        ? `the tag ${tag} can be moved, and the next instance would start another program`
        : isReference
          ? "no tag means latest, and the next instance would start whatever was pushed last"
          : "Cloud Run can only run an image it can find",
      fix: `${isReference ? image.replace(/:[\w.+-]+$/, "") : "REGISTRY/NAME"}@sha256:<digest>, or a version or commit as its tag`,
    }),
  ];
}

/** Artifact Registry's and the old registry's addresses: `REGION-docker.pkg.dev/PROJECT/...`, `gcr.io/PROJECT/...`. */
const REGISTRY = /^(?:(?<location>[a-z0-9-]+)-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)\/(?<project>[^/]+)\//;

/**
 * An image in a Google registry of another project or region than the service. Other registries belong to nobody's
 * project.
 */
export function registryProblems(
  image: string,
  service: { readonly project: string; readonly region: string },
  name: Naming<"image"> = identity,
): Problem[] {
  const { location, project } = REGISTRY.exec(image)?.groups ?? {};
  if (project === undefined) return [];
  // A multi-region, such as us or europe, is where its regions are.
  const isElsewhere =
    location !== undefined && location !== service.region && !service.region.startsWith(`${location}-`);
  if (project === service.project && !isElsewhere) return [];
  const [where, because] =
    project === service.project
      ? [`a repository in ${service.region}`, `it lies in ${location}, and every new revision pulls it from there`]
      : [
          `a repository of ${service.project}`,
          `it lies in project ${project}, whose repository the deployer and Cloud Run must be allowed to read`,
        ];
  return [
    problem({
      setting: name("image"),
      value: image,
      must: `be in ${where}`,
      because,
      fix: `an image in ${service.region} of ${service.project}`,
    }),
  ];
}
