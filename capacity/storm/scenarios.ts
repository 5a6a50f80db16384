import { heaviestAntichain } from "../antichain";
import { type AssumptionName, assumptions } from "../assumptions";
import { mostConnectionsOf, serviceHolder } from "../budget";
import { probeWindowSeconds, scalingProblems } from "../constraints/cloudrun";
import { parseTier } from "../constraints/cloudsql";
import { type ConnectorSize, machineTypeProblems, vmConnectsPerSecond } from "../constraints/connector";
import { type DatabaseRoute, databasePath } from "../constraints/path";
import { cloudSqlLimits, connectorLimits, postgresCosts, startFacts } from "../limits";
import { memoized } from "../memoized";
import {
  connectionsPerInstance,
  type DatabaseClientPlan,
  type DatabasePlan,
  type NetworkPlan,
  predecessors,
  type ServicePlan,
} from "../plan";
import { type Naming, type Problem, problem } from "../problem";
import { normalQuantile } from "./engine/random";
import { attemptsIn, type NetworkPath, type StartGroup, type StormInput, stormInputProblems } from "./model";

/*
 * The storms a plan must survive, derived from it: none is typed by hand. Only services with a database take part.
 *
 * - cold-start: after an outage every service goes to its maximum at once. An outage knows no `after`.
 * - rollout-<service>: a new revision goes to its maximum while every service, its own old revision included, is at its
 *   maximum and holds whole pools. `after` decides what can coincide: services that do not wait for one another do.
 * - recovery: every instance at maximum has crashed at the same moment and starts again 9.5 to 10 s later, while a
 *   share of
 *   the old connections is not yet gone.
 * - scale-out: every service goes from its minimum to its maximum while the minimum holds its pools.
 *
 * Migrations hold their slots in all of them. In a rollout and a scale-out requests take a share of the database's CPU.
 */

/** What of a plan decides its storms. A CapacityPlan is one; so is what a policy reads from resources. */
export interface StormPlan {
  readonly network: Pick<NetworkPlan, "nat">;
  readonly connector: ConnectorSize;
  readonly database: Pick<DatabasePlan, "tier" | "maxConnections" | "reservedConnections" | "migrationConnections"> & {
    /** Present where each service logs in as a user of its own, which has the connections that the budget gives it. */
    readonly roles?: object | undefined;
  };
  readonly services: Readonly<Record<string, StormService>>;
}

export type StormService = Pick<
  ServicePlan,
  "minInstances" | "maxInstances" | "bootSeconds" | "egress" | "probe" | "database" | "after"
> & {
  /** How it reaches the database; left out: {@link routeOf} the plan. */
  readonly route?: DatabaseRoute | undefined;
};

/**
 * How a service of a plan reaches its database: the stack's own has a private address only, and every service the
 * connector.
 */
export function routeOf(
  plan: Pick<StormPlan, "network">,
  service: Pick<StormService, "egress" | "database" | "route">,
): DatabaseRoute {
  if (service.route) return service.route;
  return {
    dials: service.database?.path === "built-in-socket" ? "socket" : "address",
    egress: service.egress,
    vpcAccess: "connector",
    hasNat: plan.network.nat !== undefined,
    database: { isPublic: false, isPrivate: true },
  };
}

/** A value for every assumption. */
export type StormValues = Readonly<Record<AssumptionName, number>>;

// The keys are those of `assumptions`.
export const likelyValues = Object.fromEntries(
  Object.entries(assumptions).map(([key, { likely }]) => [key, likely]),
) as StormValues;

export interface Scenario {
  /** `cold-start`, `rollout-backend`, `recovery`, `scale-out`. */
  readonly name: string;
  /** What happens in it, one sentence. */
  readonly meaning: string;
  /** Starts that coincide. */
  readonly starts: number;
  readonly input: StormInput;
}

type Client = StormService & { readonly key: string; readonly database: DatabaseClientPlan };

/** Every storm of the plan, in the order in which reports show them. A plan without database clients has none. */
export const planScenarios = (plan: StormPlan, values: StormValues = likelyValues): readonly Scenario[] =>
  values === likelyValues ? likelyScenarios(plan) : scenariosAt(plan, values);

const likelyScenarios = memoized((plan: StormPlan) => scenariosAt(plan, likelyValues));

function scenariosAt(plan: StormPlan, values: StormValues): Scenario[] {
  const clients = clientsOf(plan);
  const total = (heldBy: Load["heldBy"]) => clients.reduce((sum, client) => sum + heldBy(client), 0);
  const pools = (count: (client: Client) => number) => (client: Client) =>
    count(client) * connectionsPerInstance(client.database);
  const atMaximum = pools((client) => client.maxInstances);
  const atMinimum = pools((client) => client.minInstances);
  const scenario = (
    name: string,
    meaning: string,
    starting: readonly (readonly [Client, number])[],
    load: Load,
  ): Scenario[] => {
    const groups = starting
      .filter(([, starts]) => starts > 0)
      .map(([client, starts]) => groupOf(plan, client, starts, values, load));
    const starts = groups.reduce((sum, group) => sum + group.starts, 0);
    return starts === 0 ? [] : [{ name, meaning, starts, input: inputOf(plan, groups, values, load) }];
  };
  const all = clients.map((client) => [client, client.maxInstances] as const);
  const restart = startFacts.restartSeconds.value;
  return [
    ...scenario("cold-start", "After an outage every service starts all its instances at once.", all, {
      held: 0,
      heldBy: () => 0,
      spreadSeconds: 0,
      cpuShare: 0,
    }),
    ...rolloutsOf(plan.services).flatMap((rolling) =>
      scenario(
        `rollout-${rolling.map(({ key }) => key).join("+")}`,
        `A new revision of ${rolling.map(({ key }) => key).join(" and ")} starts all its instances while every old one holds its pool.`,
        rolling.map((client) => [client, client.maxInstances]),
        { held: total(atMaximum), heldBy: atMaximum, spreadSeconds: 0, cpuShare: values.steadyCpuShare },
      ),
    ),
    ...scenario(
      "recovery",
      "All instances have crashed at the same moment and start again, while some of their connections linger.",
      all,
      {
        held: Math.round(values.lingeringShare * total(atMaximum)),
        heldBy: (client) => Math.round(values.lingeringShare * atMaximum(client)),
        spreadSeconds: restart.max - restart.min,
        cpuShare: 0,
      },
    ),
    ...scenario(
      "scale-out",
      "Every service goes from its minimum to its maximum while the minimum holds its pools.",
      clients.map((client) => [client, client.maxInstances - client.minInstances]),
      { held: total(atMinimum), heldBy: atMinimum, spreadSeconds: 0, cpuShare: values.steadyCpuShare },
    ),
  ];
}

/** Problems that prevent a simulation; the plan's checks report more. `name` returns the reader's name of a field. */
export function stormPlanProblems(plan: StormPlan, name: Naming<string> = (field) => `netra:${field}`): Problem[] {
  const { tier } = plan.database;
  const problems = [
    ...machineTypeProblems(plan.connector.machineType, (field) => name(`connector.${field}`)),
    ...clientsOf(plan).flatMap((client) => scalingProblems(client, (field) => name(`services.${client.key}.${field}`))),
  ];
  if (!parseTier(tier))
    problems.push(
      problem({
        setting: name("database.tier"),
        value: tier,
        must: "be a tier such as db-custom-1-3840",
        because: "a storm needs to know its vCPUs",
        fix: "db-custom-1-3840",
      }),
    );
  const scenarios = planScenarios(plan);
  for (const { input } of scenarios) {
    const found = stormInputProblems(input, (field) => {
      const [, index, rest = ""] = /^groups\[(\d+)\]\.(.*)$/.exec(field) ?? [];
      const key = index === undefined ? undefined : input.groups[Number(index)]?.service;
      return name(key === undefined ? (SETTINGS[field] ?? field) : `services.${key}.${SETTINGS[rest] ?? rest}`);
    });
    problems.push(...found.filter(({ setting }) => problems.every((known) => known.setting !== setting)));
  }
  return problems.length > 0 ? problems : tooManyAttempts(scenarios, name);
}

/** The attempts to connect in the plan's largest storm. */
export const mostAttempts = (plan: StormPlan): number =>
  Math.max(0, ...planScenarios(plan).map(({ input }) => attemptsIn(input)));

/** More take minutes to simulate, and far more the memory of any machine. */
const MOST_ATTEMPTS = 50_000;

/** More attempts than can be simulated, as a problem of the number that has most part in them. */
function tooManyAttempts(scenarios: readonly Scenario[], name: Naming<string>): Problem[] {
  const most = scenarios
    .map(({ name: scenario, input }) => ({ scenario, input, attempts: attemptsIn(input) }))
    .toSorted((a, b) => b.attempts - a.attempts)[0];
  if (!most || most.attempts <= MOST_ATTEMPTS) return [];
  const { scenario, input, attempts } = most;
  const own = (group: StartGroup) => attemptsIn({ ...input, groups: [group] });
  const [largest] = input.groups.toSorted((a, b) => own(b) - own(a));
  if (!largest) return [];
  const { starts, processes, connectionsPerProcess, retry } = largest;
  const [field = "", value = 1] =
    Object.entries({ starts, processes, connectionsPerProcess, "retry.attempts": retry.attempts }).toSorted(
      ([, a], [, b]) => b - a,
    )[0] ?? [];
  const room = MOST_ATTEMPTS - (attempts - own(largest));
  const connects = own({ ...largest, retry: { ...retry, attempts: 1 } });
  // The time-outs leave room for fewer attempts than the setting, so that only its own number counts.
  const fits = field === "retry.attempts" ? Math.floor(room / connects) : Math.floor((room * value) / own(largest));
  return [
    problem({
      setting: name(`services.${largest.service}.${SETTINGS[field]}`),
      value,
      must: `leave a storm with at most ${MOST_ATTEMPTS} attempts to connect (${scenario} has ${attempts})`,
      because: "a storm of more takes too long to simulate",
      fix: fits >= 1 ? fits : "1 and lower the other services too",
    }),
  ];
}

/** Where in a plan that stands which a storm's input is made from. */
const SETTINGS: Readonly<Record<string, string>> = {
  "database.vcpus": "database.tier",
  "connector.vms": "connector.minInstances",
  "connector.connectsPerSecond": "connector.machineType",
  "database.heldConnections": "database.migrationConnections",
  starts: "maxInstances",
  processes: "database.workers",
  connectionsPerProcess: "database.startupConnections",
  probeWindowSeconds: "probe",
  connectTimeoutSeconds: "database.connectTimeoutSeconds",
  initTimeoutSeconds: "database.initTimeoutSeconds",
  queryCpuMs: "database.startupQueryCpuMs",
  "boot.medianSeconds": "bootSeconds",
  "retry.attempts": "database.retry.attempts",
  "retry.baseSeconds": "database.retry.baseSeconds",
  "retry.factor": "database.retry.factor",
  "retry.capSeconds": "database.retry.capSeconds",
  "retry.jitter": "database.retry.jitter",
};

/** What is there already when a storm arrives. */
interface Load {
  readonly held: number;
  /** Which of them are whose. */
  readonly heldBy: (client: Client) => number;
  readonly spreadSeconds: number;
  /** Share of the database's CPU that is taken. */
  readonly cpuShare: number;
}

const clientsOf = ({ services }: Pick<StormPlan, "services">): Client[] =>
  Object.entries(services).flatMap(([key, service]) =>
    service.database ? [{ ...service, key, database: service.database }] : [],
  );

/** For each client the largest set of clients that can roll out at the same time as it; equal sets once. */
const rolloutsOf = memoized((services: StormPlan["services"]): Client[][] => {
  const clients = clientsOf({ services });
  const before = predecessors(services);
  const waits = (client: Client, other: Client) => before.get(client.key)?.has(other.key) === true;
  const after = new Map(clients.map((client) => [client, clients.filter((other) => waits(other, client))]));
  const sets = clients.map((client) => {
    const others = clients.filter((other) => other !== client && !waits(other, client) && !waits(client, other));
    const together = new Set([
      client,
      ...heaviestAntichain(
        others,
        ({ maxInstances }) => maxInstances,
        (other) => after.get(other) ?? [],
      ),
    ]);
    return clients.filter((other) => together.has(other));
  });
  const label = (set: readonly Client[]) => set.map(({ key }) => key).join("+");
  return [...new Map(sets.map((set) => [label(set), set])).values()];
});

/** The 99th percentile of a standard normal: `bootSeconds` is that percentile of the boot time, not its median. */
const P99 = normalQuantile(0.99);

function groupOf(
  plan: StormPlan,
  client: Client,
  starts: number,
  values: StormValues,
  { spreadSeconds, heldBy }: Load,
): StartGroup {
  const { database, bootSeconds, probe } = client;
  const route = routeOf(plan, client);
  const { throughVpc, callsAdminApi } = databasePath(route);
  return {
    service: client.key,
    starts,
    processes: database.workers,
    connectionsPerProcess: database.startupConnections,
    connectsAtOnce: 1,
    boot: { medianSeconds: bootSeconds / Math.exp(P99 * values.bootSigma), sigma: values.bootSigma },
    spreadSeconds,
    remainingSeconds: values.remainingStartSeconds,
    probeWindowSeconds: probeWindowSeconds(probe),
    connectTimeoutSeconds: database.connectTimeoutSeconds,
    initTimeoutSeconds: database.initTimeoutSeconds,
    retry: database.retry,
    queryCpuMs: database.startupQueryCpuMs,
    path: pathOf(route),
    throughConnector: throughVpc && route.vpcAccess === "connector",
    callsAdminApi,
    connectionsPerInstance:
      route.dials === "socket" ? cloudSqlLimits.builtInSocketConnectionsPerInstance.value : Number.POSITIVE_INFINITY,
    userLimit: plan.database.roles
      ? mostConnectionsOf(serviceHolder(client.key, client.maxInstances, database))
      : Number.POSITIVE_INFINITY,
    userConnections: heldBy(client),
  };
}

function pathOf(route: DatabaseRoute): NetworkPath {
  const { fault, opensAfterSeconds } = databasePath(route);
  if (fault) return { kind: "broken", dialSeconds: startFacts.dialFailureSeconds.value };
  return opensAfterSeconds ? { kind: "slow", opensAfterSeconds } : { kind: "open" };
}

function inputOf(plan: StormPlan, groups: readonly StartGroup[], values: StormValues, load: Load): StormInput {
  const { maxConnections, reservedConnections, migrationConnections } = plan.database;
  return {
    groups,
    database: {
      vcpus: vcpusOf(plan.database.tier, values) * (1 - load.cpuShare),
      maxConnections,
      reservedConnections,
      // No more than ordinary users are given: pools that want more are what the budget refuses.
      heldConnections: Math.max(0, Math.min(load.held + migrationConnections, maxConnections - reservedConnections)),
    },
    // No more than there can be: what wants more is refused for that.
    connector: {
      vms: Math.min(plan.connector.minInstances, connectorLimits.minInstances.value.max),
      connectsPerSecond: vmConnectsPerSecond(plan.connector.machineType, values.connectorConnectsPerSecond),
    },
    adminApi: {
      callsPerMinute: cloudSqlLimits.adminApiConnectPerMinute.value,
      callsPerProcess: cloudSqlLimits.adminApiCallsPerProcess.value,
    },
    costs: {
      connectCpuMs: values.connectCpuMs,
      refusalCpuMs: values.connectCpuMs * values.refusalShare,
      startCpuMs: 0,
      // What was measured as the cost of a connect contains its end.
      exitCpuMs: 0,
      closeCpuMs: 0,
      postmasterMs: postgresCosts.postmasterMs.value,
      clientMs: values.clientConnectMs,
      clientTlsMs: 0,
      clientAuthMs: 0,
      clientVcpus: Number.POSITIVE_INFINITY,
      sigma: 0,
    },
    restartSeconds: startFacts.restartSeconds.value,
  };
}

function vcpusOf(name: string, values: StormValues): number {
  const tier = parseTier(name);
  if (!tier) return Number.NaN;
  return tier.kind === "shared-core" ? values.sharedCoreFraction : tier.vcpus;
}
