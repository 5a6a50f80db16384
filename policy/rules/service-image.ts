import { problem } from "../../capacity/problem";
import defaults from "../defaults.json";
import { resourceRule } from "../rule";
import { WORKLOAD_TYPES, workloadOf } from "../workload";

/** [registry/]repository[:tag][@digest] */
const REFERENCE = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9][a-z0-9._/-]*(?::(?<tag>[\w][\w.+-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

export const serviceImage = resourceRule<{ imageTagPattern: string }>({
  name: "service-image",
  info: "Every container's image is named by digest, or by a tag that is never moved.",
  why: "A tag like latest, a branch or an environment name runs whatever was pushed last: the next start-up may be another program than the one that was tested.",
  severity: "high",
  remediation: "Set image to name@sha256:<digest>, or to a tag that matches imageTagPattern (a version or a commit).",
  types: WORKLOAD_TYPES,
  config: { imageTagPattern: { type: "string", format: "regex", description: "tags that are never moved", default: defaults.imageTagPattern } },
  judge(resource, { config, refuse, attempt }) {
    const immutable = new RegExp(config.imageTagPattern);
    for (const { inputs } of workloadOf(resource)?.containers ?? [])
      attempt(() => {
        const image = inputs.text("image") ?? "";
        const { tag, digest } = REFERENCE.exec(image)?.groups ?? {};
        if (digest || (tag && immutable.test(tag))) return;
        const isReference = REFERENCE.test(image);
        refuse(
          problem({
            setting: inputs.at("image"),
            value: image === "" || isReference ? image : "no image reference",
            must: "be named by digest or by an immutable tag",
            because: tag
              ? `the tag ${tag} can be moved, and the next instance would start another program`
              : isReference
                ? "no tag means latest, and the next instance would start whatever was pushed last"
                : "Cloud Run can only run an image it can find",
            fix: `${isReference ? image.replace(/:[\w.+-]+$/, "") : "REGISTRY/NAME"}@sha256:<digest>, or a version or commit as its tag`,
          }),
        );
      });
  },
});
