import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adminApiCalls,
  adminApiProblems,
  budgetArithmetic,
  budgetProblems,
  budgetRemedy,
  type ConnectionHolder,
  connectionBudget,
  connectorWait,
  connectorWaitProblems,
  connectRateProblems,
  type DatabaseSlots,
  databaseConnectWait,
} from "../../capacity/budget";
import { maxConnectionsProblems, tierCatalogue } from "../../capacity/constraints/cloudsql";
import { proposedFix, proposedNumber } from "./proposed-fix";

const slots: DatabaseSlots = {
  maxConnections: 150,
  usableShare: 0.8,
  reservedConnections: 13,
  migrationConnections: 10,
};
const holder = (
  label: string,
  instances: number,
  poolSize: number,
  maxOverflow: number,
  workers = 1,
): ConnectionHolder => ({
  label,
  instances,
  overlap: instances,
  poolSize,
  maxOverflow,
  workers,
});
const names = {
  maxConnections: "max_connections",
  tier: "tier",
  pool: (label: string, field: string) => `${label}.${field}`,
  instances: (label: string) => `${label}.instances`,
};

const holders = fc.array(
  fc.record({
    label: fc.constantFrom("backend", "auth", "worker"),
    instances: fc.integer({ min: 1, max: 40 }),
    overlap: fc.integer({ min: 0, max: 40 }),
    poolSize: fc.integer({ min: 1, max: 60 }),
    maxOverflow: fc.nat(60),
    workers: fc.integer({ min: 1, max: 8 }),
  }),
  { maxLength: 6 },
);
const anySlots = fc.record({
  maxConnections: fc.integer({ min: 14, max: 5000 }),
  usableShare: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
  reservedConnections: fc.nat(50),
  migrationConnections: fc.nat(50),
});

describe("connections", () => {
  test("the plan that staging.md works by hand: 91 of 120", () => {
    const budget = connectionBudget([holder("backend", 5, 3, 2), holder("auth", 3, 2, 1)], slots);
    expect(budget).toEqual({
      lines: [
        { label: "backend", instances: 5, overlap: 5, perInstance: 5, connections: 50 },
        { label: "auth", instances: 3, overlap: 3, perInstance: 3, connections: 18 },
      ],
      reserved: 23,
      demand: 91,
      limit: 120,
      headroom: 29,
    });
    expect(budgetArithmetic(budget, slots)).toBe(
      "backend (5 + 5) x 5 = 50; auth (3 + 3) x 3 = 18; reserved 13 + migrations 10 = 23; 91 of 120 (max_connections 150 x 0.8)",
    );
  });

  test("the incident: over 2,000 connections against 40 slots", () => {
    const budget = connectionBudget([holder("backend", 20, 20, 30), holder("auth", 10, 5, 10)], {
      ...slots,
      maxConnections: 50,
    });
    expect(budget.limit).toBe(40);
    expect(budget.demand).toBe(2000 + 300 + 23);
  });

  test("nothing but the reserved slots without a holder", () => {
    expect(connectionBudget([], slots)).toMatchObject({ lines: [], demand: 23, headroom: 97 });
  });

  test("a share in floating point loses no slot", () => {
    for (let percent = 1; percent <= 100; percent++)
      expect(connectionBudget([], { ...slots, maxConnections: 100, usableShare: percent / 100 }).limit).toBe(percent);
  });

  test("is linear: twice the instances are twice the connections, and the parts add up to the whole", () => {
    fc.assert(
      fc.property(holders, holders, anySlots, (some, others, database) => {
        const connections = (list: readonly ConnectionHolder[]) =>
          connectionBudget(list, database).demand - connectionBudget([], database).demand;
        const doubled = some.map((h) => ({ ...h, instances: 2 * h.instances, overlap: 2 * h.overlap }));
        expect(connections(doubled)).toBe(2 * connections(some));
        expect(connections([...some, ...others])).toBe(connections(some) + connections(others));
      }),
    );
  });

  test("is monotone: no figure can rise without the demand rising, and more slots never hurt", () => {
    fc.assert(
      fc.property(
        holders,
        anySlots,
        fc.constantFrom("instances", "overlap", "poolSize", "maxOverflow", "workers"),
        fc.integer({ min: 1, max: 5 }),
        (list, database, field, more) => {
          fc.pre(list.length > 0);
          const larger = list.map((h, i) => (i === 0 ? { ...h, [field]: h[field] + more } : h));
          const [before, after] = [connectionBudget(list, database), connectionBudget(larger, database)];
          expect(after.demand).toBeGreaterThanOrEqual(before.demand);
          expect(
            connectionBudget(list, { ...database, maxConnections: database.maxConnections + more }).headroom,
          ).toBeGreaterThanOrEqual(before.headroom);
        },
      ),
    );
  });

  test("instances and overlap count alike", () => {
    fc.assert(
      fc.property(holders, anySlots, (list, database) => {
        const swapped = list.map((h) => ({ ...h, instances: h.overlap, overlap: h.instances }));
        expect(connectionBudget(swapped, database).demand).toBe(connectionBudget(list, database).demand);
      }),
    );
  });

  test("each remedy passes by itself, and none is larger than it needs to be", () => {
    fc.assert(
      fc.property(holders, anySlots, (list, database) => {
        const budget = connectionBudget(list, database);
        fc.pre(budget.headroom < 0);
        const { maxConnections, largestPerInstance, largestInstances, largest } = budgetRemedy(budget, database);
        const headroom = (changed: Partial<DatabaseSlots>) =>
          connectionBudget(list, { ...database, ...changed }).headroom;
        expect(headroom({ maxConnections })).toBeGreaterThanOrEqual(0);
        expect(headroom({ maxConnections: maxConnections - 1 })).toBeLessThan(0);
        if (!largest) return;
        const rest = budget.demand - largest.connections;
        const { instances, overlap, perInstance } = largest;
        if (largestPerInstance >= 1)
          expect(rest + (instances + overlap) * largestPerInstance).toBeLessThanOrEqual(budget.limit);
        expect(rest + (instances + overlap) * (largestPerInstance + 1)).toBeGreaterThan(budget.limit);
        if (largestInstances >= 1)
          expect(rest + (overlap > 0 ? 2 : 1) * largestInstances * perInstance).toBeLessThanOrEqual(budget.limit);
      }),
    );
  });

  test("the tier that is named holds what it is named for, and the present one is kept where it does", () => {
    fc.assert(
      fc.property(fc.constantFrom(...tierCatalogue), fc.integer({ min: 1, max: 80 }), (tier, instances) => {
        const database = { ...slots, maxConnections: 100, tier: tier.name };
        const budget = connectionBudget([holder("backend", instances, 5, 5)], database);
        const remedy = budgetRemedy(budget, database);
        const holds = (name: string) =>
          maxConnectionsProblems({ tier: name, maxConnections: remedy.maxConnections }).length === 0;
        if (holds(tier.name)) expect(remedy.tier).toBe(tier.name);
        else if (remedy.tier) expect(holds(remedy.tier)).toBe(true);
      }),
    );
  });

  test("never proposes a smaller machine than the present one", () => {
    const database = { ...slots, maxConnections: 100, tier: "db-custom-4-15360" };
    const clients = [holder("backend", 10, 5, 0)];
    const [problem] = budgetProblems(connectionBudget(clients, database), database, clients, names);
    expect(problem && proposedFix(problem)).toBe(
      "154, or set 'backend.poolSize' to 2, or set 'backend.instances' to 5",
    );
  });

  test("says nothing of a budget that holds, and everything of one that does not", () => {
    const small = [holder("backend", 5, 3, 2)];
    expect(budgetProblems(connectionBudget(small, slots), slots, small, names)).toEqual([]);
    const large = [holder("backend", 20, 20, 30)];
    const budget = connectionBudget(large, { ...slots, maxConnections: 50 });
    expect(
      budgetProblems(budget, { ...slots, maxConnections: 50, tier: "db-g1-small" }, large, names).map((p) => p.message),
    ).toEqual([
      "'max_connections' (50) must cover 2023 connections with 0.8 of its slots (it covers 40) because backend (20 + 20) x 50 = 2000; reserved 13 + migrations 10 = 23; 2023 of 40 (max_connections 50 x 0.8), and the database refuses connections at the first rollout; set 'max_connections' to 2529 and 'tier' to db-custom-8-53248, or lower pools and maximum instances until all lines together hold at most 17",
    ]);
  });

  test("says so where no tier holds what would be needed", () => {
    const clients = [holder("backend", 1000, 50, 50)];
    const [problem] = budgetProblems(connectionBudget(clients, slots), slots, clients, names);
    expect(problem?.fix).toBe("lower pools and maximum instances until all lines together hold at most 97");
  });
});

describe("the database's connect rate", () => {
  const client = (instances: number, connectTimeoutSeconds = 10, startupConnections = 4, workers = 1) => ({
    instances,
    workers,
    startupConnections,
    connectTimeoutSeconds,
  });

  test("every process connects at once, on the tier's vCPUs, 7 ms of CPU each", () => {
    expect(databaseConnectWait([client(5), client(3, 8)], "db-custom-1-3840")).toMatchObject({
      concurrentConnects: 8,
      timeoutSeconds: 8,
      vcpus: 1,
      waitSeconds: 0.056,
    });
    expect(databaseConnectWait([client(8, 10, 4, 2)], "db-custom-2-7680")?.waitSeconds).toBeCloseTo(
      (16 * 3.5) / 1000,
      9,
    );
  });

  test("many vCPUs wait for the one postmaster", () => {
    expect(databaseConnectWait([client(1000)], "db-custom-96-368640")?.waitSeconds).toBeCloseTo(0.5, 9);
  });

  test("cannot be told without clients or a tier", () => {
    expect(databaseConnectWait([], "db-custom-1-3840")).toBeUndefined();
    expect(databaseConnectWait([client(1)], "none")).toBeUndefined();
    expect(connectRateProblems([], "none", { tier: "tier", instances: "instances" })).toEqual([]);
  });

  test("both remedies pass: the faster tier, and fewer processes", () => {
    const clients = fc.array(
      fc.record({
        instances: fc.integer({ min: 1, max: 4000 }),
        workers: fc.integer({ min: 1, max: 4 }),
        startupConnections: fc.constant(4),
        connectTimeoutSeconds: fc.integer({ min: 1, max: 30 }),
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(clients, fc.constantFrom("db-g1-small", ...tierCatalogue.map(({ name }) => name)), (list, tier) => {
        const of = (name: string, given = list) =>
          connectRateProblems(given, name, { tier: "tier", instances: "the instances" });
        for (const problem of of(tier)) {
          const [[, faster] = []] = problem.ways?.[0] ?? [];
          if (typeof faster === "string") expect(of(faster)).toEqual([]);
          const most = Number(/at most (\d+) processes/.exec(problem.message)?.[1]);
          const connectTimeoutSeconds = Math.min(...list.map((c) => c.connectTimeoutSeconds));
          expect(of(tier, [{ instances: most, workers: 1, startupConnections: 4, connectTimeoutSeconds }])).toEqual([]);
        }
      }),
    );
  });
});

describe("the connector", () => {
  const connector = { machineType: "e2-micro", minInstances: 3, maxInstances: 10 };
  const client = (instances: number, startupConnections: number, connectTimeoutSeconds = 10) => ({
    instances,
    workers: 1,
    startupConnections,
    connectTimeoutSeconds,
  });

  test("bytes are not what a storm exhausts: 7,400 connects a second fit 200 Mbps", () => {
    const wait = connectorWait([client(7400, 1)], { ...connector, minInstances: 2 });
    expect((7400 * 3363 * 8) / 200e6).toBeCloseTo(1, 2);
    expect(wait?.waitSeconds).toBeCloseTo(7400 / 400, 9);
  });

  test("all connects of all processes, at the minimum number of VMs", () => {
    expect(connectorWait([client(5, 4), client(3, 2)], connector)).toMatchObject({
      connects: 26,
      mbps: 300,
      connectsPerSecond: 600,
      waitSeconds: 26 / 600,
    });
  });

  test("cannot be told without clients or a machine type", () => {
    expect(connectorWait([], connector)).toBeUndefined();
    expect(connectorWait([client(1, 1)], { ...connector, machineType: "e2-standard-8" })).toBeUndefined();
  });

  test("both remedies pass: more VMs, and fewer connects", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 2, max: 9 }),
        (instances, startup, timeout, minInstances) => {
          const of = (given: { instances: number; startup: number; minInstances: number }) =>
            connectorWaitProblems(
              [client(given.instances, given.startup, timeout)],
              { ...connector, minInstances: given.minInstances },
              { minInstances: "minInstances", instances: "the instances" },
            );
          for (const problem of of({ instances, startup, minInstances })) {
            if (problem.ways) expect(of({ instances, startup, minInstances: proposedNumber(problem) })).toEqual([]);
            const most = Number(/at most (\d+) connects/.exec(problem.fix)?.[1]);
            expect(of({ instances: most, startup: 1, minInstances })).toEqual([]);
          }
        },
      ),
    );
  });
});

test("the Admin API answers about 500 processes a minute", () => {
  expect(
    adminApiCalls([
      { instances: 5, workers: 2 },
      { instances: 3, workers: 1 },
    ]),
  ).toEqual({ processes: 13, calls: 26, limit: 1000 });
  expect(adminApiProblems([{ instances: 250, workers: 2 }], "maxInstances", 250)).toEqual([]);
  expect(adminApiProblems([{ instances: 251, workers: 2 }], "maxInstances", 251).map((p) => p.message)).toEqual([
    "'maxInstances' (251) must leave a cold start within 1000 Admin API calls a minute (it makes 1004) because each process fetches settings and a certificate before it can connect, and further calls are answered with 429; set 'maxInstances' to fewer instances, so that at most 500 processes start at once, or use the database's private address, which needs no call",
  ]);
});
