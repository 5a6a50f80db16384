import { asIs, type Naming, type Problem, problem } from "./problem";

/** [registry/]repository[:tag][@digest] */
const REFERENCE = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9][a-z0-9._/-]*(?::(?<tag>[\w][\w.+-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** An image that is named neither by digest nor by a tag that matches `tagPattern`: what runs could change under it. */
export function imageProblems(image: string, tagPattern: string, name: Naming<"image"> = asIs): Problem[] {
  const { tag, digest } = REFERENCE.exec(image)?.groups ?? {};
  if (digest || (tag && new RegExp(tagPattern).test(tag))) return [];
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
