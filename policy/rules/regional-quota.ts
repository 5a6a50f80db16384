import { type QuotaUser, regionalQuotaProblems } from "../../capacity/budget";
import type { RegionalQuota } from "../../capacity/plan";
import { neutralQuota } from "../defaults";
import { type StackResource, stackRule } from "../rule";
import { instanceSize, maximumOf, regionsOf, WORKLOAD_TYPES, workloadOf } from "../workload";

type User = QuotaUser & { readonly resource: StackResource };

export const regionalQuota = stackRule<RegionalQuota>({
  name: "regional-quota",
  info: "Cpu and memory of all workloads of a region, at their maximum instances, stay within the region's quota.",
  why: "Google checks maximum instances x size at every deploy, after the preview, and then refuses the one that comes last.",
  severity: "high",
  remediation: "Lower maximum instances or sizes, or raise the quota with Google and then 'regionalCpu' and 'regionalMemoryGib' in this rule's configuration.",
  config: {
    regionalCpu: {
      type: "number",
      exclusiveMinimum: 0,
      description: "vCPU that the project may allocate in a region.",
      default: neutralQuota.regionalCpu,
      fromPlan: ({ limits }) => limits.regionalCpu,
    },
    regionalMemoryGib: {
      type: "number",
      exclusiveMinimum: 0,
      description: "GiB that the project may allocate in a region.",
      default: neutralQuota.regionalMemoryGib,
      fromPlan: ({ limits }) => limits.regionalMemoryGib,
    },
  },
  judge(resources, { config, refuse, attempt }) {
    const byRegion = new Map<string, User[]>();
    for (const resource of resources.filter(({ type }) => WORKLOAD_TYPES.includes(type)))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const [maximum, size, regions] = [maximumOf(workload), instanceSize(workload), regionsOf(workload)];
        for (const region of regions)
          byRegion.set(region, [
            ...(byRegion.get(region) ?? []),
            { ...maximum, instances: maximum.instances / regions.length, ...size, resource, label: workload.label },
          ]);
      });
    for (const users of byRegion.values()) for (const { problem, largest } of regionalQuotaProblems(users, config)) refuse(problem, largest.resource);
  },
});
