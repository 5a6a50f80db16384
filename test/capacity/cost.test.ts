import { describe, expect, test } from "vitest";
import { type Cost, connectorCost, databaseCost, planCost } from "../../capacity/cost";
import { planAlerts } from "../../capacity/monitoring/monitoring";
import { planOf } from "../../config/read";
import { type Changes, stagingSettings } from "../stack-settings";

const staging = planOf(stagingSettings());
const sumOf = ({ usdPerMonth }: Cost) => usdPerMonth ?? Number.NaN;
const usd = (value: number | undefined) => value?.toFixed(2);

describe("the connector", () => {
  test.each([
    ["f1-micro", [11.1, 16.64, 55.48]],
    ["e2-micro", [12.23, 18.34, 61.15]],
    ["e2-standard-4", [195.67, 293.51, 978.37]],
  ])("%s at 2, 3 and 10 instances costs what gcp.md tabulates", (machineType, expected) => {
    const costs = [2, 3, 10].map(
      (minInstances) => connectorCost({ connector: { ...staging.connector, machineType, minInstances } }).usdPerMonth,
    );
    expect(costs.map(usd)).toEqual(expected.map(usd));
  });

  test("that does not exist is not priced, and not free", () => {
    const item = connectorCost({ connector: { ...staging.connector, machineType: "e2-standard-8" } });
    expect(item).toEqual({ item: "connector e2-standard-8", arithmetic: "not priced: no such machine type" });
  });
});

describe("the database", () => {
  const machine = (database: object) => databaseCost({ database: { ...staging.database, ...database } })[0];

  test.each([
    ["db-custom-1-3840", 49.31],
    ["db-custom-2-7680", 98.62],
    ["db-custom-4-15360", 197.25],
    ["db-custom-8-30720", 394.49],
    ["db-g1-small", 0.035 * 730],
  ])("%s costs %d USD a month", (tier, expected) => expect(usd(machine({ tier })?.usdPerMonth)).toBe(usd(expected)));

  test("of an edition without published prices is not priced", () => {
    expect(machine({ tier: "db-perf-optimized-N-2", edition: "ENTERPRISE_PLUS" })).not.toHaveProperty("usdPerMonth");
    expect(machine({ tier: "none" })).not.toHaveProperty("usdPerMonth");
  });
});

describe("the plan", () => {
  const cost = planCost(staging, 7);

  test("costs the sum of what is priced", () => {
    const priced = cost.items.flatMap((item) => item.usdPerMonth ?? []);
    expect(cost.usdPerMonth).toBeCloseTo(
      priced.reduce((sum, value) => sum + value, 0),
      9,
    );
    expect(priced.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });

  test("shows how each price is made, and lists what has none", () => {
    for (const { item, usdPerMonth, arithmetic } of cost.items) {
      expect(item).not.toBe("");
      expect(arithmetic.startsWith("not priced: ")).toBe(usdPerMonth === undefined);
    }
    expect(cost.items.map(({ item }) => item)).toContain("database backups");
  });

  test("an instance whose CPU is always allocated costs more than an idle one", () => {
    const item = (name: string) => cost.items.find((entry) => entry.item.startsWith(name))?.usdPerMonth;
    // 2 vCPU and 4 GiB for a month of 730 hours; the prices are per second.
    expect(item("backend")).toBeCloseTo((2 * 0.000018 + 4 * 0.000002) * 730 * 3600, 9);
    expect(item("auth")).toBeCloseTo((1 * 0.0000025 + 0.5 * 0.0000025) * 730 * 3600, 9);
  });

  test("monitoring is named unless it is turned off", () => {
    const named = (changes: Changes) =>
      planCost(planOf(stagingSettings(changes)), 13).items.filter(({ item }) => item === "monitoring");
    expect(named({})).toEqual([
      {
        item: "monitoring",
        arithmetic: "not priced: log-based metrics and uptime checks are billed by use, beyond free allotments",
      },
    ]);
    expect(named({ "netra:monitoring": { disabled: { reason: "one afternoon (#1403)" } } })).toEqual([]);
  });

  test("alerts cost nothing before the announced day, and each condition from then on", () => {
    const settings = stagingSettings();
    const alerts = planAlerts(settings).slice(0, 2);
    const priced = planCost(planOf(settings), 13, settings.region, alerts).items.filter(
      ({ item }) => item === "alerts",
    );
    expect(alerts.map(({ conditions }) => conditions.length)).toEqual([1, 2]);
    // Every 30 s of 730 hours: 87,600 points of each series.
    expect(priced).toEqual([
      {
        item: "alerts",
        usdPerMonth: 0,
        arithmetic:
          "free until 2027-09-01; from then on 1.18 USD or more: 3 metrics x 0.35 USD + 3 series x 87600 points x 0.5 USD per million",
      },
    ]);
    expect(3 * (0.35 + (87_600 * 0.5) / 1e6)).toBeCloseTo(1.18, 2);
    expect(
      planCost(planOf(settings), 13, "europe-west1", alerts).items.find(({ item }) => item === "alerts"),
    ).not.toHaveProperty("usdPerMonth");
    const off = stagingSettings({ "netra:monitoring": { disabled: { reason: "one afternoon (#1403)" } } });
    expect(planCost(planOf(off), 13, off.region, alerts).items.filter(({ item }) => item === "alerts")).toEqual([]);
  });

  test("Cloud NAT is named where there is one, and a cache beyond the known prices is not priced", () => {
    expect(cost.items.some(({ item }) => item === "Cloud NAT")).toBe(false);
    const other = planCost({ ...staging, network: { ...staging.network, nat: {} }, cache: { memoryGb: 5 } }, 0);
    expect(other.items.find(({ item }) => item === "Cloud NAT")).not.toHaveProperty("usdPerMonth");
    expect(other.items.find(({ item }) => item === "cache")).not.toHaveProperty("usdPerMonth");
  });

  test("the load balancer costs its rules and its policy, and nothing where there is none", () => {
    const items = cost.items.filter(({ item }) => /balancer|Armor/.test(item));
    expect(items).toEqual([
      { item: "load balancer, forwarding rules", usdPerMonth: 18.25, arithmetic: "0.025 USD/h for up to five x 730 h" },
      { item: "Cloud Armor", usdPerMonth: 8, arithmetic: "1 policy x 5 USD + 3 rules x 1 USD" },
      {
        item: "load balancer and Cloud Armor, traffic",
        arithmetic:
          "not priced: 0.008 USD per GiB each way and 0.75 USD per million requests; how many there are depends on the clients",
      },
    ]);
    const without = planCost({ ...staging, edge: undefined }, 7);
    expect(sumOf(cost) - sumOf(without)).toBeCloseTo(26.25, 9);
    expect(without.items.some(({ item }) => /balancer|Armor/.test(item))).toBe(false);
  });

  test("more of anything never costs less", () => {
    const total = (plan: typeof staging) => sumOf(planCost(plan, 7));
    expect(total({ ...staging, connector: { ...staging.connector, minInstances: 4 } })).toBeGreaterThan(sumOf(cost));
    expect(total({ ...staging, database: { ...staging.database, diskGb: 40 } })).toBeGreaterThan(sumOf(cost));
    expect(sumOf(planCost(staging, 8))).toBeCloseTo(sumOf(cost) + 0.06, 9);
  });

  test("of a region whose prices nobody here knows has no sum, and every item says so", () => {
    const elsewhere = planCost(staging, 7, "europe-west1");
    expect(elsewhere).not.toHaveProperty("usdPerMonth");
    expect(elsewhere.items.map(({ item }) => item)).toEqual(cost.items.map(({ item }) => item));
    for (const { item, ...rest } of elsewhere.items)
      expect(rest, item).toEqual({ arithmetic: "not priced: prices are known for us-central1 only" });
  });
});
