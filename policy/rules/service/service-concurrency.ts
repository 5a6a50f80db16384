import { concurrencyProblems } from "../../../capacity/constraints/cloudrun";
import { cloudRunLimits } from "../../../capacity/limits";
import { RUN_SERVICE, RUN_SERVICE_V1 } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { instanceCpu, workloadOf } from "../../resources/workload";

export const serviceConcurrency = resourceRule({
  name: "service-concurrency",
  info: "A service accepts 1 to 1000 concurrent requests per instance, and only one below one vCPU.",
  why: "The preview accepts any number; Google refuses it at the deploy.",
  severity: "medium",
  remediation:
    "Set template.maxInstanceRequestConcurrency to 1..1000 (1 below one vCPU), or leave it out for Cloud Run's default.",
  types: [RUN_SERVICE, RUN_SERVICE_V1],
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const field = workload.kind === "v1 service" ? "containerConcurrency" : "maxInstanceRequestConcurrency";
    const concurrency = workload.pod.number(field);
    // In v1 the default is 0.
    const isDefault = concurrency === undefined || (workload.kind === "v1 service" && concurrency === 0);
    if (isDefault) return;
    const cpu = instanceCpu(workload) || cloudRunLimits.defaultCpu.value;
    refuse(...concurrencyProblems({ concurrency, cpu }, () => workload.pod.at(field)));
  },
});
