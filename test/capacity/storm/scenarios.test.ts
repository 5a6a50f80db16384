import { describe, expect, it } from "vitest";
import { assumptions } from "../../../capacity/assumptions";
import { stormInputProblems } from "../../../capacity/storm/model";
import { likelyValues, planScenarios, type StormPlan, stormPlanProblems } from "../../../capacity/storm/scenarios";
import { incidentPlan, stagingPlan, withRoutes } from "../staging-plan";

const shape = (plan: StormPlan) =>
  planScenarios(plan).map(({ name, starts, input }) => ({
    name,
    starts,
    groups: Object.fromEntries(input.groups.map((group) => [group.service, group.starts])),
    held: input.database.heldConnections,
    vcpus: input.database.vcpus,
  }));
const groupsOf = (plan: StormPlan, scenario: string) =>
  planScenarios(plan).find(({ name }) => name === scenario)?.input.groups ?? [];

describe("the storms of a plan", () => {
  it("are derived from it: how many start, and what is held already", () => {
    const migrations = 10;
    const atMaximum = 5 * (3 + 2) + 3 * (2 + 1);
    const atMinimum = 1 * (3 + 2) + 1 * (2 + 1);
    expect(shape(stagingPlan())).toEqual([
      { name: "cold-start", starts: 8, groups: { auth: 3, backend: 5 }, held: migrations, vcpus: 1 },
      { name: "rollout-auth", starts: 3, groups: { auth: 3 }, held: atMaximum + migrations, vcpus: 0.7 },
      { name: "rollout-backend", starts: 5, groups: { backend: 5 }, held: atMaximum + migrations, vcpus: 0.7 },
      {
        name: "recovery",
        starts: 8,
        groups: { auth: 3, backend: 5 },
        held: Math.round(0.1 * atMaximum) + migrations,
        vcpus: 1,
      },
      { name: "scale-out", starts: 6, groups: { auth: 2, backend: 4 }, held: atMinimum + migrations, vcpus: 0.7 },
    ]);
  });

  it("are sound inputs, whatever an assumption is", () => {
    const inputs = [stagingPlan(), incidentPlan("public socket, all traffic"), incidentPlan("private address")].flatMap(
      (plan) =>
        [
          likelyValues,
          ...Object.entries(assumptions).flatMap(([key, { low, high }]) =>
            [low, high].map((value) => ({ ...likelyValues, [key]: value })),
          ),
        ].flatMap((values) => planScenarios(plan, values)),
    );
    expect(inputs.flatMap(({ input }) => stormInputProblems(input))).toEqual([]);
  });

  it("leave out services without a database, and a plan without any has none", () => {
    const { services, ...plan } = stagingPlan();
    const frontend = services.frontend;
    expect(frontend?.database).toBeUndefined();
    expect(planScenarios({ ...plan, services: frontend ? { frontend } : {} })).toEqual([]);
  });

  it("have no scale-out where minimum and maximum are equal", () => {
    const names = planScenarios(
      stagingPlan({ "netra:services": { auth: { minInstances: 3 }, backend: { minInstances: 5 } } }),
    ).map(({ name }) => name);
    expect(names).not.toContain("scale-out");
  });

  it("give each service's user the connections of its line of the budget, and count what its old revision holds", () => {
    const users = (scenario: string) =>
      groupsOf(stagingPlan(), scenario).map(({ service, userLimit, userConnections }) => [
        service,
        userLimit,
        userConnections,
      ]);
    expect(users("cold-start")).toEqual([
      ["auth", 18, 0],
      ["backend", 50, 0],
    ]);
    expect(users("rollout-backend")).toEqual([["backend", 50, 25]]);
    const { database, ...plan } = stagingPlan();
    const { roles: _, ...withoutRoles } = database;
    const foreign: StormPlan = { ...plan, database: withoutRoles };
    expect(groupsOf(foreign, "rollout-backend").map(({ userLimit }) => userLimit)).toEqual([Number.POSITIVE_INFINITY]);
  });

  it("hold no more connections than ordinary users are given", () => {
    const rollout = planScenarios(incidentPlan("private address")).find(({ name }) => name === "rollout-backend");
    expect(rollout?.input.database.heldConnections).toBe(50 - 13);
  });
});

describe("what rolls out together", () => {
  const rollouts = (after: Readonly<Record<string, readonly string[]>>) => {
    const { services, ...plan } = stagingPlan();
    const backend = services.backend;
    if (!backend) throw new Error("staging has a backend");
    const keys = Object.keys(after);
    const all = Object.fromEntries(
      keys.map((key, i) => [key, { ...backend, maxInstances: i + 1, after: after[key] ?? [] }]),
    );
    return planScenarios({ ...plan, services: all })
      .map(({ name, starts }) => `${name} ${starts}`)
      .filter((name) => name.startsWith("rollout"));
  };

  it("nothing that waits for another, directly or through a third", () => {
    expect(rollouts({ a: [], b: ["a"], c: ["b"] })).toEqual(["rollout-a 1", "rollout-b 2", "rollout-c 3"]);
  });

  it("everything that waits for nothing", () => {
    expect(rollouts({ a: [], b: [], c: [] })).toEqual(["rollout-a+b+c 6"]);
  });

  it("the largest set that does not wait for one another, for each service", () => {
    // d runs beside a, b or c, but those three run one after another: c is the largest beside it.
    expect(rollouts({ a: [], b: ["a"], c: ["b"], d: [] })).toEqual(["rollout-a+d 5", "rollout-b+d 6", "rollout-c+d 7"]);
  });

  it("what waits for something unknown, or for itself, is not lost", () => {
    expect(rollouts({ a: ["gone"], b: ["c"], c: ["b"] })).toEqual(["rollout-a+c 4", "rollout-a+b 3"]);
  });

  it("many services without an order are found at once", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`s${i}`, []]));
    expect(rollouts(many)).toHaveLength(1);
  });

  it("many pairs of which one waits for the other are, too: each has 2^40 sets", () => {
    const pairs = Object.fromEntries(
      Array.from(
        { length: 40 },
        (_, i) =>
          [
            [`a${i}`, []],
            [`b${i}`, [`a${i}`]],
          ] as [string, string[]][],
      ).flat(),
    );
    const waiting = Object.keys(pairs).filter((key) => key.startsWith("b"));
    // The one of each pair that comes second here has more instances.
    expect(rollouts(pairs)).toContain(`rollout-${waiting.join("+")} ${40 * 41}`);
  });
});

describe("a start as the plan has it", () => {
  it("boots in a median that makes bootSeconds its 99th percentile: 15 s are the logged 7 s", () => {
    const backend = groupsOf(stagingPlan(), "cold-start").find(({ service }) => service === "backend");
    expect(backend?.boot.medianSeconds).toBeCloseTo(7, 1);
    expect((backend?.boot.medianSeconds ?? 0) * Math.exp(2.3263479 * (backend?.boot.sigma ?? 0))).toBeCloseTo(15, 5);
  });

  it("takes the connector to a private address, and the Admin API to the built-in socket", () => {
    const way = (plan: StormPlan) =>
      groupsOf(plan, "cold-start").map(({ path, throughConnector, callsAdminApi, connectionsPerInstance }) => [
        path.kind,
        throughConnector,
        callsAdminApi,
        connectionsPerInstance,
      ]);
    const overSocket = stagingPlan({
      "netra:services": {
        backend: { database: { path: "built-in-socket" } },
        auth: { database: { path: "built-in-socket" } },
      },
    });
    expect(way(stagingPlan())).toEqual(Array(2).fill(["open", true, false, Number.POSITIVE_INFINITY]));
    expect(way(overSocket)).toEqual(Array(2).fill(["open", true, true, 100]));
    expect(way(withRoutes(overSocket, { database: { isPublic: true, isPrivate: false } }))).toEqual(
      Array(2).fill(["open", false, true, 100]),
    );
  });

  it("takes 20 to 80 s longer over Direct VPC egress, and cannot reach a private address without a way into the VPC", () => {
    const over = (vpcAccess: "direct-vpc" | "none") =>
      groupsOf(withRoutes(stagingPlan(), { vpcAccess }), "cold-start").map(({ path, throughConnector }) => [
        path,
        throughConnector,
      ]);
    expect(over("direct-vpc")).toEqual(
      Array(2).fill([{ kind: "slow", opensAfterSeconds: { min: 20, max: 80 } }, false]),
    );
    expect(over("none")).toEqual(Array(2).fill([{ kind: "broken", dialSeconds: 34 }, false]));
  });

  it("meets the connector at its minimum, each VM in proportion to its throughput", () => {
    const connector = (machineType: string, minInstances: number) =>
      planScenarios(stagingPlan({ "netra:connector": { machineType, minInstances } }))[0]?.input.connector;
    expect(connector("e2-micro", 3)).toEqual({ vms: 3, connectsPerSecond: 200 });
    expect(connector("f1-micro", 2)).toEqual({ vms: 2, connectsPerSecond: 100 });
    expect(connector("e2-standard-4", 2)).toEqual({ vms: 2, connectsPerSecond: 3200 });
  });

  it("has the assumed fraction of a CPU on a shared core", () => {
    expect(planScenarios(incidentPlan("private address"))[0]?.input.database.vcpus).toBe(
      assumptions.sharedCoreFraction.likely,
    );
    expect(
      planScenarios(incidentPlan("private address"), { ...likelyValues, sharedCoreFraction: 0.1 })[0]?.input.database
        .vcpus,
    ).toBe(0.1);
  });
});

describe("a plan that cannot be simulated", () => {
  const messages = (plan: StormPlan) => stormPlanProblems(plan).map(({ message }) => message);

  it("staging's can", () => expect(messages(stagingPlan())).toEqual([]));

  it.each([
    ["maxInstances", (n: number) => ({ maxInstances: n }), 4, 2498],
    ["database.workers", (n: number) => ({ database: { workers: n } }), 20, 499],
    ["database.startupConnections", (n: number) => ({ database: { startupConnections: n } }), 5, 1998],
  ])(
    "a billion as %s is more attempts than are simulated, and the proposed number is not",
    (field, backend, each, fits) => {
      const planWith = (n: number) => stagingPlan({ "netra:services": { backend: backend(n) } });
      expect(messages(planWith(1e9))).toEqual([
        `'netra:services.backend.${field}' (1000000000) must leave a storm with at most 50000 attempts to connect (cold-start has ${5 * each}000000030) because a storm of more takes too long to simulate; set 'netra:services.backend.${field}' to ${fits}`,
      ]);
      expect(messages(planWith(fits))).toEqual([]);
      expect(messages(planWith(fits + 1))).toHaveLength(1);
    },
  );

  it("more attempts than are simulated without the largest service, too: the others must be lowered as well", () => {
    const many = { maxInstances: 6000 };
    expect(messages(stagingPlan({ "netra:services": { auth: many, backend: many } }))).toEqual([
      "'netra:services.backend.maxInstances' (6000) must leave a storm with at most 50000 attempts to connect (cold-start has 180000) because a storm of more takes too long to simulate; set 'netra:services.backend.maxInstances' to 1 and lower the other services too",
    ]);
  });

  it.each([
    ["a million attempts without a wait", { attempts: 1_000_000, baseSeconds: 0, capSeconds: 0, jitter: 0 }, 2498],
    ["a billion of a microsecond", { attempts: 1e9, baseSeconds: 1e-6, factor: 1, capSeconds: 1e-6, jitter: 0 }, 2498],
  ])("retries that never end, as the number of attempts that can be: %s", (_, retry, fits) => {
    const planWith = (attempts: number) =>
      stagingPlan({ "netra:services": { backend: { database: { retry: { ...retry, attempts } } } } });
    expect(messages(planWith(retry.attempts))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^'netra:services\\.backend\\.database\\.retry\\.attempts' \\(${retry.attempts}\\) must leave a storm with at most 50000 attempts to connect .*; set '.*' to ${fits}$`,
        ),
      ),
    ]);
    expect(messages(planWith(fits))).toEqual([]);
    expect(messages(planWith(fits + 1))).toHaveLength(1);
  });

  it("but as many attempts as one likes where the time-outs allow a few only", () => {
    const retry = { attempts: 1e9, baseSeconds: 2, factor: 1, capSeconds: 2, jitter: 0 };
    expect(messages(stagingPlan({ "netra:services": { backend: { database: { retry } } } }))).toEqual([]);
  });

  it("has no more of a connector than there is", () => {
    const [coldStart] = planScenarios(stagingPlan({ "netra:connector": { minInstances: 1e9 } }));
    expect(coldStart?.input.connector.vms).toBe(9);
  });

  it("names the settings, each once", () => {
    const { services, ...plan } = stagingPlan();
    const broken = Object.fromEntries(
      Object.entries(services).map(([key, service]) => [key, { ...service, maxInstances: key === "auth" ? 0 : 5 }]),
    );
    const connector = { ...plan.connector, machineType: "e2-standard-8" };
    expect(
      messages({
        ...plan,
        connector,
        services: broken,
        database: { ...plan.database, tier: "db-none", maxConnections: 0 },
      }),
    ).toEqual([
      "'netra:connector.machineType' (e2-standard-8) must be one of f1-micro, e2-micro, e2-standard-4 because a Serverless VPC Access connector runs on no other machine type; set 'netra:connector.machineType' to e2-standard-4",
      "'netra:services.auth.maxInstances' (0) must be stated and at least 1 because Cloud Run otherwise scales to 100 or to the project's quota, and every instance brings its connection pool; set 'netra:services.auth.maxInstances' to 1",
      "'netra:database.tier' (db-none) must be a tier such as db-custom-1-3840 because a storm needs to know its vCPUs; set 'netra:database.tier' to db-custom-1-3840",
      "'netra:database.maxConnections' (0) must be a whole number of at least 1 because no storm can be simulated otherwise; set 'netra:database.maxConnections' to 1",
    ]);
  });
});
