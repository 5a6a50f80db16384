import {
  jobTaskProblems,
  manualScalingProblems,
  scalingLevelProblems,
  scalingProblems,
} from "../../../capacity/constraints/cloudrun";
import { problem } from "../../../capacity/problem";
import { resourceRule } from "../../framework/rule";
import { type ScalingLevel, scalingOf } from "../../resources/scaling";
import { WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

const countsOf = ({ inputs, keys }: ScalingLevel) => ({
  minInstances: inputs.number(keys.minInstances),
  maxInstances: inputs.number(keys.maxInstances),
});

export const serviceScaling = resourceRule({
  name: "service-scaling",
  info: "Every workload states a maximum of instances, and its counts are consistent.",
  why: "Without a maximum Cloud Run scales to 100 instances or to the quota, each with its connection pool; Google refuses inconsistent counts at the deploy.",
  severity: "high",
  remediation:
    "Set maxInstanceCount at the service, where a change rolls nothing out, or at the revision; minInstanceCount not above it; manualInstanceCount in manual mode.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const { kind } = workload;
    const template = resource.properties.object("template");
    if (kind === "job")
      return refuse(
        ...jobTaskProblems(
          { taskCount: template.number("taskCount"), parallelism: template.number("parallelism") },
          (field) => template.at(field),
        ),
      );
    const { mode, modeSetting, manual, service, revision } = scalingOf(kind, resource.properties);
    if (mode === "MANUAL")
      return refuse(...manualScalingProblems(manual.inputs.number(manual.key), () => manual.inputs.at(manual.key)));
    if (mode !== "AUTOMATIC")
      return refuse(
        problem({
          setting: modeSetting,
          value: "neither",
          must: "be AUTOMATIC or MANUAL",
          because: "Cloud Run has no other mode",
          fix: kind === "worker pool" ? "MANUAL" : "AUTOMATIC",
        }),
      );
    if (kind === "worker pool")
      return refuse(...scalingProblems(countsOf(service), (field) => service.inputs.at(service.keys[field])));
    const levels = { service, revision };
    const counts = { service: countsOf(service), revision: countsOf(revision) };
    refuse(...scalingLevelProblems(counts, (of, field) => levels[of].inputs.at(levels[of].keys[field])));
  },
});
