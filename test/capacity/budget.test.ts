import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  budgetArithmetic,
  budgetProblems,
  budgetRemedy,
  type ConnectionHolder,
  connectionBudget,
  type DatabaseSlots,
} from "../../capacity/budget";
import { maxConnectionsProblems, tierCatalogue } from "../../capacity/constraints/cloudsql";
import { proposedFix } from "./proposed-fix";

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

  test("reports nothing of a budget that holds, and everything of one that does not", () => {
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

  test("reports where no tier holds what would be needed", () => {
    const clients = [holder("backend", 1000, 50, 50)];
    const [problem] = budgetProblems(connectionBudget(clients, slots), slots, clients, names);
    expect(problem?.fix).toBe("lower pools and maximum instances until all lines together hold at most 97");
  });
});
