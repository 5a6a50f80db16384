import { imageProblems, isPattern } from "../../../capacity/constraints/image";
import { resourceRule } from "../../framework/rule";
import { neutralTagPattern } from "../../resources/defaults";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

export const serviceImage = resourceRule<{ imageTagPattern: string }>({
  name: "service-image",
  info: "Every container's image is named by digest, or by a tag that never moves.",
  why: "A tag such as latest, a branch or an environment name runs the last image that was pushed: the next start-up may run another program than the tested one.",
  severity: "high",
  convention: "whole",
  remediation: "Set image to name@sha256:<digest>, or to a tag that matches imageTagPattern (a version or a commit).",
  types: WORKLOAD_TYPES,
  config: {
    imageTagPattern: {
      type: "string",
      format: "regex",
      description: "Tags that are never moved.",
      default: neutralTagPattern,
      fromPlan: ({ images }) => images.tagPattern,
    },
  },
  judge(resource, { config, refuse, cannotEvaluate, attempt }) {
    if (!isPattern(config.imageTagPattern))
      return cannotEvaluate(
        `'imageTagPattern' (${config.imageTagPattern}) must be a regular expression in RE2's syntax because tags are matched with it; set 'imageTagPattern' to ${neutralTagPattern}`,
      );
    for (const { inputs } of workloadOf(resource)?.containers ?? [])
      attempt(() =>
        refuse(...imageProblems(inputs.text("image") ?? "", config.imageTagPattern, (field) => inputs.at(field))),
      );
  },
});
