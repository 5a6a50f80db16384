import { connectorMbps } from "../constraints/connector";
import { type Alert, filterOf } from "./alert";
import { percentileOf } from "./alignment";
import { metrics } from "./metrics";
import { type Monitored, round, saturation, setting } from "./monitored";

const BYTES_PER_MEGABIT = 1e6 / 8;

/** The connector's three metrics. CPU substitutes for connections, which have no metric. */
export function connectorAlerts(plan: Monitored): Alert[] {
  const { connector, monitoring } = plan;
  const { name, machineType, minInstances, maxInstances } = connector;
  const share = monitoring.saturationShare;
  const filter = (
    metric: (typeof metrics)["connectorCpu" | "connectorInstances" | "connectorReceived" | "connectorSent"],
  ) => filterOf(metric, `resource.labels.connector_name="${name}"`);
  const sizes = [
    setting("connector.minInstances", minInstances),
    setting("connector.maxInstances", maxInstances),
    setting("connector.machineType", machineType),
  ];
  const mbps = connectorMbps(machineType, minInstances);
  const bytesPerSecond = round(share * mbps * BYTES_PER_MEGABIT);
  const common = { combiner: "OR", row: "connector" } as const;
  const aggregation = { alignmentSeconds: 60, groupBy: [] } as const;
  return [
    {
      ...common,
      key: "connector-cpu",
      title: `${name}: cpu`,
      severity: "ERROR",
      conditions: [
        {
          title: `cpu p99 of ${name}`,
          filter: filter(metrics.connectorCpu),
          aggregation: { ...aggregation, ...percentileOf(metrics.connectorCpu, 99) },
          comparison: "COMPARISON_GT",
          threshold: share,
          durationSeconds: 300,
        },
      ],
      arithmetic: `saturationShare ${share} of one VM's cpu, for 5 minutes; a connector short of connections shows as cpu only`,
      settings: [...sizes, saturation(plan)],
      runbook: "connector-cpu",
      limit: { label: "all of the cpu", value: 1 },
    },
    {
      ...common,
      key: "connector-throughput",
      title: `${name}: throughput`,
      severity: "ERROR",
      conditions: [["received", metrics.connectorReceived] as const, ["sent", metrics.connectorSent] as const].map(
        ([direction, metric]) => ({
          title: `bytes ${direction} by ${name}`,
          filter: filter(metric),
          aggregation: { ...aggregation, aligner: "ALIGN_RATE", reducer: "REDUCE_SUM" },
          comparison: "COMPARISON_GT",
          threshold: bytesPerSecond,
          durationSeconds: 300,
        }),
      ),
      // Of the VMs that are always there: beyond them the connector has to grow, and stays as large for good.
      arithmetic: `saturationShare ${share} x ${mbps} Mbps (${minInstances} x ${machineType}) / 8 = ${bytesPerSecond} bytes/s each way, for 5 minutes`,
      settings: [
        setting("connector.minInstances", minInstances),
        setting("connector.machineType", machineType),
        saturation(plan),
      ],
      runbook: "connector-throughput",
      limit: { label: `${mbps} Mbps of the least VMs`, value: round(mbps * BYTES_PER_MEGABIT) },
    },
    {
      ...common,
      // Not `-at-maximum`: a service called `connector` would have the same key.
      key: "connector-instances",
      title: `${name}: at its most instances`,
      severity: "WARNING",
      conditions: [
        {
          title: `instances of ${name}`,
          filter: filter(metrics.connectorInstances),
          aggregation: { ...aggregation, aligner: "ALIGN_MAX", reducer: "REDUCE_SUM" },
          comparison: "COMPARISON_GT",
          threshold: maxInstances - 1,
          durationSeconds: 300,
        },
      ],
      arithmetic: `more than maxInstances ${maxInstances} - 1, for 5 minutes; a connector never scales in, so it stays there`,
      settings: [setting("connector.maxInstances", maxInstances), setting("connector.machineType", machineType)],
      runbook: "connector-at-maximum",
      limit: { label: "maxInstances", value: maxInstances },
    },
  ];
}
