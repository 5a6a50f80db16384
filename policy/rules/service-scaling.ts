import { jobTaskProblems, manualScalingProblems, scalingLevelProblems, scalingProblems } from "../../capacity/cloudrun";
import { problem } from "../../capacity/problem";
import type { Inputs } from "../inputs";
import { resourceRule } from "../rule";
import { RUN_JOB, RUN_SERVICE_V1, RUN_WORKER_POOL } from "../types";
import { WORKLOAD_TYPES } from "../workload";

const V2 = { minInstances: "minInstanceCount", maxInstances: "maxInstanceCount", mode: "scalingMode", manual: "manualInstanceCount" };
const V1_SERVICE = {
  minInstances: "run.googleapis.com/minScale",
  maxInstances: "run.googleapis.com/maxScale",
  mode: "run.googleapis.com/scalingMode",
  manual: "run.googleapis.com/manualInstanceCount",
};
const V1_REVISION = { minInstances: "autoscaling.knative.dev/minScale", maxInstances: "autoscaling.knative.dev/maxScale" };

const level = (at: Inputs, keys: typeof V1_REVISION) => ({ minInstances: at.number(keys.minInstances), maxInstances: at.number(keys.maxInstances) });

export const serviceScaling = resourceRule({
  name: "service-scaling",
  info: "Every workload states how many instances it may have, and the counts fit together.",
  why: "Without a maximum Cloud Run scales to 100 instances or to the quota, and each brings its connection pool; counts that contradict each other are refused at the deploy.",
  severity: "high",
  remediation:
    "Set maxInstanceCount (at the service or the revision, the revision's not above the service's), minInstanceCount not above it, or manualInstanceCount in manual mode.",
  types: WORKLOAD_TYPES,
  judge({ type, properties }, { refuse }) {
    const template = properties.object("template");
    if (type === RUN_JOB)
      return refuse(
        ...jobTaskProblems({ taskCount: template.number("taskCount"), parallelism: template.number("parallelism") }, (field) => template.at(field)),
      );
    const isV1 = type === RUN_SERVICE_V1;
    const [keys, revisionKeys] = isV1 ? [V1_SERVICE, V1_REVISION] : [V2, V2];
    const service = isV1 ? properties.object("metadata").object("annotations") : properties.object("scaling");
    const revision = isV1 ? template.object("metadata").object("annotations") : template.object("scaling");
    const byDefault = type === RUN_WORKER_POOL ? "MANUAL" : "AUTOMATIC";
    const mode = service.text(keys.mode)?.toUpperCase() || byDefault;
    if (mode === "MANUAL") return refuse(...manualScalingProblems(service.number(keys.manual), () => service.at(keys.manual)));
    if (mode !== "AUTOMATIC")
      return refuse(
        problem({ setting: service.at(keys.mode), value: "neither", must: "be AUTOMATIC or MANUAL", because: "Cloud Run has no other mode", fix: byDefault }),
      );
    if (type === RUN_WORKER_POOL) return refuse(...scalingProblems(level(service, keys), (field) => service.at(keys[field])));
    const levels = { service: level(service, keys), revision: level(revision, revisionKeys) };
    refuse(...scalingLevelProblems(levels, (of, field) => (of === "service" ? service.at(keys[field]) : revision.at(revisionKeys[field]))));
  },
});
