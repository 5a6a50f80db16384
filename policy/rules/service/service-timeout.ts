import { requestTimeoutProblems } from "../../../capacity/constraints/cloudrun";
import { problem } from "../../../capacity/problem";
import { parseSeconds } from "../../../capacity/units";
import { RUN_SERVICE, RUN_SERVICE_V1 } from "../../../config/resource-types";
import { resourceRule } from "../../framework/rule";
import { workloadOf } from "../../resources/workload";

export const serviceTimeout = resourceRule({
  name: "service-timeout",
  info: "A service's request time-out is one that Cloud Run offers.",
  why: "The preview accepts 4000s; Google refuses it at the deploy.",
  severity: "medium",
  remediation: 'Set template.timeout to "1s" to "3600s", or leave it out for 300 seconds.',
  types: [RUN_SERVICE, RUN_SERVICE_V1],
  judge(resource, { refuse }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const { pod } = workload;
    if (workload.kind === "v1 service") {
      const seconds = pod.number("timeoutSeconds");
      if (seconds !== undefined) refuse(...requestTimeoutProblems(seconds, (field) => pod.at(field)));
      return;
    }
    const text = pod.text("timeout");
    if (!text) return;
    const seconds = parseSeconds(text);
    if (seconds !== undefined)
      return refuse(
        ...requestTimeoutProblems(
          seconds,
          () => pod.at("timeout"),
          (value) => `${value}s`,
        ),
      );
    const fix = `${/^\s*(\d+)\s*(s\w*)?$/i.exec(text)?.[1] ?? 600}s`;
    refuse(
      problem({
        setting: pod.at("timeout"),
        value: text,
        must: 'be seconds such as "600s"',
        because: "Cloud Run reads no other form",
        fix,
      }),
    );
  },
});
