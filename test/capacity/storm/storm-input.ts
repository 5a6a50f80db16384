import type { StartGroup, StormInput } from "../../../capacity/storm/model";

type Changes = Partial<Omit<StormInput, "groups" | "database" | "costs">> & {
  readonly group?: Partial<StartGroup>;
  readonly groups?: readonly Partial<StartGroup>[];
  readonly database?: Partial<StormInput["database"]>;
  readonly costs?: Partial<StormInput["costs"]>;
};

const group: StartGroup = {
  service: "backend",
  starts: 1,
  processes: 1,
  connectionsPerProcess: 1,
  connectsAtOnce: 1,
  boot: { medianSeconds: 0, sigma: 0 },
  spreadSeconds: 0,
  remainingSeconds: 0,
  probeWindowSeconds: 240,
  connectTimeoutSeconds: 10,
  initTimeoutSeconds: 75,
  retry: { attempts: 1, baseSeconds: 2, factor: 2, capSeconds: 30, jitter: 0 },
  queryCpuMs: 0,
  path: { kind: "open" },
  throughConnector: false,
  callsAdminApi: false,
  connectionsPerInstance: Number.POSITIVE_INFINITY,
  userLimit: Number.POSITIVE_INFINITY,
  userConnections: 0,
};

/**
 * One start that connects once, for nothing, to a database without limits: each test adds the cost or the limit it is
 * about.
 */
export function stormInput(changes: Changes = {}): StormInput {
  const { group: common, groups = [{}], database, costs, ...rest } = changes;
  return {
    groups: groups.map((own) => ({ ...group, ...common, ...own })),
    database: { vcpus: 1, maxConnections: 1000, reservedConnections: 0, heldConnections: 0, ...database },
    connector: { vms: 1, connectsPerSecond: 1000 },
    adminApi: { callsPerMinute: 1000, callsPerProcess: 2 },
    costs: {
      connectCpuMs: 0,
      refusalCpuMs: 0,
      startCpuMs: 0,
      exitCpuMs: 0,
      closeCpuMs: 0,
      postmasterMs: 0,
      clientMs: 0,
      clientTlsMs: 0,
      clientAuthMs: 0,
      clientVcpus: Number.POSITIVE_INFINITY,
      sigma: 0,
      ...costs,
    },
    restartSeconds: { min: 10, max: 10 },
    ...rest,
  };
}
