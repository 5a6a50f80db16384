import type { RegionalQuota } from "../../../capacity/plan";
import { type QuotaUser, regionalQuotaProblems } from "../../../capacity/quota";
import { type StackResource, stackRule } from "../../framework/rule";
import { ofTypes } from "../../framework/stack-resources";
import { neutralQuota } from "../../resources/defaults";
import { workloadsBefore } from "../../resources/dependencies";
import { maximumOf } from "../../resources/scaling";
import { instanceSize, regionsOf, WORKLOAD_TYPES, workloadOf } from "../../resources/workload";

type User = QuotaUser & { readonly resource: StackResource };

export const regionalQuota = stackRule<RegionalQuota>({
  name: "regional-quota",
  info: "CPU and memory of all workloads in a region, at maximum instances and with both revisions of a rollout, stay within the region's quota.",
  why: "At a deploy Google compares only one service's maximum x size with the quota. At run time all services share it, and instances beyond the quota do not start.",
  severity: "high",
  remediation:
    "Lower maximum instances or sizes, or raise the quota with Google and then 'regionalCpu' and 'regionalMemoryGib' in this rule's configuration.",
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
    for (const resource of ofTypes(resources, ...WORKLOAD_TYPES))
      attempt(resource, () => {
        const workload = workloadOf(resource);
        if (!workload) return;
        const [maximum, size, regions] = [maximumOf(workload), instanceSize(workload), regionsOf(workload)];
        for (const region of regions)
          byRegion.set(region, [
            ...(byRegion.get(region) ?? []),
            {
              ...maximum,
              ...size,
              instances: maximum.instances / regions.length,
              label: workload.label,
              settingAmongOthers: `${maximum.setting} of ${workload.label}`,
              rolls: workload.rolls,
              resource,
            },
          ]);
      });
    const before = new Map(
      resources
        .filter(({ type }) => WORKLOAD_TYPES.includes(type))
        .map((resource) => [resource, workloadsBefore(resource)]),
    );
    for (const users of byRegion.values()) {
      const after = (user: User) => users.filter(({ resource }) => before.get(resource)?.has(user.resource));
      for (const { problem, largest } of regionalQuotaProblems(users, config, after)) refuse(problem, largest.resource);
    }
  },
});
