import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adminApiCalls,
  adminApiProblems,
  connectorWait,
  connectorWaitProblems,
  connectRateProblems,
  databaseConnectWait,
} from "../../capacity/connect-waits";
import { tierCatalogue } from "../../capacity/constraints/cloudsql";
import { proposedNumber } from "./proposed-fix";

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

  test("is unknown without clients or a tier", () => {
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

  test("is unknown without clients or a machine type", () => {
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
