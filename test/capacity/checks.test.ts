import { describe, expect, test } from "vitest";
import { planBudget, planChecks } from "../../capacity/checks";
import type { CapacityPlan } from "../../capacity/plan";
import { planOf } from "../../config/read";
import { type Changes, stagingSettings } from "../stack-settings";

const staging = planOf(stagingSettings());
/** The plan with changes that the configuration's reader may refuse: a check must stand on its own. */
const changed = (change: (plan: CapacityPlan) => Partial<CapacityPlan>): CapacityPlan => ({
  ...staging,
  ...change(staging),
});
const read = (changes: Changes) => planOf(stagingSettings(changes));

const failing = (plan: CapacityPlan) => planChecks(plan).filter(({ problems }) => problems.length > 0);
const service = (plan: CapacityPlan, key: string) => {
  const found = plan.services[key];
  if (!found) throw new Error(`staging has no service ${key}`);
  return found;
};
const backendWith = (changes: object) =>
  changed((plan) => ({ services: { ...plan.services, backend: { ...service(plan, "backend"), ...changes } } }));
const databaseOf = (changes: object) =>
  backendWith({ database: { ...service(staging, "backend").database, ...changes } });

describe("staging's own plan", () => {
  test("passes every check", () => expect(failing(staging)).toEqual([]));

  test("needs 92 of 120 connections", () => {
    expect(planBudget(staging)).toMatchObject({ demand: 92, limit: 120, headroom: 28, reserved: 23 });
    expect(planChecks(staging)[0]?.arithmetic).toEqual([
      "auth (3 + 3) x 3 = 18",
      "backend (5 + 5) x 5 = 50",
      "database-roles (1 + 0) x 1 = 1",
      "reserved 13 + migrations 10 = 23",
      "92 of 120 (max_connections 150 x 0.8)",
      "not counted: a second rollout within the request time-out (600 s) adds a third set, 34; a maximum may be exceeded briefly, by an instance each 8: 134 of max_connections 150",
    ]);
  });

  test("advises time between two rollouts where a third set does not fit into all slots", () => {
    expect(planChecks(databaseOf({ poolSize: 5 }))[0]).toMatchObject({
      arithmetic: expect.arrayContaining([
        "not counted: a second rollout within the request time-out (600 s) adds a third set, 44; a maximum may be exceeded briefly, by an instance each 10: 166 of max_connections 150",
      ]),
      advice: [
        "leave 600 s between two rollouts, or set 'netra:database.maxConnections' to 166: the alert database-backends opens before the slots are gone",
      ],
      problems: [],
    });
  });

  test("shows every sum as a person would write it", () => {
    const arithmetic = Object.fromEntries(planChecks(staging).map((check) => [check.title, check.arithmetic]));
    expect(arithmetic).toMatchObject({
      "max_connections against the tier's memory": [
        "1024 MiB shared_buffers + 150 backends x 9 MiB = 2374 of 3264 MiB usable (3840 MiB in db-custom-1-3840)",
      ],
      "connections of one instance over the built-in socket": ["no service uses the built-in socket"],
      "Cloud SQL Admin API calls of a cold start": ["a private address needs none"],
      "the database's connect rate against the connect time-out": [
        "8 connects at once on 1 vCPU = 0.056 s of the 10 s connect time-out",
      ],
      "the storm's bytes and connects against the connector at its minimum": [
        "26 connects through 3 x e2-micro (300 Mbps, 600 connects/s assumed) = 0.043 s of the 10 s connect time-out",
      ],
      "Cloud Run cpu and memory in use, both revisions of a rollout included, against the regional quota": [
        "auth 3 x 1 + backend (5 + 5) x 2 + frontend 3 x 1 + database-roles 1 x 1 = 27 of 32 vCPU",
        "auth 3 x 0.5 + backend (5 + 5) x 4 + frontend 3 x 0.5 + database-roles 1 x 0.5 = 43.5 of 64 GiB",
        "not required: where requests outlive the rollouts of one update, two revisions of every service take 33 vCPU and 46.5 GiB",
      ],
    });
    expect(arithmetic["start-up probe window against boot and database initialisation"]).toContain(
      "backend: boot 15 + initialisation 75 = 90 s of 120 s (at most 600)",
    );
  });

  test("advises against one path for start-up and liveness where a service has a database", () => {
    const adviceOn = (changes: Changes) =>
      planChecks(read({ "netra:services": changes })).find(({ title }) => title.startsWith("start-up probe window"))
        ?.advice;
    const advice =
      "'netra:services.auth.liveness.path' (/health) should not be the start-up probe's path: if it asks the database, an outage of 90 s kills every instance at once; set it to a path that asks the process alone";
    expect(adviceOn({})).toEqual([advice]);
    expect(adviceOn({ auth: { probe: { path: "/health/ready" } } })).toBeUndefined();
  });

  test("has figures for every comparison it prints", () => {
    for (const { figures } of planChecks(staging))
      for (const figure of Object.values(figures)) expect(Number.isFinite(figure)).toBe(true);
  });
});

describe("each check fails on its own fault", () => {
  test.each([
    ["connections of both revisions against max_connections", databaseOf({ poolSize: 20 })],
    ["max_connections against the tier's memory", read({ "netra:database": { maxConnections: 400 } })],
    ["connections of one instance over the built-in socket", databaseOf({ path: "built-in-socket", poolSize: 101 })],
    [
      "Cloud SQL Admin API calls of a cold start",
      backendWith({
        maxInstances: 501,
        database: { ...service(staging, "backend").database, path: "built-in-socket" },
      }),
    ],
    ["the database's connect rate against the connect time-out", backendWith({ maxInstances: 2000 })],
    ["the storm's bytes and connects against the connector at its minimum", databaseOf({ startupConnections: 2000 })],
    [
      "start-up probe window against boot and database initialisation",
      read({ "netra:services": { backend: { probe: { failureThreshold: 3 } } } }),
    ],
    [
      "Cloud Run cpu and memory in use, both revisions of a rollout included, against the regional quota",
      read({ "netra:limits": { regionalCpu: 20, regionalMemoryGib: 40 } }),
    ],
    ["address ranges", read({ "netra:connector": { ipCidrRange: "10.0.0.0/28" } })],
    ["values that Google accepts", read({ "netra:connector": { minInstances: 12, maxInstances: 120 } })],
  ])("%s", (title, plan) => {
    expect(failing(plan).map((check) => check.title)).toContain(title);
  });

  test.each([
    [
      "a name of the cache's range with direct peering",
      { "netra:cache": { reservedIpRange: "staging-private-ip-address" } },
      "'netra:cache.reservedIpRange' (staging-private-ip-address) must be a range of addresses, a /29 or larger because with DIRECT_PEERING the instance has a block of addresses of its own; set 'netra:cache.reservedIpRange' to 10.1.0.0/29",
    ],
    [
      "addresses of the cache with private services access",
      { "netra:cache": { connectMode: "PRIVATE_SERVICE_ACCESS" } },
      "'netra:cache.reservedIpRange' (10.166.204.80/29) must be the name of an allocated range because with PRIVATE_SERVICE_ACCESS the instance takes addresses from a range that is allocated to Google's services; set 'netra:cache.reservedIpRange' to staging-private-ip-address",
    ],
    [
      "a services range in Docker's",
      { "netra:network": { privateServicesCidr: "172.17.0.0/16" } },
      "'netra:network.privateServicesCidr' (172.17.0.0/16) must lie outside 172.17.0.0/16 because that is Docker's bridge network on Google's machines, and connections between it and Cloud Run fail; set 'netra:network.privateServicesCidr' to 10.1.0.0/16",
    ],
    [
      "a connector in Docker's range",
      { "netra:connector": { ipCidrRange: "172.17.0.0/28" } },
      "'netra:connector.ipCidrRange' (172.17.0.0/28) must lie outside 172.17.0.0/16 because that is Docker's bridge network on Google's machines, and connections between it and Cloud SQL fail; set 'netra:connector.ipCidrRange' to 10.1.0.0/28",
    ],
  ])("address ranges: %s", (_, changes, message) => {
    expect(failing(read(changes)).flatMap(({ problems }) => problems.map((problem) => problem.message))).toEqual([
      message,
    ]);
  });

  test("address ranges: the name of the services range with private services access", () => {
    const cache = { connectMode: "PRIVATE_SERVICE_ACCESS", reservedIpRange: "staging-private-ip-address" };
    expect(failing(read({ "netra:cache": cache }))).toEqual([]);
  });

  test("but all traffic without Cloud NAT, and the built-in socket, break no start: they are shown with what they cut off", () => {
    const path = (changes: Changes) =>
      planChecks(read(changes)).find(({ title }) => title.startsWith("the network path"));
    const backend = { egress: "all-traffic", database: { path: "built-in-socket" } };
    expect(failing(read({ "netra:services": { backend } }))).toEqual([]);
    expect(path({ "netra:services": { backend } })?.arithmetic).toEqual([
      "auth: private-ranges-only, database over private-ip",
      "backend: all-traffic, database over built-in-socket",
      "frontend: private-ranges-only, no database",
    ]);
    expect(path({ "netra:services": { backend } })?.advice).toEqual([
      "backend: all-traffic sends every packet into the VPC, which has no way to the internet without Cloud NAT: private addresses answer, whatever the workload calls on the internet does not, and Google's APIs only with Private Google Access",
    ]);
    const nat = { "netra:network": { nat: { name: "staging-nat", minPortsPerVm: 64 } } };
    expect(path({ ...nat, "netra:services": { backend } })?.advice).toBeUndefined();
  });

  test("and every problem names a setting of the stack file and what would pass", () => {
    const broken = changed((plan) => ({
      connector: {
        ...plan.connector,
        machineType: "e2-standard-8",
        minInstances: 12,
        maxInstances: 120,
        ipCidrRange: "10.0.0.0/24",
        name: "netra-staging-connector",
      },
      database: { ...plan.database, tier: "db-custom-3-1000", maxConnections: 5, edition: "ENTERPRISE" },
      services: {
        backend: {
          ...service(plan, "backend"),
          cpu: 3,
          memoryMib: 99,
          minInstances: 9,
          maxInstances: 0,
          concurrency: 2000,
          timeoutSeconds: 4000,
          egress: "all-traffic",
        },
      },
    }));
    const problems = failing(broken).flatMap((check) => check.problems);
    expect(problems.length).toBeGreaterThan(10);
    for (const { setting, message } of problems) {
      expect(setting).toMatch(/^netra:/);
      expect(message).toMatch(/^'netra:[^']+' \(.+\) must .+ because .+; set 'netra:[^']+' to \S/);
    }
  });
});

test("the overdrawn budget names the settings of the largest service", () => {
  const [budget] = failing(databaseOf({ poolSize: 8 }));
  expect(budget?.problems.map((p) => p.message)).toEqual([
    "'netra:database.maxConnections' (150) must cover 142 connections with 0.8 of its slots (it covers 120) because auth (3 + 3) x 3 = 18; backend (5 + 5) x 10 = 100; database-roles (1 + 0) x 1 = 1; reserved 13 + migrations 10 = 23; 142 of 120 (max_connections 150 x 0.8), and the database refuses connections at the first rollout; set 'netra:database.maxConnections' to 178, or set 'netra:services.backend.database.poolSize' to 5, or set 'netra:services.backend.maxInstances' to 3",
  ]);
});

test("a service without a database holds no connections, whatever its size", () => {
  const many = read({ "netra:services": { frontend: { maxInstances: 5 } } });
  expect(planBudget(many).demand).toBe(92);
});

test("below one vCPU the CPU must be throttled between requests", () => {
  const problems = failing(backendWith({ cpu: 0.5, memoryMib: 512, concurrency: 1 })).flatMap((check) =>
    check.problems.map(({ message }) => message),
  );
  expect(problems).toEqual([
    "'netra:services.backend.cpuIdle' (false) must be true because below one vCPU Cloud Run offers request-based billing only; set 'netra:services.backend.cpuIdle' to true, or set 'netra:services.backend.cpu' to 1",
  ]);
});
