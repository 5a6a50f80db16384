import { cpuMemoryProblems, fractionalCpuProblems, quantityProblems } from "../../../capacity/constraints/cloudrun";
import { cloudRunLimits } from "../../../capacity/limits";
import { parseCpu, parseMemoryMib } from "../../../capacity/units";
import { resourceRule } from "../../framework/rule";
import {
  type Container,
  instanceCpu,
  revisionAnnotations,
  WORKLOAD_TYPES,
  type Workload,
  workloadOf,
} from "../../resources/workload";

export const serviceCpuMemory = resourceRule({
  name: "service-cpu-memory",
  info: "Every container has a combination of CPU and memory that Cloud Run offers.",
  why: "The preview accepts any text; Google refuses the combination at the deploy.",
  severity: "medium",
  remediation:
    "Set resources.limits to cpu 1, 2, 4, 6 or 8 with memory from Cloud Run's table, in Mi or Gi; below one vCPU set cpuIdle true.",
  types: WORKLOAD_TYPES,
  judge(resource, { refuse, attempt }) {
    const workload = workloadOf(resource);
    if (!workload) return;
    const readable = workload.containers.map((container) =>
      attempt(() => {
        const limits = container.inputs.object("resources").object("limits");
        const [cpu, memory] = [limits.text("cpu"), limits.text("memory")];
        const unreadable = [
          ...(cpu === undefined ? [] : quantityProblems(limits.at("cpu"), cpu, "cpu")),
          ...(memory === undefined ? [] : quantityProblems(limits.at("memory"), memory, "memory")),
        ];
        const size = {
          cpu: parseCpu(cpu ?? "") ?? cloudRunLimits.defaultCpu.value,
          memoryMib: parseMemoryMib(memory ?? "") ?? cloudRunLimits.defaultMemoryMib.value,
        };
        refuse(...(unreadable.length > 0 ? unreadable : cpuMemoryProblems(size, (field) => limits.at(field))));
        return unreadable.length === 0;
      }),
    );
    // Google's rules for less than one vCPU apply to the instance: a sidecar may have half a vCPU beside a container
    // with one.
    if (readable.every((isReadable) => isReadable))
      for (const container of workload.containers) attempt(() => refuse(...fractional(workload, container)));
  },
});

function fractional(workload: Workload, { inputs }: Container) {
  const cpu = instanceCpu(workload);
  const resources = inputs.object("resources");
  const annotations = revisionAnnotations(workload);
  const cpuSetting = resources.object("limits").at("cpu");
  if (workload.kind === "v1 service") {
    const keys = {
      cpuIdle: "run.googleapis.com/cpu-throttling",
      executionEnvironment: "run.googleapis.com/execution-environment",
    };
    const settings = {
      cpuIdle: annotations.flag(keys.cpuIdle) ?? true,
      executionEnvironment: annotations.text(keys.executionEnvironment),
    };
    return fractionalCpuProblems({ cpu, ...settings }, (field) =>
      field === "cpu" ? cpuSetting : annotations.at(keys[field]),
    );
  }
  if (workload.kind !== "service") return fractionalCpuProblems({ cpu, cpuIdle: undefined }, () => cpuSetting);
  // With limits, the provider reads an absent cpuIdle as false.
  const settings = {
    cpuIdle: resources.flag("cpuIdle") ?? false,
    executionEnvironment: workload.pod.text("executionEnvironment"),
  };
  const names = {
    cpu: cpuSetting,
    cpuIdle: resources.at("cpuIdle"),
    executionEnvironment: workload.pod.at("executionEnvironment"),
  };
  return fractionalCpuProblems({ cpu, ...settings }, (field) => names[field]);
}
