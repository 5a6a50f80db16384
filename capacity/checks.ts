import {
  beyondBudget,
  budgetArithmetic,
  budgetProblems,
  type ConnectionBudget,
  type ConnectionHolder,
  connectionBudget,
  neededSlots,
  serviceHolder,
} from "./budget";
import {
  adminApiCalls,
  adminApiProblems,
  connectorWait,
  connectorWaitProblems,
  connectRateProblems,
  databaseConnectWait,
  type StageWait,
  type StartingClient,
} from "./connect-waits";
import {
  concurrencyProblems,
  cpuMemoryProblems,
  fractionalCpuProblems,
  longestStartupWindow,
  portProblems,
  probeProblems,
  probeWindowSeconds,
  requestTimeoutProblems,
  scalingProblems,
  startupWindowProblems,
} from "./constraints/cloudrun";
import {
  databaseMemory,
  editionLimitProblems,
  maxConnectionsProblems,
  parseTier,
  sharedCoreProblems,
  tierProblems,
} from "./constraints/cloudsql";
import {
  connectorNameProblems,
  connectorRangeProblems,
  instanceCountProblems,
  machineTypeProblems,
} from "./constraints/connector";
import { databaseClientProblems, socketPoolProblems } from "./constraints/database-client";
import { imageProblems } from "./constraints/image";
import { type JobPlan, jobsOf, MIGRATIONS_JOB, ROLES_JOB } from "./constraints/jobs";
import { egressAdvice } from "./constraints/path";
import { lifeText, upgradeAdvice } from "./constraints/postgres-life";
import {
  freeRange,
  type NamedRange,
  overlapProblem,
  overlaps,
  rangeProblems,
  unreachableRangeProblems,
} from "./constraints/ranges";
import { redisRangeProblems, usesPrivateServices } from "./constraints/redis";
import { cloudSqlLimits, connectorLimits } from "./limits";
import {
  type CapacityPlan,
  connectionsPerInstance,
  type DatabaseClientPlan,
  predecessors,
  type ServicePlan,
  startSeconds,
} from "./plan";
import { type Problem, withWays } from "./problem";
import { type QuotaUser, regionalDemand, regionalQuotaProblems } from "./quota";
import { routeOf } from "./storm/scenarios";
import { today } from "./today";

/** One question asked of a plan: the figures it compared, the sum as a person would write it, and what is wrong. */
export interface Check {
  readonly title: string;
  readonly arithmetic: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** Empty: the check passes. */
  readonly problems: readonly Problem[];
  /** What should change although the check passes. Absent: nothing. */
  readonly advice?: readonly string[];
}

type DatabaseService = ServicePlan & { readonly key: string; readonly database: DatabaseClientPlan };
type KeyedService = ServicePlan & { readonly key: string };

const setting = (path: string) => `netra:${path}`;
const servicesOf = (plan: CapacityPlan): KeyedService[] =>
  Object.entries(plan.services).map(([key, service]) => ({ ...service, key }));
const databaseServicesOf = (plan: CapacityPlan): DatabaseService[] =>
  servicesOf(plan).flatMap((service) => (service.database ? [{ ...service, database: service.database }] : []));
const round = (value: number, digits = 2) => Number(value.toFixed(digits));

/**
 * Every check, in the order in which a reader wants them. The plan is sound when none has a problem. `day`:
 * `YYYY-MM-DD`, what has a date is judged as of then.
 */
export function planChecks(plan: CapacityPlan, day = today()): Check[] {
  return [
    connectionsCheck(plan),
    memoryCheck(plan),
    socketCheck(plan),
    adminApiCheck(plan),
    connectRateCheck(plan),
    connectorCheck(plan),
    probeWindowCheck(plan),
    quotaCheck(plan),
    pathCheck(plan),
    rangesCheck(plan),
    legalValuesCheck(plan),
    supportCheck(plan, day),
  ];
}

/** The plan's connection budget: both revisions of every service's rollout alive. */
export function planBudget(plan: CapacityPlan): ConnectionBudget {
  return connectionBudget(holdersOf(plan), plan.database);
}

const holdersOf = (plan: CapacityPlan): ConnectionHolder[] => [
  ...databaseServicesOf(plan).map(({ key, maxInstances, database }) => serviceHolder(key, maxInstances, database)),
  ...jobsOf(plan).map(({ key, database }) => ({ label: key, instances: 1, overlap: 0, ...database })),
];

/**
 * The connections that the database lets each user of a service, or of the migrations, have: its line of the budget. In
 * a rollout both revisions log in as the same user; in a rotation each of the two has the whole limit, because either
 * may serve alone. Who sets up the roles has none.
 */
export const connectionLimits = (plan: CapacityPlan): Readonly<Record<string, number>> =>
  Object.fromEntries(
    planBudget(plan).lines.flatMap(({ label, connections }) => (label === ROLES_JOB ? [] : [[label, connections]])),
  );

function connectionsCheck(plan: CapacityPlan): Check {
  const budget = planBudget(plan);
  const beyond = beyondArithmetic(plan, budget);
  return {
    title: "connections of both revisions against max_connections",
    arithmetic: [...budgetArithmetic(budget, plan.database).split("; "), ...(beyond ? [beyond.arithmetic] : [])],
    figures: { demand: budget.demand, limit: budget.limit, headroom: budget.headroom },
    ...advised(beyond?.advice),
    problems: budgetProblems(budget, plan.database, holdersOf(plan), {
      maxConnections: setting("database.maxConnections"),
      tier: setting("database.tier"),
      reserved: setting("database.reservedConnections"),
      migrations: setting("database.migrationConnections"),
      pool: (key, field) =>
        setting(key === MIGRATIONS_JOB ? "migrations.connections" : `services.${key}.database.${field}`),
      instances: (key) => setting(key === MIGRATIONS_JOB ? "migrations.connections" : `services.${key}.maxInstances`),
    }),
  };
}

/** What no budget can promise: it is named, and covered by all slots or advised against. */
function beyondArithmetic(
  plan: CapacityPlan,
  budget: ConnectionBudget,
): { readonly arithmetic: string; readonly advice: string | undefined } | undefined {
  const { thirdSets, extraInstances } = beyondBudget(budget);
  const { maxConnections } = plan.database;
  const timeoutSeconds = Math.max(...databaseServicesOf(plan).map((service) => service.timeoutSeconds));
  if (thirdSets === 0) return undefined;
  const most = budget.demand + thirdSets + extraInstances;
  return {
    arithmetic: `not counted: a second rollout within the request time-out (${timeoutSeconds} s) adds a third set, ${thirdSets}; a maximum may be exceeded briefly, by an instance each ${extraInstances}: ${most} of max_connections ${maxConnections}`,
    advice:
      most > maxConnections
        ? `leave ${timeoutSeconds} s between two rollouts, or set '${setting("database.maxConnections")}' to ${most}: the alert database-backends opens before the slots are gone`
        : undefined,
  };
}

/** The `advice` of a check, from what may be advised. */
function advised(...advice: readonly (string | undefined)[]): Pick<Check, "advice"> {
  const given = advice.filter((text) => text !== undefined);
  return given.length > 0 ? { advice: given } : {};
}

function memoryCheck(plan: CapacityPlan): Check {
  const name = (field: string) => setting(`database.${field}`);
  const tier = parseTier(plan.database.tier);
  const memory = tier && databaseMemory(plan.database, tier);
  return {
    title: "max_connections against the tier's memory",
    arithmetic: memory
      ? [
          `${memory.sharedBuffersMib} MiB shared_buffers + ${memory.backends} backends x ${memory.perBackendMib} MiB = ${round(memory.neededMib, 0)} of ${round(memory.usableMib, 0)} MiB usable (${memory.tierMib} MiB in ${plan.database.tier})`,
        ]
      : [`${plan.database.tier} is no tier`],
    figures: memory
      ? {
          neededMib: memory.neededMib,
          usableMib: memory.usableMib,
          largestMaxConnections: memory.largestMaxConnections,
        }
      : {},
    problems: maxConnectionsProblems(plan.database, name, neededSlots(planBudget(plan), plan.database)),
  };
}

function socketCheck(plan: CapacityPlan): Check {
  const limit = cloudSqlLimits.builtInSocketConnectionsPerInstance.value;
  const services = databaseServicesOf(plan).filter((s) => s.database.path === "built-in-socket");
  return {
    title: "connections of one instance over the built-in socket",
    arithmetic: services.length
      ? services.map(
          (s) =>
            `${s.key}: ${s.database.workers} x (${s.database.poolSize} + ${s.database.maxOverflow}) = ${connectionsPerInstance(s.database)} of ${limit}`,
        )
      : ["no service uses the built-in socket"],
    figures: Object.fromEntries(services.map((s) => [s.key, connectionsPerInstance(s.database)])),
    problems: services.flatMap((s) =>
      socketPoolProblems(s.database, (field) => setting(`services.${s.key}.database.${field}`)),
    ),
  };
}

function adminApiCheck(plan: CapacityPlan): Check {
  const clients = databaseServicesOf(plan).filter((s) => s.database.path === "built-in-socket");
  const processes = clients.map((s) => ({ instances: s.maxInstances, workers: s.database.workers }));
  const demand = adminApiCalls(processes);
  const first = clients[0];
  return {
    title: "Cloud SQL Admin API calls of a cold start",
    arithmetic: clients.length
      ? [
          `${demand.processes} processes x ${cloudSqlLimits.adminApiCallsPerProcess.value} calls = ${demand.calls} of ${demand.limit} a minute`,
        ]
      : ["a private address needs none"],
    figures: { calls: demand.calls, limit: demand.limit },
    problems: first
      ? adminApiProblems(processes, setting(`services.${first.key}.maxInstances`), first.maxInstances)
      : [],
  };
}

/** Where a number of a database service stands, by its position among them. */
const clientSetting =
  (plan: CapacityPlan) => (index: number, field: "instances" | "workers" | "startupConnections") => {
    const service = `services.${databaseServicesOf(plan)[index]?.key}`;
    return setting(field === "instances" ? `${service}.maxInstances` : `${service}.database.${field}`);
  };

const startingClients = (plan: CapacityPlan): StartingClient[] =>
  databaseServicesOf(plan).map((s) => ({ instances: s.maxInstances, ...s.database }));

function stageArithmetic(wait: StageWait, how: string): string {
  return `${how} = ${round(wait.waitSeconds, 3)} s of the ${wait.timeoutSeconds} s connect time-out`;
}

function connectRateCheck(plan: CapacityPlan): Check {
  const wait = databaseConnectWait(startingClients(plan), plan.database.tier);
  return {
    title: "the database's connect rate against the connect time-out",
    arithmetic: [
      wait
        ? stageArithmetic(wait, `${wait.concurrentConnects} connects at once on ${wait.vcpus} vCPU`)
        : "nothing connects",
    ],
    figures: wait ? { waitSeconds: wait.waitSeconds, timeoutSeconds: wait.timeoutSeconds } : {},
    problems: connectRateProblems(startingClients(plan), plan.database.tier, {
      tier: setting("database.tier"),
      instances: "the services' maxInstances",
      client: clientSetting(plan),
    }),
  };
}

function connectorCheck(plan: CapacityPlan): Check {
  const wait = connectorWait(startingClients(plan), plan.connector);
  return {
    title: "the storm's bytes and connects against the connector at its minimum",
    arithmetic: [
      wait
        ? stageArithmetic(
            wait,
            `${wait.connects} connects through ${plan.connector.minInstances} x ${plan.connector.machineType} (${wait.mbps} Mbps, ${wait.connectsPerSecond} connects/s assumed)`,
          )
        : "nothing connects",
    ],
    figures: wait ? { waitSeconds: wait.waitSeconds, timeoutSeconds: wait.timeoutSeconds, mbps: wait.mbps } : {},
    problems: connectorWaitProblems(startingClients(plan), plan.connector, {
      minInstances: setting("connector.minInstances"),
      instances: "the services' maxInstances or startupConnections",
      client: clientSetting(plan),
    }),
  };
}

function probeWindowCheck(plan: CapacityPlan): Check {
  const services = servicesOf(plan);
  return {
    title: "start-up probe window against boot and database initialisation",
    arithmetic: services.flatMap((s) => [
      `${s.key}: boot ${s.bootSeconds} + initialisation ${s.database?.initTimeoutSeconds ?? 0} = ${startSeconds(s)} s of ${probeWindowSeconds(s.probe)} s (at most ${longestStartupWindow(false)})`,
    ]),
    figures: Object.fromEntries(services.map((s) => [s.key, probeWindowSeconds(s.probe)])),
    problems: services.flatMap((s) => startupProblems(s).window),
    ...advised(...services.map(livenessAdvice)),
  };
}

/**
 * A start-up path is right to ask the database, and a liveness path is not: while the database is away it would have
 * every instance killed. What a path asks only the application knows; that both are the same is a sign. Advice: there
 * may be no other path.
 */
function livenessAdvice({ key, database, probe, liveness }: KeyedService): string | undefined {
  if (!database || liveness.path === undefined || liveness.path !== probe.path) return undefined;
  const name = setting(`services.${key}.liveness.path`);
  const seconds = liveness.periodSeconds * liveness.failureThreshold;
  return `'${name}' (${liveness.path}) should not be the start-up probe's path: if it asks the database, an outage of ${seconds} s kills every instance at once; set it to a path that asks the process alone`;
}

/**
 * A window is counted from legal timings only. A threshold that the window refuses is reported once, with the number that
 * covers the start.
 */
function startupProblems(service: KeyedService): {
  readonly window: readonly Problem[];
  readonly timing: readonly Problem[];
} {
  const name = (field: string) => setting(`services.${service.key}.probe.${field}`);
  const timing = probeProblems("startup", service.probe, name);
  const others = timing.filter((problem) => problem.setting !== name("failureThreshold"));
  const window = others.length > 0 ? [] : startupWindowProblems(service.probe, startSeconds(service), name);
  return { window, timing: window.length > 0 ? others : timing };
}

/** A workload as the regional quota counts it. `path`: the setting of its maximum. */
const quotaUser = (
  { key, cpu, memoryMib }: Pick<JobPlan, "cpu" | "memoryMib"> & { readonly key: string },
  path: string,
  instances: number,
  rolls: boolean,
): QuotaUser => ({
  ...{ label: key, setting: setting(path), settingAmongOthers: setting(path) },
  ...{ instances, cpu, memoryMib, rolls },
});

function quotaCheck(plan: CapacityPlan): Check {
  const services = servicesOf(plan);
  const users = [
    ...services.map((service) =>
      quotaUser(service, `services.${service.key}.maxInstances`, service.maxInstances, true),
    ),
    ...jobsOf(plan).map((job) => quotaUser(job, job.setting, 1, false)),
  ];
  const before = predecessors(plan.services);
  const after = ({ label }: QuotaUser) => users.filter((other) => before.get(other.label)?.has(label));
  const { cpu, memoryGib } = regionalDemand(users, plan.limits, after);
  // An old revision serves until its last request ends, and a WebSocket lasts as long as the request time-out: past the
  // next rollout.
  const all = regionalDemand(users, plan.limits, () => []);
  const { regionalCpu, regionalMemoryGib } = plan.limits;
  const sum = ({ total, rolling }: typeof cpu, size: (user: QuotaUser) => number) => {
    const instances = (user: QuotaUser) =>
      rolling.includes(user) ? `(${user.instances} + ${user.instances})` : user.instances;
    return `${users.map((user) => `${user.label} ${instances(user)} x ${round(size(user))}`).join(" + ")} = ${round(total)}`;
  };
  return {
    title: "Cloud Run cpu and memory in use, both revisions of a rollout included, against the regional quota",
    arithmetic: [
      `${sum(cpu, (user) => user.cpu)} of ${regionalCpu} vCPU`,
      `${sum(memoryGib, (user) => user.memoryMib / 1024)} of ${regionalMemoryGib} GiB`,
      `not required: where requests outlive the rollouts of one update, two revisions of every service take ${round(all.cpu.total)} vCPU and ${round(all.memoryGib.total)} GiB`,
    ],
    figures: { cpu: cpu.total, regionalCpu, memoryGib: memoryGib.total, regionalMemoryGib },
    // A size that Cloud Run does not offer is the mistake, and what it adds up to follows from it.
    problems: services.some((service) => cpuMemoryProblems(service).length > 0)
      ? []
      : regionalQuotaProblems(users, plan.limits, after, (key) => setting(`limits.${key}`)).map(
          ({ problem }) => problem,
        ),
  };
}

/**
 * The stack's database has a private address, and every service has the connector: connects go through in every setting
 * that a stack file has. That all-traffic egress without Cloud NAT cuts the internet off is advice: every start
 * succeeds without it, and no plan says whether a service calls a language model or an OAuth server there.
 */
function pathCheck(plan: CapacityPlan): Check {
  return {
    title: "the network path to the database and to the internet",
    arithmetic: servicesOf(plan).map(
      ({ key, egress, database }) =>
        `${key}: ${egress}, ${database ? `database over ${database.path}` : "no database"}`,
    ),
    figures: {},
    problems: [],
    ...advised(
      ...servicesOf(plan).map((service) => {
        const advice = egressAdvice(routeOf(plan, service));
        return advice && `${service.key}: ${advice}`;
      }),
    ),
  };
}

function namedRanges(plan: CapacityPlan): NamedRange[] {
  const { network, connector, cache } = plan;
  return [
    { label: setting("connector.ipCidrRange"), cidr: connector.ipCidrRange },
    { label: setting("network.subnetCidr"), cidr: network.subnetCidr },
    { label: setting("network.privateServicesCidr"), cidr: network.privateServicesCidr },
    // With private services access it is the name of the range above.
    ...(cache.reservedIpRange && !usesPrivateServices(cache)
      ? [{ label: setting("cache.reservedIpRange"), cidr: cache.reservedIpRange }]
      : []),
    ...network.otherCidrs.map((cidr, i) => ({ label: setting(`network.otherCidrs[${i}]`), cidr })),
  ];
}

/** Default sizes of the ranges of a plan; other ranges only have names. */
const PREFIXES: Readonly<Record<string, number>> = {
  "netra:connector.ipCidrRange": connectorLimits.subnetPrefix.value,
  "netra:network.subnetCidr": 24,
  "netra:network.privateServicesCidr": 16, // what Google recommends
  "netra:cache.reservedIpRange": 29,
};

function rangesCheck(plan: CapacityPlan): Check {
  const ranges = namedRanges(plan);
  const [connector, ...others] = ranges;
  const free = ({ label }: NamedRange) => {
    const prefix = PREFIXES[label];
    return prefix === undefined
      ? {}
      : {
          free: freeRange(
            prefix,
            ranges.filter((other) => other.label !== label),
          ),
        };
  };
  const cacheRange = setting("cache.reservedIpRange");
  const services = setting("network.privateServicesCidr");
  const size = (range: NamedRange) => ({
    ...free(range),
    ...(range.label === services ? { maxPrefix: cloudSqlLimits.privateServicesMaxPrefix.value } : {}),
  });
  return {
    title: "address ranges",
    arithmetic: ranges.map((range) => `${range.cidr} ${range.label}`),
    figures: { ranges: ranges.length },
    problems: [
      ...(connector ? connectorRangeProblems(connector.cidr, () => connector.label, free(connector).free) : []),
      ...others
        .filter(({ label }) => label !== cacheRange)
        .flatMap((range) =>
          rangeProblems(range.label, range.cidr, size(range)).map((found) =>
            // Only named ranges have no size of their own to propose.
            found.ways === undefined ? withWays(found, [[[range.label, null]]]) : found,
          ),
        ),
      ...redisRangeProblems(plan.cache, { setting: cacheRange, allocated: plan.network.privateServicesRange }),
      ...unreachableRangeProblems(setting("connector.ipCidrRange"), plan.connector.ipCidrRange, "Cloud SQL"),
      ...unreachableRangeProblems(services, plan.network.privateServicesCidr, "Cloud Run"),
      ...overlaps(ranges).map((pair) => overlapProblem(pair, ranges)),
    ],
  };
}

/** A version without regular support goes on working, and costs: that is advice. */
function supportCheck({ database: { version } }: CapacityPlan, day: string): Check {
  return {
    title: `how long PostgreSQL is supported, as of ${day}`,
    arithmetic: [lifeText(version)],
    figures: {},
    problems: [],
    ...advised(upgradeAdvice(version, day, () => setting("database.version"))),
  };
}

function legalValuesCheck(plan: CapacityPlan): Check {
  const connector = (field: string) => setting(`connector.${field}`);
  const database = (field: string) => setting(`database.${field}`);
  const { edition, tier, version, insights, backup } = plan.database;
  return {
    title: "values that Google accepts",
    arithmetic: [
      `connector ${plan.connector.machineType} ${plan.connector.minInstances}..${plan.connector.maxInstances}`,
      `database ${tier}, ${version}, ${edition}`,
      ...servicesOf(plan).map(
        (s) =>
          `${s.key} ${s.cpu} vCPU, ${s.memoryMib} MiB, ${s.minInstances}..${s.maxInstances} instances, concurrency ${s.concurrency}`,
      ),
    ],
    figures: {},
    problems: [
      ...machineTypeProblems(plan.connector.machineType, connector),
      ...instanceCountProblems(plan.connector, connector),
      ...connectorNameProblems(plan.connector.name, connector),
      ...tierProblems({ tier, edition, version }, database),
      ...sharedCoreProblems(tier, database),
      ...editionLimitProblems(insights, edition, (field) => setting(`database.insights.${field}`)),
      ...editionLimitProblems({ transactionLogDays: backup.transactionLogDays }, edition, (field) =>
        setting(`database.backup.${field}`),
      ),
      ...jobsOf(plan)
        // An image of its own; else the service's is judged.
        .filter(({ key }) => key === ROLES_JOB || plan.migrations?.image !== undefined)
        .flatMap((job) =>
          imageProblems(job.image, plan.images.tagPattern, (field) => setting(`${job.setting}.${field}`)),
        ),
      ...servicesOf(plan).flatMap((service) => {
        const name = (field: string) => setting(`services.${service.key}.${field}`);
        return [
          ...imageProblems(service.image, plan.images.tagPattern, name),
          ...portProblems(service.port, name("port")),
          ...cpuMemoryProblems(service, name),
          ...fractionalCpuProblems(service, name),
          ...concurrencyProblems(service, name),
          ...scalingProblems(service, name),
          ...requestTimeoutProblems(service.timeoutSeconds, name),
          ...startupProblems(service).timing,
          ...probeProblems("liveness", service.liveness, (field) => name(`liveness.${field}`)),
          ...(service.database ? databaseClientProblems(service.database, (field) => name(`database.${field}`)) : []),
        ];
      }),
    ],
  };
}
