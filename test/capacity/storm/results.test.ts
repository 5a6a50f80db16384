import { describe, expect, it } from "vitest";
import { planChecks } from "../../../capacity/checks";
import type { StormInput } from "../../../capacity/storm/model";
import { targetProblems } from "../../../capacity/storm/remedies";
import {
  planStorms,
  replicationsFor,
  type StormResult,
  scenarioStorms,
  sensitivity,
  stormDetail,
  stormOptionProblems,
} from "../../../capacity/storm/results";
import { planScenarios, type StormPlan } from "../../../capacity/storm/scenarios";
import { simulate } from "../../../capacity/storm/simulation";
import { incidentPlan, stagingPlan, withRoutes } from "../staging-plan";
import { stormInput } from "./storm-input";

const quick = { replications: 200 };
const scenarioOf = (input: StormInput, starts: number) => ({ name: "test", meaning: "", starts, input });
const coldStart = (plan = stagingPlan()) => {
  const [scenario] = planScenarios(plan);
  if (!scenario) throw new Error("the plan has storms");
  return scenario;
};

describe("what the staging plans give", () => {
  it("the project's own plan: the lower bound is at least 99 % in every scenario, and nothing shared holds it up", () => {
    const results = planStorms(stagingPlan());
    for (const { success, bottleneck, refusals, timeouts } of results) {
      expect(success.lower).toBeGreaterThanOrEqual(0.99);
      expect([bottleneck, refusals, timeouts]).toEqual(["none", 0, 0]);
    }
    expect(planChecks(stagingPlan()).flatMap(({ problems }) => problems)).toEqual([]);
    expect(targetProblems(stagingPlan(), results, 0.99)).toEqual([]);
  });

  it.each([1, 30])("the incident's path: no start succeeds, whatever the size (max_connections x %i)", (factor) => {
    const plan = incidentPlan("public socket, all traffic");
    const larger = { ...plan, database: { ...plan.database, tier: "db-custom-16-61440", maxConnections: 50 * factor } };
    for (const { success, bottleneck } of planStorms(factor === 1 ? plan : larger, quick)) {
      expect(success.mean).toBe(0);
      expect(bottleneck).toBe("network path");
    }
  });

  it("the incident's sizes with a working path: a cold start is well under 95 %, for want of connections", () => {
    const { success, bottleneck, refusals } = scenarioStorms(coldStart(incidentPlan("private address")), quick);
    expect(success.upper).toBeLessThan(0.5);
    expect(bottleneck).toBe("max_connections");
    expect(refusals).toBeGreaterThan(50);
  });
});

describe("the bottleneck", () => {
  const group = { starts: 10, connectTimeoutSeconds: 3 };
  it.each([
    ["database CPU", stormInput({ group, costs: { connectCpuMs: 1000 } })],
    ["max_connections", stormInput({ group, database: { maxConnections: 4 } })],
    [
      "connector",
      stormInput({ group: { ...group, throughConnector: true }, connector: { vms: 1, connectsPerSecond: 2 } }),
    ],
    [
      "Admin API",
      stormInput({ group: { ...group, callsAdminApi: true }, adminApi: { callsPerMinute: 10, callsPerProcess: 2 } }),
    ],
    ["built-in socket", stormInput({ group: { ...group, connectionsPerProcess: 3, connectionsPerInstance: 2 } })],
    ["connection limit", stormInput({ group: { ...group, userLimit: 4 } })],
    ["postmaster", stormInput({ group, costs: { postmasterMs: 1000 } })],
    ["network path", stormInput({ group: { ...group, path: { kind: "broken", dialSeconds: 34 } } })],
    ["none", stormInput({ group: { ...group, boot: { medianSeconds: 300, sigma: 0 } } })],
    // Everything is ready, only later.
    ["database CPU", stormInput({ group: { ...group, connectTimeoutSeconds: 60 }, costs: { connectCpuMs: 1000 } })],
    // Neither alone helps: the path hurts most.
    [
      "network path",
      stormInput({
        group: { ...group, path: { kind: "broken", dialSeconds: 34 } },
        database: { maxConnections: 4, heldConnections: 4 },
      }),
    ],
  ])("is %s where relieving that changes most", (bottleneck, input) => {
    expect(scenarioStorms(scenarioOf(input, 10), { replications: 50 }).bottleneck).toBe(bottleneck);
  });

  it("is what simulating every relief finds, also of resources that hold nobody up", () => {
    const options = { replications: 20, seed: 1 };
    const input = stormInput({
      group: { ...group, throughConnector: true, callsAdminApi: true, userLimit: 10, connectionsPerInstance: 1 },
      connector: { vms: 10, connectsPerSecond: 100 },
      costs: { connectCpuMs: 100 },
    });
    const { reliefs } = stormDetail(scenarioOf(input, 10), options);
    const endless = Number.POSITIVE_INFINITY;
    const [own = expect.unreachable()] = input.groups;
    const relieved = [
      { ...input, database: { ...input.database, maxConnections: endless } },
      { ...input, connector: { ...input.connector, vms: endless } },
      { ...input, adminApi: { ...input.adminApi, callsPerMinute: endless } },
      { ...input, groups: [{ ...own, connectionsPerInstance: endless }] },
      { ...input, groups: [{ ...own, userLimit: endless }] },
    ];
    const { shares, readySeconds } = simulate(input, options);
    for (const other of relieved) expect(simulate(other, options)).toMatchObject({ shares, readySeconds });
    expect(reliefs.filter(({ timeGone }) => timeGone > 0).map(({ resource }) => resource)).toEqual(["database CPU"]);
  });
});

describe("results", () => {
  it("report what happened, per storm", () => {
    const input = stormInput({ group: { starts: 4, remainingSeconds: 2 }, database: { maxConnections: 3 } });
    const result = scenarioStorms(scenarioOf(input, 4), { replications: 100, seed: 5 });
    expect(result).toMatchObject({
      scenario: "test",
      starts: 4,
      replications: 100,
      seed: 5,
      readySeconds: { p50: 2, p95: 2, p99: 2 },
      peakConnections: 3,
      refusals: 1,
      timeouts: 0,
      failedBy: { attempts: 1, initTimeout: 0, probeWindow: 0 },
    });
    expect(result.success.mean).toBe(0.75);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("have no time to ready where nothing was ready", () => {
    const input = stormInput({ group: { path: { kind: "broken", dialSeconds: 34 } } });
    expect(scenarioStorms(scenarioOf(input, 1), { replications: 10 }).readySeconds).toEqual({
      p50: null,
      p95: null,
      p99: null,
    });
  });

  it("have the starts of each service beside its own window", () => {
    const input = stormInput({
      groups: [
        { service: "fast", starts: 2, probeWindowSeconds: 50 },
        { service: "broken", starts: 1, probeWindowSeconds: 70, path: { kind: "broken", dialSeconds: 34 } },
      ],
    });
    const { services } = scenarioStorms(scenarioOf(input, 3), { replications: 10 });
    expect(services).toEqual([
      { service: "fast", readyShare: 1, windowSeconds: 50, readySeconds: { p50: 0, p95: 0, p99: 0 } },
      { service: "broken", readyShare: 0, windowSeconds: 70, readySeconds: { p50: null, p95: null, p99: null } },
    ]);
  });

  it("in detail have what each relief would bring", () => {
    expect(stormDetail(coldStart(), quick).reliefs.map(({ resource }) => resource)).toEqual([
      "max_connections",
      "database CPU",
      "connector",
      "connection limit",
      "postmaster",
    ]);
  });
});

describe("the sensitivity table", () => {
  it("has a row for each assumption that the scenario depends on, the one that decides most first", () => {
    const rows = sensitivity(incidentPlan("private address"), "cold-start", { replications: 20 });
    const moved = rows.map(({ low, high }) => Math.abs(high.success.mean - low.success.mean));
    expect(moved).toEqual(moved.toSorted((a, b) => b - a));
    const names = rows.map(({ assumption }) => assumption);
    expect(names).toContain("sharedCoreFraction");
    // Nothing rolls out and nothing lingers in a cold start.
    expect(names).not.toContain("steadyCpuShare");
    expect(names).not.toContain("lingeringShare");
  });

  it("leaves out the fraction of a shared core where there is none", () => {
    const names = sensitivity(stagingPlan(), "rollout-backend", quick).map(({ assumption }) => assumption);
    expect(names).toContain("steadyCpuShare");
    expect(names).not.toContain("sharedCoreFraction");
  });
});

describe("a plan below its target", () => {
  const result = (changes: Partial<StormResult>): StormResult => ({
    ...scenarioStorms(coldStart(), { replications: 2 }),
    replications: 2000,
    success: { mean: 0.961, lower: 0.9534, upper: 0.97 },
    ...changes,
  });

  it("is named with its bottleneck and what to set", () => {
    expect(
      targetProblems(stagingPlan(), [result({ bottleneck: "database CPU" })], 0.99).map(({ message }) => message),
    ).toEqual([
      "'netra:database.tier' (db-custom-1-3840) must let at least 99 % of starts be ready at the first try, with 95 % confidence, in cold-start (96.10 % of 8, lower bound 95.34 %) because the bottleneck of 2000 simulated storms is database CPU; set 'netra:database.tier' to db-custom-2-7680",
    ]);
  });

  it("names the service that starts most where the setting is a service's", () => {
    expect(targetProblems(stagingPlan(), [result({ bottleneck: "none" })], 0.99).map(({ message }) => message)).toEqual(
      [
        "'netra:services.backend.maxInstances' (5) must let at least 99 % of starts be ready at the first try, with 95 % confidence, in cold-start (96.10 % of 8, lower bound 95.34 %) because fewer were ready in 2000 simulated storms; set 'netra:services.backend.maxInstances' to fewer, or a longer probe window and longer time-outs: no single resource is the cause",
      ],
    );
  });

  it("names once what several storms have in common", () => {
    const storms = ["cold-start", "recovery"].map((scenario) => result({ scenario, bottleneck: "database CPU" }));
    const messages = targetProblems(
      stagingPlan(),
      [...storms, result({ scenario: "scale-out", bottleneck: "connector" })],
      0.99,
    ).map(({ message }) => message);
    expect(messages).toHaveLength(2);
    expect(messages[0]).toContain(
      "in cold-start (96.10 % of 8, lower bound 95.34 %), recovery (96.10 % of 8, lower bound 95.34 %) because the bottleneck of 2000 simulated storms is database CPU;",
    );
  });

  describe("because of the path", () => {
    const onPath = (plan: StormPlan) =>
      targetProblems(plan, [result({ bottleneck: "network path" })], 0.99)[0]?.message;

    it("names what breaks the path, for every service", () => {
      expect(onPath(incidentPlan("public socket, all traffic"))).toMatch(
        /^'netra:services\.auth\.egress' \(all-traffic\) must .* is network path: all-traffic sends every packet into the VPC, .* public address is on the internet: .*; set 'netra:services\.auth\.egress' to private-ranges-only, and 'netra:services\.backend\.egress' likewise$/,
      );
      expect(onPath(withRoutes(stagingPlan(), { vpcAccess: "none" }))).toMatch(
        /^'netra:services\.auth\.vpcAccess' \(not set\) must .* the workload has no VPC access; set 'netra:services\.auth\.vpcAccess' to the connector's id/,
      );
    });

    it("states how long Direct VPC egress takes to open, and what the application must wait for", () => {
      expect(onPath(withRoutes(stagingPlan(), { vpcAccess: "direct-vpc" }))).toMatch(
        /^'netra:services\.auth\.database\.initTimeoutSeconds' \(75\) must .*: Direct VPC egress passes traffic only 20 to 80 s after an instance starts, and the application gives up after 75 s; set 'netra:services\.auth\.database\.initTimeoutSeconds' to 120 and 'netra:services\.auth\.probe\.failureThreshold' to 13, and let the application retry for so long, or take a connector/,
      );
      const patient = (probe: object) =>
        withRoutes(
          stagingPlan({
            "netra:services": Object.fromEntries(
              ["auth", "backend"].map((key) => [key, { database: { initTimeoutSeconds: 120 }, probe }]),
            ),
          }),
          { vpcAccess: "direct-vpc" },
        );
      expect(onPath(patient({}))).toMatch(
        /^'netra:services\.auth\.probe\.failureThreshold' \(9\) must .*; set '.*' to 13, or take a connector/,
      );
      expect(onPath(patient({ failureThreshold: 14 }))).toMatch(
        /; set 'netra:services\.auth\.vpcAccess' to the id of a connector/,
      );
    });

    it("what is proposed for Direct VPC egress lets the starts succeed", () => {
      const services = Object.fromEntries(
        ["auth", "backend"].map((key) => [
          key,
          { database: { initTimeoutSeconds: 120 }, probe: { failureThreshold: 14 } },
        ]),
      );
      const plan = withRoutes(stagingPlan({ "netra:services": services }), { vpcAccess: "direct-vpc" });
      for (const { success } of planStorms(plan, quick)) expect(success.mean).toBe(1);
    });
  });

  it("is judged by the lower bound, and at it passes", () => {
    expect(targetProblems(stagingPlan(), [result({})], 0.9534)).toEqual([]);
    expect(targetProblems(stagingPlan(), [result({})], 0.9535)).toHaveLength(1);
  });

  it("with a strict target gets so many storms that a faultless plan reaches it", () => {
    const { success } = scenarioStorms(coldStart(), { replications: replicationsFor(0.999) });
    expect(success.lower).toBeGreaterThanOrEqual(0.999);
    expect(replicationsFor(0.99)).toBe(1000);
  });
});

describe("what a command can be asked for", () => {
  const messages = (asked: Parameters<typeof stormOptionProblems>[0]) =>
    stormOptionProblems(asked, ["cold-start", "recovery"], (field) => `--${field}`).map(({ message }) => message);

  it("the defaults, and anything in range", () => {
    expect(messages({})).toEqual([]);
    expect(messages({ replications: 1000, seed: 0, scenario: "recovery", target: 0.99 })).toEqual([]);
    expect(messages({ target: 0.999 })).toEqual([]);
  });

  it("not a scenario that does not exist, a seed that is no integer, a target of 0 or 1, or too few storms: all at once", () => {
    expect(messages({ replications: 999, seed: 1.5, scenario: "rollout", target: 1 })).toEqual([
      "'--target' (1) must be above 0 and below 1 because no number of storms proves certainty, and any plan reaches nothing; set '--target' to 0.99",
      "'--replications' (999) must be a whole number of at least 1000 because fewer storms give no verdict; set '--replications' to 1000",
      "'--seed' (1.5) must be a whole number from 0 to 4294967295 because the same seed gives the same storms on any machine; set '--seed' to 1",
      "'--scenario' (rollout) must be one of cold-start, recovery because the plan has no other storms; set '--scenario' to cold-start",
    ]);
  });

  it.each([Number.NaN, 0, -1, 1500.5, Number.POSITIVE_INFINITY])("not %d storms", (replications) => {
    expect(messages({ replications })).toHaveLength(1);
  });

  it.each([Number.NaN, -1, 2 ** 32])("not the seed %d", (seed) => expect(messages({ seed })).toHaveLength(1));
  it.each([Number.NaN, 0, -0.5, 1, 99])("not the target %d", (target) => expect(messages({ target })).toHaveLength(1));

  it("not fewer storms than the target needs even if nothing fails", () => {
    expect(messages({ replications: 2000, target: 0.999 })).toEqual([
      "'--replications' (2000) must be a whole number of at least 3530 because with fewer storms the lower bound stays under 0.999 even when no start fails; set '--replications' to 7060",
    ]);
  });
});
