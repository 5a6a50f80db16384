import { type Alert, filterOf } from "./alert";
import { metrics } from "./metrics";
import { type Monitored, round, saturation, setting } from "./monitored";

/** Alerts on the other dependencies of the services: Redis, and Cloud NAT if configured. */
export function dependencyAlerts(plan: Monitored): Alert[] {
  const { cache, network, monitoring } = plan;
  const share = monitoring.saturationShare;
  const { nat } = network;
  const cacheId = `resource.labels.instance_id="projects/${plan.project}/locations/${plan.region}/instances/${cache.name}"`;
  const aggregation = { alignmentSeconds: 60, groupBy: [], reducer: "REDUCE_MAX" } as const;
  const natPorts = nat ? round(share * nat.minPortsPerVm) : 0;
  return [
    {
      key: "cache-memory",
      title: `${cache.name}: memory`,
      severity: "ERROR",
      combiner: "OR",
      conditions: [
        {
          title: `memory of ${cache.name}`,
          filter: filterOf(metrics.cacheMemory, cacheId),
          aggregation: { ...aggregation, aligner: "ALIGN_MEAN" },
          comparison: "COMPARISON_GT",
          threshold: share,
          durationSeconds: 300,
        },
      ],
      arithmetic: `saturationShare ${share} x ${cache.memoryGb} GB = ${round(share * cache.memoryGb)} GB, for 5 minutes`,
      settings: [setting("cache.memoryGb", cache.memoryGb), saturation(plan)],
      runbook: "cache-memory",
    },
    {
      key: "cache-rejections",
      title: `${cache.name}: rejected connections`,
      severity: "ERROR",
      combiner: "OR",
      conditions: [
        {
          title: `rejected connections of ${cache.name}`,
          filter: filterOf(metrics.cacheRejections, cacheId),
          aggregation: { ...aggregation, aligner: "ALIGN_SUM", reducer: "REDUCE_SUM" },
          comparison: "COMPARISON_GT",
          threshold: 0,
          durationSeconds: 0,
        },
      ],
      arithmetic: "none: Redis rejects above its own maxclients",
      settings: [
        setting("cache.memoryGb", cache.memoryGb),
        ...Object.entries(plan.services).map(([key, { maxInstances }]) =>
          setting(`services.${key}.maxInstances`, maxInstances),
        ),
      ],
      runbook: "cache-rejections",
    },
    ...(nat
      ? [
          {
            key: "nat-ports",
            title: `${nat.name}: ports`,
            severity: "ERROR" as const,
            combiner: "OR" as const,
            conditions: [
              {
                title: `ports of the busiest VM behind ${nat.name}`,
                filter: filterOf(metrics.natPorts, `resource.labels.gateway_name="${nat.name}"`),
                aggregation: { ...aggregation, aligner: "ALIGN_MAX" as const },
                comparison: "COMPARISON_GT" as const,
                threshold: natPorts,
                durationSeconds: 60,
              },
            ],
            arithmetic: `saturationShare ${share} x minPortsPerVm ${nat.minPortsPerVm} = ${natPorts} ports of one VM`,
            settings: [setting("network.nat.minPortsPerVm", nat.minPortsPerVm), saturation(plan)],
            runbook: "nat-ports",
          },
        ]
      : []),
  ];
}
