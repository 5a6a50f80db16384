import { problem } from "../../../capacity/problem";
import { RUN_SERVICE, RUN_SERVICE_V1 } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { revisionAnnotations, workloadOf } from "../../resources/workload";

export const serviceDeployHealthCheck = resourceRule({
  name: "service-deploy-health-check",
  info: "A deploy waits until an instance of the new revision is ready.",
  why: "Without the check, traffic moves to a revision that never started, and the deploy reports success.",
  severity: "high",
  remediation: "Leave template.healthCheckDisabled out.",
  types: [RUN_SERVICE, RUN_SERVICE_V1],
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const [inputs, key] =
      workload.kind === "v1 service"
        ? [revisionAnnotations(workload), "run.googleapis.com/health-check-disabled"]
        : [workload.pod, "healthCheckDisabled"];
    if (inputs.flag(key))
      refuse(
        problem({
          setting: inputs.at(key),
          value: true,
          must: "be false or left out",
          because: "traffic would move to a revision before one of its instances has started",
          fix: "false",
        }),
      );
  },
});
