import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StormInput, stormInputProblems } from "../../../capacity/storm/model";
import { simulate } from "../../../capacity/storm/simulation";
import { differenceInterval, meanInterval } from "../../../capacity/storm/statistics";
import { stormInput } from "./storm-input";

const once = (input: StormInput) => simulate(input, { replications: 1, seed: 1 });
const storms = (input: StormInput, replications = 200) => simulate(input, { replications, seed: 1 });
const share = (input: StormInput) => meanInterval(storms(input).shares).mean;
const retries = (attempts: number, jitter = 0) => ({ attempts, baseSeconds: 2, factor: 2, capSeconds: 30, jitter });

describe("one start alone", () => {
  it("is ready after exactly the sum of its stages", () => {
    const input = stormInput({
      group: {
        connectionsPerProcess: 3,
        boot: { medianSeconds: 7, sigma: 0 },
        remainingSeconds: 0.7,
        queryCpuMs: 100,
        throughConnector: true,
      },
      connector: { vms: 2, connectsPerSecond: 200 },
      costs: { connectCpuMs: 7, refusalCpuMs: 2, postmasterMs: 0.5, clientMs: 20, clientAuthMs: 3 },
    });
    let expected = 7;
    // In the order in which they are passed, because that is the order of the additions.
    for (let connection = 0; connection < 3; connection++)
      for (const stage of [20 / 1000, 1 / 200, 0.5 / 1000, 2 / 1000, 3 / 1000, (7 - 2) / 1000, 100 / 1000])
        expected += stage;
    expected += 0.7;
    const { shares, readySeconds, queues } = once(input);
    expect([...shares, ...readySeconds]).toEqual([1, expected]);
    expect(queues).toEqual({ connector: 1, postmaster: 1, databaseCpu: 1 });
  });

  it("opens several connections at once where the input has them", () => {
    const group = { connectionsPerProcess: 4, processes: 2, connectsAtOnce: 2 };
    const input = stormInput({ group, costs: { connectCpuMs: 1000 }, database: { vcpus: 100 } });
    const run = once(input);
    expect([...run.readySeconds]).toEqual([2]);
    expect(run.peakConnections).toBe(8);
    expect(run.queues.databaseCpu).toBe(4);
  });

  it("ends its storm", () => {
    expect(once(stormInput({ group: { boot: { medianSeconds: 7, sigma: 0 } } })).stormSeconds).toBe(7);
  });

  it("is ready after its boot when it opens no connection", () => {
    expect([
      ...once(stormInput({ group: { connectionsPerProcess: 0, boot: { medianSeconds: 3, sigma: 0 } } })).readySeconds,
    ]).toEqual([3]);
  });

  it("boots lognormally around its median", () => {
    const { readySeconds } = storms(
      stormInput({ group: { starts: 10, boot: { medianSeconds: 7, sigma: 0.33 } } }),
      2000,
    );
    const at = (q: number) => readySeconds[Math.floor(q * readySeconds.length)] ?? 0;
    expect(at(0.5)).toBeCloseTo(7, 1);
    expect(at(0.99)).toBeCloseTo(7 * Math.exp(2.326 * 0.33), 0);
  });
});

describe("the slots", () => {
  const ten = (maxConnections: number) =>
    stormInput({
      group: { starts: 10, connectTimeoutSeconds: 5 },
      costs: { connectCpuMs: 1000 },
      database: { vcpus: 1, maxConnections },
    });

  it("can let more starts through when there are fewer of them: raising max_connections alone is no cure", () => {
    // Ten starts of 1 s CPU each, shared fairly, time-out 5 s.
    expect([...once(ten(5)).shares]).toEqual([0.5]);
    expect([...once(ten(10)).shares]).toEqual([0]);
    expect(once(ten(5)).refusals).toBe(5);
    expect(once(ten(10)).timeouts).toBe(10);
  });

  it("refuse after TLS and before authentication when all are taken", () => {
    const input = stormInput({
      group: { starts: 2 },
      costs: { connectCpuMs: 1000, refusalCpuMs: 400 },
      database: { vcpus: 2, maxConnections: 1 },
    });
    const run = once(input);
    expect([run.refusals, ...run.shares, ...run.readySeconds]).toEqual([1, 0.5, 1]);
  });

  it("refuse after authentication when only reserved ones are left, as PostgreSQL does", () => {
    const input = stormInput({
      group: { starts: 2, retry: retries(2) },
      groups: [{}, { service: "late", boot: { medianSeconds: 0.1, sigma: 0 }, starts: 1 }],
      costs: { connectCpuMs: 1000, refusalCpuMs: 400 },
      database: { vcpus: 10, maxConnections: 6, reservedConnections: 3, heldConnections: 1 },
    });
    const run = once(input);
    // Two of the three fit beside the one that is held; the third was authenticated first: 4 slots were taken.
    expect(run.peakConnections).toBe(4);
    expect(run.refusals).toBeGreaterThan(0);
    expect([...run.shares]).toEqual([2 / 3]);
  });

  it("are held while a start waits to retry: starts that each hold a part lock one another out", () => {
    const locked = (attempts: number) =>
      stormInput({
        group: { starts: 20, connectionsPerProcess: 4, retry: retries(attempts, 0.5), spreadSeconds: 0.01 },
        database: { vcpus: 1, maxConnections: 40 },
        costs: { connectCpuMs: 5, refusalCpuMs: 2, clientMs: 1 },
      });
    const run = storms(locked(5));
    expect(meanInterval(run.shares).upper).toBeLessThan(0.7);
    expect(run.peakConnections).toBe(40);
    expect(share({ ...locked(5), database: { ...locked(5).database, maxConnections: 80 } })).toBe(1);
  });

  it("are free again when a start has failed, once the database has closed its connections", () => {
    const closing = (closeCpuMs: number) =>
      stormInput({
        groups: [
          { service: "first", connectionsPerProcess: 2, initTimeoutSeconds: 2, retry: retries(9) },
          { service: "second", boot: { medianSeconds: 3, sigma: 0 } },
        ],
        database: { vcpus: 1, maxConnections: 1 },
        costs: { closeCpuMs },
      });
    expect([...once(closing(0)).shares]).toEqual([0.5]);
    expect([...once(closing(2000)).shares]).toEqual([0]);
  });
});

describe("time limits", () => {
  const slow = { connectCpuMs: 3000 };

  it("an attempt ends at its time-out and is tried again after the back-off", () => {
    // 0..2 s times out, 2 s of back-off, 4..6 s, 4 s of back-off, 10..12 s: then the attempts are used up.
    const input = stormInput({
      group: { connectTimeoutSeconds: 2, retry: retries(3), initTimeoutSeconds: 100 },
      costs: slow,
    });
    const run = once(input);
    expect([run.timeouts, run.failedBy.attempts, ...run.shares]).toEqual([3, 1, 0]);
    const enough = once({ ...input, groups: input.groups.map((group) => ({ ...group, connectTimeoutSeconds: 3 })) });
    expect([...enough.shares, ...enough.readySeconds]).toEqual([1, 3]);
  });

  it("the back-off grows to its cap and not beyond", () => {
    // Four refusals at 0, 2, 5, 8: waits of 2, 3, 3.
    const input = stormInput({
      group: { retry: { attempts: 4, baseSeconds: 2, factor: 2, capSeconds: 3, jitter: 0 } },
      groups: [
        { service: "blocked" },
        { service: "last", boot: { medianSeconds: 8.5, sigma: 0 }, connectionsPerProcess: 0 },
      ],
      database: { maxConnections: 1, heldConnections: 1 },
      restartSeconds: { min: 0.25, max: 0.25 },
    });
    const run = once(input);
    // The fourth attempt fails at 8; the second try begins at 8.25 and is refused once before the storm ends at 8.5.
    expect([run.refusals, run.failedBy.attempts]).toEqual([5, 1]);
  });

  it("initialisation ends with all its retries", () => {
    const input = stormInput({
      group: { connectTimeoutSeconds: 2, retry: retries(99), initTimeoutSeconds: 5 },
      costs: slow,
    });
    const run = once(input);
    expect([run.failedBy.initTimeout, ...run.shares]).toEqual([1, 0]);
  });

  it("start-up queries count towards the initialisation and not towards the attempt", () => {
    const input = stormInput({ group: { connectTimeoutSeconds: 2, initTimeoutSeconds: 10, queryCpuMs: 5000 } });
    expect([...once(input).readySeconds]).toEqual([5]);
    const short = once(stormInput({ group: { connectTimeoutSeconds: 2, initTimeoutSeconds: 4, queryCpuMs: 5000 } }));
    expect([short.failedBy.initTimeout, ...short.shares]).toEqual([1, 0]);
  });

  it.each([
    ["boot", { boot: { medianSeconds: 31, sigma: 0 } }],
    ["initialisation", { queryCpuMs: 31_000 }],
    ["the remaining phases", { remainingSeconds: 31 }],
  ])("the probe window closes during %s", (_, group) => {
    const run = once(stormInput({ group: { probeWindowSeconds: 30, initTimeoutSeconds: 75, ...group } }));
    expect([run.failedBy.probeWindow, ...run.shares]).toEqual([1, 0]);
  });

  it("a start that is done exactly when its window closes is ready", () => {
    expect([...once(stormInput({ group: { probeWindowSeconds: 30, remainingSeconds: 30 } })).shares]).toEqual([1]);
  });

  it("a failed start begins again and competes with those that are still at it, but counts once", () => {
    // The first fails at 1 s, is back at 2 s and takes half of the CPU that the second one needs by 5 s.
    const rivals = (restart: number) =>
      stormInput({
        groups: [
          { service: "first", initTimeoutSeconds: 1, connectTimeoutSeconds: 1 },
          { service: "second", initTimeoutSeconds: 5, connectTimeoutSeconds: 5 },
        ],
        costs: { connectCpuMs: 4000 },
        restartSeconds: { min: restart, max: restart },
      });
    expect([...once(rivals(1)).shares]).toEqual([0]);
    expect([...once(rivals(60)).shares]).toEqual([0.5]);
    expect(once(rivals(1)).failedBy.initTimeout).toBe(2);
  });
});

describe("the way to the database", () => {
  it("that cannot work fails every start, whatever the size", () => {
    const path = { kind: "broken", dialSeconds: 34 } as const;
    const run = storms(
      stormInput({
        group: { starts: 30, path, connectTimeoutSeconds: 35, retry: retries(5, 0.5) },
        database: { vcpus: 64 },
      }),
    );
    expect(meanInterval(run.shares).mean).toBe(0);
    expect(run.dialFailures).toBeGreaterThanOrEqual(30 * 200);
    expect(run.peakConnections).toBe(0);
  });

  it("that opens late delays every start until then", () => {
    const path = { kind: "slow", opensAfterSeconds: { min: 20, max: 60 } } as const;
    const run = storms(
      stormInput({ group: { starts: 5, path, connectTimeoutSeconds: 75, boot: { medianSeconds: 7, sigma: 0 } } }),
    );
    expect(meanInterval(run.shares).mean).toBe(1);
    expect(run.readySeconds[0]).toBeGreaterThanOrEqual(20);
    expect(run.readySeconds.at(-1)).toBeLessThanOrEqual(60);
  });

  it("that opens late is dialled again until the initialisation ends, however short an attempt is and however few there are", () => {
    const path = { kind: "slow", opensAfterSeconds: { min: 50, max: 50 } } as const;
    const start = (initTimeoutSeconds: number) =>
      once(
        stormInput({
          group: {
            path,
            connectTimeoutSeconds: 1,
            probeWindowSeconds: 100,
            initTimeoutSeconds,
            retry: retries(1),
            boot: { medianSeconds: 7, sigma: 0 },
          },
        }),
      );
    expect([...start(60).readySeconds]).toEqual([50]);
    expect([start(40).failedBy.initTimeout, ...start(40).shares]).toEqual([1, 0]);
  });

  it("through the connector is a queue with one server per VM", () => {
    const input = (vms: number) =>
      stormInput({ group: { starts: 6, throughConnector: true }, connector: { vms, connectsPerSecond: 2 } });
    expect([...once(input(1)).readySeconds]).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect([...once(input(3)).readySeconds]).toEqual([0.5, 0.5, 0.5, 1, 1, 1]);
    expect(once(input(3)).queues.connector).toBe(6);
  });

  it("past the postmaster goes one connect at a time", () => {
    expect([...once(stormInput({ group: { starts: 3 }, costs: { postmasterMs: 500 } })).readySeconds]).toEqual([
      0.5, 1, 1.5,
    ]);
  });

  it("over the Admin API takes tokens: once per process, and the bucket's time beyond its burst", () => {
    const group = { starts: 4, connectionsPerProcess: 3, callsAdminApi: true };
    const run = once(stormInput({ group, adminApi: { callsPerMinute: 6, callsPerProcess: 2 } }));
    // Six tokens at once for three starts; the fourth waits for two at one in ten seconds, and is over its time-out of
    // 10 s.
    expect([run.adminApiWaits, ...run.shares]).toEqual([1, 0.75]);
    const patient = once(
      stormInput({
        group: { ...group, connectTimeoutSeconds: 30 },
        adminApi: { callsPerMinute: 6, callsPerProcess: 2 },
      }),
    );
    expect([...patient.readySeconds]).toEqual([0, 0, 0, 20]);
  });

  it("over the built-in socket carries 100 connections of an instance", () => {
    const group = { connectionsPerProcess: 5, connectionsPerInstance: 4 };
    const run = once(stormInput({ group }));
    expect([run.refusals, run.peakConnections, ...run.shares]).toEqual([1, 4, 0]);
  });
});

describe("a user with a connection limit", () => {
  const greedy = { service: "backend", starts: 4, connectionsPerProcess: 10 };
  const modest = { service: "auth", starts: 3, connectionsPerProcess: 2, boot: { medianSeconds: 1, sigma: 0 } };
  const slots = { maxConnections: 30, heldConnections: 0 };

  it("without one, a service that ignores its pool takes the slots of the others", () => {
    const run = once(stormInput({ groups: [greedy, modest], database: slots, costs: { connectCpuMs: 1 } }));
    expect(run.peakConnections).toBe(30);
    // Three of the four took everything before auth was there.
    expect(Math.round((run.shares[0] ?? 0) * 7)).toBe(3);
  });

  it("is refused beyond it, and the others still start", () => {
    const limited = [
      { ...greedy, userLimit: 20 },
      { ...modest, userLimit: 6 },
    ];
    const run = once(stormInput({ groups: limited, database: slots, costs: { connectCpuMs: 1 } }));
    // Two of backend's four, and all of auth's.
    expect(Math.round((run.shares[0] ?? 0) * 7)).toBe(5);
    expect(run.refusals).toBeGreaterThan(0);
    expect(run.peakConnections).toBeLessThanOrEqual(30);
  });

  it("has what its old revision holds counted", () => {
    const run = (userConnections: number) =>
      once(stormInput({ group: { starts: 2, connectionsPerProcess: 2, userLimit: 6, userConnections } })).shares[0];
    expect([run(2), run(4), run(6)]).toEqual([1, 0.5, 0]);
  });

  it("gets back what a start that failed has held", () => {
    // The second start finds one connection left, fails, and tries again when the first has nothing to do with it.
    const group = { starts: 2, connectionsPerProcess: 2, userLimit: 3, probeWindowSeconds: 30 };
    const run = once(stormInput({ group }));
    expect([run.refusals, ...run.shares]).toEqual([1, 0.5]);
    expect(run.peakConnections).toBe(4); // the refused one has a slot until it is refused
  });

  it("gets it back only when the database has closed it", () => {
    // Both starts have two of four. The first that asks for a third fails; the other one asks right after it.
    const group = { starts: 2, connectionsPerProcess: 3, userLimit: 4 };
    const ready = (closeCpuMs: number) => once(stormInput({ group, costs: { connectCpuMs: 1, closeCpuMs } })).shares[0];
    expect([ready(0), ready(100)]).toEqual([0.5, 0]);
  });

  it("has a refused connection until that is closed, too", () => {
    const retry = { attempts: 3, baseSeconds: 0.1, factor: 1, capSeconds: 1, jitter: 0 };
    const group = { userLimit: 1, userConnections: 1, retry };
    const peak = (closeCpuMs: number) =>
      once(stormInput({ group, database: { heldConnections: 1 }, costs: { closeCpuMs } })).peakConnections;
    expect([peak(0), peak(1000)]).toEqual([2, 4]);
  });
});

describe("clients that share CPUs, as in a rehearsal", () => {
  it("work for one start after the other, as an event loop does", () => {
    const input = stormInput({ group: { starts: 4 }, costs: { clientMs: 1000, clientVcpus: 1 } });
    expect([...once(input).readySeconds]).toEqual([1, 2, 3, 4]);
    expect([...once({ ...input, costs: { ...input.costs, clientVcpus: 2 } }).readySeconds]).toEqual([1, 1, 2, 2]);
  });

  it("keep the server busy meanwhile: the slower of the two decides, not their sum", () => {
    const input = stormInput({ group: { starts: 10 }, costs: { clientMs: 100, clientVcpus: 1, connectCpuMs: 90 } });
    expect(once(input).readySeconds.at(-1)).toBeCloseTo(1.09, 9);
  });
});

describe("few connects of clients that share CPUs", () => {
  // About what a rehearsal measures, ms: 3.6 of the server's CPU for a connect, and 3.4 of the client's.
  const costs = {
    connectCpuMs: 3.2,
    refusalCpuMs: 2.2,
    startCpuMs: 0.3,
    postmasterMs: 0.4,
    clientMs: 0.3,
    clientTlsMs: 1.5,
    clientAuthMs: 1.6,
    clientVcpus: 1,
  };
  const storm = (starts: number, clientVcpus = 1) =>
    once(stormInput({ group: { starts, connectionsPerProcess: 4 }, costs: { ...costs, clientVcpus } }));
  const busy = (starts: number) => (starts * 4 * 3.6e-3) / (storm(starts).readySeconds.at(-1) ?? 0);

  it("take as long as without turns if there is only one", () => {
    const [alone] = storm(1).readySeconds;
    expect(alone).toBeCloseTo(4 * 7e-3, 9);
    expect(storm(1, Number.POSITIVE_INFINITY).readySeconds[0]).toBeCloseTo(alone ?? 0, 9);
  });

  it("leave the server idle at times, while many keep it busy", () => {
    expect(busy(5)).toBeLessThan(0.88);
    expect(busy(40)).toBeGreaterThan(0.95);
  });
});

describe("connects that differ", () => {
  const input = (sigma: number) => stormInput({ costs: { connectCpuMs: 2000, clientMs: 1000, sigma } });

  it("cost in the mean what the costs say, lognormally spread, client and server alike", () => {
    const seconds = [...storms(input(0.3), 4000).readySeconds];
    expect(seconds.reduce((sum, value) => sum + value, 0) / seconds.length).toBeCloseTo(3, 1);
    const logs = seconds.map(Math.log);
    const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    expect(Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length)).toBeCloseTo(0.3, 1);
  });

  it("leave every other draw alone", () => {
    const boots = (sigma: number) =>
      storms(stormInput({ group: { starts: 5, boot: { medianSeconds: 7, sigma: 0.33 } }, costs: { sigma } }))
        .readySeconds;
    expect(boots(0.3)).toEqual(boots(0));
  });
});

describe("whose turn is next on the database's CPU", () => {
  it("is chance, so that equal starts drift apart, and one that fails frees its slots for the next", () => {
    // Five starts of ten connections in 47 slots: in lock-step all are at their tenth when the slots run out, and one
    // of five is ready.
    const rivals = stormInput({
      group: { starts: 5, connectionsPerProcess: 10 },
      database: { maxConnections: 50, reservedConnections: 3 },
      costs: { connectCpuMs: 5, refusalCpuMs: 3, closeCpuMs: 1 },
    });
    expect(share(rivals)).toBeGreaterThan(0.6);
    expect(share(rivals)).toBeLessThanOrEqual(0.8);
  });
});

describe("storms are repeatable and comparable", () => {
  const busy = stormInput({
    group: {
      starts: 8,
      connectionsPerProcess: 4,
      boot: { medianSeconds: 7, sigma: 0.33 },
      queryCpuMs: 50,
      retry: retries(5, 0.5),
      connectTimeoutSeconds: 3,
    },
    costs: { connectCpuMs: 7, refusalCpuMs: 3, postmasterMs: 0.5, clientMs: 20 },
    database: { vcpus: 0.25, maxConnections: 20 },
  });

  it("same seed, same result; another seed, another", () => {
    const [a, b] = [simulate(busy, { replications: 50, seed: 7 }), simulate(busy, { replications: 50, seed: 7 })];
    expect(b).toEqual(a);
    expect(simulate(busy, { replications: 50, seed: 8 }).readySeconds).not.toEqual(a.readySeconds);
  });

  it("the same on any machine", () => {
    // Pinned: only 32-bit arithmetic, IEEE doubles, Math.log, Math.sqrt and Math.exp are involved.
    const run = simulate(busy, { replications: 100, seed: 20_261_123 });
    expect([
      run.events,
      run.refusals,
      run.timeouts,
      meanInterval(run.shares).mean,
      run.readySeconds[0],
      run.readySeconds.at(-1),
    ]).toMatchInlineSnapshot(`
      [
        24569,
        2332,
        21,
        0.60625,
        3.5183550588013683,
        88.82463063428902,
      ]
    `);
  });

  it("the first storms of a long run are those of a short one", () => {
    expect(simulate(busy, { replications: 50, seed: 1 }).shares.slice(0, 20)).toEqual(
      simulate(busy, { replications: 20, seed: 1 }).shares,
    );
  });

  it("another resource leaves every boot as it was", () => {
    const boots = (vcpus: number) =>
      storms(stormInput({ group: { starts: 5, boot: { medianSeconds: 7, sigma: 0.33 } }, database: { vcpus } }))
        .readySeconds;
    expect(boots(4)).toEqual(boots(0.5));
  });

  it("more starts leave the boots of the others as they were", () => {
    const boots = (starts: number) =>
      simulate(
        stormInput({
          groups: [{ starts }, { starts: 2, service: "auth" }],
          group: { boot: { medianSeconds: 7, sigma: 0.33 } },
        }),
        {
          replications: 1,
          seed: 1,
        },
      ).readySeconds;
    const more = [...boots(6)];
    for (const boot of boots(3)) expect(more).toContain(boot);
  });

  it("keeps the times to ready of each group", () => {
    const input = stormInput({ groups: [{ starts: 2 }, { starts: 1, boot: { medianSeconds: 5, sigma: 0 } }] });
    const run = simulate(input, { replications: 2, seed: 1 });
    expect(run.readyByGroup.map((seconds) => [...seconds])).toEqual([
      [...run.readySeconds.slice(0, 4)],
      [...run.readySeconds.slice(4)],
    ]);
    expect(run.readyByGroup[1]?.[0]).toBeGreaterThanOrEqual(5);
  });
});

describe("more of a resource", () => {
  const plans = fc.record({
    starts: fc.integer({ min: 2, max: 25 }),
    connections: fc.integer({ min: 1, max: 4 }),
    vcpus: fc.constantFrom(0.1, 0.25, 0.5, 1, 2),
    connectCpuMs: fc.constantFrom(5, 50, 400),
    connectTimeoutSeconds: fc.constantFrom(1, 3, 10),
    attempts: fc.integer({ min: 1, max: 4 }),
    vms: fc.integer({ min: 1, max: 4 }),
    // The assumed range. A connector far below it is so overloaded that a slow CPU, which spaces the connects, can be
    // the better one.
    connectsPerSecond: fc.constantFrom(50, 200, 1000),
  });
  interface Sizes {
    readonly starts: number;
    readonly connections: number;
    readonly vcpus: number;
    readonly connectCpuMs: number;
    readonly connectTimeoutSeconds: number;
    readonly attempts: number;
    readonly vms: number;
    readonly connectsPerSecond: number;
  }
  const build = (plan: Sizes, maxConnections: number) =>
    stormInput({
      group: {
        starts: plan.starts,
        connectionsPerProcess: plan.connections,
        boot: { medianSeconds: 3, sigma: 0.3 },
        connectTimeoutSeconds: plan.connectTimeoutSeconds,
        retry: retries(plan.attempts, 0.5),
        throughConnector: true,
      },
      connector: { vms: plan.vms, connectsPerSecond: plan.connectsPerSecond },
      costs: { connectCpuMs: plan.connectCpuMs, refusalCpuMs: plan.connectCpuMs * 0.4, clientMs: 20 },
      database: { vcpus: plan.vcpus, maxConnections },
    });
  /** Over the same storms; one start in a hundred is within the interval of so many. */
  const expectNotWorse = (better: StormInput, worse: StormInput) => {
    expect(differenceInterval(storms(better).shares, storms(worse).shares).mean).toBeGreaterThanOrEqual(-0.01);
  };
  const runs = { numRuns: 30, seed: 4 };

  it("vCPUs: never more failures", () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(1.5, 2, 4), (plan, factor) => {
        expectNotWorse(build({ ...plan, vcpus: plan.vcpus * factor }, 1000), build(plan, 1000));
      }),
      runs,
    );
  });

  it("connector VMs: never more failures", () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 6 }), (plan, more) => {
        expectNotWorse(build({ ...plan, vms: plan.vms + more }, 1000), build(plan, 1000));
      }),
      runs,
    );
  });

  it("max_connections: never more failures while the CPU is not the bottleneck", () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (plan, slots, more) => {
        expectNotWorse(build({ ...plan, vcpus: 64 }, slots + more), build({ ...plan, vcpus: 64 }, slots));
      }),
      runs,
    );
  });
});

describe("an input that no storm can have", () => {
  const messages = (input: StormInput) => stormInputProblems(input).map(({ message }) => message);

  it("a sound one has no problem", () => {
    expect(
      messages(stormInput({ group: { path: { kind: "slow", opensAfterSeconds: { min: 20, max: 60 } } } })),
    ).toEqual([]);
  });

  it("names every field at once, and what would pass", () => {
    const input = stormInput({
      groups: [{ starts: 0 }, { connectionsPerProcess: 1.5, retry: retries(0) }],
      database: { vcpus: 0, maxConnections: -5 },
      costs: { refusalCpuMs: 8, connectCpuMs: 7, clientMs: Number.NaN },
      restartSeconds: { min: 11, max: 10 },
    });
    const because = "because no storm can be simulated otherwise";
    expect(messages(input)).toEqual([
      `'database.vcpus' (0) must be a number above 0 ${because}; set 'database.vcpus' to 1`,
      `'database.maxConnections' (-5) must be a whole number of at least 1 ${because}; set 'database.maxConnections' to 1`,
      `'costs.clientMs' (NaN) must be a number of at least 0 ${because}; set 'costs.clientMs' to 0`,
      "'costs.refusalCpuMs' (8) must not exceed 'costs.connectCpuMs' (7) because a refused connect does a part of what a whole one does; set 'costs.refusalCpuMs' to 7",
      "'restartSeconds.min' (11) must not exceed 'max' (10) because it is a range; set 'restartSeconds.min' to 10",
      `'groups[0].starts' (0) must be a whole number of at least 1 ${because}; set 'groups[0].starts' to 1`,
      `'groups[1].connectionsPerProcess' (1.5) must be a whole number of at least 0 ${because}; set 'groups[1].connectionsPerProcess' to 0`,
      `'groups[1].retry.attempts' (0) must be a whole number of at least 1 ${because}; set 'groups[1].retry.attempts' to 1`,
    ]);
  });

  it("calls the fields as the reader does", () => {
    const [found] = stormInputProblems(stormInput({ database: { maxConnections: 0 } }), (field) => `cells[3].${field}`);
    expect(found?.setting).toBe("cells[3].database.maxConnections");
  });
});
